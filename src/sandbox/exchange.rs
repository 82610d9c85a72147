//! The life of one request: it arrives, waits, meets trouble or the service, waits again, and is answered.
//!
//! A request counts as arrived before any wait, so a client that gives up has been seen. Dropping the future before
//! the service ran changes no extension.

use std::time::Duration;

use super::bind::Members;
use super::fault::{Plan, Trouble, When};
use super::handle::Sandbox;
use super::negotiate::Format;
use super::page;
use super::refusal::Refusal;
use super::request::{Asked, Unreadable};
use super::respond::{self, Reply};

/// How a response is delivered.
pub(super) enum Delivery {
    /// A response as it should be.
    Whole(Reply),
    /// A response that announces more body than it has; then the connection is closed.
    Broken(Reply, u64),
    /// No response: the connection is closed.
    Dropped,
}

/// Answers a request as the faults in force let it.
pub(super) async fn answer(
    sandbox: &Sandbox,
    asked: Asked,
    host: &str,
    traceparent: Option<String>,
) -> Delivery {
    let members = match &asked {
        Asked::Service(_, Ok(members)) => Some(members),
        _ => None,
    };
    let operation = members.map(Members::operation);
    let Plan {
        wait_before,
        wait_after,
        trouble,
    } = sandbox.arrived(members, traceparent.clone());
    wait(wait_before).await;
    let (outcome, name) = match trouble.as_ref() {
        Some(Trouble::Drop { when: When::Before }) => (Delivery::Dropped, "drop_before".to_owned()),
        Some(trouble) => match instead(sandbox, &asked, trouble) {
            Some(reply) => named(trouble, reply),
            None => spoil(trouble, sound(sandbox, asked, host)),
        },
        None => {
            let reply = sound(sandbox, asked, host);
            let status = reply.status.to_string();
            (Delivery::Whole(reply), status)
        }
    };
    wait(wait_after).await;
    tracing::debug!(
        operation = operation.map(tracing::field::display),
        outcome = name,
        traceparent,
        "answered"
    );
    sandbox.state().stats.ended(name);
    outcome
}

/// What the host answers when nothing is wrong.
fn sound(sandbox: &Sandbox, asked: Asked, host: &str) -> Reply {
    match asked {
        Asked::Service(format, Ok(members)) => {
            let elapsed = sandbox.elapsed();
            let answer = sandbox.state().service.call(&members, elapsed);
            match answer {
                Ok(answer) => respond::answered(format, answer.as_ref()),
                Err(refusal) => respond::refused(format, sandbox.error_form(), &refusal),
            }
        }
        Asked::Service(format, Err(Unreadable::Unbindable)) => respond::unbindable(format),
        Asked::Service(format, Err(Unreadable::Undeserializable)) => respond::undeserializable(format),
        Asked::Service(format, Err(Unreadable::Verb)) => respond::verb_not_implemented(format),
        Asked::Page => Reply::new(200, Format::Html.content_type(), page::published(host)),
        Asked::Nothing => respond::not_found(),
    }
}

/// The reply of a trouble that keeps a request from the service.
fn instead(sandbox: &Sandbox, asked: &Asked, trouble: &Trouble) -> Option<Reply> {
    let format = match asked {
        Asked::Service(format, _) => *format,
        Asked::Page | Asked::Nothing => Format::Csv,
    };
    match trouble {
        Trouble::Status {
            status,
            form,
            retry_after,
        } => {
            let refusal = Refusal::new(*status, "Trouble", "made by the sandbox");
            let form = form.unwrap_or(sandbox.error_form());
            Some(Reply {
                retry_after: *retry_after,
                ..respond::refused(format, form, &refusal)
            })
        }
        Trouble::Html => Some(Reply::new(200, Format::Html.content_type(), page::trouble())),
        Trouble::Empty => Some(Reply {
            content_type: None,
            ..Reply::new(200, "", Vec::new())
        }),
        Trouble::Latency { .. }
        | Trouble::CutBody { .. }
        | Trouble::BrokenTransfer { .. }
        | Trouble::Drop { .. } => None,
    }
}

fn named(trouble: &Trouble, reply: Reply) -> (Delivery, String) {
    let name = match trouble {
        Trouble::Status { status, .. } => status.to_string(),
        trouble => trouble.name().to_owned(),
    };
    (Delivery::Whole(reply), name)
}

/// What a trouble makes of a reply that was sound.
fn spoil(trouble: &Trouble, reply: Reply) -> (Delivery, String) {
    match trouble {
        Trouble::CutBody { keep } => (Delivery::Whole(cut(reply, *keep)), trouble.name().to_owned()),
        Trouble::BrokenTransfer { keep } => {
            let announced = reply.body.len() as u64;
            (
                Delivery::Broken(cut(reply, *keep), announced),
                trouble.name().to_owned(),
            )
        }
        Trouble::Drop { .. } => (Delivery::Dropped, "drop_after".to_owned()),
        Trouble::Latency { .. } | Trouble::Status { .. } | Trouble::Html | Trouble::Empty => {
            let status = reply.status.to_string();
            (Delivery::Whole(reply), status)
        }
    }
}

/// The reply with the share `keep` of its body, from the start, and never the whole of it.
fn cut(mut reply: Reply, keep: f64) -> Reply {
    let whole = reply.body.len();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a length that fits memory, clamped to 0..=1"
    )]
    let kept = (whole as f64 * keep.clamp(0.0, 1.0)) as usize;
    reply.body.truncate(kept.min(whole.saturating_sub(1)));
    reply
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
