//! A whole number on the wire. The error messages are for the owner of a server, who may not
//! know what a `u16` is.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// A whole number from 0 to the largest `T`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeNumber<T>(pub T);

impl<'de, T: TryFrom<u64>> Deserialize<'de> for WholeNumber<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_u64(Number(PhantomData))
    }
}

struct Number<T>(PhantomData<T>);

impl<T: TryFrom<u64>> Visitor<'_> for Number<T> {
    type Value = WholeNumber<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a whole number of at most {} bits", 8 * size_of::<T>())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let too_large = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
        T::try_from(number).map(WholeNumber).map_err(too_large)
    }
}

/// For a member of a plain type: `deserialize_with`.
///
/// # Errors
/// The value is not such a number.
pub fn whole_number<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<T, D::Error> {
    WholeNumber::deserialize(from).map(|number| number.0)
}

/// The same for a member that may be null or, with `default`, missing.
///
/// # Errors
/// The value is neither such a number nor null.
pub fn whole_number_or_null<'de, D: Deserializer<'de>, T: TryFrom<u64>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let number = Option::<WholeNumber<T>>::deserialize(from)?;
    Ok(number.map(|number| number.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(json: &str) -> String {
        let read = serde_json::from_str::<WholeNumber<u16>>(json);
        read.unwrap_err().to_string()
    }

    #[test]
    fn other_values_are_reported_in_plain_words() {
        assert_eq!(
            serde_json::from_str::<WholeNumber<u16>>("65535").unwrap(),
            WholeNumber(65535)
        );
        for wrong in ["\"200\"", "-1", "65536", "1.5", "[]"] {
            let message = why(wrong);
            let expected = "expected a whole number of at most 16 bits at line 1";
            assert!(message.contains(expected), "{message}");
        }
    }
}
