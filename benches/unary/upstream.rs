//! An upstream that costs next to nothing: one fixed answer to every call.

use portico::codec::csv::{Style, one_to_vec};
use portico::wire::{Answer, Extension};
use tokio::task::JoinSet;

use super::harness::upstream::{Connection, PAGE, asks_for_page};
use super::harness::{Result, process};

/// The argument that makes this binary the upstream.
pub(crate) const ROLE: &str = "upstream-role";

/// Serves until killed.
pub(crate) async fn run() -> Result<()> {
    let body: &[u8] = body()?.leak();
    let listener = process::listen().await?;
    let mut connections = JoinSet::new();
    loop {
        let mut connection = Connection::new(listener.accept().await?.0)?;
        // If a client goes away, only its connection ends.
        connections.spawn(async move {
            while let Some(head) = connection.request().await? {
                let answer = if asks_for_page(head) { PAGE } else { body };
                connection.answer(answer).await?;
            }
            Result::Ok(())
        });
    }
}

/// A list of 20 extensions, as the service writes it.
fn body() -> Result<Vec<u8>> {
    let extension = |n: i32| {
        let text = |text: String| Some(text);
        Extension {
            i_c_ext: 1000 + n,
            id: text(format!("{}", 100 + n)),
            name: text(format!("Extension {n}")),
            i_account: 7000 + n,
            account_id: text(format!("1555010{n:04}")),
            first_name: text("Ada".to_owned()),
            last_name: text(format!("Lovelace-{n}")),
            note: text("2nd floor, \"east\" wing".to_owned()),
            product_name: text("PBX Gold".to_owned()),
            phone_number: text(format!("+1 555 010 {n:04}")),
        }
    };
    let answer = Answer {
        extensions: Some((1..=20).map(extension).collect()),
        license: Some("bench".to_owned()),
        ..Answer::default()
    };
    Ok(one_to_vec(&answer, Style::V3)?)
}
