//! Decides whether an answer is complete, or which failure it is.

use super::Answer;
use super::server_error::model_refused;
use crate::error::Failure;
use crate::exit::Class;

/// How the bytes of an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With `[DONE]`, or with a body whose length, chunks or JSON show that it is complete.
    Proper,
    /// With the connection, in a body without a length or last chunk.
    Open,
}

/// What counts as complete, in addition to text or calls that end with `stop` or
/// `tool_calls`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accept<'a> {
    /// Further finish reasons, `--accept`.
    pub reasons: &'a [String],
    /// How an answer with neither text nor calls is treated.
    pub empty: Empty,
}

/// How an answer with neither text nor calls is treated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Empty {
    /// Incomplete: `--allow-empty` was not given.
    #[default]
    Refused,
    /// Complete.
    Allowed,
    /// Incomplete even with `--allow-empty`: JSON was requested.
    NeverAllowed,
}

impl Empty {
    /// By `--allow-empty`.
    pub fn allowed(allow_empty: bool) -> Self {
        if allow_empty {
            Self::Allowed
        } else {
            Self::Refused
        }
    }
}

impl Accept<'_> {
    fn takes(self, reason: &str) -> bool {
        matches!(reason, "stop" | "tool_calls") || self.reasons.iter().any(|own| own == reason)
    }
}

impl Answer {
    /// Checks that the answer is complete: an accepted finish_reason, a proper end, and text or
    /// calls. Blocked has priority over truncated, and truncated over incomplete.
    ///
    /// # Errors
    /// The reason why the answer is not complete.
    pub fn check(&self, accept: Accept<'_>, end: End) -> Result<(), Failure> {
        if !self.refusal.trim().is_empty() {
            return Err(self.with_context(model_refused(&self.refusal)));
        }
        let incomplete = |message: &str| Failure::new(Class::Incomplete, message);
        let failure = match self.finish_reason.as_deref() {
            Some(reason) if !accept.takes(reason) => unaccepted(reason),
            Some(_) if end == End::Open => incomplete(
                "the connection ended before the stream did: no [DONE], no length, no last chunk",
            ),
            Some(_) if self.is_empty() && accept.empty != Empty::Allowed => {
                self.nothing(accept.empty)
            }
            Some(_) => return Ok(()),
            None if end == End::Open => incomplete(
                "the answer broke off: the connection ended without finish_reason and [DONE]",
            )
            .hint("the server, or a proxy before it, closed the connection: try again"),
            None => incomplete("the answer ended without a finish_reason"),
        };
        Err(self.with_context(failure))
    }

    /// Whether it has neither text (other than white space) nor calls.
    pub fn is_empty(&self) -> bool {
        !self.seen.text && self.calls.is_empty()
    }

    /// Whether no token of it has been received, not even white space.
    pub fn has_nothing(&self) -> bool {
        !self.started && self.text.is_empty() && !self.seen.reasoning && self.calls.is_empty()
    }

    /// The failure of an answer without text and calls.
    fn nothing(&self, empty: Empty) -> Failure {
        let what = if self.seen.reasoning {
            "the answer has reasoning only, neither text nor tool calls"
        } else {
            "the answer is empty: neither text nor tool calls"
        };
        let failure = Failure::new(Class::Incomplete, what);
        match empty {
            Empty::NeverAllowed => failure.hint("say in the prompt which JSON is wanted"),
            _ => failure.hint("if an empty answer is complete for you: --allow-empty"),
        }
    }

    /// Whether it is incomplete only because it is empty.
    pub fn is_only_empty(&self, accept: Accept<'_>) -> bool {
        let reason = self.finish_reason.as_deref();
        self.is_empty() && reason.is_some_and(|reason| accept.takes(reason))
    }

    /// The failure to report if the connection failed after a finish_reason. Blocked and
    /// truncated have priority over a missing end; an error code of the server has priority over
    /// both.
    #[must_use]
    pub fn prefer_finish_reason(&self, failure: Failure, accept: Accept<'_>) -> Failure {
        let server = failure.server.as_ref();
        let coded = server.is_some_and(|server| server.code.is_some());
        if coded || !matches!(failure.class, Class::Incomplete | Class::Network) {
            return failure;
        }
        match self.check(accept, End::Open) {
            Err(other) if matches!(other.class, Class::Blocked | Class::Truncated) => other,
            _ => failure,
        }
    }

    /// Adds the answer's finish_reason and request id to a failure.
    #[must_use]
    pub fn with_context(&self, mut failure: Failure) -> Failure {
        let (reason, id) = (&self.finish_reason, &self.request_id);
        let server = failure.server_mut();
        server.finish_reason = server.finish_reason.take().or_else(|| reason.clone());
        server.request_id = server.request_id.take().or_else(|| id.clone());
        failure
    }

    /// Whether to repeat the request after an incomplete answer. An unknown finish_reason would
    /// only come again.
    pub fn may_retry(&self, accept: Accept<'_>) -> bool {
        let known = |reason: &str| reason == "network_error" || accept.takes(reason);
        self.finish_reason.as_deref().is_none_or(known)
    }
}

/// The failure of an answer that ended for a reason that is not accepted.
fn unaccepted(reason: &str) -> Failure {
    let (class, what, hint) = match reason {
        "sensitive" | "content_filter" => (
            Class::Blocked,
            "the content policy blocked the answer",
            "change the prompt, and discard the part of the answer that arrived",
        ),
        "length" => (
            Class::Truncated,
            "the answer was cut at the output limit",
            "raise --max-tokens, ask for less, or choose a model with a longer output (airx models)",
        ),
        "model_context_window_exceeded" => (
            Class::Truncated,
            "the answer was cut at the end of the context window",
            "shorten the prompt, or choose a model with more context (airx models)",
        ),
        "network_error" => {
            let what = "the model failed while it answered (finish_reason network_error)";
            return Failure::new(Class::Incomplete, what);
        }
        _ => {
            let what = format!("the answer ended for a reason that airx does not know: {reason:?}");
            return Failure::new(Class::Incomplete, what).hint(format!(
                "if such an answer is complete for you: --accept {reason}"
            ));
        }
    };
    Failure::new(class, format!("{what} (finish_reason {reason})")).hint(hint)
}
