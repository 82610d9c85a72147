//! The resume token: where in which state a client is.
//!
//! ```text
//!   format 1 byte | feed 8 | epoch 8 | version 8 | state 16 | check 4      little endian, 45 bytes
//! ```
//!
//! It names a state without holding any of it, so it has no secrets and needs no signature; the check only tells a
//! damaged token from a whole one. Opaque to clients.

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

/// 1 was of feeds that did not tell licences apart.
const FORMAT: u8 = 2;
const LEN: usize = 45;

/// A position in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::watch) struct Token {
    /// A hash of the feed's query, the same in every gateway.
    pub(in crate::watch) feed: u64,
    /// Drawn when the feed was started; versions count within it.
    pub(in crate::watch) epoch: u64,
    /// The version of the state.
    pub(in crate::watch) version: u64,
    /// A hash of the state, the same in every gateway.
    pub(in crate::watch) state: u128,
}

impl Token {
    /// The token as sent.
    pub(in crate::watch) fn encode(self) -> Bytes {
        let Self {
            feed,
            epoch,
            version,
            state,
        } = self;
        let mut bytes = Vec::with_capacity(LEN);
        bytes.push(FORMAT);
        bytes.extend(feed.to_le_bytes());
        bytes.extend(epoch.to_le_bytes());
        bytes.extend(version.to_le_bytes());
        bytes.extend(state.to_le_bytes());
        bytes.extend(check(&bytes));
        bytes.into()
    }

    /// Reads a token; `None` if it is damaged, or of a format that this release does not know.
    pub(in crate::watch) fn decode(bytes: &[u8]) -> Option<Self> {
        let (checked, sum) = bytes.split_last_chunk::<4>()?;
        if checked.len() + 4 != LEN || check(checked) != *sum {
            return None;
        }
        let (&format, rest) = checked.split_first()?;
        let (feed, rest) = rest.split_first_chunk()?;
        let (epoch, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (state, _) = rest.split_first_chunk()?;
        (format == FORMAT).then(|| Self {
            feed: u64::from_le_bytes(*feed),
            epoch: u64::from_le_bytes(*epoch),
            version: u64::from_le_bytes(*version),
            state: u128::from_le_bytes(*state),
        })
    }
}

fn check(bytes: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = xxh3_64(bytes).to_le_bytes();
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_reads_back(feed: u64, epoch: u64, version: u64, state: u128) {
            let token = Token { feed, epoch, version, state };
            prop_assert_eq!(Token::decode(&token.encode()), Some(token));
        }

        #[test]
        fn a_damaged_token_is_none(position in 0..LEN, bit in 0..8u8) {
            let token = Token { feed: 1, epoch: 2, version: 3, state: 4 };
            let mut bytes = token.encode().to_vec();
            bytes[position] ^= 1 << bit;
            prop_assert_eq!(Token::decode(&bytes), None);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = Token::decode(&bytes);
        }
    }
}
