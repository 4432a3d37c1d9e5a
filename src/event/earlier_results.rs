//! The results of an earlier run of the same items, which are not paid for twice.

/// Results by index, each with the first 16 digits of the hash of its request. That is enough to see that a request has changed, and takes 16
/// bytes an item.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Index and hash, in the order of the index.
    results: Vec<(u64, u64)>,
    /// Those before this one have been asked for.
    next: usize,
}

/// What an earlier run has of an item.
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
    /// Results in any order; where two have the same index the later one counts.
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

    /// What the earlier run has of an item. Items are asked for once, in the order of the input.
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

    /// The last index that was not asked for.
    pub fn last(&self) -> Option<u64> {
        let rest = &self.results[self.next..];
        rest.last().map(|(index, _)| *index)
    }
}

/// The first 16 digits of a hash; none where it is not one.
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
