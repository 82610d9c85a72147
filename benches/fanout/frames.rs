//! gRPC messages in a body, found without being decoded.

use bytes::{Bytes, BytesMut};

use super::harness::Result;

/// The prefix of a message: a flag and the length.
pub(super) const PREFIX: usize = 5;

/// Counts the messages of a body as its bytes arrive.
#[derive(Debug, Default)]
pub(super) struct Frames {
    prefix: Vec<u8>,
    /// Bytes of the present message that are still to come.
    missing: usize,
}

impl Frames {
    /// How many messages end within `chunk`, the next piece of the body.
    pub(super) fn take(&mut self, mut chunk: &[u8]) -> usize {
        let mut ended = 0;
        while !chunk.is_empty() {
            if self.missing == 0 {
                let (head, rest) = chunk.split_at(chunk.len().min(PREFIX - self.prefix.len()));
                self.prefix.extend_from_slice(head);
                chunk = rest;
                let Some((_, len)) = self
                    .prefix
                    .split_last_chunk::<4>()
                    .filter(|(flag, _)| !flag.is_empty())
                else {
                    continue;
                };
                self.missing = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
                self.prefix.clear();
            }
            let taken = chunk.len().min(self.missing);
            self.missing -= taken;
            chunk = &chunk[taken..];
            if self.missing == 0 {
                ended += 1;
            }
        }
        ended
    }
}

/// Takes the first message off a body, once it is whole.
pub(super) fn split_message(body: &mut BytesMut) -> Option<Bytes> {
    let (_, len) = body.first_chunk::<PREFIX>()?.split_last_chunk::<4>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    (body.len() >= PREFIX + len).then(|| body.split_to(PREFIX + len).freeze().slice(PREFIX..))
}

/// Bytes as a line can hold them.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// The bytes of [`to_hex`].
pub(super) fn from_hex(text: &str) -> Result<Vec<u8>> {
    (0..text.len())
        .step_by(2)
        .map(|at| Ok(u8::from_str_radix(&text[at..at + 2], 16)?))
        .collect()
}
