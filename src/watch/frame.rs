//! Frames: events encoded once, ready to be sent to any number of watchers.
//!
//! A frame is a gRPC message with its prefix (no compression, length), holding one `ActiveCallsResponse`. Rows are
//! encoded already, so a delta or snapshot is put together from bytes; the field numbers here are those of the proto,
//! and a test decodes every kind of frame with the generated code.

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use prost_types::Timestamp;

use super::history::{CallRow, Change, Changes, Row, StatusRow};
use crate::proto::v1;
use crate::proto::v1::active_calls_response::Event;
use crate::proto::v1::{Freshness, snapshot};

/// The length of a gRPC message's prefix.
const PREFIX: usize = 5;

/// What every event says besides the event itself.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) version: u64,
    pub(super) resume_token: Bytes,
    pub(super) observed_at: Timestamp,
    pub(super) freshness: Freshness,
    pub(super) coalesced: u32,
}

/// An event that is small and built from messages: bookmark, feed state, goodbye.
pub(super) fn small(head: &Head, event: Event) -> Bytes {
    let message = v1::ActiveCallsResponse {
        event: Some(event),
        ..to_message(head)
    };
    let mut frame = begin(message.encoded_len());
    put_message(&message, &mut frame);
    finish(frame)
}

/// A delta from `from_version`.
pub(super) fn delta(head: &Head, from_version: u64, changes: &Changes) -> Bytes {
    const FROM_VERSION: u32 = 1;
    const STARTED: u32 = 2;
    const UPDATED: u32 = 3;
    const ENDED: u32 = 4;
    const STATUSES: u32 = 5;
    const REMOVED_STATUSES: u32 = 6;

    let mut body = Vec::new();
    encode_key(FROM_VERSION, WireType::Varint, &mut body);
    encode_varint(from_version, &mut body);
    for Change { before, after } in &changes.calls {
        match (before, after) {
            (None, Some(call)) => put_row(STARTED, call.as_ref(), &mut body),
            (Some(_), Some(call)) => put_row(UPDATED, call.as_ref(), &mut body),
            (Some(call), None) => put_row(ENDED, call.as_ref(), &mut body),
            (None, None) => {}
        }
    }
    let mut removed = Vec::new();
    for Change { before, after } in &changes.statuses {
        match (before, after) {
            (_, Some(status)) => put_row(STATUSES, status.as_ref(), &mut body),
            (Some(status), None) => encode_varint((*status.key()).cast_unsigned(), &mut removed),
            (None, None) => {}
        }
    }
    if !removed.is_empty() {
        put_bytes(REMOVED_STATUSES, &removed, &mut body);
    }
    event(head, DELTA, &body)
}

/// A snapshot, in parts of about `part` bytes. Only the last part has a token: there is no resuming in between.
pub(super) fn snapshot(
    head: &Head,
    reason: snapshot::Reason,
    calls: &[std::sync::Arc<CallRow>],
    statuses: &[std::sync::Arc<StatusRow>],
    part: usize,
) -> Vec<Bytes> {
    const REASON: u32 = 1;
    const CALLS: u32 = 2;
    const STATUSES: u32 = 3;
    const MORE: u32 = 4;

    let begin_part = || {
        let mut body = Vec::new();
        encode_key(REASON, WireType::Varint, &mut body);
        encode_varint(reason as u64, &mut body);
        body
    };
    let unfinished = Head {
        resume_token: Bytes::new(),
        ..head.clone()
    };
    let mut frames = Vec::new();
    let mut body = begin_part();
    let rows = calls.iter().map(|call| (CALLS, call.encoded()));
    for (field, row) in rows.chain(statuses.iter().map(|status| (STATUSES, status.encoded()))) {
        if body.len() + row.len() > part && body.len() > 2 {
            encode_key(MORE, WireType::Varint, &mut body);
            encode_varint(1, &mut body);
            frames.push(event(&unfinished, SNAPSHOT, &body));
            body = begin_part();
        }
        put_bytes(field, row, &mut body);
    }
    frames.push(event(head, SNAPSHOT, &body));
    frames
}

const SNAPSHOT: u32 = 6;
const DELTA: u32 = 7;

fn to_message(head: &Head) -> v1::ActiveCallsResponse {
    let Head {
        version,
        resume_token,
        observed_at,
        freshness,
        coalesced,
    } = head;
    v1::ActiveCallsResponse {
        version: *version,
        resume_token: resume_token.to_vec(),
        observed_at: Some(*observed_at),
        freshness: (*freshness).into(),
        coalesced: *coalesced,
        event: None,
    }
}

/// A frame of `head` with an event whose message is encoded already.
fn event(head: &Head, field: u32, body: &[u8]) -> Bytes {
    let message = to_message(head);
    let len = message.encoded_len() + key_len(field) + encoded_len_varint(body.len() as u64) + body.len();
    let mut frame = begin(len);
    put_message(&message, &mut frame);
    put_bytes(field, body, &mut frame);
    finish(frame)
}

/// A frame that will hold a message of `len` bytes.
fn begin(len: usize) -> BytesMut {
    let mut frame = BytesMut::with_capacity(PREFIX + len);
    frame.put_bytes(0, PREFIX);
    frame
}

fn put_message(message: &impl Message, buf: &mut BytesMut) {
    message
        .encode(buf)
        .expect("encoding fails for want of room only, and the buffer grows");
}

fn put_row(field: u32, row: &impl Row, buf: &mut Vec<u8>) {
    put_bytes(field, row.encoded(), buf);
}

fn put_bytes(field: u32, bytes: &[u8], buf: &mut impl bytes::BufMut) {
    encode_key(field, WireType::LengthDelimited, buf);
    encode_varint(bytes.len() as u64, buf);
    buf.put_slice(bytes);
}

/// Writes the length into the prefix.
fn finish(mut frame: BytesMut) -> Bytes {
    let len = u32::try_from(frame.len() - PREFIX)
        .expect("a frame is made of the rows of answers of 16 MiB: far from 4 GiB");
    frame[1..PREFIX].copy_from_slice(&len.to_be_bytes());
    frame.freeze()
}

#[cfg(test)]
mod tests;
