//! The time-outs of a streamed attempt.

use std::time::{Duration, Instant};

use super::transport::Transport;
use crate::error::Failure;
use crate::exit::Class;
use crate::http::LAST_LOOK;

/// The clocks of a streamed attempt.
pub(super) struct Clocks {
    first_token: Option<(Instant, Duration)>,
    idle: Option<Duration>,
    deadline: Option<Instant>,
    total: Option<Duration>,
    /// When the last bytes came.
    pub(super) heard: Instant,
    /// How long bytes are read on that arrived while the process was stopped.
    last_look: Option<Instant>,
}

impl Clocks {
    pub(super) fn new(transport: &Transport, sent: Instant, deadline: Option<Instant>) -> Self {
        let timeouts = transport.connection().timeouts;
        Self {
            first_token: timeouts.first_token.map(|limit| (sent + limit, limit)),
            idle: timeouts.idle,
            deadline,
            total: timeouts.total,
            heard: sent,
            last_look: None,
        }
    }

    /// The next moment at which the wait must end. The idle clock runs once the
    /// first token is there; before, it would cut the first-token clock short.
    pub(super) fn limit(&self, started: bool) -> Option<Instant> {
        let own = if started {
            self.idle.map(|idle| self.heard + idle)
        } else {
            self.first_token.map(|(limit, _)| limit)
        };
        own.into_iter().chain(self.deadline).min()
    }

    /// Whether a clock has run out over the bytes that have just come, and those that
    /// had arrived with them are read.
    pub(super) fn have_run_out(&mut self, started: bool) -> bool {
        if self.limit(started).is_none_or(|limit| self.heard < limit) {
            return false;
        }
        self.heard >= *self.last_look.get_or_insert(self.heard + LAST_LOOK)
    }

    /// Which clock it was that ran out.
    pub(super) fn ran_out(&self, started: bool) -> Failure {
        let (what, flag, limit) = if self
            .deadline
            .is_some_and(|deadline| deadline <= Instant::now())
        {
            ("no complete answer", "--timeout", self.total)
        } else if started {
            ("the stream has been silent", "--idle-timeout", self.idle)
        } else {
            (
                "no first token",
                "--first-token-timeout",
                self.first_token.map(|(_, limit)| limit),
            )
        };
        let limit = limit.unwrap_or_default().as_secs_f64();
        let joint = if started && flag == "--idle-timeout" {
            "for"
        } else {
            "within"
        };
        Failure::new(Class::Network, format!("{what} {joint} {limit} s"))
            .hint(format!("raise {flag}"))
    }
}
