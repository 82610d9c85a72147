//! Faults as JSON. What is shown can be sent back.

use std::time::Duration;

use serde_json::{Value, json};

use super::fields::{Fields, Wrong};
use crate::sandbox::fault::{Fault, Trouble, When};
use crate::sandbox::operation::{Operation, UnknownOperation};
use crate::sandbox::refusal::ErrorForm;

/// The longest wait a fault can make, milliseconds.
const MOST_WAIT: u64 = 3_600_000;

/// What is left of a cut body where nothing else is said.
const KEPT: f64 = 0.5;

const KINDS: &str = "must be one of latency, status, cut_body, broken_transfer, drop, html, empty";

/// The faults of a `{"faults": […]}`.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Fault>, Wrong> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| Wrong::new("body", format!("must be JSON: {error}")))?;
    let mut fields = Fields::of(value, "").map_err(|_| Wrong::new("body", "must be an object"))?;
    let Some(Value::Array(faults)) = fields.take("faults") else {
        return Err(fields.wrong("faults", "must be a list"));
    };
    fields.end()?;
    faults
        .into_iter()
        .enumerate()
        .map(|(index, fault)| one(fault, &format!("faults[{index}]")))
        .collect()
}

/// A fault as [`parse`] takes it.
pub(super) fn show(fault: &Fault) -> Value {
    let Fault {
        trouble,
        operation,
        share,
        count,
    } = fault;
    let mut shown = match trouble {
        Trouble::Latency { fixed, jitter, when } => json!({
            "fixed_ms": millis(*fixed), "jitter_ms": millis(*jitter), "when": when_name(*when),
        }),
        Trouble::Status {
            status,
            form,
            retry_after,
        } => json!({
            "status": status, "form": form.map(form_name), "retry_after": retry_after,
        }),
        Trouble::CutBody { keep } | Trouble::BrokenTransfer { keep } => json!({ "keep": keep }),
        Trouble::Drop { when } => json!({ "when": when_name(*when) }),
        Trouble::Html | Trouble::Empty => json!({}),
    };
    shown["kind"] = json!(trouble.name());
    shown["operation"] = json!(operation.map(Operation::name));
    shown["share"] = json!(share);
    shown["count"] = json!(count);
    if let Value::Object(fields) = &mut shown {
        fields.retain(|_, value| !value.is_null());
    }
    shown
}

fn one(value: Value, path: &str) -> Result<Fault, Wrong> {
    let mut fields = Fields::of(value, path)?;
    let operation = fields.text("operation")?.map(|name| name.parse()).transpose();
    let operation =
        operation.map_err(|unknown: UnknownOperation| fields.wrong("operation", unknown.to_string()))?;
    let share = fields.share("share")?.unwrap_or(1.0);
    let count = fields.whole("count", 1, u64::MAX)?;
    let trouble = trouble(&mut fields)?;
    fields.end()?;
    Ok(Fault {
        trouble,
        operation,
        share,
        count,
    })
}

fn trouble(fields: &mut Fields) -> Result<Trouble, Wrong> {
    let kind = fields.text("kind")?;
    match kind.as_deref() {
        Some("latency") => Ok(Trouble::Latency {
            fixed: wait(fields, "fixed_ms")?,
            jitter: wait(fields, "jitter_ms")?,
            when: when(fields)?,
        }),
        Some("status") => status(fields),
        Some("cut_body") => Ok(Trouble::CutBody {
            keep: fields.share("keep")?.unwrap_or(KEPT),
        }),
        Some("broken_transfer") => Ok(Trouble::BrokenTransfer {
            keep: fields.share("keep")?.unwrap_or(KEPT),
        }),
        Some("drop") => Ok(Trouble::Drop { when: when(fields)? }),
        Some("html") => Ok(Trouble::Html),
        Some("empty") => Ok(Trouble::Empty),
        _ => Err(fields.wrong("kind", KINDS)),
    }
}

fn status(fields: &mut Fields) -> Result<Trouble, Wrong> {
    const BOUNDS: &str = "must be a whole number from 200 to 599";
    let status = fields
        .whole("status", 200, 599)?
        .and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| fields.wrong("status", BOUNDS))?;
    let form = match fields.text("form")?.as_deref() {
        None => None,
        Some("row") => Some(ErrorForm::Row),
        Some("table") => Some(ErrorForm::Table),
        Some(_) => return Err(fields.wrong("form", "must be row or table")),
    };
    let retry_after = fields.whole("retry_after", 0, u32::MAX.into())?;
    Ok(Trouble::Status {
        status,
        form,
        retry_after: retry_after.and_then(|seconds| u32::try_from(seconds).ok()),
    })
}

fn wait(fields: &mut Fields, name: &str) -> Result<Duration, Wrong> {
    Ok(Duration::from_millis(
        fields.whole(name, 0, MOST_WAIT)?.unwrap_or(0),
    ))
}

fn when(fields: &mut Fields) -> Result<When, Wrong> {
    match fields.text("when")?.as_deref() {
        None | Some("before") => Ok(When::Before),
        Some("after") => Ok(When::After),
        Some(_) => Err(fields.wrong("when", "must be before or after")),
    }
}

fn when_name(when: When) -> &'static str {
    match when {
        When::Before => "before",
        When::After => "after",
    }
}

fn form_name(form: ErrorForm) -> &'static str {
    match form {
        ErrorForm::Row => "row",
        ErrorForm::Table => "table",
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(body: &str) -> String {
        parse(body.as_bytes())
            .expect_err("the body is malformed")
            .to_string()
    }

    #[test]
    fn what_is_shown_can_be_sent_back() {
        let wait = Duration::from_millis(20);
        let faults = vec![
            Fault::new(Trouble::Latency {
                fixed: wait,
                jitter: Duration::ZERO,
                when: When::After,
            }),
            Fault::new(Trouble::Status {
                status: 503,
                form: Some(ErrorForm::Table),
                retry_after: Some(2),
            })
            .on(Operation::ActiveCalls)
            .share(0.25)
            .times(3),
            Fault::new(Trouble::CutBody { keep: 0.1 }),
            Fault::new(Trouble::BrokenTransfer { keep: 0.9 }),
            Fault::new(Trouble::Drop { when: When::Before }),
            Fault::new(Trouble::Html),
            Fault::new(Trouble::Empty),
        ];
        let shown = json!({ "faults": faults.iter().map(show).collect::<Vec<_>>() }).to_string();
        assert_eq!(parse(shown.as_bytes()), Ok(faults));
    }

    #[test]
    fn a_malformed_body_is_told_by_its_field() {
        assert!(wrong("{").starts_with("body: must be JSON"));
        assert_eq!(wrong("[]"), "body: must be an object");
        assert_eq!(wrong("{}"), "faults: must be a list");
        assert_eq!(wrong(r#"{"faults":[],"extra":1}"#), "extra: is not a field here");
        assert_eq!(wrong(r#"{"faults":[1]}"#), "faults[0]: must be an object");
        assert_eq!(
            wrong(r#"{"faults":[{"kind":"html"},{}]}"#),
            format!("faults[1].kind: {KINDS}")
        );
        assert_eq!(
            wrong(r#"{"faults":[{"kind":"html","share":2}]}"#),
            "faults[0].share: must be a number from 0 to 1"
        );
        assert_eq!(
            wrong(r#"{"faults":[{"kind":"status","status":99}]}"#),
            "faults[0].status: must be a whole number from 200 to 599"
        );
        assert_eq!(
            wrong(r#"{"faults":[{"kind":"html","shar":1}]}"#),
            "faults[0].shar: is not a field here"
        );
        assert!(
            wrong(r#"{"faults":[{"kind":"html","operation":"X"}]}"#).starts_with("faults[0].operation: ")
        );
    }
}
