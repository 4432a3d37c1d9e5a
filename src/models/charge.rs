//! What a request counts against a cost limit (`--max-cost`, `--budget`): its highest possible cost
//! until it has ended, and its cost after that.

use super::cost::{amount, units};
use super::{PriceList, currency, find};
use crate::api::request::Request;
use crate::api::usage::Usage;
use crate::exit::Class;

/// The amount that an answer counts against a limit, in units of 10^-12.
///
/// A greater charge leaves less of the limit. An unknown charge is the greatest: it counts
/// as the highest possible cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Charge {
    /// The server reported all token counts.
    Known(u128),
    /// The server reported only prompt tokens. That is exact for an empty answer.
    Prompt(u128),
    /// The cost cannot be computed.
    Unknown,
}

impl Charge {
    /// The amount that a request counts after its end. `bound` is its highest possible cost;
    /// `empty` says whether its answer was empty.
    pub fn settled(self, bound: u128, empty: bool) -> u128 {
        match self {
            Self::Known(cost) => cost,
            Self::Prompt(cost) if empty => cost,
            Self::Prompt(cost) => cost.max(bound),
            Self::Unknown => bound,
        }
    }
}

/// Whether a request that failed with this class cost nothing, if the server reports no tokens.
/// `answered` says whether a part of the answer arrived.
pub fn is_free(class: Class, answered: bool) -> bool {
    match class {
        Class::Account | Class::Rejected | Class::Busy | Class::Usage | Class::Replay => true,
        Class::Blocked => !answered,
        _ => false,
    }
}

/// The charge for an answer with these tokens, by the price of the model that was asked; the limit
/// is in the currency of that price. If the model that `answered` is more expensive in the same
/// currency, its price is used.
pub fn charge_of_answer(asked: &str, answered: &str, list: PriceList, usage: &Usage) -> Charge {
    let by_asked = charge(asked, list, usage);
    if answered == asked || currency(answered, list) != currency(asked, list) {
        return by_asked;
    }
    by_asked.max(charge(answered, list, usage))
}

/// The charge for these tokens. Tokens that are only in the total cost the higher of the
/// two prices.
fn charge(model: &str, list: PriceList, usage: &Usage) -> Charge {
    let Some(price) = find(model).and_then(|model| model.price_by(list)) else {
        return Charge::Unknown;
    };
    let counted = usage.prompt_tokens.saturating_add(usage.completion_tokens);
    let rest = usage.total_tokens.saturating_sub(counted);
    let dearer = price.input.max(price.output);
    let amount = amount(&price, usage) + units(rest, dearer);
    match (usage.prompt_tokens, usage.completion_tokens) {
        _ if rest > 0 => Charge::Known(amount),
        (0, _) => Charge::Unknown,
        (_, 0) => Charge::Prompt(amount),
        _ => Charge::Known(amount),
    }
}

/// The highest possible cost of one request, in units of 10^-12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestBounds {
    /// The request as it is.
    pub first: Option<u128>,
    /// A later request of the same conversation. Its prompt is not known yet.
    pub later: Option<u128>,
}

/// The bounds of a request with this body to this model. They are `None` if the price or a limit of
/// the model is not known.
pub fn request_bounds(
    request: &Request,
    model: &str,
    body: &[u8],
    list: PriceList,
) -> RequestBounds {
    let number = |name: &str| {
        let param = request.params.iter().find(|(known, _)| known == name);
        param.and_then(|(_, value)| value.get().parse::<u64>().ok())
    };
    let choices = number("n").unwrap_or(1).max(1);
    let answer = number("max_tokens").or(request.max_tokens);
    // A token has at least one byte. The tokens of an image or a search are not in the request, so
    // for these the context is the bound.
    let has = |name: &str| memchr::memmem::find(body, name.as_bytes()).is_some();
    let elsewhere = [
        r#""image_url""#,
        r#""web_search""#,
        r#""retrieval""#,
        r#""mcp""#,
    ];
    let text_alone = !elsewhere.into_iter().any(has);
    let prompt = text_alone.then_some(body.len() as u64);
    let one = |prompt| {
        let bound = bound(model, list, prompt, answer)?;
        Some(bound.saturating_mul(u128::from(choices)))
    };
    RequestBounds {
        first: one(prompt),
        later: one(None),
    }
}

/// The highest possible cost of a request, in units of 10^-12, if the model's price is known.
/// `prompt` and `answer` are the maximum token counts; `None` means the model's limit.
fn bound(model: &str, list: PriceList, prompt: Option<u64>, answer: Option<u64>) -> Option<u128> {
    let model = find(model)?;
    let price = model.price_by(list)?;
    let least = |given: Option<u64>, limit: Option<u32>| match (given, limit.map(u64::from)) {
        (Some(given), Some(limit)) => Some(given.min(limit)),
        (given, limit) => given.or(limit),
    };
    let prompt = least(prompt, model.context)?;
    // --param may ask for more than the table has.
    let answer = answer.or(model.max_output.map(u64::from))?;
    Some(units(prompt, price.input) + units(answer, price.output))
}

#[cfg(test)]
mod tests {
    use super::super::amount_of;
    use super::*;

    #[test]
    fn a_request_costs_no_more_than_its_bound() {
        // glm-4-airx: 10 CNY a million, 8192 of context, 4096 of output.
        assert_eq!(
            bound("glm-4-airx", PriceList::BigModel, Some(100), Some(50)),
            amount_of("0.0015")
        );
        assert_eq!(
            bound("glm-4-airx", PriceList::BigModel, Some(1 << 40), None),
            amount_of("0.12288")
        );
        assert_eq!(
            bound("glm-4-airx", PriceList::BigModel, None, Some(0)),
            amount_of("0.08192")
        );
        assert_eq!(bound("llama", PriceList::BigModel, Some(1), Some(1)), None);
        assert_eq!(
            bound("glm-4.6", PriceList::BigModel, Some(1), Some(1)),
            None
        );
    }
}
