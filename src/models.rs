//! The dated table of known models: limits, price, concurrency. api.md §9.
//!
//! Prices go out of date, so each has the date of its source. A model that is not in the table is
//! used without any check. The configuration may extend it.

mod charge;
mod cost;
mod table;

use std::sync::OnceLock;

use serde::{Serialize, Serializer};

pub use charge::{Charge, RequestBounds, charge_of_answer, is_free, request_bounds};
pub use cost::{Cost, amount_of, batch_cost, cost, currency, no_cost, shown};
pub use table::{BATCHED, BATCHED_ON, MODELS, is_batched};

use crate::suggest::nearest;

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
    /// Whether the API's documents cover the model. Its options are checked only then.
    #[serde(skip)]
    pub documented: bool,
}

/// Price of a million tokens.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Price {
    /// Of the prompt.
    #[serde(serialize_with = "as_decimal")]
    pub input: Millionths,
    /// Of the prompt's tokens that were cached, if that is cheaper.
    #[serde(serialize_with = "as_decimal")]
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
    let own = OWN.get().and_then(|own| named(own, name));
    own.or_else(|| built_in(name))
}

/// Every known model: the table with the user's corrections, then the user's own models.
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

/// An amount that may be missing, as text or null.
fn as_decimal<S: Serializer>(
    millionths: &(impl Into<Option<Millionths>> + Copy),
    to: S,
) -> Result<S::Ok, S::Error> {
    (*millionths).into().map(amount).serialize(to)
}

/// The user's own models, and models of the table with the user's corrections.
static OWN: OnceLock<Vec<Model>> = OnceLock::new();

/// The user's entry for a model.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// The name as the API takes it.
    pub name: String,
    /// As [`Model::context`].
    pub context: Option<u32>,
    /// As [`Model::max_output`].
    pub max_output: Option<u32>,
    /// Price of a million tokens of the prompt, in millionths.
    pub input: Option<Millionths>,
    /// Price of a million tokens of the answer, in millionths.
    pub output: Option<Millionths>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// As [`Model::concurrency`].
    pub concurrency: Option<[u16; 4]>,
}

/// Extends the table. Called once per run, before the first lookup.
pub fn extend<'a>(extras: impl IntoIterator<Item = &'a Extra>) {
    let models: Vec<Model> = extras.into_iter().map(corrected).collect();
    if !models.is_empty() {
        let _ = OWN.set(models);
    }
}

/// The table's entry for a model with the user's corrections. The user's price applies at every
/// server; missing members are taken from BigModel's price.
fn corrected(extra: &Extra) -> Model {
    // Leaks the text, because a model is `'static`. The file has only a few models.
    let kept = |text: &String| -> &'static str { Box::leak(text.clone().into_boxed_str()) };
    let known = built_in(&extra.name).copied();
    let mut model = known.unwrap_or_else(|| Model::unknown(kept(&extra.name)));
    model.context = extra.context.or(model.context);
    model.max_output = extra.max_output.or(model.max_output);
    model.concurrency = extra.concurrency.or(model.concurrency);
    let currency = extra.currency.as_ref().map(kept);
    if extra.input.is_some() || extra.output.is_some() || currency.is_some() {
        let listed = model.price;
        let input = extra.input.or(listed.map(|price| price.input));
        let output = extra.output.or(listed.map(|price| price.output));
        let currency = currency.or(listed.map(|price| price.currency));
        let prices = input.zip(output).zip(currency);
        model.price = prices.map(|((input, output), currency)| Price {
            input,
            cached: None,
            output,
            currency,
            date: None,
        });
        model.zai_price = model.price;
    }
    model
}
