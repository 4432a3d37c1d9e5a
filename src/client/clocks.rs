//! The time-outs of a streamed attempt.

use std::time::{Duration, Instant};

use super::transport::Transport;
use crate::error::Failure;
use crate::exit::Class;
use crate::http::LAST_LOOK;

/// The time-outs of a streamed attempt, and when each of them ends.
pub(super) struct Clocks {
    first_token: Option<(Instant, Duration)>,
    idle: Option<Duration>,
    deadline: Option<Instant>,
    total: Option<Duration>,
    /// When the last bytes arrived.
    pub(super) heard: Instant,
    /// Until when to keep reading bytes that arrived while the process was stopped.
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

    /// No time-outs: for a stream that is there completely.
    pub(super) fn stopped() -> Self {
        Self {
            first_token: None,
            idle: None,
            deadline: None,
            total: None,
            heard: Instant::now(),
            last_look: None,
        }
    }

    /// The time at which the current wait must end. The idle time-out applies only after
    /// the first token; before it, the first-token time-out applies.
    pub(super) fn limit(&self, started: bool) -> Option<Instant> {
        let own = if started {
            self.idle.map(|idle| self.heard + idle)
        } else {
            self.first_token.map(|(limit, _)| limit)
        };
        own.into_iter().chain(self.deadline).min()
    }

    /// Whether a time-out has passed and the bytes that arrived before it have been
    /// read.
    pub(super) fn have_run_out(&mut self, started: bool) -> bool {
        if self.limit(started).is_none_or(|limit| self.heard < limit) {
            return false;
        }
        self.heard >= *self.last_look.get_or_insert(self.heard + LAST_LOOK)
    }

    /// The failure for the time-out that has passed.
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
