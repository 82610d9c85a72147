//! Room for answers that wait to be read: bytes, counted until the last holder lets go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// How much there is and how much is taken, in bytes.
#[derive(Debug)]
pub(super) struct Room {
    size: usize,
    taken: AtomicUsize,
}

/// Bytes that take room.
#[derive(Debug)]
struct Kept {
    bytes: Bytes,
    room: Arc<Room>,
}

impl Room {
    pub(super) fn of(size: usize) -> Self {
        let taken = AtomicUsize::new(0);
        Self { size, taken }
    }

    /// The same bytes, which take room until the last slice of them is dropped; `None` if there is none. For one there is
    /// always room, so that no answer is too large for ever.
    pub(super) fn keep(self: &Arc<Self>, bytes: Bytes) -> Option<Bytes> {
        let taken = self
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                let taken_then = taken.checked_add(bytes.len())?;
                (taken == 0 || taken_then <= self.size).then_some(taken_then)
            });
        taken.is_ok().then(|| self.kept(bytes))
    }

    /// The same bytes, which take room although there may be none: what they are part of is on its way.
    pub(super) fn keep_anyway(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        self.taken.fetch_add(bytes.len(), Ordering::Relaxed);
        self.kept(bytes)
    }

    fn kept(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        let room = self.clone();
        Bytes::from_owner(Kept { bytes, room })
    }
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize) -> Bytes {
        Bytes::from(vec![0; len])
    }

    #[test]
    fn there_is_room_until_it_is_taken_and_again_when_the_last_slice_is_dropped() {
        let room = Arc::new(Room::of(100));
        let first = room.keep(bytes(60)).expect("room");
        assert!(room.keep(bytes(41)).is_none());
        let second = room.keep(bytes(40)).expect("room");
        drop(second);
        let part = first.slice(50..);
        drop(first);
        assert!(room.keep(bytes(41)).is_none(), "a part keeps the whole");
        drop(part);
        room.keep(bytes(41)).expect("room");
    }

    #[test]
    fn one_has_room_however_large_it_is() {
        let room = Arc::new(Room::of(100));
        let large = room.keep(bytes(1000)).expect("the only one");
        assert!(room.keep(bytes(1)).is_none());
        let more = room.keep_anyway(bytes(500));
        drop((large, more));
        assert_eq!(room.taken.load(Ordering::Relaxed), 0);
    }
}
