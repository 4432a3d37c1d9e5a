//! The one error type: a [`Class`] by who can fix it, one line that says what
//! happened, a hint, and the setting that it is about.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::exit::Class;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An option of the command line: its long name, without dashes.
    Option(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// The configuration file.
    File(Box<FilePlace>),
    /// airx itself.
    Default,
}

/// A value of the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlace {
    /// The file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// The profile that the value belongs to.
    pub profile: Option<String>,
}

impl fmt::Display for FilePlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.path.display(), self.line, self.column)
    }
}

/// Why a run failed: what standard error and an `error` event report.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Who can fix it; determines the exit code.
    pub class: Class,
    /// One line, no final period: what happened, and where.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where a reader sees more about it. The output puts this into words for its format,
    /// before the hint.
    pub look: Option<Look>,
    /// The setting that it is about.
    pub origin: Option<Origin>,
    /// What the server said, if the server failed the run.
    pub server: Option<Box<Server>>,
    /// It may be retried: the connection failed, or was reset before any response byte.
    pub retryable: bool,
    /// The request cannot have reached the server, so it cost nothing.
    pub unsent: bool,
    /// The signal's number, for [`Class::Signal`] alone.
    pub signal: Option<i32>,
    /// The exit status, if it differs from the class's.
    pub status: Option<u8>,
}

/// What shows a reader more about a failure. Its place depends on the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The rejected answer.
    Answer,
    /// The rejected answer and all that is wrong with it.
    AnswerAndErrors,
    /// All that is wrong with an answer.
    Errors,
    /// The arguments of a call, which are not JSON.
    Arguments,
    /// All that is wrong with the arguments of a call.
    ArgumentErrors,
}

/// A server's own account of a failure.
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// HTTP status of the reply.
    pub http_status: Option<u16>,
    /// Business code (`error.code`), as text; api.md §6.3.
    pub code: Option<String>,
    /// The server's own words.
    pub message: Option<String>,
    /// The server's id of the request.
    pub request_id: Option<String>,
    /// `finish_reason` of an answer that was not accepted.
    pub finish_reason: Option<String>,
    /// The wait the server asked for.
    pub retry_after: Option<Duration>,
    /// The reply's body, for `--verbose`.
    pub body: Option<Vec<u8>>,
}

impl Failure {
    /// A failure of this class that is not retryable.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: None,
            look: None,
            origin: None,
            server: None,
            retryable: false,
            unsent: false,
            signal: None,
            status: None,
        }
    }

    /// Wrong flags or input: exit 2, nothing was sent.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Class::Usage, message)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the option that the failure is about; the message names it, too. The merge of
    /// the settings finds the source of the option's value.
    #[must_use]
    pub fn about(mut self, option: &'static str) -> Self {
        self.origin = Some(Origin::Option(option));
        self
    }

    /// Sets the source of the value that the failure is about. Puts a place in a file before
    /// the message.
    #[must_use]
    pub fn from_origin(mut self, origin: Origin) -> Self {
        if let Origin::File(place) = &origin {
            self = self.within(place);
        }
        self.origin = Some(origin);
        self
    }

    /// Puts the place of the failure before the message.
    #[must_use]
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Keeps the server's reply, for `--verbose`.
    #[must_use]
    pub fn with_body(mut self, body: &[u8]) -> Self {
        self.server_mut().body = Some(body.to_vec());
        self
    }

    /// HTTP status of the server's reply, if there was one.
    pub fn http_status(&self) -> Option<u16> {
        self.server.as_ref().and_then(|server| server.http_status)
    }

    /// The server's business code, if it sent one.
    pub fn code(&self) -> Option<&str> {
        self.server
            .as_ref()
            .and_then(|server| server.code.as_deref())
    }

    /// Sets where a reader sees more.
    #[must_use]
    pub fn look(mut self, look: Look) -> Self {
        self.look = Some(look);
        self
    }

    /// Marks it as retryable.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// The server's account. If there is none, adds an empty one.
    pub fn server_mut(&mut self) -> &mut Server {
        self.server.get_or_insert_default()
    }

    /// The exit status: the class's, 128 + the signal, or its own.
    pub fn exit(&self) -> u8 {
        match self.signal {
            Some(number) => u8::try_from(128 + number).unwrap_or(u8::MAX),
            None => self.status.unwrap_or(self.class.code()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.class.name(), self.message)
    }
}

impl std::error::Error for Failure {}

/// An error of a library, with its context in airx: exit 1.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Class::Internal, format!("{error:#}"))
    }
}

/// Local I/O that failed during the run: exit 1.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Class::Internal, error.to_string())
    }
}
