//! `/_sandbox/`: the sandbox's own endpoint, to make trouble and to see what arrived while it runs.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /_sandbox/faults` | the faults in force |
//! | `PUT /_sandbox/faults` | replaces them; the body as `GET` shows it; 400 names the field that is wrong |
//! | `DELETE /_sandbox/faults` | clears them |
//! | `GET /_sandbox/stats` | what arrived |
//!
//! Bodies are JSON. These requests meet no faults and do not count.

use http::Method;
use serde_json::{Value, json};

use super::fault::Fault;
use super::handle::Sandbox;
use super::respond::Reply;

mod fault_json;
mod fields;

pub use self::fields::Wrong;

/// The path in front of every endpoint.
pub(super) const PREFIX: &str = "/_sandbox/";

/// Reads faults as `PUT /_sandbox/faults` takes them.
///
/// # Errors
///
/// [`Wrong`] names the field and what it must be.
pub fn parse_faults(json: &str) -> Result<Vec<Fault>, Wrong> {
    fault_json::parse(json.as_bytes())
}

/// Answers a request to the endpoint that is named by the path after [`PREFIX`].
pub(super) fn handle(sandbox: &Sandbox, method: &Method, endpoint: &str, body: &[u8]) -> Reply {
    match (endpoint, method) {
        ("faults", &Method::GET) => shown(sandbox),
        ("faults", &Method::PUT) => match fault_json::parse(body) {
            Ok(faults) => {
                sandbox.set_faults(faults);
                shown(sandbox)
            }
            Err(wrong) => reply(400, &json!({ "error": wrong.to_string() })),
        },
        ("faults", &Method::DELETE) => {
            sandbox.set_faults(Vec::new());
            shown(sandbox)
        }
        ("stats", &Method::GET) => reply(200, &json!(sandbox.stats())),
        ("faults", _) => reply(405, &json!({ "error": "use GET, PUT or DELETE" })),
        ("stats", _) => reply(405, &json!({ "error": "use GET" })),
        _ => reply(
            404,
            &json!({ "error": "there are /_sandbox/faults and /_sandbox/stats" }),
        ),
    }
}

fn shown(sandbox: &Sandbox) -> Reply {
    let faults: Vec<Value> = sandbox.faults().iter().map(fault_json::show).collect();
    reply(200, &json!({ "faults": faults }))
}

fn reply(status: u16, value: &Value) -> Reply {
    Reply {
        powered_by: false,
        ..Reply::new(status, "application/json", format!("{value:#}\n"))
    }
}
