//! Results in the order of the input: what comes early waits, and nothing is begun
//! that would have to wait behind too many.

use std::collections::BTreeMap;

/// Items that may be begun ahead of the oldest that is not done, for each that
/// may be in flight.
const AHEAD: u64 = 8;

/// What waits for those before it.
#[derive(Debug)]
pub(super) struct Order<T> {
    ordered: bool,
    room: u64,
    /// The first that has not been handed on.
    next: u64,
    waiting: BTreeMap<u64, T>,
}

impl<T> Order<T> {
    /// For so many in flight; each is handed on at once unless it is `ordered`.
    pub(super) fn new(ordered: bool, in_flight: u64) -> Self {
        Self {
            ordered,
            room: in_flight * AHEAD,
            next: 0,
            waiting: BTreeMap::new(),
        }
    }

    /// Whether the item of this index may be begun.
    pub(super) fn has_room(&self, index: u64) -> bool {
        !self.ordered || index - self.next < self.room
    }

    /// Takes one, and hands on those whose turn it is.
    pub(super) fn push(&mut self, index: u64, result: T) -> Vec<T> {
        if !self.ordered {
            return vec![result];
        }
        self.waiting.insert(index, result);
        let mut ready = Vec::new();
        while let Some(result) = self.waiting.remove(&self.next) {
            ready.push(result);
            self.next += 1;
        }
        ready
    }

    /// Hands on what is left: those that it waits for will not come.
    pub(super) fn rest(&mut self) -> Vec<T> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However they end, they leave in order, each once, and no more wait than
        /// there is room for.
        #[test]
        fn whatever_ends_first_the_order_is_the_inputs(
            ends in prop::collection::vec(0..1000_usize, 1..200),
            in_flight in 1..6_u64,
        ) {
            let (mut order, mut begun, mut under_way) = (Order::new(true, in_flight), 0, Vec::new());
            let mut left = Vec::new();
            let count = ends.len() as u64;
            let mut ends = ends.into_iter().cycle();
            while (left.len() as u64) < count {
                while begun < count && under_way.len() < 50 && order.has_room(begun) {
                    under_way.push(begun);
                    begun += 1;
                }
                prop_assert!(!under_way.is_empty());
                prop_assert!(order.waiting.len() as u64 <= in_flight * AHEAD);
                let at = ends.next().unwrap() % under_way.len();
                let index = under_way.swap_remove(at);
                left.extend(order.push(index, index));
            }
            prop_assert_eq!(left, (0..count).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn what_will_not_come_is_not_waited_for() {
        let mut order = Order::new(true, 1);
        assert!(order.push(2, "c").is_empty() && order.push(1, "b").is_empty());
        assert_eq!(order.rest(), ["b", "c"]);
        assert_eq!(Order::new(false, 1).push(7, "h"), ["h"]);
    }
}
