//! Puts results in input order: an early result waits for those before it.

use std::collections::BTreeMap;

/// The lines that wait for earlier ones.
#[derive(Debug, Default)]
pub(super) struct InOrder {
    /// The index of the next line to print.
    next: u64,
    waiting: BTreeMap<u64, Vec<u8>>,
}

impl InOrder {
    /// Takes a line and returns the lines that can be printed now.
    pub(super) fn push(&mut self, index: u64, line: Vec<u8>) -> Vec<Vec<u8>> {
        self.waiting.insert(index, line);
        let mut ready = Vec::new();
        while let Some(line) = self.waiting.remove(&self.next) {
            ready.push(line);
            self.next += 1;
        }
        ready
    }

    /// Returns the remaining lines when no more will arrive.
    pub(super) fn rest(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_leave_in_order_and_once(order in Just((0..50_u64).collect::<Vec<_>>()).prop_shuffle(), cut in 0..50_usize) {
            let (mut in_order, mut left) = (InOrder::default(), Vec::new());
            let line = |index: u64| index.to_string().into_bytes();
            for index in &order[..cut] {
                left.extend(in_order.push(*index, line(*index)));
            }
            left.extend(in_order.rest());
            let mut expected = order[..cut].to_vec();
            expected.sort_unstable();
            prop_assert_eq!(left, expected.into_iter().map(line).collect::<Vec<_>>());
        }
    }
}
