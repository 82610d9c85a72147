//! How many connections there may be, in all and of one peer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::warn;

use super::notice::Notice;

/// Lets connections in as long as there are places.
#[derive(Debug)]
pub(super) struct Door {
    listener: &'static str,
    max: usize,
    max_per_peer: usize,
    taken: Arc<Mutex<Taken>>,
    full: Notice,
    peer_full: Notice,
}

/// The places that are taken.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Without those of this machine.
    by_peer: HashMap<IpAddr, usize>,
}

/// A place of one connection, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    peer: Option<IpAddr>,
    taken: Arc<Mutex<Taken>>,
}

impl Door {
    pub(super) fn new(listener: &'static str, max: usize, max_per_peer: usize) -> Self {
        Self {
            listener,
            max,
            max_per_peer,
            taken: Arc::default(),
            full: Notice::default(),
            peer_full: Notice::default(),
        }
    }

    /// A place for a connection of this peer, if there is one.
    pub(super) fn enter(&mut self, peer: SocketAddr) -> Option<Place> {
        let (listener, peer) = (self.listener, name(peer.ip()));
        let mut taken = lock(&self.taken);
        if taken.all >= self.max {
            if let Some(times) = self.full.count() {
                let limit = self.max;
                warn!(
                    listener,
                    limit, times, "connections are closed at once: there are as many as may be"
                );
            }
            return None;
        }
        if let Some(peer) = peer {
            let of_peer = taken.by_peer.entry(peer).or_default();
            if *of_peer >= self.max_per_peer {
                if let Some(times) = self.peer_full.count() {
                    let limit = self.max_per_peer;
                    warn!(listener, %peer, limit, times, "connections are closed at once: their peer has as many as it may");
                }
                return None;
            }
            *of_peer += 1;
        }
        taken.all += 1;
        drop(taken);
        Some(Place {
            peer,
            taken: self.taken.clone(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all -= 1;
        let Some(peer) = self.peer else {
            return;
        };
        if let Some(of_peer) = taken.by_peer.get_mut(&peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                taken.by_peer.remove(&peer);
            }
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What counts as one peer. `None` for this machine: beside a sidecar everybody comes from here.
fn name(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    if address.is_loopback() {
        return None;
    }
    Some(match address {
        // Whoever has one address of a /64 has all of them.
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        IpAddr::V4(_) => address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().expect("an address"), 1234)
    }

    #[test]
    fn there_are_so_many_places_in_all() {
        let mut door = Door::new("test", 2, 2);
        let first = door.enter(peer("10.0.0.1")).expect("a place");
        let _second = door.enter(peer("127.0.0.1")).expect("a place");
        assert!(door.enter(peer("10.0.0.2")).is_none());
        drop(first);
        assert!(door.enter(peer("10.0.0.2")).is_some());
    }

    #[test]
    fn one_peer_leaves_places_to_the_others() {
        let mut door = Door::new("test", 10, 2);
        let first = door.enter(peer("10.0.0.1"));
        let _second = door.enter(peer("::ffff:10.0.0.1")).expect("a place");
        assert!(door.enter(peer("10.0.0.1")).is_none());
        let _other = door.enter(peer("10.0.0.2")).expect("a place");
        drop(first);
        assert!(door.enter(peer("10.0.0.1")).is_some());
    }

    #[test]
    fn a_network_of_one_host_is_one_peer() {
        let mut door = Door::new("test", 10, 1);
        let _first = door.enter(peer("2001:db8::1")).expect("a place");
        assert!(door.enter(peer("2001:db8::ffff:2")).is_none());
        assert!(door.enter(peer("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn this_machine_is_no_peer() {
        let mut door = Door::new("test", 10, 1);
        let places: Vec<_> = ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"]
            .map(|address| door.enter(peer(address)))
            .into();
        assert!(places.iter().all(Option::is_some));
    }

    #[test]
    fn peers_that_have_left_are_forgotten() {
        let mut door = Door::new("test", 10, 1);
        drop(door.enter(peer("10.0.0.1")));
        let taken = lock(&door.taken);
        assert_eq!((taken.all, taken.by_peer.len()), (0, 0));
    }
}
