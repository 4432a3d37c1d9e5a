//! Checks the request against the limits of the model. Reports an error if the API's documents
//! agree on a limit, and a warning if they differ. api.md §3 and §7. Models that are not in the
//! table are not checked.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::PreparedRequest;
use crate::api::request::{
    Message, REQUEST_ID, Request, STOP_MAX, TEMPERATURE, TOOLS_MAX, TOP_P, TOP_P_NEWER, USER_ID,
};
use crate::api::scalar::Text;
use crate::client::FallbackModel;
use crate::error::Failure;
use crate::models::{self, Model};
use crate::settings::Provider;
use crate::tokens::Tokens;

/// Without `max_tokens`, context / `SHORT_ANSWER` tokens are assumed for the answer.
const SHORT_ANSWER: u64 = 16;

/// Checks `request`.
pub(super) fn check(
    request: &Request,
    provider: Option<Provider>,
    words: &[String],
    may_split: bool,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    let numbers = [
        ("temperature", request.temperature),
        ("top-p", request.top_p),
    ];
    for (name, value) in numbers {
        if value.is_some_and(|value| !value.is_finite()) {
            let message = format!("--{name} is not a number that JSON can carry");
            return Err(Failure::usage(message).about(name));
        }
    }
    if provider.is_some() {
        ids(request, warnings)?;
    }
    fits_context(request, provider, words, may_split)?;
    match models::find(&request.model) {
        Some(model) => check_model(model, "-m", request, warnings),
        None => Ok(()),
    }
}

/// Checks `request` for each model of `--fallback`, and returns those that can get it. A model with
/// too small a context is left out with a warning.
///
/// # Errors
/// Exit 2: a model does not support an option.
pub(super) fn fallback(
    request: &Request,
    names: Vec<String>,
    warnings: &mut Vec<String>,
) -> Result<Vec<FallbackModel>, Failure> {
    let mut fallback = Vec::new();
    for name in names {
        let known = models::find(&name);
        let lacks_switch =
            known.is_some_and(|known| known.documented && known.thinking == Some(false));
        let model = FallbackModel {
            // A model that cannot think needs no switch to turn it off.
            thinking: request.thinking.filter(|on| *on || !lacks_switch),
            model: name,
        };
        let request = model.request(request);
        if let Some(what) = overflow(&request, &model.model) {
            warnings.push(format!("--fallback {} is left out: {what}", model.model));
            continue;
        }
        if let Some(known) = known {
            check_model(known, "--fallback", &request, warnings)?;
        }
        fallback.push(model);
    }
    Ok(fallback)
}

/// Checks the ids, which do not depend on the model.
fn ids(request: &Request, warnings: &mut Vec<String>) -> Result<(), Failure> {
    let length = |id: &Option<String>| id.as_ref().map(|id| id.chars().count());
    if let Some(length) = length(&request.user_id)
        && !USER_ID.contains(&length)
    {
        let (least, most) = (USER_ID.start(), USER_ID.end());
        let what = format!("--user-id has {length} characters; the API takes {least} to {most}");
        return Err(Failure::usage(what).about("user-id"));
    }
    if let Some(length) = length(&request.request_id)
        && !REQUEST_ID.contains(&length)
    {
        let (least, most) = (REQUEST_ID.start(), REQUEST_ID.end());
        warnings.push(format!(
            "--request-id has {length} characters; newer documents of the API allow {least} to {most}"
        ));
    }
    Ok(())
}

struct Check<'a> {
    model: &'static Model,
    /// The option that names the model.
    option: &'static str,
    warnings: &'a mut Vec<String>,
}

/// Checks `request` for a model that `option` names.
fn check_model(
    model: &'static Model,
    option: &'static str,
    request: &Request,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut check = Check {
        model,
        option,
        warnings,
    };
    if model.documented {
        check.sampling(request)?;
    }
    check.output(request.max_tokens)?;
    if model.documented {
        check.stop(request.stop.len())?;
        check.abilities(request)?;
    }
    check.context(request);
    Ok(())
}

impl Check<'_> {
    fn refused(&self, what: &str, limit: &str) -> Failure {
        let name = match self.option {
            "-m" => self.model.name.to_owned(),
            option => format!("{} ({option})", self.model.name),
        };
        Failure::usage(format!("{what}: {name} takes {limit}"))
            .hint("--param sends a value unchecked")
    }

    fn warn(&mut self, what: &str) {
        self.warnings.push(format!("{what} ({})", self.model.name));
    }

    fn sampling(&mut self, request: &Request) -> Result<(), Failure> {
        if let Some(temperature) = request.temperature {
            if !TEMPERATURE.contains(&temperature) {
                let what = format!("--temperature {temperature}");
                return Err(self.refused(&what, "0 to 1").about("temperature"));
            }
            if temperature >= *TEMPERATURE.end() {
                self.warn("--temperature 1: older documents of the API end below 1");
            }
            let hundredths = temperature * 100.0;
            if (hundredths - hundredths.round()).abs() > 1e-9 {
                self.warn("--temperature: the API may refuse more than two decimals");
            }
        }
        if let Some(top_p) = request.top_p {
            if !TOP_P.contains(&top_p) {
                let what = format!("--top-p {top_p}");
                return Err(self.refused(&what, "0 to 1").about("top-p"));
            }
            if top_p < TOP_P_NEWER {
                self.warn("--top-p: newer documents of the API begin at 0.01");
            }
        }
        Ok(())
    }

    fn output(&mut self, max_tokens: Option<u64>) -> Result<(), Failure> {
        let limit = self.model.max_output.map(u64::from);
        let (Some(asked), Some(limit)) = (max_tokens, limit) else {
            return Ok(());
        };
        if !(1..=limit).contains(&asked) {
            let (what, limit) = (format!("--max-tokens {asked}"), format!("1 to {limit}"));
            return Err(self.refused(&what, &limit).about("max-tokens"));
        }
        if asked == limit && self.model.name == models::DEFAULT {
            self.warn("--max-tokens 4096: one document of the API ends at 4095");
        }
        Ok(())
    }

    fn stop(&mut self, count: usize) -> Result<(), Failure> {
        match count {
            0 | 1 => Ok(()),
            2..=STOP_MAX => {
                self.warn("--stop: most documents of the API take one, the newest four");
                Ok(())
            }
            _ => {
                let what = format!("--stop given {count} times");
                let limit = format!("at most {STOP_MAX}");
                Err(self.refused(&what, &limit).about("stop"))
            }
        }
    }

    fn abilities(&self, request: &Request) -> Result<(), Failure> {
        let option = self.option;
        if has_images(request) && self.model.vision == Some(false) {
            let hint = format!("choose a vision model with {option}: airx models");
            return Err(self.refused("--image", "text only").hint(hint));
        }
        if request.thinking.is_some() && self.model.thinking == Some(false) {
            let hint = format!("choose a model that thinks with {option}: airx models");
            let refused = self.refused("--thinking", "no such switch");
            return Err(refused.about("thinking").hint(hint));
        }
        if request.tools.len() > TOOLS_MAX {
            let what = format!("{} tools", request.tools.len());
            return Err(self.refused(&what, &format!("at most {TOOLS_MAX}")));
        }
        Ok(())
    }

    /// Warns if the prompt may not fit, or if it leaves too little room for the answer.
    fn context(&mut self, request: &Request) {
        let Some(context) = self.model.context.map(u64::from) else {
            return;
        };
        let Tokens { low, high } = prompt_tokens(request);
        let answer = request.max_tokens.unwrap_or(context / SHORT_ANSWER);
        if high > context {
            self.warn(&format!(
                "the prompt has {low} to {high} tokens by estimate, the context {context}"
            ));
        } else if high + answer > context {
            self.warn(&format!(
                "the prompt has {low} to {high} tokens by estimate: in a context of {context} \
                 that may leave too little room for the answer"
            ));
        }
    }
}

/// Refuses a request if even the lowest plausible count of its prompt is over the model's context.
/// Nothing is checked for a model whose context is not known.
///
/// # Errors
/// Exit 2: the prompt cannot fit. The hint names a model with a larger context. It names `--split`
/// only if that helps: `--split` does not cut the words of the prompt or the system message.
pub(super) fn fits_context(
    request: &Request,
    provider: Option<Provider>,
    words: &[String],
    may_split: bool,
) -> Result<(), Failure> {
    let Some(what) = overflow(request, &request.model) else {
        return Ok(());
    };
    let (what, split) = match too_long(request, words) {
        Some(part) => (format!("{part} too long: {what}"), ""),
        None if may_split => (what, "--split to ask in parts, "),
        None => (what, ""),
    };
    let model = match larger(prompt_tokens(request).high, has_images(request), provider) {
        Some((name, context)) => format!("-m {name} (context {context})"),
        None => "a larger model with -m".to_owned(),
    };
    Err(Failure::usage(what).hint(format!("use {split}{model}, or send less")))
}

/// The text that alone is over the model's context and that `--split` does not cut, with the verb
/// for the message. None if there is no such text.
fn too_long(request: &Request, words: &[String]) -> Option<&'static str> {
    let context = u64::from(models::find(&request.model)?.context?);
    let system = request.messages.iter().filter_map(|message| match message {
        Message::System(text) => Some(Tokens::of(text).low),
        _ => None,
    });
    let system: u64 = system.sum();
    let words = Tokens::of(&words.join(" ")).low;
    if system > context {
        Some("the system message is")
    } else if words > context {
        Some("the PROMPT itself is")
    } else if system + words > context {
        Some("the system message and the PROMPT are")
    } else {
        None
    }
}

/// The currency of a cost limit for requests to this model. `option` is the option that sets it.
///
/// # Errors
/// The model's price is not known: exit 2.
pub(super) fn limit_currency(
    option: &'static str,
    model: &str,
    provider: Option<Provider>,
) -> Result<&'static str, Failure> {
    let list = Provider::price_list(provider);
    models::currency(model, list).ok_or_else(|| {
        let place = provider.map_or_else(String::new, |at| format!(" at {}", at.name()));
        Failure::usage(format!(
            "--{option}: the price of {model}{place} is not known"
        ))
        .about(option)
        .hint("airx models lists the known prices; without --max-cost the cost has no limit")
    })
}

/// Refuses a request under `--budget` if its cost has no upper bound for one of its models.
///
/// # Errors
/// A price or a limit of a model is not known: exit 2.
pub(super) fn fit_budget(
    prepared: &PreparedRequest,
    provider: Option<Provider>,
) -> Result<(), Failure> {
    let request = &prepared.request;
    let (list, body) = (Provider::price_list(provider), request.body());
    for model in prepared.models() {
        limit_currency("budget", model, provider).map_err(|failure| {
            failure.hint(format!(
                "give its price in the configuration file ([models.\"{model}\"]: airx help \
                 config), or switch the budget off: --budget none"
            ))
        })?;
        if models::request_bounds(request, model, &body, list)
            .first
            .is_none()
        {
            let what = format!("--budget: what a request to {model} may cost has no known bound");
            let hint = format!(
                "give --max-tokens, or context and max-output of [models.\"{model}\"] in the \
                 configuration file"
            );
            return Err(Failure::usage(what).about("budget").hint(hint));
        }
    }
    Ok(())
}

/// Returns a message if even the lowest plausible count of the prompt is over the context of
/// `model`; none if it may fit, or if the context is not known.
pub(super) fn overflow(request: &Request, model: &str) -> Option<String> {
    let Model { name, context, .. } = models::find(model)?;
    let (context, low) = ((*context)?, prompt_tokens(request).low);
    (low > context.into()).then(|| {
        format!("the prompt has at least {low} tokens, but the context of {name} is {context}")
    })
}

/// The cheapest known model with a context of at least `tokens`, and its context. At a server other
/// than the two providers, only models of the user's configuration are considered.
fn larger(tokens: u64, images: bool, provider: Option<Provider>) -> Option<(&'static str, u32)> {
    let list = Provider::price_list(provider);
    let price = |model: &Model| {
        let price = model.price_by(list);
        price.map_or(u64::MAX, |price| price.input + price.output)
    };
    let usable = |model: &&'static Model| match provider {
        Some(Provider::BigModel) => true,
        Some(Provider::Zai) => model.thinking == Some(true) || model.zai_price.is_some(),
        None => !model.documented,
    };
    let all = models::all().into_iter().filter(usable);
    let able = all.filter(|model| model.vision == Some(images) || !images && !model.documented);
    let fitting = able.filter(|model| model.context.is_some_and(|size| tokens <= size.into()));
    let best = fitting.min_by_key(|model| price(model))?;
    Some((best.name, best.context?))
}

/// The tokens of the request without its images: their tokens depend on the model.
pub(super) fn prompt_tokens(request: &Request) -> Tokens {
    let mut tokens = Tokens::default();
    for message in &request.messages {
        tokens += match message {
            Message::System(text) | Message::User { text, .. } => Tokens::of(text),
            Message::Given(raw) => given_tokens(raw),
        };
    }
    for tool in &request.tools {
        tokens += Tokens::of(tool.get());
    }
    tokens
}

/// The tokens of a turn: its text and its calls.
fn given_tokens(turn: &RawValue) -> Tokens {
    #[derive(Deserialize)]
    struct Turn<'a> {
        #[serde(borrow)]
        content: Option<Text<'a>>,
        #[serde(borrow)]
        tool_calls: Option<&'a RawValue>,
    }
    let mut tokens = Tokens::default();
    if let Ok(turn) = serde_json::from_str::<Turn<'_>>(turn.get()) {
        tokens += Tokens::of(turn.content.as_ref().map_or("", Text::as_str));
        tokens += Tokens::of(turn.tool_calls.map_or("", RawValue::get));
    }
    tokens
}

fn has_images(request: &Request) -> bool {
    let with_images =
        |message: &Message| matches!(message, Message::User { images, .. } if !images.is_empty());
    request.messages.iter().any(with_images)
}
