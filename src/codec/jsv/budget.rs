//! What keeps a small text from becoming a large value: how much its lists may still hold.

/// How many elements lists may hold, all of a value together, and how many bytes these may take in memory.
///
/// `{},` is three bytes of text and a whole struct when it is read, hundreds of bytes if it has many optional texts. What
/// an element points to is not counted: decoded, a text is not longer than it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Elements.
    pub elements: usize,
    /// Bytes of elements, each as large as its type.
    pub bytes: usize,
}

impl Budget {
    /// For a text that is trusted.
    pub const UNLIMITED: Self = Self {
        elements: usize::MAX,
        bytes: usize::MAX,
    };

    /// Spends what `count` elements of type `T` take; false if there is not as much.
    #[must_use]
    pub fn spend<T>(&mut self, count: usize) -> bool {
        let elements = self.elements.checked_sub(count);
        let bytes = count
            .checked_mul(size_of::<T>())
            .and_then(|bytes| self.bytes.checked_sub(bytes));
        match (elements, bytes) {
            (Some(elements), Some(bytes)) => {
                *self = Self { elements, bytes };
                true
            }
            (None, _) | (_, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_bytes_can_be_spent_to_the_last_and_no_further() {
        let budget = |elements, bytes| Budget { elements, bytes };
        for (mut of, left) in [
            (budget(3, 100), Some(budget(0, 76))),
            (budget(9, 24), Some(budget(6, 0))),
            (budget(2, 100), None),
            (budget(9, 23), None),
            (budget(0, 0), None),
        ] {
            let before = of;
            assert_eq!(of.spend::<u64>(3), left.is_some(), "{before:?}");
            assert_eq!(of, left.unwrap_or(before), "what fails costs nothing");
        }
        let mut all = Budget::UNLIMITED;
        assert!(!all.spend::<u64>(usize::MAX), "the bytes are more than there are");
        assert!(all.spend::<()>(usize::MAX) && all.elements == 0);
    }
}
