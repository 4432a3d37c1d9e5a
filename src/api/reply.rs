//! What a server answers: a whole reply or one chunk of a stream. Both have
//! one shape on the wire but for `message` and `delta`. api.md §4 and §5.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::text::Text;
use super::whole::whole_or_null;

/// A reply body, or the payload of one stream frame. Unknown members are
/// ignored; every member may be missing or null.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with choices")]
pub struct Reply<'a> {
    /// The server's id of the answer.
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    /// The model that answered; may differ from the one asked for.
    #[serde(borrow)]
    pub model: Option<Text<'a>>,
    /// The request's id as the server echoes it; absent in chunks.
    #[serde(borrow)]
    pub request_id: Option<Text<'a>>,
    /// The alternatives; airx reads the first. Empty in a usage-only chunk.
    #[serde(borrow)]
    pub choices: Option<Vec<Choice<'a>>>,
    /// Token counts, unread until asked for by [`Reply::usage`].
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    /// Results of the `web_search` tool.
    #[serde(borrow)]
    pub web_search: Option<&'a RawValue>,
    /// Present where the server reports a failure instead of an answer.
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

impl Reply<'_> {
    /// The token counts; none where they are missing or not readable.
    pub fn usage(&self) -> Option<Usage> {
        let usage: Usage = serde_json::from_str(self.usage?.get()).ok()?;
        // Members without a number in them tell nothing.
        let told = usage.prompt_tokens > 0 || usage.completion_tokens > 0 || usage.total_tokens > 0;
        told.then_some(usage)
    }
}

impl Reply<'_> {
    /// Whether nothing but ids, the model and one piece stand in it.
    pub fn is_plain(&self) -> bool {
        let choices = self.choices.as_deref().unwrap_or_default();
        self.usage.is_none()
            && self.web_search.is_none()
            && matches!(choices, [choice] if choice.finish_reason.is_none())
    }
}

/// One alternative of an answer.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a choice: an object with message or delta")]
pub struct Choice<'a> {
    /// Which alternative it is.
    #[serde(borrow)]
    index: Option<&'a RawValue>,
    /// Why the answer ended; absent until it has.
    #[serde(borrow)]
    pub finish_reason: Option<Text<'a>>,
    /// A whole answer.
    #[serde(borrow)]
    pub message: Option<Piece<'a>>,
    /// A part of a streamed answer.
    #[serde(borrow)]
    pub delta: Option<Piece<'a>>,
}

impl<'a> Choice<'a> {
    /// Which alternative it is, as the server wrote it; the first where it did not.
    pub fn index(&self) -> &str {
        self.index.map_or("0", RawValue::get)
    }

    /// The complete message; some servers call it a delta here too.
    pub fn complete(&self) -> Option<&Piece<'a>> {
        self.message.as_ref().or(self.delta.as_ref())
    }
}

/// A message or a delta of one.
#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "a message: an object with content")]
pub struct Piece<'a> {
    /// The answer's text.
    #[serde(borrow)]
    pub content: Option<Text<'a>>,
    /// The model's thinking, as `BigModel` names it.
    #[serde(borrow)]
    reasoning_content: Option<Text<'a>>,
    /// The same, as newer vLLM names it.
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    /// Calls of tools, whole or in fragments keyed by index.
    #[serde(borrow)]
    tool_calls: Option<Vec<CallPiece<'a>>>,
}

impl<'a> Piece<'a> {
    /// Its tool calls, empty where there are none.
    pub fn calls(&self) -> &[CallPiece<'a>] {
        self.tool_calls.as_deref().unwrap_or_default()
    }

    /// Whether there is text in it, and nothing else.
    pub fn is_text_alone(&self) -> bool {
        !self.content().is_empty() && self.reasoning().is_empty() && self.calls().is_empty()
    }

    /// The answer's text, empty where there is none.
    pub fn content(&self) -> &str {
        self.content.as_ref().map_or("", Text::as_str)
    }

    /// The thinking, empty where there is none.
    pub fn reasoning(&self) -> &str {
        let named = self
            .reasoning_content
            .as_ref()
            .filter(|text| !text.0.is_empty());
        named.or(self.reasoning.as_ref()).map_or("", Text::as_str)
    }
}

/// A tool call or a fragment of one.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a tool call: an object with function")]
pub struct CallPiece<'a> {
    /// Which call a fragment belongs to.
    #[serde(default, deserialize_with = "whole_or_null")]
    pub index: Option<usize>,
    /// Only on the first fragment.
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    /// Name and arguments.
    #[serde(borrow)]
    pub function: Option<FunctionPiece<'a>>,
}

impl CallPiece<'_> {
    /// The arguments' text, as [`FunctionPiece::arguments`].
    ///
    /// # Errors
    /// As there.
    pub fn arguments(&self) -> serde_json::Result<String> {
        self.function
            .as_ref()
            .map_or(Ok(String::new()), FunctionPiece::arguments)
    }
}

/// The function part of a call.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with name and arguments")]
pub struct FunctionPiece<'a> {
    /// Only on the first fragment.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

impl FunctionPiece<'_> {
    /// The arguments' text: a JSON string on the wire; an object, which some
    /// servers send, stands for its own text.
    ///
    /// # Errors
    /// A string that is none: half of a surrogate pair stands in it.
    pub fn arguments(&self) -> serde_json::Result<String> {
        let raw = self.arguments.map_or("null", RawValue::get);
        if raw.starts_with(['"', 'n']) {
            serde_json::from_str::<Option<String>>(raw).map(Option::unwrap_or_default)
        } else {
            Ok(raw.to_owned())
        }
    }
}

/// Token counts, summed over requests where a run makes several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Usage {
    /// Tokens of the prompt.
    #[serde(default)]
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    #[serde(default)]
    pub completion_tokens: u64,
    /// Both together.
    #[serde(default)]
    pub total_tokens: u64,
    /// Of the prompt's tokens, those the provider had cached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_details: Option<PromptDetails>,
    /// Of the answer's tokens, those spent on thinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_tokens_details: Option<CompletionDetails>,
}

/// Details of the prompt's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct PromptDetails {
    /// Tokens served from the provider's cache.
    pub cached_tokens: Option<u64>,
}

/// Details of the answer's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct CompletionDetails {
    /// Tokens spent on thinking.
    pub reasoning_tokens: Option<u64>,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        fn sum(left: Option<u64>, right: Option<u64>) -> Option<u64> {
            (left.is_some() || right.is_some())
                .then(|| left.unwrap_or(0).saturating_add(right.unwrap_or(0)))
        }
        self.prompt_tokens = self.prompt_tokens.saturating_add(more.prompt_tokens);
        self.completion_tokens = self
            .completion_tokens
            .saturating_add(more.completion_tokens);
        self.total_tokens = self.total_tokens.saturating_add(more.total_tokens);
        let cached = sum(
            self.prompt_tokens_details
                .and_then(|details| details.cached_tokens),
            more.prompt_tokens_details
                .and_then(|details| details.cached_tokens),
        );
        self.prompt_tokens_details = cached.map(|_| PromptDetails {
            cached_tokens: cached,
        });
        let reasoning = sum(
            self.completion_tokens_details
                .and_then(|details| details.reasoning_tokens),
            more.completion_tokens_details
                .and_then(|details| details.reasoning_tokens),
        );
        self.completion_tokens_details = reasoning.map(|_| CompletionDetails {
            reasoning_tokens: reasoning,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_unknown_members_are_tolerated() {
        let body = r#"{"new":[1],"id":null,"object":null,"usage":{"prompt_tokens":"?"},
            "choices":[{"index":0,"delta":{"role":null,"content":null}}]}"#;
        let reply: Reply<'_> = serde_json::from_str(body).unwrap();
        assert_eq!(reply.usage(), None);
        let choices = reply.choices.unwrap();
        assert_eq!(choices[0].complete().unwrap().content(), "");
    }

    #[test]
    fn arguments_are_text_whether_sent_as_string_or_object() {
        for sent in [r#""{\"a\": 1}""#, r#"{"a": 1}"#] {
            let body = format!(r#"{{"name":"f","arguments":{sent}}}"#);
            let function: FunctionPiece<'_> = serde_json::from_str(&body).unwrap();
            assert_eq!(function.arguments().unwrap(), r#"{"a": 1}"#);
        }
    }

    #[test]
    fn usage_sums_details_only_where_some_server_gave_them() {
        let mut sum = Usage {
            prompt_tokens: 1,
            ..Usage::default()
        };
        let cached = PromptDetails {
            cached_tokens: Some(4),
        };
        sum += Usage {
            prompt_tokens: 2,
            prompt_tokens_details: Some(cached),
            ..Usage::default()
        };
        assert_eq!(sum.prompt_tokens, 3);
        assert_eq!(sum.prompt_tokens_details, Some(cached));
        assert_eq!(sum.completion_tokens_details, None);
    }
}
