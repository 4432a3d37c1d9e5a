//! An answer of the model before it is put into the API's form, how it ends, and the
//! tokens in which it is counted and cut.

use super::reply::{Reply, Step};

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    /// `None` is `null` in the reply.
    pub(super) content: Option<String>,
    /// Empty for an answer without reasoning.
    pub(super) reasoning: String,
    pub(super) calls: Vec<Call>,
    /// `None` leaves the member out.
    pub(super) finish_reason: Option<String>,
    /// The results of the `web_search` tool are added.
    pub(super) search: bool,
    pub(super) ending: Ending,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Call {
    /// If `None`, the id is made from the id of the answer.
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Answer {
    /// A complete answer, with the finish reason that the API uses for it.
    pub(super) fn new(content: Option<String>, calls: Vec<Call>) -> Self {
        let reason = if calls.is_empty() {
            "stop"
        } else {
            "tool_calls"
        };
        Self {
            content,
            calls,
            finish_reason: Some(reason.into()),
            ..Self::default()
        }
    }

    /// Cuts the answer as `stop` and `max_tokens` of the request demand.
    pub(super) fn limit(&mut self, stop: &[String], max_tokens: Option<u64>) {
        if let Some(content) = &mut self.content {
            let ends = stop.iter().filter(|stop| !stop.is_empty());
            if let Some(end) = ends.filter_map(|stop| content.find(stop.as_str())).min() {
                content.truncate(end);
            }
        }
        let Some(limit) = max_tokens.filter(|limit| self.tokens() > *limit) else {
            return;
        };
        let mut left = limit;
        let calls = self.calls.iter_mut().map(|call| &mut call.arguments);
        let texts = [Some(&mut self.reasoning), self.content.as_mut()];
        for text in texts.into_iter().flatten().chain(calls) {
            text.truncate(first_tokens(text, left).len());
            left -= count_tokens(text);
        }
        self.finish_reason = Some("length".into());
    }

    /// Tokens of everything that was generated.
    pub(super) fn tokens(&self) -> u64 {
        let calls = self.calls.iter().map(|call| count_tokens(&call.arguments));
        count_tokens(&self.reasoning)
            + count_tokens(self.content.as_deref().unwrap_or_default())
            + calls.sum::<u64>()
    }
}

/// How the bytes of an answer end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// Complete and correct.
    #[default]
    Proper,
    /// The connection breaks.
    Cut,
    /// No more bytes, and the connection stays open.
    Stall,
    /// The stream ends without `finish_reason` and `[DONE]`.
    NoDone,
    ErrorFrame,
    /// A frame or body that is not JSON.
    Malformed,
    Empty,
}

impl Ending {
    /// Makes a complete reply end as this variant says: after half of its body, the
    /// connection breaks or stalls, or the body ends as if it were complete.
    pub(super) fn apply(self, mut reply: Reply) -> Reply {
        let broken = match self {
            Self::Cut => Some(Step::Cut),
            Self::Stall => Some(Step::Stall),
            Self::Malformed => None,
            _ => return reply,
        };
        let Some(Step::Bytes(body)) = reply.steps.pop() else {
            return reply;
        };
        reply.steps.push(Step::Bytes(body.slice(..body.len() / 2)));
        let Some(broken) = broken else {
            return reply;
        };
        reply.steps.push(broken);
        reply.header("Content-Length", body.len().to_string())
    }
}

/// Cuts a text into pieces that count as tokens: up to four letters of a word, two wide
/// characters, or white space with what follows it. This is not a real tokenizer, but the
/// same text always has the same pieces, and the joined pieces are the text.
pub(super) fn tokens(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (token, rest) = text.split_at(first_length(text));
        text = rest;
        (!token.is_empty()).then_some(token)
    })
}

/// The length of the first token in bytes; 0 for an empty text.
fn first_length(text: &str) -> usize {
    let mut weight = 0;
    let mut in_word = false;
    for (position, character) in text.char_indices() {
        let space = character.is_whitespace();
        if weight >= 4 || (space && in_word) {
            return position;
        }
        in_word |= !space;
        if !space {
            weight += if character.is_ascii() { 1 } else { 2 };
        }
    }
    text.len()
}

pub(super) fn count_tokens(text: &str) -> u64 {
    tokens(text).count() as u64
}

/// The first `limit` tokens of `text`.
fn first_tokens(text: &str, limit: u64) -> &str {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let length = tokens(text).take(limit).map(str::len).sum();
    &text[..length]
}

/// The first half of `text`, at least one token.
pub(super) fn first_half(text: &str) -> &str {
    first_tokens(text, (count_tokens(text) / 2).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content: &str) -> Answer {
        Answer::new(Some(content.into()), Vec::new())
    }

    #[test]
    fn max_tokens_cuts_reasoning_first_and_sets_length() {
        let mut cut = Answer {
            reasoning: "a b c".into(),
            ..answer("d e f")
        };
        cut.limit(&[], Some(4));
        assert_eq!(
            (cut.reasoning.as_str(), cut.content.as_deref()),
            ("a b c", Some("d"))
        );
        assert_eq!(cut.finish_reason.as_deref(), Some("length"));
        let mut kept = answer("d e f");
        kept.limit(&[], Some(3));
        assert_eq!(kept, answer("d e f"));
    }

    #[test]
    fn the_first_stop_text_ends_the_answer_and_is_not_part_of_it() {
        let mut stopped = answer("one two three");
        stopped.limit(&["three".into(), " two".into()], None);
        assert_eq!(stopped, answer("one"));
    }

    #[test]
    fn words_are_cut_after_four_letters_and_wide_text_after_two() {
        let pieces: Vec<_> = tokens("Hello big world\n你好吗 🙂").collect();
        assert_eq!(
            pieces,
            ["Hell", "o", " big", " worl", "d", "\n你好", "吗", " 🙂"]
        );
    }

    #[test]
    fn nothing_is_lost_or_added() {
        for text in ["", " ", "a", "  a  b ", "\n\n", "你好 x 🙂🙂🙂"] {
            assert_eq!(tokens(text).collect::<String>(), text);
        }
    }

    #[test]
    fn a_limit_cuts_between_pieces() {
        assert_eq!(first_tokens("Hello big", 2), "Hello");
        assert_eq!(first_tokens("Hello big", 99), "Hello big");
        assert_eq!(first_half("a b c d"), "a b");
        assert_eq!(first_half("a"), "a");
    }
}
