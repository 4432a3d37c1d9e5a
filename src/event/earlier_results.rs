//! The results of an earlier run of the same items, which are not requested and paid again.

/// Results by index, each with the first 16 digits of its request's hash. They suffice to
/// detect a changed request, and take 16 bytes per item.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Index and hash, sorted by index.
    results: Vec<(u64, u64)>,
    /// Position of the first result that has not been looked up.
    next: usize,
}

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
        results.sort_by_key(|(index, _)| *index);
        results.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                *kept = *later;
            }
            same
        });
        Self { results, next: 0 }
    }

    /// How many items have a result.
    pub fn count(&self) -> u64 {
        self.results.len() as u64
    }

    /// Looks up what the earlier run has for an item. Each item is looked up once, in input order.
    pub fn take(&mut self, index: u64, hash: &str) -> ResumeState {
        let rest = &self.results[self.next..];
        self.next += rest.partition_point(|(known, _)| *known < index);
        match self.results.get(self.next) {
            Some((known, digits)) if *known == index => {
                self.next += 1;
                if short_hash(hash) == Some(*digits) {
                    ResumeState::Done
                } else {
                    ResumeState::Changed
                }
            }
            _ => ResumeState::NotDone,
        }
    }

    /// The last index that was not looked up.
    pub fn last(&self) -> Option<u64> {
        let rest = &self.results[self.next..];
        rest.last().map(|(index, _)| *index)
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
