//! The answers as a v3 host writes them: status, headers and body, in every format.
//!
//! Only here do the two [`ErrorForm`]s differ. Errors from before the service ran carry fewer headers than those of the
//! service, as in the recordings.

use serde::Serialize;

use super::negotiate::Format;
use super::page;
use super::refusal::{ErrorForm, Refusal};
use crate::codec::csv::{self, Style};
use crate::wire::Answer;

mod json;

/// A response before HTTP.
///
/// No `Debug`: the body can hold the licence.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: Option<&'static str>,
    /// Whether the body is offered as a file, as v3 does with all CSV of the service.
    pub(super) attachment: bool,
    /// Whether the host names itself.
    pub(super) powered_by: bool,
    pub(super) retry_after: Option<u32>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type: Some(content_type),
            attachment: false,
            powered_by: true,
            retry_after: None,
            body: body.into(),
        }
    }

    fn written(status: u16, format: Format, body: Vec<u8>) -> Self {
        Self {
            attachment: format == Format::Csv,
            ..Self::new(status, format.content_type(), body)
        }
    }
}

/// An exception as a table of its own.
#[derive(Serialize)]
struct Exception<'a> {
    #[serde(rename = "ResponseStatus")]
    status: ResponseStatus<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResponseStatus<'a> {
    error_code: &'a str,
    message: &'a str,
    /// Missing where the service was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'static [()]>,
}

/// What the service returned; `None` is its null.
pub(super) fn answered(format: Format, answer: Option<&Answer>) -> Reply {
    match answer {
        Some(answer) => Reply::written(200, format, answer_body(format, answer)),
        None => Reply {
            content_type: None,
            ..Reply::written(200, format, Vec::new())
        },
    }
}

/// What the service threw.
pub(super) fn refused(format: Format, form: ErrorForm, refusal: &Refusal) -> Reply {
    let body = match form {
        ErrorForm::Row => answer_body(format, &Answer::default()),
        ErrorForm::Table => exception_body(format, &refusal.code, &refusal.message, Some(&[])),
    };
    Reply::written(refusal.status, format, body)
}

/// A text did not fit its member.
pub(super) fn unbindable(format: Format) -> Reply {
    early(400, format, "RequestBindingException", "Unable to bind request")
}

/// A body that v3 cannot read: the message carries a dump of the exception.
pub(super) fn undeserializable(format: Format) -> Reply {
    let dump = "Could not deserialize 'text/csv' request using CustomerExtension'\n\
        Error: System.NotImplementedException: The method or operation is not implemented.\n  \
        at ServiceStack.Text.CsvSerializer.DeserializeFromStream (System.Type type, System.IO.Stream stream)\n";
    early(400, format, "SerializationException", dump)
}

/// The service has no method for the verb.
pub(super) fn verb_not_implemented(format: Format) -> Reply {
    early(
        405,
        format,
        "NotImplementedException",
        "The method or operation is not implemented.",
    )
}

/// No route, or not with this verb.
pub(super) fn not_found() -> Reply {
    Reply::new(404, "text/plain", "404")
}

/// An error from before the service ran: always the table, and a bare response.
fn early(status: u16, format: Format, code: &str, message: &str) -> Reply {
    let body = exception_body(format, code, message, None);
    Reply {
        powered_by: false,
        ..Reply::new(status, format.content_type(), body)
    }
}

fn answer_body(format: Format, answer: &Answer) -> Vec<u8> {
    match format {
        Format::Csv => csv_body(answer),
        Format::Json => json::answer(answer),
        Format::Html => page::snapshot(&json::answer(answer)),
    }
}

fn exception_body(format: Format, code: &str, message: &str, errors: Option<&'static [()]>) -> Vec<u8> {
    let exception = Exception {
        status: ResponseStatus {
            error_code: code,
            message,
            errors,
        },
    };
    match format {
        Format::Csv => csv_body(&exception),
        Format::Json => json::any(&exception),
        Format::Html => page::snapshot(&json::any(&exception)),
    }
}

fn csv_body<T: Serialize>(row: &T) -> Vec<u8> {
    csv::one_to_vec(row, Style::V3).unwrap_or_else(|error| {
        // Only a type that is not of the wire can fail, and there is none; still no request may bring the server down.
        tracing::error!(%error, "an answer could not be written");
        Vec::new()
    })
}
