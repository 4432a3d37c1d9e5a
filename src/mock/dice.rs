//! A seed and a request in, the same "random" choices out on every machine:
//! `SplitMix64`, and FNV-1a for the fingerprint of a request.

/// A stream of reproducible choices.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice that fall the same for the same three numbers.
    pub(super) fn new(seed: u64, fingerprint: u64, occurrence: u64) -> Self {
        let mut dice = Self(seed ^ fingerprint.rotate_left(17));
        // One throw between the numbers, so that neighbours do not resemble.
        dice.0 = dice.number() ^ occurrence;
        dice
    }

    /// The next number.
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// One of the list; the list is not empty.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % (bound as u64)).unwrap_or(0)
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        let high = u32::try_from(self.number() >> 32).unwrap_or(u32::MAX);
        f64::from(high) / 4_294_967_296.0 < probability
    }
}

/// A number that stands for these bytes.
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_request_fall_the_same() {
        let throw = |seed, occurrence| Dice::new(seed, fingerprint(b"hi"), occurrence).number();
        assert_eq!(throw(1, 0), throw(1, 0));
        assert_ne!(throw(1, 0), throw(2, 0));
        assert_ne!(throw(1, 0), throw(1, 1));
    }

    #[test]
    fn a_probability_is_kept_over_many_requests() {
        let hits = (0..10_000)
            .filter(|occurrence| Dice::new(0, 7, *occurrence).happens(0.3))
            .count();
        assert!((2800..3200).contains(&hits), "{hits}");
        assert!(Dice::new(0, 7, 0).happens(1.0));
        assert!(!Dice::new(0, 7, 0).happens(0.0));
    }
}
