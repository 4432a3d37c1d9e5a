//! What an earlier run has done of the same items, so that it is not paid for
//! twice.

use std::collections::BTreeMap;

/// Results by index, each with what its request is known by: the first 16 digits
/// of its hash, which is enough to see that a request is another one, and leaves
/// room for millions of them.
#[derive(Debug, Default)]
pub struct Earlier(BTreeMap<u64, u64>);

/// What there is of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or a failure.
    Nothing,
    /// Its result.
    Result,
    /// The result of another request.
    Another,
}

impl Earlier {
    /// Adds a result, in place of one of the same index. Whether `hash` is one.
    pub fn add(&mut self, index: u64, hash: &str) -> bool {
        let digits = digits(hash);
        if let Some(digits) = digits {
            self.0.insert(index, digits);
        }
        digits.is_some()
    }

    /// What there is of an item; it is not asked for again.
    pub fn take(&mut self, index: u64, hash: &str) -> Found {
        match self.0.remove(&index) {
            None => Found::Nothing,
            known if known == digits(hash) => Found::Result,
            Some(_) => Found::Another,
        }
    }

    /// The last index that was not asked for.
    pub fn last(&self) -> Option<u64> {
        self.0.last_key_value().map(|(index, _)| *index)
    }
}

fn digits(hash: &str) -> Option<u64> {
    u64::from_str_radix(hash.get(..16)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_found_by_its_index_and_hash() {
        let (one, two) = ("1".repeat(64), "2".repeat(64));
        let mut earlier = Earlier::default();
        assert!(earlier.add(0, &two) && earlier.add(0, &one) && earlier.add(7, &two));
        assert!(!earlier.add(1, "no hash") && !earlier.add(1, ""));
        assert_eq!(earlier.take(0, &one), Found::Result);
        assert_eq!(earlier.take(0, &one), Found::Nothing);
        assert_eq!(earlier.last(), Some(7));
        assert_eq!(earlier.take(7, &one), Found::Another);
        assert_eq!(earlier.last(), None);
    }
}
