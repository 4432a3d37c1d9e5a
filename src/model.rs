//! The dated table of known models: limits, price, concurrency. api.md §9.
//!
//! Prices go out of date; each carries the day of its source. A model that is
//! not in the table is used without any check.

mod cost;

use serde::{Serialize, Serializer};

pub use cost::{Cost, amount_of, bound, cost, shown};

/// What is known of one model.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Model {
    /// The name as the API takes it.
    pub name: &'static str,
    /// Tokens of prompt and answer together; none where no document tells.
    pub context: Option<u32>,
    /// Tokens of the answer at most.
    pub max_output: Option<u32>,
    /// Takes images.
    pub vision: bool,
    /// Has the `thinking` switch.
    pub thinking: bool,
    /// Price, where it is one number for each direction.
    pub price: Option<Price>,
    /// Requests in flight at account tiers V0, V1, V2, V3.
    pub concurrency: Option<[u16; 4]>,
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
    /// The day of the source, ISO 8601.
    pub date: &'static str,
}

/// An amount of money in millionths of the currency's unit.
type Millionths = u64;

const UNIT: Millionths = 1_000_000;
/// Day of the documents that most prices are from.
const LISTED: &str = "2025-07-23";

#[allow(clippy::unnecessary_wraps, reason = "the table's rows hold an option")]
const fn price(input: Millionths, output: Millionths, cached: Option<Millionths>) -> Option<Price> {
    Some(Price {
        input,
        cached,
        output,
        currency: "CNY",
        date: LISTED,
    })
}

const fn flat(each: Millionths) -> Option<Price> {
    price(each, each, None)
}

const FREE: Option<Price> = flat(0);
const K: u32 = 1024;

const fn model(
    name: &'static str,
    context: u32,
    max_output: u32,
    price: Option<Price>,
    concurrency: Option<[u16; 4]>,
) -> Model {
    Model {
        name,
        context: Some(context),
        max_output: Some(max_output),
        vision: false,
        thinking: false,
        price,
        concurrency,
    }
}

const fn vision(mut model: Model) -> Model {
    model.vision = true;
    model
}

const fn thinking(mut model: Model) -> Model {
    model.thinking = true;
    model
}

/// The model used where none is named.
pub const DEFAULT: &str = "glm-4-airx";

/// Every known model, the default first. Prices that depend on the prompt's
/// length are left out: one number would be wrong for most requests.
pub const MODELS: &[Model] = &[
    model(
        DEFAULT,
        8 * K,
        4 * K,
        flat(10 * UNIT),
        Some([5, 30, 40, 50]),
    ),
    model(
        "glm-4-plus",
        128 * K,
        4 * K,
        price(5 * UNIT, 5 * UNIT, Some(UNIT * 5 / 2)),
        Some([50, 100, 300, 500]),
    ),
    model(
        "glm-4-air-250414",
        128 * K,
        16 * K,
        price(UNIT / 2, UNIT / 2, Some(UNIT / 4)),
        Some([30, 40, 50, 60]),
    ),
    model(
        "glm-4-long",
        1024 * K,
        4 * K,
        price(UNIT, UNIT, Some(UNIT / 2)),
        Some([10, 30, 40, 50]),
    ),
    model(
        "glm-4-flashx-250414",
        128 * K,
        16 * K,
        price(UNIT / 10, UNIT / 10, Some(UNIT / 20)),
        Some([50, 100, 300, 500]),
    ),
    model("glm-4-flash-250414", 128 * K, 16 * K, FREE, None),
    model(
        "glm-z1-air",
        128 * K,
        32 * K,
        flat(UNIT / 2),
        Some([30, 40, 50, 60]),
    ),
    model(
        "glm-z1-airx",
        32 * K,
        30 * K,
        flat(5 * UNIT),
        Some([30, 40, 50, 60]),
    ),
    model(
        "glm-z1-flashx",
        128 * K,
        32 * K,
        flat(UNIT / 10),
        Some([50, 100, 150, 200]),
    ),
    model("glm-z1-flash", 128 * K, 32 * K, FREE, None),
    vision(model(
        "glm-4v-plus-0111",
        16 * K,
        8 * K,
        flat(4 * UNIT),
        None,
    )),
    vision(model("glm-4v-flash", 16 * K, K, FREE, None)),
    vision(model(
        "glm-4.1v-thinking-flashx",
        64 * K,
        16 * K,
        flat(2 * UNIT),
        None,
    )),
    vision(model("glm-4.1v-thinking-flash", 64 * K, 16 * K, FREE, None)),
    model("charglm-4", 8 * K, 4 * K, flat(UNIT), None),
    model("emohaa", 8 * K, 4 * K, flat(15 * UNIT), None),
    model("codegeex-4", 128 * K, 32 * K, flat(UNIT / 10), None),
    thinking(model("glm-4.5", 128 * K, 96 * K, None, None)),
    thinking(model("glm-4.5-x", 128 * K, 96 * K, None, None)),
    thinking(model("glm-4.5-air", 128 * K, 96 * K, None, None)),
    thinking(model("glm-4.5-airx", 128 * K, 96 * K, None, None)),
    thinking(model("glm-4.5-flash", 128 * K, 96 * K, FREE, None)),
    thinking(model("glm-4.6", 200 * K, 128 * K, None, None)),
    thinking(vision(model("glm-4.6v", 128 * K, 32 * K, None, None))),
    thinking(model("glm-4.7", 200 * K, 128 * K, None, None)),
    thinking(model(
        "glm-4.7-flashx",
        200 * K,
        128 * K,
        price(UNIT / 2, 3 * UNIT, None),
        None,
    )),
    thinking(model("glm-4.7-flash", 200 * K, 128 * K, FREE, None)),
    thinking(model("glm-5", 200 * K, 128 * K, None, None)),
    thinking(model("glm-5.1", 200 * K, 128 * K, None, None)),
    thinking(model("glm-5-turbo", 200 * K, 128 * K, None, None)),
    thinking(model("glm-5.2", 1024 * K, 128 * K, None, None)),
    thinking(model("glm-5.3", 1024 * K, 128 * K, None, None)),
];

/// The model of this name, whatever its case.
pub fn find(name: &str) -> Option<&'static Model> {
    MODELS
        .iter()
        .find(|model| model.name.eq_ignore_ascii_case(name))
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
    use crate::api::reply::{PromptDetails, Usage};

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
