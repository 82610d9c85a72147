//! The 117 values: read from a member, from an object's cell and from a cell of its own, and written back.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use portico::codec::csv;
use portico::wire::{ExtensionStatus, Time, Zone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::forms::{agrees, from_cell, reads, reads_top_without_v3, reads_v3, refuses};
use crate::data::{lines, text};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Item {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Nested {
    n: String,
    tags: Vec<String>,
    kid: Kid,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kid {
    ids: Vec<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Numbers {
    one: String,
    two: String,
    three: String,
    four: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Named {
    name: String,
    key: String,
    value: i32,
    error_code: String,
    message: String,
    errors: Vec<Item>,
}

/// The dictionaries of the vectors: the upstream has none, and to a reader each is an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Entries {
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<String>,
    #[serde(rename = "1", skip_serializing_if = "Option::is_none")]
    one: Option<String>,
    #[serde(rename = "k:1", skip_serializing_if = "Option::is_none")]
    quoted: Option<String>,
}

/// A double by its bits, so that NaN is itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Double(f64);

impl PartialEq for Double {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// The text of the value's member, for values that are texts here.
fn jsv_text(line: &Value) -> String {
    text(line, "jsv").expect("a text").to_owned()
}

fn optional<const N: usize>(texts: [Option<&str>; N]) -> Vec<Option<String>> {
    texts.map(|text| text.map(str::to_owned)).to_vec()
}

#[test]
fn every_value_is_read_and_written_as_the_vectors_say() {
    let lines = lines("vectors-values");
    assert_eq!(lines.len(), 117, "the file is whole");
    for line in &lines {
        let id = text(line, "id").expect("an id");
        match id.split_at(1).0 {
            "S" => string(line, id),
            "N" => number(line, id),
            "D" => date(line, id),
            "L" => list(line, id),
            "O" => object(line, id),
            _ => other(line, id),
        }
    }
}

fn string(line: &Value, id: &str) {
    let written = text(line, "v")
        .and_then(|v| v.strip_prefix("string "))
        .expect("a string");
    let value: Option<String> = serde_json::from_str(written).expect("a literal");
    if let Some(value) = value {
        agrees(line, value);
    } else {
        assert_eq!(id, "S18");
        reads(line, None::<String>);
    }
}

fn number(line: &Value, id: &str) {
    match id {
        "N01" => agrees(line, 0),
        "N02" => agrees(line, -5),
        "N03" => agrees(line, i32::MAX),
        // The upstream has no larger integers and no decimals, so there is no type for them here: they are read as texts.
        "N04" | "N05" | "N06" | "N20" | "N21" | "N22" => agrees(line, jsv_text(line)),
        "N07" => agrees(line, true),
        "N08" => agrees(line, false),
        "N09" => agrees(line, Double(1E20)),
        "N10" => agrees(line, Double(0.1)),
        "N11" => agrees(line, Double(f64::NAN)),
        "N12" => agrees(line, Double(f64::INFINITY)),
        "N13" => agrees(line, Double(f64::NEG_INFINITY)),
        "N14" => agrees(line, Double(f64::MAX)),
        "N15" => agrees(line, Double(1.0)),
        "N16" => agrees(line, Double(0.00001)),
        // The .NET Framework drops the last digits, so they cannot be read back.
        "N17" => {
            reads(line, Double(0.1 + 0.2));
            reads_v3(line, Double(0.3));
        }
        "N18" => agrees(line, Double(1.1)),
        "N19" => agrees(line, Double(2_222_222.22)),
        "N23" => reads(line, None::<i32>),
        "N24" => agrees(line, "x".to_owned()),
        // The writer does not quote a character, so `{v:,}` is an empty member before nothing: refused, as is the
        // cell of version 6, which is two.
        "N25" => {
            refuses::<String>(line);
            assert_eq!(
                from_cell::<String>(text(line, "top").expect("a cell"))
                    .ok()
                    .as_deref(),
                Some(",")
            );
            let error = from_cell::<String>(text(line, "top6").expect("a cell")).expect_err("two cells");
            assert_eq!(error.category(), csv::Category::CellCount);
        }
        _ => panic!("{id} is not covered"),
    }
}

/// A time by its UTC instant, which another parser gives, and its zone.
fn date(line: &Value, id: &str) {
    let time: Time = text(line, "jsv")
        .and_then(|jsv| jsv.parse().ok())
        .unwrap_or_default();
    let (utc, zone) = match id {
        "D01" => return agrees(line, Time::default()),
        "D02" | "D09" => ("2026-01-10T00:00:00Z", Zone::Unspecified),
        "D03" | "D11" => ("2026-01-10T12:34:56Z", Zone::Offset(0)),
        "D04" | "D05" | "D13" => ("2026-01-10T10:34:56Z", Zone::Offset(120)),
        "D06" => ("2026-01-10T12:34:56.789Z", Zone::Offset(0)),
        "D07" => ("2026-01-10T10:34:56.789Z", Zone::Offset(120)),
        "D08" => ("2026-01-10T12:00:00.0000001Z", Zone::Offset(0)),
        "D10" => ("2026-01-10T12:34:56Z", Zone::Unspecified),
        // Milliseconds since 1970 are a number, and nothing says that it is a time.
        "D12" => {
            refuses::<Time>(line);
            return agrees(line, jsv_text(line));
        }
        // Later than the other parser can hold.
        "D14" => {
            reads(line, time);
            return assert_eq!(time.to_utc(&TimeZone::UTC), Some((253_402_300_799, 999_999_900)));
        }
        "D15" => ("2001-01-13T00:00:00Z", Zone::Unspecified),
        "D16" => return agrees(line, "PT13H13M13S".to_owned()),
        _ => panic!("{id} is not covered"),
    };
    let instant: Timestamp = utc.parse().expect("a timestamp");
    assert_eq!(
        time.to_utc(&TimeZone::UTC),
        Some((instant.as_second(), instant.subsec_nanosecond())),
        "{line}"
    );
    assert_eq!(time.zone(), zone, "{line}");
    match id {
        // Written shorter: no zero fraction, no midnight, no zeros at the end of a UTC fraction (as version 3).
        "D06" => {
            reads(line, time);
            reads_v3(line, time);
            assert_eq!(Some(time.to_string().as_str()), text(line, "jsv3"));
        }
        // Version 3 loses what is less than a millisecond.
        "D08" => {
            reads(line, time);
            reads_v3(line, "2026-01-10T12:00:00Z".parse::<Time>().expect("a time"));
        }
        "D09" | "D13" => reads(line, time),
        _ => agrees(line, time),
    }
}

fn list(line: &Value, id: &str) {
    let item = |id| Item { id };
    match id {
        "L01" => agrees(line, strings(["a", "b"])),
        "L02" => agrees(line, Vec::<String>::new()),
        // Version 3 writes a list of one empty text like an empty list.
        "L03" => {
            reads(line, strings([""]));
            reads_v3(line, strings([]));
        }
        "L04" => reads(line, optional([])),
        "L05" => agrees(line, optional([Some("a"), None, Some("b")])),
        "L06" => {
            reads(line, optional([Some("a"), Some(""), Some("b")]));
            reads_v3(line, optional([Some("a"), None, Some("b")]));
            agrees(line, strings(["a", "", "b"]));
        }
        "L07" => agrees(line, vec![1, 2, 3]),
        "L08" => agrees(
            line,
            vec![vec![Double(1.0), Double(0.0)], vec![Double(0.0), Double(1.0)]],
        ),
        "L09" => agrees(line, strings(["\"1st", "2:nd", "3r,d", "four%"])),
        "L10" => agrees(line, vec![item(Some(1)), item(Some(2))]),
        "L11" => agrees(line, vec![item(Some(1)), item(None)]),
        "L12" => agrees(line, vec![Some(1), None, Some(3)]),
        "L13" => agrees(line, vec![item(Some(1))]),
        "L14" => {
            let nested = Nested {
                n: "x".to_owned(),
                tags: strings(["a", "b,c"]),
                kid: Kid { ids: vec![1, 2] },
            };
            agrees(line, vec![nested]);
        }
        "L15" => agrees(
            line,
            vec!["2026-01-10T12:34:56Z".parse::<Time>().expect("a time")],
        ),
        "L16" => agrees(line, strings([" A "])),
        _ => panic!("{id} is not covered"),
    }
}

fn object(line: &Value, id: &str) {
    let named = |name: &str| Named {
        name: name.to_owned(),
        ..Named::default()
    };
    match id {
        "O01" => agrees(line, Item::default()),
        "O02" => {
            let [one, two, three, four] = ["\"1st", "2:nd", "3r,d", "four%"].map(str::to_owned);
            agrees(
                line,
                Numbers {
                    one,
                    two,
                    three,
                    four,
                },
            );
        }
        "O03" => agrees(
            line,
            Entries {
                a: Some("1".to_owned()),
                ..Entries::default()
            },
        ),
        // Only a dictionary has a key that must be quoted, so it is read and never written.
        "O04" => reads(
            line,
            Entries {
                quoted: Some("v,1".to_owned()),
                ..Entries::default()
            },
        ),
        "O05" => agrees(
            line,
            Entries {
                one: Some("x".to_owned()),
                ..Entries::default()
            },
        ),
        "O06" => reads(line, named("Rex")),
        "O07" => {
            let text = || Some("String".to_owned());
            reads(
                line,
                ExtensionStatus {
                    site_name: text(),
                    cld: text(),
                    cli: text(),
                    ..Default::default()
                },
            );
        }
        "O08" => reads(
            line,
            Named {
                key: "a".to_owned(),
                value: 1,
                ..Named::default()
            },
        ),
        "O09" => {
            let error_code = "ArgumentException".to_owned();
            reads(
                line,
                Named {
                    error_code,
                    message: "Bad id".to_owned(),
                    ..Named::default()
                },
            );
        }
        _ => panic!("{id} is not covered"),
    }
}

/// Durations, identifiers, bytes, addresses and the names of an enum are texts here.
fn other(line: &Value, id: &str) {
    match id {
        "T01" | "T02" | "T03" | "T04" | "T05" | "G01" | "B01" | "E01" | "E02" => agrees(line, jsv_text(line)),
        "E03" => agrees(line, 3),
        // Version 3 leaves the JSV quotes on in a cell of its own, where a text that has quotes looks the same.
        "U01" => {
            reads_top_without_v3(line, "https://x.org/a");
            reads_v3(line, "\"https://x.org/a\"".to_owned());
        }
        _ => panic!("{id} is not covered"),
    }
}
