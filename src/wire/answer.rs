//! The one response type of the service: eight columns, of which every operation fills a few.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ActiveCall, Extension, ExtensionStatus};

/// One answer of the service, in the order of its columns.
///
/// A column that the body lacks and an empty cell are both `None`, `false` or `0`: the wire does not tell null from
/// absent. An empty list is `Some` of no elements where the host wrote `[]`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The live calls.
    #[serde(rename = "lstportaActiveCalls")]
    pub calls: Option<Vec<ActiveCall>>,
    /// The extensions asked for.
    #[serde(rename = "ExtensionLst")]
    pub extensions: Option<Vec<Extension>>,
    /// The extension that was added or updated.
    #[serde(rename = "Extension")]
    pub extension: Option<Extension>,
    /// Whether the extension asked to be deleted was there and is gone.
    #[serde(rename = "ExtensionDeleted")]
    pub extension_deleted: bool,
    /// The extensions' state, whatever the column's name suggests.
    #[serde(rename = "ExtensionsActiveCalls")]
    pub extension_statuses: Option<Vec<ExtensionStatus>>,
    /// The echo of the licence: a secret, so `Debug` hides it and nothing passes it on.
    #[serde(rename = "License")]
    pub license: Option<String>,
    /// The echo of `ContentId`.
    #[serde(rename = "ContentId")]
    pub content_id: i32,
    /// The echo of `FeatureName`.
    #[serde(rename = "FeatureName")]
    pub feature_name: Option<String>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            calls,
            extensions,
            extension,
            extension_deleted,
            extension_statuses,
            license: _,
            content_id,
            feature_name,
        } = self;
        f.debug_struct("Answer")
            .field("calls", calls)
            .field("extensions", extensions)
            .field("extension", extension)
            .field("extension_deleted", extension_deleted)
            .field("extension_statuses", extension_statuses)
            .field("content_id", content_id)
            .field("feature_name", feature_name)
            .finish_non_exhaustive()
    }
}
