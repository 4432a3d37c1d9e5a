//! The judgement: is an answer complete, or which failure is it.

use super::Answer;
use crate::error::Failure;
use crate::exit::Class;

/// How the bytes of an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// `[DONE]`, or a body whose length, chunks or JSON say that it is whole.
    Proper,
    /// The connection ended, and with it a body that cannot tell its own end.
    Open,
}

impl Answer {
    /// Whether it is complete: an accepted finish_reason and a proper end.
    /// Blocked comes before truncated, truncated before incomplete.
    ///
    /// # Errors
    /// The failure that it is instead.
    pub fn judge(&self, accept: &[String], end: End) -> Result<(), Failure> {
        let reason = self.finish_reason.as_deref();
        let accepted = reason.is_some_and(|reason| {
            matches!(reason, "stop" | "tool_calls") || accept.iter().any(|accept| accept == reason)
        });
        let failure = match reason {
            _ if accepted => match end {
                End::Proper => return Ok(()),
                End::Open => Failure::new(Class::Incomplete, "the connection ended before the stream did: no [DONE], no length, no last chunk"),
            },
            Some(reason @ ("sensitive" | "content_filter")) => Failure::new(Class::Blocked, format!("the content policy blocked the answer (finish_reason {reason})"))
                .hint("change the prompt; what came of the answer should be discarded"),
            Some("length") => Failure::new(Class::Truncated, "the answer was cut at the output limit (finish_reason length)")
                .hint("raise --max-tokens, ask for less, or choose a model with a longer output (airx models)"),
            Some(reason @ "model_context_window_exceeded") => Failure::new(Class::Truncated, format!("the answer was cut at the end of the context window (finish_reason {reason})"))
                .hint("shorten the prompt, or choose a model with more context (airx models)"),
            Some(reason @ "network_error") => Failure::new(Class::Incomplete, format!("the model failed while it answered (finish_reason {reason})")),
            Some(reason) => Failure::new(Class::Incomplete, format!("the answer ended for a reason that airx does not know: {reason:?}"))
                .hint(format!("if such an answer is complete for you: --accept {reason}")),
            None if end == End::Open => Failure::new(Class::Incomplete, "the answer broke off: the connection ended without finish_reason and [DONE]"),
            None => Failure::new(Class::Incomplete, "the answer ended without a finish_reason"),
        };
        Err(self.sign(failure))
    }

    /// What counts where the connection failed behind a finish_reason: blocked
    /// and truncated say more than that the end is missing. A code of the
    /// server's says more than they do.
    #[must_use]
    pub fn outweigh(&self, failure: Failure, accept: &[String]) -> Failure {
        let coded = failure
            .server
            .as_ref()
            .is_some_and(|server| server.code.is_some());
        if coded || !matches!(failure.class, Class::Incomplete | Class::Network) {
            return failure;
        }
        match self.judge(accept, End::Open) {
            Err(told) if matches!(told.class, Class::Blocked | Class::Truncated) => told,
            _ => failure,
        }
    }

    /// Adds to a failure what the answer knows.
    #[must_use]
    pub fn sign(&self, mut failure: Failure) -> Failure {
        let server = failure.server_mut();
        server.finish_reason = server
            .finish_reason
            .take()
            .or_else(|| self.finish_reason.clone());
        server.request_id = server.request_id.take().or_else(|| self.request_id.clone());
        failure
    }

    /// Whether a failure of [`Answer::judge`] is the server's and worth another
    /// try: an unknown finish_reason would only come again.
    pub fn is_fault(&self) -> bool {
        matches!(
            self.finish_reason.as_deref(),
            None | Some("network_error" | "stop" | "tool_calls")
        )
    }
}
