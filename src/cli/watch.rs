//! `portico watch`: a customer's live calls, as a table, as lines, or as JSON.
//!
//! ```text
//!   CallWatcher ─▶ Update ─┬─▶ table   Board, which remembers for some seconds what changed, drawn by ratatui
//!                          ├─▶ lines   one a change
//!                          └─▶ json    one a change
//! ```
//!
//! What comes from the upstream goes through [`text::clean`] before a terminal sees it.

mod board;
mod columns;
mod json;
mod lines;
mod notices;
mod table;
mod text;
mod words;

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use super::Failure;
use super::until_stopped::until_stopped;
use crate::client::{self, CallWatcher, Update};
use crate::config::{OutputName, WatchArgs};

use self::notices::Notices;

pub(super) async fn run(args: WatchArgs) -> Result<(), Failure> {
    let (gateway, query, params) = (args.gateway()?, args.query()?, args.params());
    let output = match (args.output, io::stdout().is_terminal()) {
        (Some(OutputName::Table), false) => {
            let text = "--output: a table needs a terminal as standard output";
            return Err(Failure::Usage(text.to_owned()));
        }
        (None, true) => OutputName::Table,
        (None, false) => OutputName::Lines,
        (Some(output), _) => output,
    };

    let title = format!("customer {} at {gateway}", query.i_customer);
    let watcher = CallWatcher::connect(client::endpoint(gateway), query, params);
    until_stopped(async |shutdown| {
        let shown = async {
            match output {
                OutputName::Table => table::show(watcher, &title).await,
                OutputName::Lines => print(watcher, lines::of_update).await,
                OutputName::Json => print(watcher, json::of_update).await,
            }
        };
        tokio::select! {
            done = shown => done,
            () = shutdown.requested() => Ok(()),
        }
    })
    .await
}

/// Prints what `render` makes of each update on standard output, and notices of the gateway on standard error.
async fn print(mut watcher: CallWatcher, render: impl Fn(&Update) -> String) -> Result<(), Failure> {
    let mut notices = Notices::default();
    loop {
        let update = watcher
            .changed()
            .await
            .map_err(|status| Failure::Failed(words::refusal(&status)))?;
        if let Some(notice) = notices.of_update(&update) {
            // If standard error is closed, nobody wants to know.
            let _ = writeln!(io::stderr(), "{notice}");
        }
        let text = render(&update);
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => {}
            // The reader has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Failure::failed("standard output", &error)),
        }
    }
}
