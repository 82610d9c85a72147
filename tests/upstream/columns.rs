//! The header of a real answer with each of its bits flipped: what is read is what was written, or an error, and never
//! less.

use std::fmt::Debug;

use portico::codec::csv;
use portico::codec::jsv::Budget;
use portico::upstream::columns::Columns;
use portico::upstream::operation::{
    AddExtension, DeleteExtension, GetFilteringData, ListActiveCalls, ListExtensions, ListOnlineAccounts,
    ListUnavailableExtensions, NewExtension, UpdateExtension,
};
use portico::upstream::value::{Id, OptionalId, Text};
use portico::upstream::{Error, Kind, Operation, Transport, answer};
use portico::wire::Answer;

use crate::data;

const ALL: [&str; 8] = [
    "lstportaActiveCalls",
    "ExtensionLst",
    "Extension",
    "ExtensionDeleted",
    "ExtensionsActiveCalls",
    "License",
    "ContentId",
    "FeatureName",
];

const CORPORA: [&str; 4] = [
    "corpus-3.9.60",
    "corpus-4.0.36",
    "corpus-4.5.14",
    "corpus-4.5.14-camel",
];

/// The body that the recorded host answered in the exchange of this name.
fn recorded(exchange: &str) -> Vec<u8> {
    let lines = data::lines("transcripts-a");
    let line = lines
        .iter()
        .find(|line| data::text(line, "name") == Some(exchange));
    let line = line.unwrap_or_else(|| panic!("no exchange {exchange}"));
    data::text(&line["response"], "body").expect("a body").into()
}

/// `body` with one bit of its first line flipped, for each bit.
fn flips(body: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let end = body.iter().position(|&byte| byte == b'\n').expect("a header");
    (0..=end)
        .flat_map(|at| (0..8).map(move |bit| (at, bit)))
        .map(|(at, bit)| {
            let mut flipped = body.to_vec();
            flipped[at] ^= 1 << bit;
            flipped
        })
}

/// Fails unless each flip is read as `body` is, or is an error of the answer.
fn sweep<T: PartialEq + Debug>(body: &[u8], read: impl Fn(&[u8]) -> Result<T, Error>) {
    let sound = read(body).expect("what a host wrote is read");
    let mut missing = 0;
    for flipped in flips(body) {
        match read(&flipped).map_err(|error| error.kind()) {
            Ok(read) => assert_eq!(read, sound, "{}", String::from_utf8_lossy(&flipped)),
            Err(Kind::ColumnMissing) => missing += 1,
            Err(kind) => assert_eq!(kind, Kind::Undecodable, "{}", String::from_utf8_lossy(&flipped)),
        }
    }
    assert!(missing > 30, "only {missing} flips hid a column");
}

fn sweep_operation<O: Operation>(exchange: &str, operation: &O)
where
    O::Answer: PartialEq + Debug,
{
    sweep(&recorded(exchange), |body| {
        answer::decode(body, O::COLUMNS).and_then(|answer| operation.parse(answer))
    });
}

#[test]
fn every_answer_that_a_host_wrote_has_every_column() {
    let corpora = CORPORA.into_iter().flat_map(data::lines);
    let bodies = corpora.map(|line| data::text(&line, "csv").expect("a body").as_bytes().to_vec());
    let emptiest = ["list, empty customer", "active calls, none", "delete again"].map(recorded);
    for body in bodies.chain(emptiest) {
        let (_, header) = csv::one_with_header::<Answer>(&body, Budget::UNLIMITED).expect("an answer");
        assert!(ALL.iter().all(|column| header.has(column)), "{header:?}");
    }
}

#[test]
fn no_flipped_bit_empties_a_read() {
    let i_customer = Id::parse(1).expect("an id");
    let products = None;
    sweep_operation("list", &ListExtensions { i_customer, products });
    sweep_operation("unavailable", &ListUnavailableExtensions { i_customer });
    sweep_operation("filtering data", &GetFilteringData { i_customer });
    sweep_operation("online accounts", &ListOnlineAccounts { i_customer });
    let products = None;
    sweep_operation("active calls", &ListActiveCalls { i_customer, products });
}

#[test]
fn no_flipped_bit_denies_a_change() {
    let i_customer = Id::parse(3).expect("an id");
    let i_c_ext = Id::parse(5001).expect("an id");
    let i_account = OptionalId::parse(7001).expect("an id");
    let text = |text| Text::parse(text, Transport::Routes).expect("a text");
    let (name, id) = (text("Sales"), text("201"));
    let add = NewExtension {
        i_customer,
        name: name.clone(),
        id: id.clone(),
        i_account,
    };
    sweep_operation("add", &AddExtension(add));
    sweep_operation(
        "update",
        &UpdateExtension {
            i_customer,
            i_c_ext,
            name,
            id,
            i_account,
        },
    );
    sweep_operation("delete", &DeleteExtension { i_customer, i_c_ext });
}

#[test]
fn no_flipped_bit_empties_a_poll() {
    let columns = |body: &[u8]| Columns::read(body).map(|columns| (columns.calls, columns.statuses));
    sweep(&recorded("active calls"), columns);
    for corpus in CORPORA {
        let lines = data::lines(corpus);
        sweep(data::text(&lines[0], "csv").expect("a body").as_bytes(), columns);
    }
}
