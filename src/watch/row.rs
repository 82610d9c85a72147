//! The rows of a feed's state: encoded once, told apart by a hash.

use bytes::Bytes;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use xxhash_rust::xxh3::xxh3_128;

use crate::proto::v1;

/// A row of the state, identified by a key within its table.
pub(super) trait Row {
    /// What the row is found by; stays for the row's life.
    type Key: Clone + Eq + Ord + std::hash::Hash + Send + std::fmt::Debug;

    /// The row's key.
    fn key(&self) -> &Self::Key;

    /// A hash of all that is a change when it changes, the key included.
    fn content(&self) -> u128;

    /// The row's message, encoded.
    fn encoded(&self) -> &Bytes;
}

/// A leg of a call.
#[derive(Clone, Debug)]
pub(super) struct CallRow {
    key: Box<str>,
    content: u128,
    encoded: Bytes,
}

/// The state of an extension.
#[derive(Clone, Debug)]
pub(super) struct StatusRow {
    i_c_ext: i64,
    content: u128,
    encoded: Bytes,
}

/// `ActiveCall.duration_mins`, which moves on every poll and is not a change.
const DURATION_FIELD: u32 = 11;

impl CallRow {
    /// Encodes `call`. The duration goes last: what stands before it is what counts as content, and a reader of
    /// protobuf takes fields in any order.
    pub(super) fn new(mut call: v1::ActiveCall) -> Self {
        let duration = std::mem::take(&mut call.duration_mins);
        let mut encoded = Vec::with_capacity(call.encoded_len() + duration.len() + 6);
        if call.encode(&mut encoded).is_err() {
            debug_assert!(false, "a vector grows");
        }
        let content = xxh3_128(&encoded);
        if !duration.is_empty() {
            encode_key(DURATION_FIELD, WireType::LengthDelimited, &mut encoded);
            encode_varint(duration.len() as u64, &mut encoded);
            encoded.extend_from_slice(duration.as_bytes());
        }
        Self {
            key: call.key.into_boxed_str(),
            content,
            encoded: encoded.into(),
        }
    }
}

impl StatusRow {
    /// Encodes `status`.
    pub(super) fn new(status: &v1::ExtensionStatus) -> Self {
        let encoded = status.encode_to_vec();
        Self {
            i_c_ext: status.i_c_ext,
            content: xxh3_128(&encoded),
            encoded: encoded.into(),
        }
    }
}

impl Row for CallRow {
    type Key = Box<str>;

    fn key(&self) -> &Box<str> {
        &self.key
    }

    fn content(&self) -> u128 {
        self.content
    }

    fn encoded(&self) -> &Bytes {
        &self.encoded
    }
}

impl Row for StatusRow {
    type Key = i64;

    fn key(&self) -> &i64 {
        &self.i_c_ext
    }

    fn content(&self) -> u128 {
        self.content
    }

    fn encoded(&self) -> &Bytes {
        &self.encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(duration: &str, note: &str) -> v1::ActiveCall {
        v1::ActiveCall {
            key: "k".to_owned(),
            cli: "100".to_owned(),
            duration_mins: duration.to_owned(),
            note: note.to_owned(),
            ..v1::ActiveCall::default()
        }
    }

    #[test]
    fn the_duration_is_sent_and_is_not_content() {
        let row = CallRow::new(call("2.35", "n"));
        assert_eq!(
            v1::ActiveCall::decode(row.encoded().clone()).unwrap(),
            call("2.35", "n")
        );
        assert_eq!(row.content(), CallRow::new(call("9.99", "n")).content());
        assert_ne!(row.content(), CallRow::new(call("2.35", "m")).content());
    }
}
