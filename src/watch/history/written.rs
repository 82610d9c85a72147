//! The form in which a history, or a delta, is written down: messages of our own, in an envelope that shows damage.
//!
//! ```text
//!   format 1 byte | message | check 8 bytes, little endian
//! ```
//!
//! Rows are written as they are encoded for clients, so that a reader of another release passes on what it does not know.

use bytes::Bytes;
use prost::Message;
use prost_types::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

const FORMAT: u8 = 1;

/// What was written down cannot be read: it is damaged, or of a format that this release does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what was written down is damaged, or of another format")]
pub struct Damaged;

/// A history, as of a moment.
#[derive(Clone, PartialEq, Message)]
pub(super) struct WrittenHistory {
    /// The token of the present state.
    #[prost(bytes = "vec", tag = "1")]
    pub(super) at: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    pub(super) observed_at: Option<Timestamp>,
    #[prost(message, repeated, tag = "3")]
    pub(super) calls: Vec<WrittenRow>,
    #[prost(message, repeated, tag = "4")]
    pub(super) statuses: Vec<WrittenRow>,
    #[prost(message, repeated, tag = "5")]
    pub(super) ring: Vec<WrittenKept>,
    /// How long ago the last change was, in nanoseconds.
    #[prost(uint64, tag = "6")]
    pub(super) changed: u64,
}

/// A delta of the ring.
#[derive(Clone, PartialEq, Message)]
pub(super) struct WrittenKept {
    /// How long ago it was made, in nanoseconds.
    #[prost(uint64, tag = "1")]
    pub(super) age: u64,
    #[prost(message, optional, tag = "2")]
    pub(super) delta: Option<WrittenDelta>,
}

/// A delta.
#[derive(Clone, PartialEq, Message)]
pub(super) struct WrittenDelta {
    /// The token of the state before.
    #[prost(bytes = "vec", tag = "1")]
    pub(super) from: Vec<u8>,
    /// The token of the state after.
    #[prost(bytes = "vec", tag = "2")]
    pub(super) to: Vec<u8>,
    #[prost(message, optional, tag = "3")]
    pub(super) observed_at: Option<Timestamp>,
    #[prost(message, repeated, tag = "4")]
    pub(super) calls: Vec<WrittenChange>,
    #[prost(message, repeated, tag = "5")]
    pub(super) statuses: Vec<WrittenChange>,
}

/// How one row changed.
#[derive(Clone, PartialEq, Message)]
pub(super) struct WrittenChange {
    #[prost(message, optional, tag = "1")]
    pub(super) before: Option<WrittenRow>,
    #[prost(message, optional, tag = "2")]
    pub(super) after: Option<WrittenRow>,
}

/// A row.
#[derive(Clone, PartialEq, Message)]
pub(super) struct WrittenRow {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) encoded: Bytes,
    /// How many of the bytes are content.
    #[prost(uint64, tag = "2")]
    pub(super) content_len: u64,
}

/// The key of an encoded `ActiveCall`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct CallKey {
    #[prost(string, tag = "25")]
    pub(super) key: String,
}

/// The key of an encoded `ExtensionStatus`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StatusKey {
    #[prost(int64, tag = "1")]
    pub(super) i_c_ext: i64,
}

/// Puts a message into its envelope.
pub(super) fn seal(message: &impl Message) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend(message.encode_to_vec());
    bytes.extend(xxh3_64(&bytes).to_le_bytes());
    bytes
}

/// Takes a message out of its envelope.
///
/// # Errors
///
/// [`Damaged`].
pub(super) fn open<M: Message + Default>(bytes: &[u8]) -> Result<M, Damaged> {
    let (checked, sum) = bytes.split_last_chunk().ok_or(Damaged)?;
    if xxh3_64(checked).to_le_bytes() != *sum {
        return Err(Damaged);
    }
    match checked.split_first() {
        Some((&FORMAT, message)) => M::decode(message).map_err(|_| Damaged),
        _ => Err(Damaged),
    }
}
