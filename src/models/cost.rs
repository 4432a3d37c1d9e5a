//! Tokens and prices → amounts of money, exact to the last digit.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{Millionths, Price, PriceList, find, is_batched};
use crate::api::usage::Usage;

/// The decimal places of an amount: a price is in millionths of a unit per million tokens.
const PLACES: u32 = 12;

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Cost {
    // Millionths of millionths of the unit: tokens × price of a million.
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(\.[0-9]+)?$"))]
    amount: u128,
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    currency: &'static str,
    #[schemars(rename = "price_date", regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    date: Option<&'static str>,
}

/// The cost of these tokens, if the list has the model's price. Tokens that are only in the total
/// could have either price, and are not counted.
pub fn cost(model: &str, list: PriceList, usage: &Usage) -> Option<Cost> {
    let price = find(model)?.price_by(list)?;
    let is_counted = usage.prompt_tokens > 0 || usage.completion_tokens > 0;
    is_counted.then(|| Cost::by(&price, amount(&price, usage)))
}

/// A cost of zero in the currency of the model's price, if the list has it.
pub fn no_cost(model: &str, list: PriceList) -> Option<Cost> {
    let price = find(model)?.price_by(list)?;
    Some(Cost::by(&price, 0))
}

/// The cost of these tokens in a batch: half of the list price. `None` if that price is
/// not certain: another model, tokens of a cache, an amount that cannot be
/// halved exactly.
pub fn batch_cost(model: &str, list: PriceList, usage: &Usage) -> Option<Cost> {
    if !is_batched(model) || usage.cached().is_some_and(|tokens| tokens > 0) {
        return None;
    }
    cost(model, list, usage)?.half()
}

/// The price of these tokens, in units of 10^-12 of the currency.
pub(super) fn amount(price: &Price, usage: &Usage) -> u128 {
    let cached = usage.cached().unwrap_or(0).min(usage.prompt_tokens);
    units(usage.prompt_tokens - cached, price.input)
        + units(cached, price.cached.unwrap_or(price.input))
        + units(usage.completion_tokens, price.output)
}

/// The price of tokens of one kind, in units of 10^-12 of the currency.
pub(super) fn units(tokens: u64, price: Millionths) -> u128 {
    u128::from(tokens) * u128::from(price)
}

/// The currency of a model's price, if known.
pub fn currency(model: &str, list: PriceList) -> Option<&'static str> {
    Some(find(model)?.price_by(list)?.currency)
}

impl Cost {
    fn by(price: &Price, amount: u128) -> Self {
        Self {
            amount,
            currency: price.currency,
            date: price.date,
        }
    }

    /// The sum of both. If the currencies differ, returns `self`.
    #[must_use]
    pub fn plus(mut self, other: Option<Self>) -> Self {
        if let Some(other) = other.filter(|other| other.currency == self.currency) {
            self.amount += other.amount;
        }
        self
    }

    /// Half of the cost, if that is exact.
    #[must_use]
    pub fn half(mut self) -> Option<Self> {
        let exact = self.amount.is_multiple_of(2);
        self.amount /= 2;
        exact.then_some(self)
    }

    /// The amount as a decimal number, without trailing zeros.
    pub fn amount(&self) -> String {
        decimal(self.amount, PLACES)
    }

    /// The amount in units of 10^-12 of the currency.
    pub fn units(&self) -> u128 {
        self.amount
    }

    /// ISO 4217 code of the amount.
    pub fn currency(&self) -> &'static str {
        self.currency
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut cost = to.serialize_struct("Cost", 3)?;
        cost.serialize_field("amount", &self.amount())?;
        cost.serialize_field("currency", self.currency)?;
        cost.serialize_field("price_date", &self.date)?;
        cost.end()
    }
}

/// `amount` × 10^-`places`, exactly.
pub(super) fn decimal(amount: u128, places: u32) -> String {
    let unit = 10_u128.pow(places);
    let (integer, fraction) = (amount / unit, amount % unit);
    if fraction == 0 {
        return integer.to_string();
    }
    let fraction = format!("{fraction:0width$}", width = places as usize);
    format!("{integer}.{}", fraction.trim_end_matches('0'))
}

/// An amount in units of 10^-12 as a decimal number.
pub fn shown(units: u128) -> String {
    decimal(units, PLACES)
}

/// Reads a decimal number as an amount in units of 10^-12. `None` if it is not a number or
/// has more than 12 decimal places.
pub fn amount_of(text: &str) -> Option<u128> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if integer.is_empty() || !digits(integer) || !digits(fraction) || text.ends_with('.') {
        return None;
    }
    let places = u32::try_from(fraction.len()).ok()?;
    let integer: u128 = integer.parse().ok()?;
    let part: u128 = format!("0{fraction}").parse().ok()?;
    let scale = 10_u128.pow(PLACES.checked_sub(places)?);
    let units = integer.checked_mul(10_u128.pow(PLACES))?;
    units.checked_add(part.checked_mul(scale)?)
}

#[cfg(test)]
mod tests {
    use super::super::DEFAULT;
    use super::super::PriceList::{BigModel, Zai};
    use super::*;
    use crate::api::usage::PromptDetails;

    #[test]
    fn a_cost_is_exact_to_the_last_digit() {
        let usage = Usage {
            prompt_tokens: 11,
            completion_tokens: 9,
            ..Usage::default()
        };
        assert_eq!(
            cost("glm-4-airx", BigModel, &usage).unwrap().amount(),
            "0.0002"
        );
        let usage = Usage {
            prompt_tokens: 1,
            ..Usage::default()
        };
        assert_eq!(
            cost("GLM-4-FlashX-250414", BigModel, &usage)
                .unwrap()
                .amount(),
            "0.0000001"
        );
    }

    #[test]
    fn cached_tokens_cost_what_the_table_says() {
        let usage = Usage {
            prompt_tokens: 1_000_000,
            prompt_tokens_details: Some(PromptDetails {
                cached_tokens: Some(1_000_000),
            }),
            ..Usage::default()
        };
        assert_eq!(
            cost("glm-4-plus", BigModel, &usage).unwrap().amount(),
            "2.5"
        );
        assert_eq!(cost(DEFAULT, BigModel, &usage).unwrap().amount(), "10");
    }

    #[test]
    fn an_unknown_price_has_no_cost() {
        let usage = Usage {
            prompt_tokens: 1,
            ..Usage::default()
        };
        assert_eq!(cost("glm-4.6", BigModel, &usage), None);
        assert_eq!(cost("llama", BigModel, &usage), None);
        assert_eq!(cost(DEFAULT, Zai, &usage), None);
    }

    #[test]
    fn a_cost_is_by_the_price_list_of_the_server() {
        let usage = Usage {
            prompt_tokens: 2_000_000,
            completion_tokens: 1_000_000,
            prompt_tokens_details: Some(PromptDetails {
                cached_tokens: Some(1_000_000),
            }),
            ..Usage::default()
        };
        let at_zai = cost("glm-4.5-airx", Zai, &usage).unwrap();
        assert_eq!(at_zai.amount(), "5.82");
        assert_eq!(at_zai.currency(), "USD");
        assert_eq!(currency("glm-4.5-flash", Zai), Some("USD"));
        assert_eq!(currency("glm-4.5-flash", BigModel), Some("CNY"));
    }

    #[test]
    fn a_batch_costs_half_or_its_cost_is_unknown() {
        fn amount(model: &str, usage: &Usage) -> Option<String> {
            batch_cost(model, PriceList::BigModel, usage).map(|cost| cost.amount())
        }
        let mut usage = Usage {
            prompt_tokens: 30,
            completion_tokens: 4,
            ..Usage::default()
        };
        assert_eq!(
            amount("GLM-4-Air-250414", &usage).as_deref(),
            Some("0.0000085")
        );
        assert_eq!(amount("glm-4-airx", &usage), None);
        assert_eq!(amount("glm-4", &usage), None);
        usage.prompt_tokens_details = Some(PromptDetails {
            cached_tokens: Some(1),
        });
        assert_eq!(amount("glm-4-air-250414", &usage), None);
    }

    #[test]
    fn an_amount_is_read_to_the_last_digit() {
        assert_eq!(amount_of("0.000000000001"), Some(1));
        assert_eq!(amount_of("12.5"), Some(12_500_000_000_000));
        assert_eq!(amount_of("3"), Some(3_000_000_000_000));
        for wrong in [
            "",
            ".5",
            "1.",
            "-1",
            "1e3",
            "+1",
            "1,5",
            "0.0000000000001",
            "9".repeat(39).as_str(),
        ] {
            assert_eq!(amount_of(wrong), None, "{wrong}");
        }
    }
}
