//! The rows of a feed's state: encoded once, told apart by a hash.

use bytes::Bytes;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use xxhash_rust::xxh3::xxh3_128;

use super::written::{CallKey, Damaged, StatusKey, WrittenRow};
use crate::proto::v1;

/// A row of the state, identified by a key within its table.
pub(in crate::watch) trait Row: Sized {
    /// What the row is found by; stays for the row's life.
    type Key: Clone + Eq + Ord + std::hash::Hash + Send + std::fmt::Debug;

    /// The row's key.
    fn key(&self) -> &Self::Key;

    /// A hash of all that is a change when it changes, the key included.
    fn content(&self) -> u128;

    /// The row's message, encoded.
    fn encoded(&self) -> &Bytes;

    /// How many bytes of the message are content.
    fn content_len(&self) -> usize;

    /// How many bytes of memory the key takes besides its own size.
    fn key_weight(&self) -> usize;

    /// How many bytes of memory the row takes where it is shared.
    fn weight(&self) -> usize {
        size_of::<Self>() + ALLOCATIONS + self.key_weight() + self.encoded().len()
    }

    /// At most how many bytes tell the row as it is.
    fn len_as_told(&self) -> usize {
        FIELD + self.encoded().len()
    }

    /// At most how many bytes tell that the row is gone.
    fn len_as_told_gone(&self) -> usize;

    /// The row of an encoded message whose first bytes are `content`.
    fn from_encoded(encoded: Bytes, content: &[u8]) -> Result<Self, Damaged>;
}

/// At most how many bytes a row's field has besides the row: one of key, five of length.
const FIELD: usize = 6;

/// What sharing a row takes besides its bytes: two counts of it, and two and a pointer of its message.
const ALLOCATIONS: usize = 40;

/// At most how many bytes a varint has.
const VARINT: usize = 10;

/// Writes a row down.
pub(super) fn to_written(row: &impl Row) -> WrittenRow {
    WrittenRow {
        encoded: row.encoded().clone(),
        content_len: row.content_len() as u64,
    }
}

/// Reads a row that was written down.
pub(super) fn from_written<R: Row>(written: WrittenRow) -> Result<R, Damaged> {
    let WrittenRow { encoded, content_len } = written;
    let content_len = usize::try_from(content_len).map_err(|_| Damaged)?;
    // Shares the bytes with `encoded`.
    let whole = encoded.clone();
    let content = whole.get(..content_len).ok_or(Damaged)?;
    R::from_encoded(encoded, content)
}

/// A leg of a call.
#[derive(Clone, Debug)]
pub(in crate::watch) struct CallRow {
    key: Box<str>,
    content: u128,
    content_len: usize,
    encoded: Bytes,
}

/// The state of an extension.
#[derive(Clone, Debug)]
pub(in crate::watch) struct StatusRow {
    i_c_ext: i64,
    content: u128,
    encoded: Bytes,
}

/// `ActiveCall.duration_mins`, which moves on every poll and is not a change.
const DURATION_FIELD: u32 = 11;

impl CallRow {
    /// Encodes `call`. The duration goes last: what stands before it is what counts as content, and a reader of
    /// protobuf takes fields in any order.
    pub(in crate::watch) fn new(mut call: v1::ActiveCall) -> Self {
        let duration = std::mem::take(&mut call.duration_mins);
        let mut encoded = call.encode_to_vec();
        let (content, content_len) = (xxh3_128(&encoded), encoded.len());
        if !duration.is_empty() {
            encoded.reserve_exact(duration.len() + 6);
            encode_key(DURATION_FIELD, WireType::LengthDelimited, &mut encoded);
            encode_varint(duration.len() as u64, &mut encoded);
            encoded.extend_from_slice(duration.as_bytes());
        }
        Self {
            key: call.key.into_boxed_str(),
            content,
            content_len,
            encoded: encoded.into(),
        }
    }
}

impl StatusRow {
    /// Encodes `status`.
    pub(in crate::watch) fn new(status: &v1::ExtensionStatus) -> Self {
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

    fn content_len(&self) -> usize {
        self.content_len
    }

    fn key_weight(&self) -> usize {
        self.key.len()
    }

    /// It is told as it was last seen.
    fn len_as_told_gone(&self) -> usize {
        self.len_as_told()
    }

    fn from_encoded(encoded: Bytes, content: &[u8]) -> Result<Self, Damaged> {
        let CallKey { key } = CallKey::decode(content).map_err(|_| Damaged)?;
        Ok(Self {
            key: key.into_boxed_str(),
            content: xxh3_128(content),
            content_len: content.len(),
            encoded,
        })
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

    fn content_len(&self) -> usize {
        self.encoded.len()
    }

    fn key_weight(&self) -> usize {
        0
    }

    /// Its id is told.
    fn len_as_told_gone(&self) -> usize {
        VARINT
    }

    fn from_encoded(encoded: Bytes, content: &[u8]) -> Result<Self, Damaged> {
        // All of it is content.
        if content.len() != encoded.len() {
            return Err(Damaged);
        }
        let StatusKey { i_c_ext } = StatusKey::decode(content).map_err(|_| Damaged)?;
        Ok(Self {
            i_c_ext,
            content: xxh3_128(content),
            encoded,
        })
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
