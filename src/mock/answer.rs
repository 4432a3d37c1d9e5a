//! An answer before it has a shape on the wire: text, thinking, calls and how
//! it ends. The request's own bounds and the faults change it here.

use super::tokens;
use crate::cli::FaultKind;

/// One answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    /// The text; none is null on the wire.
    pub(super) content: Option<String>,
    /// The thinking before it; empty where there is none.
    pub(super) reasoning: String,
    /// Tool calls.
    pub(super) calls: Vec<Call>,
    /// Why it ends; none leaves the member out.
    pub(super) finish: Option<String>,
    /// The `web_search` tool's results are told beside it.
    pub(super) search: bool,
    /// How the wire ends.
    pub(super) ending: Ending,
}

/// A tool call.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Call {
    /// Its id; made from the answer's own where there is none.
    pub(super) id: Option<String>,
    /// The function's name.
    pub(super) name: String,
    /// The arguments' text.
    pub(super) arguments: String,
}

/// How the bytes of an answer end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// As they should.
    #[default]
    Proper,
    /// The connection breaks.
    CutOutput,
    /// Silence for ever.
    Stall,
    /// An end in order that is not one: no `finish_reason`, no `[DONE]`.
    NoDone,
    /// An error frame.
    ErrorFrame,
    /// Something that is not JSON, then on as if nothing were.
    Malformed,
    /// No choices at all.
    Empty,
}

impl Answer {
    /// Keeps the bounds that the request set: `stop` and `max_tokens`.
    pub(super) fn bound(&mut self, stop: &[String], max_tokens: Option<u64>) {
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
            text.truncate(tokens::first(text, left).len());
            left -= tokens::count(text);
        }
        self.finish = Some("length".into());
    }

    /// Makes it go wrong as `kind` says.
    pub(super) fn spoil(&mut self, kind: FaultKind) {
        let (ending, finish) = match kind {
            FaultKind::CutOutput => (Ending::CutOutput, None),
            FaultKind::Stall => (Ending::Stall, None),
            FaultKind::NoDone => (Ending::NoDone, None),
            FaultKind::ErrorFrame => (Ending::ErrorFrame, None),
            FaultKind::NetworkError => (Ending::Proper, Some("network_error")),
            FaultKind::Sensitive => (Ending::Proper, Some("sensitive")),
            FaultKind::Length => (Ending::Proper, Some("length")),
            FaultKind::ContextWindow => (Ending::Proper, Some("model_context_window_exceeded")),
            FaultKind::Malformed => return self.ending = Ending::Malformed,
            FaultKind::Empty => return self.ending = Ending::Empty,
            FaultKind::UnknownFinish => return self.finish = Some("mystery".into()),
            FaultKind::BadArguments => {
                for call in &mut self.calls {
                    call.arguments = format!("{}oops", tokens::half(&call.arguments));
                }
                return;
            }
            _ => return,
        };
        self.ending = ending;
        self.finish = finish.map(str::to_owned);
        let content = self.content.as_mut();
        for text in content.into_iter().chain(
            self.calls
                .iter_mut()
                .map(|call| &mut call.arguments)
                .next_back(),
        ) {
            text.truncate(tokens::half(text).len());
        }
    }

    /// Tokens of everything that was generated.
    pub(super) fn tokens(&self) -> u64 {
        let calls = self.calls.iter().map(|call| tokens::count(&call.arguments));
        tokens::count(&self.reasoning)
            + tokens::count(self.content.as_deref().unwrap_or_default())
            + calls.sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content: &str) -> Answer {
        Answer {
            content: Some(content.into()),
            finish: Some("stop".into()),
            ..Answer::default()
        }
    }

    #[test]
    fn max_tokens_cuts_thinking_first_and_says_length() {
        let mut cut = Answer {
            reasoning: "a b c".into(),
            ..answer("d e f")
        };
        cut.bound(&[], Some(4));
        assert_eq!(
            (cut.reasoning.as_str(), cut.content.as_deref()),
            ("a b c", Some("d"))
        );
        assert_eq!(cut.finish.as_deref(), Some("length"));
        let mut kept = answer("d e f");
        kept.bound(&[], Some(3));
        assert_eq!(kept, answer("d e f"));
    }

    #[test]
    fn the_first_stop_text_ends_the_answer_and_is_not_part_of_it() {
        let mut stopped = answer("one two three");
        stopped.bound(&["three".into(), " two".into()], None);
        assert_eq!(stopped, answer("one"));
    }

    #[test]
    fn a_spoiled_answer_keeps_its_first_half() {
        let mut spoiled = answer("a b c d");
        spoiled.spoil(FaultKind::CutOutput);
        assert_eq!(spoiled.content.as_deref(), Some("a b"));
        assert_eq!((spoiled.finish, spoiled.ending), (None, Ending::CutOutput));
    }
}
