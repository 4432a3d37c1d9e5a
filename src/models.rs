//! The dated table of known models: limits, price, concurrency. api.md §9.
//!
//! Prices go out of date; each carries the day of its source. A model that is
//! not in the table is used without any check. The configuration may extend it.

mod batch;
mod cost;
mod own;
mod table;

use serde::{Serialize, Serializer};

pub use batch::{BATCHED, BATCHED_ON, batch_cost, is_batched};
pub use cost::{Charge, Cost, amount_of, bound, charge, cost, currency, no_cost, shown};
pub use own::{Extra, extend};
pub use table::MODELS;

use crate::suggest::nearest;
use own::OWN;

/// A known model.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Model {
    /// The name as the API takes it.
    pub name: &'static str,
    /// Maximum tokens of prompt and answer together; `None` if not documented.
    pub context: Option<u32>,
    /// Maximum tokens of the answer.
    pub max_output: Option<u32>,
    /// Whether it accepts images; `None` if not documented.
    pub vision: Option<bool>,
    /// Whether it has the `thinking` switch; `None` if not documented.
    pub thinking: Option<bool>,
    /// The price, if there is one number for each direction.
    pub price: Option<Price>,
    /// Requests in flight at account tiers V0, V1, V2, V3.
    pub concurrency: Option<[u16; 4]>,
    /// The API's documents cover the model, so its options are checked.
    #[serde(skip)]
    pub documented: bool,
}

/// Price of a million tokens.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Price {
    /// Of the prompt.
    #[serde(serialize_with = "as_decimal")]
    pub input: Millionths,
    /// Of the prompt's tokens that were cached, where that is cheaper.
    #[serde(serialize_with = "as_optional_decimal")]
    pub cached: Option<Millionths>,
    /// Of the answer.
    #[serde(serialize_with = "as_decimal")]
    pub output: Millionths,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// The day of the source, ISO 8601; none for the user's own price.
    pub date: Option<&'static str>,
}

/// An amount of money in millionths of the currency's unit.
pub type Millionths = u64;

/// The default model.
pub const DEFAULT: &str = "glm-4-airx";

/// Finds a model in the built-in table, ignoring case.
pub fn built_in(name: &str) -> Option<&'static Model> {
    named(MODELS, name)
}

/// Finds a model, ignoring case.
pub fn find(name: &str) -> Option<&'static Model> {
    OWN.get()
        .and_then(|own| named(own, name))
        .or_else(|| built_in(name))
}

/// Every known model: those of the table with the user's corrections, then the user's own.
pub fn all() -> Vec<&'static Model> {
    let own = OWN.get().map_or(&[][..], Vec::as_slice);
    let own = own.iter().filter(|model| !model.documented);
    let table = MODELS.iter().map(|model| find(model.name).unwrap_or(model));
    table.chain(own).collect()
}

/// Suggests a known model for a misspelled name; `None` for a known name.
pub fn suggestion(name: &str) -> Option<&'static str> {
    if find(name).is_some() {
        return None;
    }
    nearest(name, all().into_iter().map(|model| model.name))
}

fn named<'a>(models: &'a [Model], name: &str) -> Option<&'a Model> {
    let mut models = models.iter();
    models.find(|model| model.name.eq_ignore_ascii_case(name))
}

/// An amount of [`Price`] as text.
pub fn amount(millionths: Millionths) -> String {
    cost::decimal(millionths.into(), 6)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn as_decimal<S: Serializer>(amount: &Millionths, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&self::amount(*amount))
}

#[allow(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's signature"
)]
fn as_optional_decimal<S: Serializer>(
    amount: &Option<Millionths>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => as_decimal(amount, to),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::usage::{PromptDetails, Usage};

    #[test]
    fn a_cost_is_exact_to_the_last_digit() {
        let usage = Usage {
            prompt_tokens: 11,
            completion_tokens: 9,
            ..Usage::default()
        };
        assert_eq!(cost("glm-4-airx", &usage).unwrap().amount(), "0.0002");
        let usage = Usage {
            prompt_tokens: 1,
            ..Usage::default()
        };
        assert_eq!(
            cost("GLM-4-FlashX-250414", &usage).unwrap().amount(),
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
        assert_eq!(cost("glm-4-plus", &usage).unwrap().amount(), "2.5");
        assert_eq!(cost(DEFAULT, &usage).unwrap().amount(), "10");
    }

    #[test]
    fn an_unknown_price_has_no_cost() {
        assert_eq!(cost("glm-4.6", &Usage::default()), None);
        assert_eq!(cost("llama", &Usage::default()), None);
    }
}
