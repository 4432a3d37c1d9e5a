//! Reproducible choices: the same seed and request give the same numbers on every
//! machine. `SplitMix64`, and FNV-1a for the fingerprint of a request.

/// 2025-06-09 00:00 in Beijing, in seconds since 1970. The seed chooses the times of that
/// day, and ids show Beijing time.
pub(super) const DAY: u64 = 1_749_398_400;

/// A seeded generator of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// A generator for the request with this fingerprint. `occurrence` is the number of
    /// earlier requests with the same fingerprint.
    pub(super) fn new(seed: u64, fingerprint: u64, occurrence: u64) -> Self {
        let mut rng = Self(seed ^ fingerprint.rotate_left(17));
        // One step in between, so that neighbouring numbers do not look alike.
        rng.0 = rng.next_u64() ^ occurrence;
        rng
    }

    pub(super) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// An element of `list`, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A number below `bound`, which must not be 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next_u64() % (bound as u64)).unwrap_or(0)
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        let high = u32::try_from(self.next_u64() >> 32).unwrap_or(u32::MAX);
        f64::from(high) / 4_294_967_296.0 < probability
    }
}

/// The FNV-1a hash of these bytes.
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_request_give_the_same_number() {
        let first = |seed, occurrence| Rng::new(seed, fingerprint(b"hi"), occurrence).next_u64();
        assert_eq!(first(1, 0), first(1, 0));
        assert_ne!(first(1, 0), first(2, 0));
        assert_ne!(first(1, 0), first(1, 1));
    }

    #[test]
    fn a_probability_is_kept_over_many_requests() {
        let hits = (0..10_000)
            .filter(|occurrence| Rng::new(0, 7, *occurrence).chance(0.3))
            .count();
        assert!((2800..3200).contains(&hits), "{hits}");
        assert!(Rng::new(0, 7, 0).chance(1.0));
        assert!(!Rng::new(0, 7, 0).chance(0.0));
    }
}
