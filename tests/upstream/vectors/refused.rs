//! What a strict decoder must refuse, and as what.

use portico::codec::{csv, jsv};
use serde::Deserialize;
use serde_json::Value;

use crate::data::{lines, text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(dead_code, reason = "the values are read and refused, not looked at")]
struct Target {
    a: String,
    b: Option<i32>,
    n: i32,
    f: bool,
    d: f64,
}

#[test]
fn every_negative_input_is_refused_for_its_reason() {
    let lines = lines("vectors-refused");
    assert_eq!(lines.len(), 54, "the file is whole");
    for line in &lines {
        let category = match text(line, "layer") {
            Some("jsv") => nested(line),
            _ => body(line),
        };
        assert_eq!(category.as_deref(), text(line, "category"), "{line}");
    }
}

fn nested(line: &Value) -> Option<String> {
    let text = text(line, "text").expect("a text");
    let error = if text.starts_with('[') {
        jsv::from_str::<Vec<i32>>(text).err()?
    } else {
        jsv::from_str::<Target>(text).err()?
    };
    assert!(error.offset() <= text.len(), "{line}");
    Some(format!("{:?}", error.category()))
}

fn body(line: &Value) -> Option<String> {
    let bytes = match line["bytes"].as_array() {
        Some(bytes) => bytes
            .iter()
            .map(|byte| {
                byte.as_u64()
                    .and_then(|byte| u8::try_from(byte).ok())
                    .expect("a byte")
            })
            .collect(),
        None => text(line, "body").expect("a body").as_bytes().to_vec(),
    };
    let error = match text(line, "rows") {
        Some(_) => csv::from_slice::<Target>(&bytes).err()?,
        None => csv::one_from_slice::<Target>(&bytes).err()?,
    };
    assert!(error.offset() <= bytes.len(), "{line}");
    Some(match error.category() {
        csv::Category::Cell(category) => format!("{category:?}"),
        category => format!("{category:?}"),
    })
}
