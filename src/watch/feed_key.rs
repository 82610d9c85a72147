//! What a feed is of: one query of the upstream.

use xxhash_rust::xxh3::xxh3_64;

use crate::upstream::operation::ListActiveCalls;
use crate::upstream::value::{Id, ProductIds};
use crate::upstream::{License, Operation as _};

/// The query of a feed, and by which licence it is asked. Watchers with the same query and licence share the feed; those
/// of two licences never do, as the upstream may show them different calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeedKey {
    /// The licence. Two are the same if their names are: a feed goes on asking by the secret that its first watcher came
    /// with. Whoever gives licences new secrets in a running process must end the feeds or start them anew; so far it
    /// has one licence, which does not change.
    pub license: License,
    /// The customer.
    pub i_customer: Id,
    /// Only calls of these products.
    pub products: Option<ProductIds>,
}

/// Whom a feed is of, whatever the query: what the shares of customers are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Customer {
    pub(super) license: License,
    pub(super) i_customer: Id,
}

impl FeedKey {
    /// Whom the feed is of.
    pub(super) fn customer(&self) -> Customer {
        Customer {
            license: self.license.clone(),
            i_customer: self.i_customer,
        }
    }

    /// Whether both are of one customer.
    pub(super) fn has_customer_of(&self, other: &Self) -> bool {
        self.i_customer == other.i_customer && self.license == other.license
    }

    /// The operation that asks the query.
    pub(super) fn operation(&self) -> ListActiveCalls {
        let Self {
            license: _,
            i_customer,
            products,
        } = self.clone();
        ListActiveCalls { i_customer, products }
    }

    /// A hash of the query and the licence's name, the same in every gateway and release.
    pub(super) fn hash(&self) -> u64 {
        let mut text = format!("license={}\n", self.license.name());
        for (member, value) in self.operation().members().iter() {
            text.push_str(member);
            text.push('=');
            text.push_str(value);
            text.push('\n');
        }
        xxh3_64(text.as_bytes())
    }

    /// The value of a member of the query, for people.
    pub(super) fn shown(&self, member: &str) -> Option<String> {
        self.operation().members().get(member).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Transport;

    fn key(i_customer: i64, products: &[&str]) -> FeedKey {
        key_of("default", i_customer, products)
    }

    fn key_of(license: &str, i_customer: i64, products: &[&str]) -> FeedKey {
        let products: Vec<_> = products.iter().map(ToString::to_string).collect();
        FeedKey {
            license: License::parse(license, "secret", Transport::Routes).unwrap(),
            i_customer: Id::parse(i_customer).unwrap(),
            products: ProductIds::parse(&products, Transport::Routes).unwrap(),
        }
    }

    #[test]
    fn queries_that_differ_hash_differently() {
        let keys = [
            key(1, &[]),
            key(2, &[]),
            key(1, &["2"]),
            key(12, &[]),
            key(1, &["2", "3"]),
            key_of("other", 1, &[]),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(
                keys[..index].iter().all(|other| other.hash() != key.hash()),
                "{key:?}"
            );
        }
    }

    #[test]
    fn the_hash_is_the_same_in_every_release() {
        // A replica of another release must know the token's feed.
        assert_eq!(key(7, &["11", "12"]).hash(), 0x950f_94cb_6cd0_6ea7);
    }
}
