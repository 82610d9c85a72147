//! The gateway's identity of a leg of a call.
//!
//! The upstream gives legs no id, and the legs of a forwarded call share a call id. A leg is told from others by call id,
//! account, caller, callee and connection, which stay for its life; exact duplicates are numbered. The key is a stable
//! hash of these, so that any gateway, today or after a restart, gives a leg the same key. It never depends on the
//! row's position among others.

use std::collections::HashMap;

use xxhash_rust::xxh3::Xxh3Default;

use crate::wire::ActiveCall;

/// Gives keys to the legs of one answer.
#[derive(Debug, Default)]
pub(super) struct Keys {
    seen: HashMap<u128, u32>,
}

impl Keys {
    /// The key of the next leg: 32 hexadecimal digits, and `-2`, `-3`… for exact duplicates.
    pub(super) fn next(&mut self, call: &ActiveCall) -> String {
        let hash = hash(call);
        let ordinal = self.seen.entry(hash).or_insert(0);
        *ordinal += 1;
        match *ordinal {
            1 => format!("{hash:032x}"),
            n => format!("{hash:032x}-{n}"),
        }
    }
}

fn hash(call: &ActiveCall) -> u128 {
    let mut hasher = Xxh3Default::new();
    for text in [&call.call_id, &call.cli, &call.cld] {
        let text = text.as_deref().unwrap_or_default();
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(&call.i_account.to_le_bytes());
    hasher.update(&call.i_connection.to_le_bytes());
    hasher.digest128()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(call_id: &str, cli: &str, i_account: i32) -> ActiveCall {
        ActiveCall {
            call_id: Some(call_id.to_owned()),
            cli: Some(cli.to_owned()),
            i_account,
            ..ActiveCall::default()
        }
    }

    #[test]
    fn legs_of_one_call_differ_and_position_does_not_matter() {
        let (a, b) = (leg("x@pbx", "100", 1), leg("x@pbx", "100", 2));
        let mut forth = Keys::default();
        let mut back = Keys::default();
        let (a1, b1) = (forth.next(&a), forth.next(&b));
        let (b2, a2) = (back.next(&b), back.next(&a));
        assert_ne!(a1, b1);
        assert_eq!((a1, b1), (a2, b2));
    }

    #[test]
    fn what_moves_during_a_call_is_not_in_the_key() {
        let mut later = leg("x@pbx", "100", 1);
        later.duration_mins = Some("9.99".to_owned());
        later.call_count = 7;
        assert_eq!(
            Keys::default().next(&leg("x@pbx", "100", 1)),
            Keys::default().next(&later)
        );
    }

    #[test]
    fn exact_duplicates_are_numbered() {
        let mut keys = Keys::default();
        let first = keys.next(&leg("x", "1", 1));
        assert_eq!(keys.next(&leg("x", "1", 1)), format!("{first}-2"));
        assert_eq!(keys.next(&leg("x", "1", 1)), format!("{first}-3"));
    }

    #[test]
    fn the_key_is_the_same_in_every_release() {
        // A replica of another release must resume what this one began.
        assert_eq!(
            Keys::default().next(&leg("a84b4c76e66710@pbx.example.com", "15557654321", 7001)),
            "3163ebf5310e78a8464d8a85545c6dd3"
        );
    }

    #[test]
    fn texts_do_not_run_into_each_other() {
        assert_ne!(
            Keys::default().next(&leg("ab", "c", 1)),
            Keys::default().next(&leg("a", "bc", 1))
        );
    }
}
