//! Frames: events encoded once, ready to be sent to any number of watchers.
//!
//! A frame is a gRPC message with its prefix (no compression, length), holding one `ActiveCallsResponse`. Rows are
//! encoded already, so a delta or snapshot is put together from bytes; the field numbers here are those of the proto,
//! and a test decodes every kind of frame with the generated code. A large snapshot is not one piece: its pages are
//! shared with other snapshots, and each of its messages is a head and the pages that follow it.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use prost_types::Timestamp;

use super::budget::Account;
use super::counted::Counted;
use super::history::{Change, Changes, Row};
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
    finish(&mut frame, 0);
    frame.freeze()
}

/// A delta from `from_version`, charged to `account`.
pub(super) fn delta(head: &Head, from_version: u64, changes: &Changes, account: &Arc<Account>) -> Bytes {
    const FROM_VERSION: u32 = 1;
    const STARTED: u32 = 2;
    const UPDATED: u32 = 3;
    const ENDED: u32 = 4;
    const STATUSES: u32 = 5;
    const REMOVED_STATUSES: u32 = 6;

    let mut body = BytesMut::new();
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
    let mut frame = event(head, DELTA, body.len(), body.len());
    frame.put_slice(&body);
    finish(&mut frame, 0);
    Counted::new(frame, account).into_bytes()
}

/// A piece of a snapshot, which is sent as it is.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) bytes: Bytes,
    /// Whether the piece ends a message. Between two messages something else may be told, and the stream may end.
    pub(super) ends_message: bool,
}

/// The number of a snapshot's field of calls.
pub(super) const CALLS: u32 = 2;
/// The number of a snapshot's field of statuses.
pub(super) const STATUSES: u32 = 3;

/// A snapshot of the rows in `pages`, in parts of about `part` bytes. Only the last part has a token: there is no resuming
/// in between. A part as small as `piece` is one piece, charged to `account`; of a larger one the pages are shared.
pub(super) fn snapshot(
    head: &Head,
    reason: snapshot::Reason,
    pages: &[Bytes],
    (part, piece): (usize, usize),
    account: &Arc<Account>,
) -> Vec<Piece> {
    let unfinished = Head {
        resume_token: Bytes::new(),
        ..head.clone()
    };
    let mut pieces = Vec::with_capacity(pages.len() + 1);
    let mut rest = pages;
    loop {
        let (this, later) = rest.split_at(pages_of_part(rest, part));
        let head = if later.is_empty() { head } else { &unfinished };
        let len: usize = this.iter().map(Bytes::len).sum();
        let is_small = len <= piece;
        let room = if is_small { len } else { 0 };
        let mut frame = begin_part(head, reason, !later.is_empty(), len, room);
        if is_small {
            for page in this {
                frame.put_slice(page);
            }
            finish(&mut frame, 0);
            pieces.push(Piece {
                bytes: Counted::new(frame, account).into_bytes(),
                ends_message: true,
            });
        } else {
            finish(&mut frame, len);
            pieces.push(Piece {
                bytes: frame.freeze(),
                ends_message: false,
            });
            pieces.extend(this.iter().enumerate().map(|(number, page)| Piece {
                bytes: page.clone(),
                ends_message: number + 1 == this.len(),
            }));
        }
        if later.is_empty() {
            return pieces;
        }
        rest = later;
    }
}

/// How many of `pages` are the next part: as many as fit, and at least one, if there is one.
fn pages_of_part(pages: &[Bytes], part: usize) -> usize {
    let mut len = 0;
    let fits = |page: &&Bytes| {
        let is_first = len == 0;
        len += page.len();
        is_first || len <= part
    };
    pages.iter().take_while(fits).count()
}

/// A part of a snapshot up to its rows, of which there are `rows` bytes. `room` is made for those that follow in the buffer.
fn begin_part(head: &Head, reason: snapshot::Reason, more: bool, rows: usize, room: usize) -> BytesMut {
    const REASON: u32 = 1;
    const MORE: u32 = 4;

    let mut fields = BytesMut::new();
    encode_key(REASON, WireType::Varint, &mut fields);
    encode_varint(reason as u64, &mut fields);
    if more {
        encode_key(MORE, WireType::Varint, &mut fields);
        encode_varint(1, &mut fields);
    }
    let mut frame = event(head, SNAPSHOT, fields.len() + rows, fields.len() + room);
    frame.put_slice(&fields);
    frame
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

/// A frame of `head` up to an event whose message has `len` bytes. `room` is made for those that follow in the buffer.
fn event(head: &Head, field: u32, len: usize, room: usize) -> BytesMut {
    let message = to_message(head);
    let len_of_len = encoded_len_varint(len as u64);
    let mut frame = begin(message.encoded_len() + key_len(field) + len_of_len + room);
    put_message(&message, &mut frame);
    encode_key(field, WireType::LengthDelimited, &mut frame);
    encode_varint(len as u64, &mut frame);
    frame
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

/// Writes a row as a field of this number.
pub(super) fn put_row(field: u32, row: &impl Row, buf: &mut BytesMut) {
    put_bytes(field, row.encoded(), buf);
}

fn put_bytes(field: u32, bytes: &[u8], buf: &mut BytesMut) {
    encode_key(field, WireType::LengthDelimited, buf);
    encode_varint(bytes.len() as u64, buf);
    buf.put_slice(bytes);
}

/// Writes the length into the prefix, of a message that goes on for so many bytes in other pieces.
fn finish(frame: &mut BytesMut, more: usize) {
    let len = u32::try_from(frame.len() - PREFIX + more)
        .expect("a frame is made of the rows of answers of 16 MiB: far from 4 GiB");
    frame[1..PREFIX].copy_from_slice(&len.to_be_bytes());
}

#[cfg(test)]
mod tests;
