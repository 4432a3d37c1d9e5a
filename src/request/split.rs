//! `--split`: checks what fits the model's context, and makes the requests for parts and for
//! merging.

use super::body::{fresh_id, with_text};
use super::limits::prompt_tokens;
use crate::api::request::Request;
use crate::api::usage::Usage;
use crate::error::Failure;
use crate::models::{self, Cost};
use crate::prompt::LongInput;
use crate::settings::Provider;
use crate::tokens::Tokens;

/// Without `--max-tokens`, context / `ANSWER` tokens are kept free for the answer.
const ANSWER: u64 = 4;
/// Tokens that a server's chat template adds: around each message, and once.
const TEMPLATE: u64 = 8;
const TEMPLATE_ONCE: u64 = 32;
/// The smallest useful room for the text of a part, in tokens.
const ROOM_MIN: u64 = 64;

/// Makes the requests of `--split`.
#[derive(Debug)]
pub struct SplitRequests {
    /// The request that all requests are made from. The last turn is the user's.
    common: Request,
    /// `--request-id`; the number of each request is appended.
    id: Option<String>,
    provider: Option<Provider>,
    instruction: String,
    /// The prompt of the requests that merge answers.
    merge: String,
    /// The model's context in tokens.
    context: u64,
    /// The tokens that an answer may need.
    answer: u64,
}

impl SplitRequests {
    /// `common` is the request that all requests are made from, with an empty last turn. `merge` is
    /// the prompt of `--merge`.
    ///
    /// # Errors
    /// The model's context is not known: exit 2.
    pub fn new(
        mut common: Request,
        provider: Option<Provider>,
        input: &LongInput,
        merge: Option<&str>,
    ) -> Result<Self, Failure> {
        let model = &common.model;
        let Some(context) = models::find(model).and_then(|model| model.context) else {
            let what = format!("--split: the context of {model} is not known");
            let hint = format!(
                "write it into the configuration file: [models.{model:?}] with context = 8192 (airx config path)"
            );
            return Err(Failure::usage(what).about("model").hint(hint));
        };
        let context = u64::from(context);
        let answer = common.max_tokens.unwrap_or(context / ANSWER);
        let instruction = input.instruction();
        let merge = merge.map_or_else(|| default_merge(&instruction), str::to_owned);
        Ok(Self {
            id: common.request_id.take(),
            common,
            provider,
            instruction,
            merge,
            context,
            answer,
        })
    }

    /// Whether everything fits the context, by the highest plausible count.
    pub fn fits(&self, input: &LongInput) -> bool {
        let tokens = self.used(&self.instruction) + input.material.tokens();
        tokens + self.answer <= self.context
    }

    /// The request for everything, as it is without `--split`.
    pub fn complete(&self, input: &LongInput) -> Request {
        Request {
            request_id: self.id.clone(),
            ..with_text(&self.common, input.message())
        }
    }

    /// The tokens of the text that a part may have.
    ///
    /// # Errors
    /// There is hardly any room: exit 2.
    pub fn room(&self) -> Result<u64, Failure> {
        let sentence = part_sentence(999_999, 999_999);
        self.room_with(&(self.instruction.clone() + &sentence))
    }

    /// The request for one part: its text, its number from 0, and the number of parts.
    pub fn part(&self, text: &str, index: usize, count: usize) -> Request {
        let sentence = part_sentence(index + 1, count);
        let instruction = &self.instruction;
        let prompt = format!("{instruction}\n\n{sentence}\n\n{text}");
        Request {
            stream: false,
            ..with_text(&self.common, prompt)
        }
    }

    /// The number of answers, from the first one on, that one request can merge: at least two.
    ///
    /// # Errors
    /// As [`SplitRequests::room`].
    pub fn mergeable(&self, answers: &[String], room: u64) -> usize {
        let mut tokens = 0;
        let fitting = answers.iter().take_while(|answer| {
            tokens += Tokens::of(answer).high + TEMPLATE;
            tokens <= room
        });
        fitting.count().max(2).min(answers.len())
    }

    /// The tokens of answers that a request for merging may have.
    ///
    /// # Errors
    /// There is hardly any room: exit 2.
    pub fn merge_room(&self) -> Result<u64, Failure> {
        self.room_with(&self.merge)
    }

    /// The request that merges these answers. The prompt is last: a small model forgets a prompt
    /// that precedes the answers.
    pub fn merge(&self, answers: &[String]) -> Request {
        let count = answers.len();
        let answers = answers.iter().zip(1..);
        let answers = answers
            .map(|(answer, number)| format!("Answer {number} of {count}: {}", answer.trim()));
        let parts: Vec<String> = answers.chain([self.merge.clone()]).collect();
        with_text(&self.common, parts.join("\n\n"))
    }

    /// The id of the request with this number: the user's, or a new one for a provider.
    pub fn id(&self, number: u64) -> Option<String> {
        match &self.id {
            Some(id) => Some(format!("{id}-{number}")),
            None => self.provider.map(|_| fresh_id()),
        }
    }

    /// The highest plausible number of tokens of a request's prompt, and its cost with the longest
    /// answer, if the price is known.
    pub fn estimate(&self, request: &Request) -> (u64, Option<Cost>) {
        let tokens = prompt_tokens(request).high + template(request);
        (tokens, self.cost(tokens, self.answer))
    }

    /// Estimates the requests that merge `count` answers of the maximum length. Returns their
    /// number, tokens and cost.
    pub fn estimate_merge(&self, count: u64) -> Result<(u64, u64, Option<Cost>), Failure> {
        let own = self.used(&self.merge);
        let (mut answers, mut requests, mut tokens, mut cost) = (count, 0, 0, None);
        let most = (self.merge_room()? / (self.answer + TEMPLATE)).max(2);
        while answers > 1 {
            // An answer that is left over goes on to the next step as it is.
            let left_over = u64::from(answers % most == 1);
            let merged = answers - left_over;
            let groups = merged.div_ceil(most);
            let prompt = own * groups + merged * (self.answer + TEMPLATE);
            requests += groups;
            tokens += prompt;
            let more = self.cost(prompt, groups * self.answer);
            cost = more.map(|more| more.plus(cost));
            answers = groups + left_over;
        }
        Ok((requests, tokens, cost))
    }

    fn cost(&self, prompt: u64, answer: u64) -> Option<Cost> {
        let usage = Usage {
            prompt_tokens: prompt,
            completion_tokens: answer,
            ..Usage::default()
        };
        let list = Provider::price_list(self.provider);
        models::cost(&self.common.model, list, &usage)
    }

    /// The tokens of a request with this text as the last turn.
    fn used(&self, text: &str) -> u64 {
        prompt_tokens(&self.common).high + template(&self.common) + Tokens::of(text).high
    }

    fn room_with(&self, text: &str) -> Result<u64, Failure> {
        let used = self.used(text) + self.answer;
        let room = self.context.saturating_sub(used);
        if room >= ROOM_MIN {
            return Ok(room);
        }
        let (model, context) = (&self.common.model, self.context);
        let what = format!(
            "--split: the prompt and an answer of {} tokens leave no room for the text in the context of {model}, {context} tokens",
            self.answer
        );
        Err(Failure::usage(what)
            .hint("shorten the prompt, lower --max-tokens, or use a larger model with -m"))
    }
}

fn template(request: &Request) -> u64 {
    TEMPLATE_ONCE + TEMPLATE * request.messages.len() as u64
}

/// The sentence that says to the model that it sees only a part.
fn part_sentence(number: usize, count: usize) -> String {
    format!(
        "What follows is part {number} of {count} of a longer text; answer for this part alone."
    )
}

/// The prompt for merging without `--merge`.
fn default_merge(instruction: &str) -> String {
    format!(
        "Write one answer from these answers for the parts of a text. Keep every name and number, \
         without repetitions.\n\n{instruction}"
    )
}
