//! Token counts, as servers send them and as events show them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Token counts, summed over requests where a run makes several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// The sum of both.
    pub total_tokens: u64,
    /// Of the prompt's tokens, those the provider had cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PromptDetails")]
    pub prompt_tokens_details: Option<PromptDetails>,
    /// Of the answer's tokens, those spent on thinking.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CompletionDetails")]
    pub completion_tokens_details: Option<CompletionDetails>,
}

/// Details of the prompt's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PromptDetails {
    /// Tokens served from the provider's cache.
    pub cached_tokens: Option<u64>,
}

/// Details of the answer's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CompletionDetails {
    /// Tokens spent on thinking.
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// Reads a `usage` member. An unreadable count is treated as missing. Returns none if no
    /// count can be read.
    pub fn read(usage: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            prompt_tokens: Option<&'a RawValue>,
            #[serde(borrow)]
            completion_tokens: Option<&'a RawValue>,
            #[serde(borrow)]
            total_tokens: Option<&'a RawValue>,
            #[serde(borrow)]
            prompt_tokens_details: Option<&'a RawValue>,
            #[serde(borrow)]
            completion_tokens_details: Option<&'a RawValue>,
        }
        #[derive(Default, Deserialize)]
        struct Details<'a> {
            #[serde(borrow)]
            cached_tokens: Option<&'a RawValue>,
            #[serde(borrow)]
            reasoning_tokens: Option<&'a RawValue>,
        }
        fn details(raw: Option<&RawValue>) -> Details<'_> {
            raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
                .unwrap_or_default()
        }
        let wire: Wire<'_> = serde_json::from_str(usage.get()).ok()?;
        let cached = count(details(wire.prompt_tokens_details).cached_tokens);
        let reasoning = count(details(wire.completion_tokens_details).reasoning_tokens);
        let usage = Self {
            prompt_tokens: count(wire.prompt_tokens).unwrap_or(0),
            completion_tokens: count(wire.completion_tokens).unwrap_or(0),
            total_tokens: count(wire.total_tokens).unwrap_or(0),
            prompt_tokens_details: cached.map(PromptDetails::of),
            completion_tokens_details: reasoning.map(CompletionDetails::of),
        };
        let counts = [
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens,
        ];
        counts.iter().any(|count| *count > 0).then_some(usage)
    }
}

/// A count: a whole number in any notation (`12`, `12.0`, `1.2e1`, `"12"`).
fn count(raw: Option<&RawValue>) -> Option<u64> {
    let digits = raw?.get().trim_matches('"');
    digits.parse().ok().or_else(|| {
        let number: f64 = digits.parse().ok()?;
        let is_whole = number.fract() == 0.0;
        is_whole
            .then(|| format!("{number:.0}").parse().ok())
            .flatten()
    })
}

impl PromptDetails {
    fn of(cached: u64) -> Self {
        Self {
            cached_tokens: Some(cached),
        }
    }
}

impl CompletionDetails {
    fn of(reasoning: u64) -> Self {
        Self {
            reasoning_tokens: Some(reasoning),
        }
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        fn sum(left: Option<u64>, right: Option<u64>) -> Option<u64> {
            (left.is_some() || right.is_some())
                .then(|| left.unwrap_or(0).saturating_add(right.unwrap_or(0)))
        }
        let cached = |usage: &Self| usage.prompt_tokens_details?.cached_tokens;
        let reasoning = |usage: &Self| usage.completion_tokens_details?.reasoning_tokens;
        *self = Self {
            prompt_tokens: self.prompt_tokens.saturating_add(more.prompt_tokens),
            completion_tokens: self
                .completion_tokens
                .saturating_add(more.completion_tokens),
            total_tokens: self.total_tokens.saturating_add(more.total_tokens),
            prompt_tokens_details: sum(cached(self), cached(&more)).map(PromptDetails::of),
            completion_tokens_details: sum(reasoning(self), reasoning(&more))
                .map(CompletionDetails::of),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Usage> {
        Usage::read(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn counts_are_read_however_they_are_written() {
        for twelve in ["12", "12.0", "1.2e1", "120E-1", "\"12\""] {
            let json = format!(
                r#"{{"prompt_tokens":{twelve},"completion_tokens":null,"total_tokens":"?",
                "prompt_tokens_details":{{"cached_tokens":{twelve}}},"completion_tokens_details":[]}}"#
            );
            let expected = Usage {
                prompt_tokens: 12,
                prompt_tokens_details: Some(PromptDetails::of(12)),
                ..Usage::default()
            };
            assert_eq!(read(&json), Some(expected), "{twelve}");
        }
    }

    #[test]
    fn what_is_no_count_is_missing() {
        for wrong in ["12.5", "-1", "1e400", "null", "\"?\"", "true", "[1]", "0"] {
            assert_eq!(read(&format!(r#"{{"prompt_tokens":{wrong}}}"#)), None);
        }
        assert_eq!(read("[]"), None);
    }

    #[test]
    fn the_sum_has_details_where_some_server_gave_them() {
        let mut sum = Usage {
            prompt_tokens: 1,
            ..Usage::default()
        };
        let cached = Some(PromptDetails::of(4));
        sum += Usage {
            prompt_tokens: 2,
            prompt_tokens_details: cached,
            ..Usage::default()
        };
        assert_eq!(sum.prompt_tokens, 3);
        assert_eq!(sum.prompt_tokens_details, cached);
        assert_eq!(sum.completion_tokens_details, None);
    }
}
