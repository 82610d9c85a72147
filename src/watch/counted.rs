//! Encoded bytes that are counted for as long as anybody holds them.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::budget::{Account, Charge, Use};

/// Encoded bytes of a feed, and what they are charged.
#[derive(Debug)]
pub(super) struct Counted {
    bytes: BytesMut,
    _charge: Charge,
}

/// [`Counted`] bytes that several [`Bytes`] may be of.
#[derive(Debug)]
struct Shared(Arc<Counted>);

/// What bytes take besides themselves: what counts them and those who hold them.
const OVERHEAD: usize = size_of::<Counted>() + 96;

impl Counted {
    /// Charges `bytes` to `account`.
    pub(super) fn new(bytes: BytesMut, account: &Arc<Account>) -> Self {
        Self {
            _charge: account.charge(Use::Frames, bytes.capacity() + OVERHEAD),
            bytes,
        }
    }

    /// The bytes, to be handed out.
    pub(super) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }

    /// The same bytes again, to be handed out beside others.
    pub(super) fn share(self: &Arc<Self>) -> Bytes {
        Bytes::from_owner(Shared(self.clone()))
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::budget::Budget;

    #[test]
    fn bytes_count_until_the_last_of_their_holders_lets_go() {
        let account = Arc::new(Account::new(Arc::new(Budget::new(1000))));
        let bytes = Counted::new(BytesMut::from(&b"a frame"[..]), &account).into_bytes();
        let (half, whole) = (bytes.slice(3..), bytes.clone());
        drop(bytes);
        assert!(account.used(Use::Frames) > 7);
        drop(whole);
        assert!(account.used(Use::Frames) > 7, "a part holds the whole");
        drop(half);
        assert_eq!(account.used(Use::Frames), 0);
    }
}
