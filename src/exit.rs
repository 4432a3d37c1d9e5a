//! The exit codes, by who can fix the problem. Imports nothing of airx: the program, the
//! help text, the man pages and the tests all read this one table.

use serde::{Serialize, Serializer};

/// How a run ended. Scripts branch on it; its number and name never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A complete answer, or a reader that closed the pipe.
    Ok,
    /// A defect of airx, or local I/O that failed.
    Internal,
    /// Wrong flags or unusable input; nothing was sent.
    Usage,
    /// A problem of the account or its key; the owner of the key can fix it.
    Account,
    /// The server refuses this very request.
    Rejected,
    /// Rate limit, overload or server fault; a later try may succeed.
    Busy,
    /// A failure of the network on the way to the server, or a time-out.
    Network,
    /// The answer broke off or cannot be read.
    Incomplete,
    /// Content policy.
    Blocked,
    /// The output limit or the context window cut the answer.
    Truncated,
    /// The answer is not what was asked for.
    Invalid,
    /// A tool's command cannot be started, the rounds are used up, or a required call was
    /// not made.
    Tool,
    /// `--each`: some of the items failed.
    Partial,
    /// `--replay` found no recording for a request.
    Replay,
    /// SIGINT, SIGTERM or SIGHUP; the code is that of the signal.
    Signal,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The class the row describes.
    pub class: Class,
    /// The process's exit status; for [`Class::Signal`] SIGINT's.
    pub code: u8,
    /// The name used in messages and events.
    pub name: &'static str,
    /// When it happens, in one clause.
    pub when: &'static str,
}

/// Every exit code, in the order of their numbers.
#[rustfmt::skip] // A row stays one line, or two if it is long.
pub const TABLE: &[Row] = &[
    row(Class::Ok, 0, "ok", "a complete answer; also when the reader closed the pipe"),
    row(Class::Internal, 1, "internal", "a defect of airx, or local I/O that failed (disk full)"),
    row(Class::Usage, 2, "usage", "wrong flags, unreadable or invalid input; nothing was sent"),
    row(Class::Account, 3, "account",
        "no key, key refused, no balance, plan, quota or --budget used up"),
    row(Class::Rejected, 4, "rejected", "the server refuses this request"),
    row(Class::Busy, 5, "busy", "rate limit, overload or server fault, retries used up"),
    row(Class::Network, 6, "network",
        "DNS, connect, TLS, proxy, a reset before any response byte, or a time-out"),
    row(Class::Incomplete, 7, "incomplete", "the answer broke off or cannot be read"),
    row(Class::Blocked, 8, "blocked",
        "content policy, or finish_reason sensitive or content_filter"),
    row(Class::Truncated, 9, "truncated", "the output limit or the context window cut the answer"),
    row(Class::Invalid, 10, "invalid",
        "the answer is not the JSON asked for, or a call's arguments; no code block to extract"),
    row(Class::Tool, 11, "tool",
        "a tool's command cannot be started, rounds used up, --require-call unmet"),
    row(Class::Partial, 12, "partial",
        "--each, batch: some items failed, and each failure is in the output; or --max-cost came before the end"),
    row(Class::Replay, 13, "replay", "--replay: no recording fits the request"),
    row(Class::Signal, 130, "signal",
        "SIGINT (143 SIGTERM, 129 SIGHUP): output is finished, then airx dies of the signal"),
];

const fn row(class: Class, code: u8, name: &'static str, when: &'static str) -> Row {
    Row {
        class,
        code,
        name,
        when,
    }
}

impl Class {
    fn row(self) -> &'static Row {
        // The table contains every class in the order of the enum.
        &TABLE[self as usize]
    }

    /// The exit status of a run that ended with this class.
    pub fn code(self) -> u8 {
        self.row().code
    }

    /// The class's name, as messages and events show it.
    pub fn name(self) -> &'static str {
        self.row().name
    }
}

/// Events carry the name.
impl Serialize for Class {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_finds_its_own_row() {
        for (position, row) in TABLE.iter().enumerate() {
            assert_eq!(row.class as usize, position, "{}", row.name);
        }
    }
}
