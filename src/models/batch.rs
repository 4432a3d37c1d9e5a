//! The models that the providers' batch engine accepts, and their prices. api.md §8.

use super::cost::cost;
use super::{Cost, PriceList};
use crate::api::usage::Usage;

/// The chat models that BigModel and Z.ai accept in batches, from their documentation.
pub const BATCHED: &[&str] = &[
    "glm-4-air-250414",
    "glm-4-flashx-250414",
    "glm-4-plus",
    "glm-4-long",
    "glm-4v-plus-0111",
    "glm-4",
    "glm-4-0520",
    "glm-4-air",
    "glm-4-flash",
    "glm-4v",
    "glm-3-turbo",
];

/// Day of that document.
pub const BATCHED_ON: &str = "2025-07-23";

/// Whether the providers accept the model in batches, ignoring case.
pub fn is_batched(model: &str) -> bool {
    BATCHED
        .iter()
        .any(|known| known.eq_ignore_ascii_case(model))
}

/// The cost of these tokens in a batch: half of the list price. `None` if that price is
/// not certain: another model, tokens of a cache, an amount that cannot be
/// halved exactly.
pub fn batch_cost(model: &str, list: PriceList, usage: &Usage) -> Option<Cost> {
    let details = usage.prompt_tokens_details;
    let cached = details.and_then(|details| details.cached_tokens);
    if !is_batched(model) || cached.is_some_and(|tokens| tokens > 0) {
        return None;
    }
    cost(model, list, usage)?.half()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::usage::PromptDetails;

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
}
