//! Extends and corrects the table of models with the user's configuration.

use std::sync::OnceLock;

use super::{Millionths, Model, Price, built_in};

/// The user's own models, and those of the table that the user corrects.
pub(super) static OWN: OnceLock<Vec<Model>> = OnceLock::new();

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
    let models: Vec<Model> = extras.into_iter().map(with).collect();
    if !models.is_empty() {
        let _ = OWN.set(models);
    }
}

/// The table's entry for a model with the user's corrections. The user's price applies at
/// every server; what it leaves out is taken from BigModel's.
fn with(extra: &Extra) -> Model {
    // As long as the process: there are as many as the file names.
    let kept = |text: &String| -> &'static str { Box::leak(text.clone().into_boxed_str()) };
    let known = built_in(&extra.name);
    let price = known.and_then(|model| model.price);
    let currency = extra.currency.as_ref().map(kept);
    let input = extra.input.or(price.map(|price| price.input));
    let output = extra.output.or(price.map(|price| price.output));
    let has_own = extra.input.is_some() || extra.output.is_some() || currency.is_some();
    let own = || {
        Some(Price {
            input: input?,
            cached: None,
            output: output?,
            currency: currency.or(price.map(|price| price.currency))?,
            date: None,
        })
    };
    Model {
        name: known.map_or_else(|| kept(&extra.name), |model| model.name),
        context: extra.context.or(known.and_then(|model| model.context)),
        max_output: extra
            .max_output
            .or(known.and_then(|model| model.max_output)),
        vision: known.and_then(|model| model.vision),
        thinking: known.and_then(|model| model.thinking),
        price: if has_own { own() } else { price },
        zai_price: if has_own {
            own()
        } else {
            known.and_then(|model| model.zai_price)
        },
        concurrency: extra
            .concurrency
            .or(known.and_then(|model| model.concurrency)),
        documented: known.is_some(),
    }
}
