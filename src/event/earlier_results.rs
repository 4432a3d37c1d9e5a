//! The results of an earlier run of the same items, which are not requested and paid again.

use std::cmp::Reverse;

/// Results by index, each with the first 16 digits of its request's hash. They suffice to
/// detect a changed request, and take 16 bytes per item.
///
/// Sorted from the last index to the first, because the first is looked up first.
#[derive(Debug, Default)]
pub struct Earlier(Vec<(u64, u64)>);

/// What an earlier run has for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResumeState {
    /// Nothing, or a failure.
    NotDone,
    /// Its result.
    Done,
    /// The result of another request.
    Changed,
}

impl Earlier {
    /// Takes results in any order. Of two with the same index the later one is used.
    pub fn new(mut results: Vec<(u64, u64)>) -> Self {
        results.reverse();
        results.sort_by_key(|(index, _)| Reverse(*index));
        results.dedup_by_key(|(index, _)| *index);
        Self(results)
    }

    /// How many results have not been looked up.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Looks up what the earlier run has for an item. Each item is looked up once, in input order.
    pub fn take(&mut self, index: u64, hash: &str) -> ResumeState {
        while self.0.pop_if(|(known, _)| *known < index).is_some() {}
        match self.0.pop_if(|(known, _)| *known == index) {
            None => ResumeState::NotDone,
            Some((_, digits)) if short_hash(hash) == Some(digits) => ResumeState::Done,
            Some(_) => ResumeState::Changed,
        }
    }

    /// The last index that was not looked up.
    pub fn last(&self) -> Option<u64> {
        self.0.first().map(|(index, _)| *index)
    }
}

/// The first 16 digits of a hash; none if the text is not a hash.
pub fn short_hash(hash: &str) -> Option<u64> {
    u64::from_str_radix(hash.get(..16)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_found_by_its_index_and_hash() {
        let (one, two) = ("1".repeat(64), "2".repeat(64));
        let digits = |hash: &str| short_hash(hash).unwrap();
        assert!(short_hash("no hash").is_none() && short_hash("").is_none());
        let results = vec![(7, digits(&two)), (0, digits(&two)), (0, digits(&one))];
        let mut earlier = Earlier::new(results);
        assert_eq!(earlier.count(), 2);
        assert_eq!(earlier.take(0, &one), ResumeState::Done);
        assert_eq!(earlier.take(0, &one), ResumeState::NotDone);
        assert_eq!(earlier.take(3, &one), ResumeState::NotDone);
        assert_eq!(earlier.last(), Some(7));
        assert_eq!(earlier.take(7, &one), ResumeState::Changed);
        assert_eq!(earlier.last(), None);
    }
}
