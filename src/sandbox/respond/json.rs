//! The answers as JSON, as v3 writes it: nulls are left out, and a whole number has no fraction.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::wire::{ActiveCall, Answer, Extension, ExtensionStatus};

/// [`Answer`] without its nulls, which CSV needs and JSON leaves out.
#[derive(Serialize)]
struct Sparse<'a> {
    #[serde(rename = "lstportaActiveCalls", skip_serializing_if = "Option::is_none")]
    calls: Option<&'a [ActiveCall]>,
    #[serde(rename = "ExtensionLst", skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a [Extension]>,
    #[serde(rename = "Extension", skip_serializing_if = "Option::is_none")]
    extension: Option<&'a Extension>,
    #[serde(rename = "ExtensionDeleted")]
    extension_deleted: bool,
    #[serde(rename = "ExtensionsActiveCalls", skip_serializing_if = "Option::is_none")]
    extension_statuses: Option<&'a [ExtensionStatus]>,
    #[serde(rename = "License", skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    #[serde(rename = "ContentId")]
    content_id: i32,
    #[serde(rename = "FeatureName", skip_serializing_if = "Option::is_none")]
    feature_name: Option<&'a str>,
}

/// An answer as JSON.
pub(super) fn answer(answer: &Answer) -> Vec<u8> {
    any(&Sparse {
        calls: answer.calls.as_deref(),
        extensions: answer.extensions.as_deref(),
        extension: answer.extension.as_ref(),
        extension_deleted: answer.extension_deleted,
        extension_statuses: answer.extension_statuses.as_deref(),
        license: answer.license.as_deref(),
        content_id: answer.content_id,
        feature_name: answer.feature_name.as_deref(),
    })
}

/// Any value as JSON.
pub(super) fn any<T: Serialize>(value: &T) -> Vec<u8> {
    let mut body = Vec::new();
    if let Err(error) = value.serialize(&mut Serializer::with_formatter(&mut body, Dotnet)) {
        tracing::error!(%error, "an answer could not be written");
    }
    body
}

/// Writes numbers the way .NET does.
struct Dotnet;

impl Formatter for Dotnet {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        write!(writer, "{value}")
    }
}
