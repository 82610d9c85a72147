//! Counts a customer's live calls by extension, as a wallboard would.
//!
//! With `portico demo` in another terminal:
//!
//! ```text
//! cargo run --example watch_calls -- http://127.0.0.1:50051 1
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;

use portico::client::{self, CallWatcher, Params, Query};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let gateway = args.next().unwrap_or_else(|| "http://127.0.0.1:50051".to_owned());
    let i_customer = args.next().unwrap_or_else(|| "1".to_owned()).parse()?;

    let endpoint = client::endpoint(gateway.parse()?);
    let mut watcher = CallWatcher::connect(endpoint, Query::customer(i_customer), Params::default());
    let mut out = std::io::stdout();
    loop {
        // An error is final. A gateway that is away is not an error, but a freshness.
        let state = watcher.changed().await?.state;
        let freshness = state.freshness();
        // Calls that are not known are not the same as no calls.
        let Some(set) = state.calls() else {
            writeln!(out, "not known yet: {freshness}")?;
            continue;
        };
        let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
        for call in set.calls() {
            *calls.entry(&call.extension_number).or_default() += 1;
        }
        writeln!(out, "{freshness}: {calls:?}")?;
    }
}
