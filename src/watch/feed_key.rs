//! What a feed is of: one query of the upstream.

use xxhash_rust::xxh3::xxh3_64;

use crate::upstream::Operation as _;
use crate::upstream::operation::ListActiveCalls;
use crate::upstream::value::{Id, ProductIds};

/// The query of a feed. Watchers with the same query share the feed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeedKey {
    /// The customer.
    pub i_customer: Id,
    /// Only calls of these products.
    pub products: Option<ProductIds>,
}

impl FeedKey {
    /// The operation that asks the query.
    pub(super) fn operation(&self) -> ListActiveCalls {
        let Self { i_customer, products } = self.clone();
        ListActiveCalls { i_customer, products }
    }

    /// A hash of the query, the same in every gateway and release.
    pub(super) fn hash(&self) -> u64 {
        let mut text = String::new();
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
