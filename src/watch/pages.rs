//! The pages of a feed's snapshots: runs of encoded rows that are the same bytes in many snapshots, and so are one.
//!
//! ```text
//!   version 7   head | page a | page b | page c
//!   version 8   head | page a | page d | page c      a row of b is another
//! ```
//!
//! A reader that never reads holds on to the snapshot that it was given. Were each made as a whole, a hundred such readers
//! would hold a hundred states; as it is, they hold one and what changed. Where a page ends is decided by the row that it
//! ends with, not by a count from the start, so that a row which comes or goes leaves the pages after it as they are.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use bytes::{Bytes, BytesMut};
use xxhash_rust::xxh3::xxh3_128;

use super::budget::Account;
use super::counted::Counted;
use super::frame::put_row;
use super::history::Row;

/// The pages of one feed that somebody holds.
#[derive(Debug)]
pub(super) struct Pages {
    account: Arc<Account>,
    /// The largest page but for one of a single larger row, in bytes.
    size: usize,
    /// By the hash of their bytes. What nobody holds is gone.
    known: HashMap<u128, Weak<Counted>>,
}

/// One row in so many ends a page that is large enough.
const ENDS: u128 = 8;

impl Pages {
    /// No pages yet, of so many bytes each.
    pub(super) fn new(account: Arc<Account>, size: usize) -> Self {
        Self {
            account,
            size,
            known: HashMap::new(),
        }
    }

    /// Forgets the pages that nobody holds.
    pub(super) fn forget_the_dead(&mut self) {
        self.known.retain(|_, page| page.strong_count() > 0);
        self.known.shrink_to_fit();
    }

    /// Adds `rows` to `pages`, each as a field of this number.
    pub(super) fn put<R: Row>(&mut self, field: u32, rows: &[Arc<R>], pages: &mut Vec<Bytes>) {
        let mut page = BytesMut::with_capacity(self.size);
        for row in rows {
            if !page.is_empty() && page.len() + row.len_as_told() > self.size {
                pages.push(self.shared(&page));
                page.clear();
            }
            put_row(field, row.as_ref(), &mut page);
            if page.len() >= self.size / 4 && row.content().is_multiple_of(ENDS) {
                pages.push(self.shared(&page));
                page.clear();
            }
        }
        if !page.is_empty() {
            pages.push(self.shared(&page));
        }
    }

    /// These bytes, as those have them who have them already.
    fn shared(&mut self, bytes: &[u8]) -> Bytes {
        let hash = xxh3_128(bytes);
        let known = self.known.get(&hash).and_then(Weak::upgrade);
        // What the rows say may be made up by anybody who calls: a hash alone is no proof.
        if let Some(page) = known.filter(|page| (**page).as_ref() == bytes) {
            return page.share();
        }
        let page = Arc::new(Counted::new(BytesMut::from(bytes), &self.account));
        self.known.insert(hash, Arc::downgrade(&page));
        page.share()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::ExtensionStatus;
    use crate::watch::budget::{Budget, Use};
    use crate::watch::history::StatusRow;

    const SIZE: usize = 1024;

    fn pages() -> Pages {
        let account = Account::new(Arc::new(Budget::new(usize::MAX)));
        Pages::new(Arc::new(account), SIZE)
    }

    fn row(id: i64, note: &str) -> Arc<StatusRow> {
        Arc::new(StatusRow::new(&ExtensionStatus {
            i_c_ext: id,
            note: format!("{note:>50}"),
            ..ExtensionStatus::default()
        }))
    }

    fn of(pages: &mut Pages, rows: &[Arc<StatusRow>]) -> Vec<Bytes> {
        let mut put = Vec::new();
        pages.put(3, rows, &mut put);
        put
    }

    /// How many of `pages` are not the very same bytes as one of `others`.
    fn not_shared(pages: &[Bytes], others: &[Bytes]) -> usize {
        let is_shared = |page: &&Bytes| others.iter().any(|other| other.as_ptr() == page.as_ptr());
        pages.len() - pages.iter().filter(is_shared).count()
    }

    #[test]
    fn a_row_that_changes_comes_or_goes_leaves_all_pages_but_its_own_as_they_are() {
        let mut pages = pages();
        let rows: Vec<_> = (0..1000).map(|id| row(id, "")).collect();
        let before = of(&mut pages, &rows);
        assert!(before.len() > 1000 * 50 / SIZE, "{} pages", before.len());
        assert!(before.iter().all(|page| page.len() <= SIZE));
        assert_eq!(not_shared(&of(&mut pages, &rows), &before), 0);
        let mut changed = rows.clone();
        changed[500] = row(500, "another");
        let mut more = rows.clone();
        more.insert(500, row(5000, "new"));
        let mut fewer = rows;
        fewer.remove(500);
        for rows in [changed, more, fewer] {
            let after = of(&mut pages, &rows);
            let (own, all) = (not_shared(&after, &before), after.len());
            assert!((1..=4).contains(&own), "{own} of {all}");
            assert_eq!(after.concat(), of(&mut super::tests::pages(), &rows).concat());
        }
    }

    #[test]
    fn pages_live_as_long_as_somebody_holds_them() {
        let mut pages = pages();
        let rows: Vec<_> = (0..100).map(|id| row(id, "")).collect();
        let held = of(&mut pages, &rows).pop().unwrap();
        let used = pages.account.used(Use::Frames);
        assert!((held.len()..2 * SIZE).contains(&used), "{used}");
        pages.forget_the_dead();
        assert_eq!(pages.known.len(), 1);
        drop(held);
        assert_eq!(pages.account.used(Use::Frames), 0);
    }
}
