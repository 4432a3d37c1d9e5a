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
    /// Reads a `usage` member. An unreadable count is treated as missing. Returns `None` if no
    /// count can be read.
    pub fn read(usage: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        struct Wire<'a> {
            prompt_tokens: Option<&'a RawValue>,
            completion_tokens: Option<&'a RawValue>,
            total_tokens: Option<&'a RawValue>,
            prompt_tokens_details: Option<&'a RawValue>,
            completion_tokens_details: Option<&'a RawValue>,
        }
        #[derive(Default, Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        struct Details<'a> {
            cached_tokens: Option<&'a RawValue>,
            reasoning_tokens: Option<&'a RawValue>,
        }
        fn details(raw: Option<&RawValue>) -> Details<'_> {
            raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
                .unwrap_or_default()
        }
        let wire: Wire<'_> = serde_json::from_str(usage.get()).ok()?;
        let counts = [
            wire.prompt_tokens,
            wire.completion_tokens,
            wire.total_tokens,
        ];
        let counts = counts.map(|raw| count(raw).unwrap_or(0));
        let cached = count(details(wire.prompt_tokens_details).cached_tokens);
        let reasoning = count(details(wire.completion_tokens_details).reasoning_tokens);
        (counts != [0; 3]).then(|| Self::of(counts, cached, reasoning))
    }

    /// Counts of prompt, answer and both, and the details that are known.
    fn of(counts: [u64; 3], cached: Option<u64>, reasoning: Option<u64>) -> Self {
        let [prompt_tokens, completion_tokens, total_tokens] = counts;
        Self {
            prompt_tokens,
            completion_tokens,
            total_tokens,
            prompt_tokens_details: cached.is_some().then_some(PromptDetails {
                cached_tokens: cached,
            }),
            completion_tokens_details: reasoning.is_some().then_some(CompletionDetails {
                reasoning_tokens: reasoning,
            }),
        }
    }

    /// Of the prompt's tokens, those served from the provider's cache, if known.
    pub fn cached(&self) -> Option<u64> {
        self.prompt_tokens_details?.cached_tokens
    }
}

/// Reads a count: an integer in any notation (`12`, `12.0`, `1.2e1`, `"12"`).
fn count(raw: Option<&RawValue>) -> Option<u64> {
    let digits = raw?.get().trim_matches('"');
    digits.parse().ok().or_else(|| {
        let number: f64 = digits.parse().ok()?;
        let digits = (number.fract() == 0.0).then(|| format!("{number:.0}"));
        digits?.parse().ok()
    })
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        let sum = |left: Option<u64>, right: Option<u64>| match (left, right) {
            (Some(left), Some(right)) => Some(left.saturating_add(right)),
            (left, right) => left.or(right),
        };
        let reasoning = |usage: &Self| usage.completion_tokens_details?.reasoning_tokens;
        let counts = [
            (self.prompt_tokens, more.prompt_tokens),
            (self.completion_tokens, more.completion_tokens),
            (self.total_tokens, more.total_tokens),
        ];
        *self = Self::of(
            counts.map(|(left, right)| left.saturating_add(right)),
            sum(self.cached(), more.cached()),
            sum(reasoning(self), reasoning(&more)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Usage> {
        Usage::read(serde_json::from_str(json).unwrap())
    }

    fn cached(tokens: u64) -> PromptDetails {
        PromptDetails {
            cached_tokens: Some(tokens),
        }
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
                prompt_tokens_details: Some(cached(12)),
                ..Usage::default()
            };
            assert_eq!(read(&json), Some(expected), "{twelve}");
        }
    }

    #[test]
    fn an_unreadable_count_is_missing() {
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
        let cached = Some(cached(4));
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
