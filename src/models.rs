//! The dated table of known models: limits, price, concurrency. api.md §9.
//!
//! Prices go out of date; each carries the day of its source. A model that is
//! not in the table is used without any check. The configuration may extend it.

mod batch;
mod charge;
mod cost;
mod own;
mod table;

use serde::{Serialize, Serializer};

pub use batch::{BATCHED, BATCHED_ON, batch_cost, is_batched};
pub use charge::{Charge, RequestBounds, charge_of_answer, is_free, request_bounds};
pub use cost::{Cost, amount_of, cost, currency, no_cost, shown};
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
    /// The price at BigModel, or the user's own price.
    pub price: Option<Price>,
    /// The price at Z.ai, or the user's own price.
    pub zai_price: Option<Price>,
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

/// The price list that applies to a run: a model's price depends on who serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceList {
    /// BigModel's, in CNY. It applies at every server but Z.ai's.
    BigModel,
    /// Z.ai's, in USD.
    Zai,
}

impl Model {
    /// The price by this list, if known.
    pub fn price_by(&self, list: PriceList) -> Option<Price> {
        match list {
            PriceList::BigModel => self.price,
            PriceList::Zai => self.zai_price,
        }
    }
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
    use super::PriceList::{BigModel, Zai};
    use super::*;
    use crate::api::usage::{PromptDetails, Usage};

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
}
