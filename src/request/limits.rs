//! What the model in use takes, checked before anything is sent: refused where
//! the API's documents agree, a warning where they differ. api.md §3 and §7.
//! A model that is not in the table is not checked.

use crate::api::request::{Message, Request};
use crate::error::Failure;
use crate::models::{self, Model};
use crate::settings::Provider;

/// Most function tools of a request.
const TOOLS_MAX: usize = 128;

/// Checks `request`.
pub(super) fn check(
    request: &Request,
    provider: Option<Provider>,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    for (flag, value) in [
        ("--temperature", request.temperature),
        ("--top-p", request.top_p),
    ] {
        if value.is_some_and(|value| !value.is_finite()) {
            return Err(Failure::usage(format!(
                "{flag} is not a number that JSON can carry"
            )));
        }
    }
    if provider.is_some() {
        ids(request, warnings)?;
    }
    match models::find(&request.model) {
        Some(model) => Check { model, warnings }.all(request),
        None => Ok(()),
    }
}

/// Ids are the platform's own members, whatever the model.
fn ids(request: &Request, warnings: &mut Vec<String>) -> Result<(), Failure> {
    let length = |id: &Option<String>| id.as_ref().map(|id| id.chars().count());
    if let Some(length) = length(&request.user_id).filter(|length| !(6..=128).contains(length)) {
        return Err(Failure::usage(format!(
            "--user-id has {length} characters; the API takes 6 to 128"
        )));
    }
    if let Some(length) = length(&request.request_id).filter(|length| !(6..=64).contains(length)) {
        warnings.push(format!(
            "--request-id has {length} characters; newer documents of the API allow 6 to 64"
        ));
    }
    Ok(())
}

struct Check<'a> {
    model: &'static Model,
    warnings: &'a mut Vec<String>,
}

impl Check<'_> {
    fn all(&mut self, request: &Request) -> Result<(), Failure> {
        if self.model.documented {
            self.sampling(request)?;
        }
        self.output(request.max_tokens)?;
        if self.model.documented {
            self.stop(request.stop.len())?;
            self.abilities(request)?;
        }
        self.context(&request.messages);
        Ok(())
    }

    fn refused(&self, what: &str, limit: &str) -> Failure {
        Failure::usage(format!("{what}: {} takes {limit}", self.model.name))
            .hint("--param sends a member as it is, unchecked")
    }

    fn warn(&mut self, what: &str) {
        self.warnings.push(format!("{what} ({})", self.model.name));
    }

    fn sampling(&mut self, request: &Request) -> Result<(), Failure> {
        if let Some(temperature) = request.temperature {
            if !(0.0..=1.0).contains(&temperature) {
                return Err(self.refused(&format!("--temperature {temperature}"), "0 to 1"));
            }
            if temperature >= 1.0 {
                self.warn("--temperature 1: older documents of the API end below 1");
            }
            if has_more_than_two_decimals(temperature) {
                self.warn("--temperature: the API may refuse more than two decimals");
            }
        }
        if let Some(top_p) = request.top_p {
            if !(0.0..=1.0).contains(&top_p) {
                return Err(self.refused(&format!("--top-p {top_p}"), "0 to 1"));
            }
            if top_p < 0.01 {
                self.warn("--top-p: newer documents of the API begin at 0.01");
            }
        }
        Ok(())
    }

    fn output(&mut self, max_tokens: Option<u64>) -> Result<(), Failure> {
        let (Some(asked), Some(limit)) = (max_tokens, self.model.max_output) else {
            return Ok(());
        };
        let limit = u64::from(limit);
        if asked == 0 || asked > limit {
            return Err(self.refused(&format!("--max-tokens {asked}"), &format!("1 to {limit}")));
        }
        if asked == limit && self.model.name == models::DEFAULT {
            self.warn("--max-tokens 4096: one document of the API ends at 4095");
        }
        Ok(())
    }

    fn stop(&mut self, count: usize) -> Result<(), Failure> {
        match count {
            0 | 1 => Ok(()),
            2..=4 => {
                self.warn("--stop: most documents of the API take one, the newest four");
                Ok(())
            }
            _ => Err(self.refused(&format!("--stop given {count} times"), "at most 4")),
        }
    }

    fn abilities(&self, request: &Request) -> Result<(), Failure> {
        let images = request
            .messages
            .iter()
            .any(|message| matches!(message, Message::User { images, .. } if !images.is_empty()));
        if images && self.model.vision == Some(false) {
            return Err(self
                .refused("--image", "text only")
                .hint("choose a vision model with -m: airx models"));
        }
        if request.thinking.is_some() && self.model.thinking == Some(false) {
            return Err(self
                .refused("--thinking", "no such switch")
                .hint("choose a model that thinks with -m: airx models"));
        }
        if request.tools.len() > TOOLS_MAX {
            return Err(self.refused(
                &format!("{} tools", request.tools.len()),
                &format!("at most {TOOLS_MAX}"),
            ));
        }
        Ok(())
    }

    /// The prompt's size by the documents' rule of thumb: a token is some four
    /// Latin letters or 1.5 Chinese characters. Too rough to refuse by.
    fn context(&mut self, messages: &[Message]) {
        let Some(context) = self.model.context else {
            return;
        };
        let (mut latin, mut wide) = (0, 0);
        for message in messages {
            let text = match message {
                Message::System(text) | Message::User { text, .. } => text.as_str(),
                Message::Given(raw) => raw.get(),
            };
            let ascii = text.bytes().filter(u8::is_ascii).count();
            latin += ascii;
            wide += text.bytes().filter(|byte| *byte >= 0xC0).count();
        }
        let tokens = latin / 4 + wide * 2 / 3;
        if tokens > context as usize {
            self.warn(&format!(
                "the prompt is about {tokens} tokens, the context {context}"
            ));
        }
    }
}

fn has_more_than_two_decimals(number: f64) -> bool {
    let hundredths = number * 100.0;
    (hundredths - hundredths.round()).abs() > 1e-9
}
