//! A server's error instead of an answer → a failure.

use serde_json::value::RawValue;

use crate::api::error_body::{self, plain_text};
use crate::api::error_codes;
use crate::api::reply::{Choice, Reply};
use crate::error::{Failure, Server};
use crate::exit::Class;

/// The most characters of a server's text or code in a message.
const WORDS_MAX: usize = 500;
const CODE_MAX: usize = 100;

/// Returns the failure that a payload reports instead of an answer, if it reports one.
pub(super) fn reported(
    reply: &Reply<'_>,
    choice: Option<&Choice<'_>>,
    payload: &[u8],
) -> Option<Failure> {
    let says_something = |error: &&RawValue| !error_body::is_empty(error);
    if reply.error.as_ref().is_some_and(says_something) {
        return Some(refused(200, payload));
    }
    let in_choice = choice.and_then(|choice| choice.error);
    if let Some(error) = in_choice.filter(says_something) {
        return Some(failure_of(200, error.get().as_bytes(), payload));
    }
    match reply.choices {
        Some(_) => None,
        None => reported_in_json(payload),
    }
}

/// Returns the failure that JSON of any shape reports, if it reports one.
fn reported_in_json(payload: &[u8]) -> Option<Failure> {
    let found = error_body::read(200, payload);
    let says_something = found.code.is_some() || found.message.is_some();
    (says_something && plain_text(payload).is_none()).then(|| refused(200, payload))
}

/// The failure for a body with this status.
pub fn refused(status: u16, body: &[u8]) -> Failure {
    failure_of(status, body, body)
}

/// The failure that `error`, a part of `body`, reports.
fn failure_of(status: u16, error: &[u8], body: &[u8]) -> Failure {
    let refusal = error_body::read(status, error);
    let code = refusal.code.as_deref();
    let hint = error_codes::hint(refusal.class, Some(status), code);
    // Avoid repetition: the code may equal the status, and the text may equal the code.
    let named = code.filter(|code| **code != status.to_string());
    let words = refusal.message.as_deref();
    let words = words.filter(|words| Some(*words) != named);
    let mut message = match (status, named.map(|code| one_line(code, CODE_MAX))) {
        (200, Some(code)) => format!("the server answered with error {code}"),
        (200, None) => "the server answered with an error".to_owned(),
        (_, Some(code)) => format!("the server answered HTTP {status} with error {code}"),
        (_, None) => format!("the server answered HTTP {status}"),
    };
    if let Some(words) = words {
        message = message + ": " + &one_line(words, WORDS_MAX);
    }
    let mut failure = Failure::new(refusal.class, message);
    failure.hint = hint.map(str::to_owned);
    failure.server = Some(Box::new(Server {
        http_status: Some(status),
        code: refusal.code,
        message: refusal.message,
        request_id: refusal.request_id,
        body: Some(body.to_vec()),
        ..Server::default()
    }));
    failure
}

/// The failure of a model that explains why it does not answer.
pub(super) fn model_refused(words: &str) -> Failure {
    let words = one_line(words, WORDS_MAX);
    let what = format!("the model refused to answer: {words}");
    Failure::new(Class::Blocked, what).hint("change the prompt")
}

/// The failure for a payload that is not a chat completion. `why` is the parser's error.
pub(super) fn unreadable(what: &str, why: &serde_json::Error, payload: &[u8]) -> Failure {
    if let Some(failure) = reported_in_json(payload) {
        return failure;
    }
    let message = if payload.trim_ascii().is_empty() {
        format!("{what} is empty")
    } else if let Some(words) = plain_text(payload) {
        let words = one_line(&words, WORDS_MAX);
        format!("{what} is not a chat completion in JSON but text: {words}")
    } else {
        format!("{what} is not a chat completion in JSON: {why}")
    };
    Failure::new(Class::Incomplete, message)
        .with_body(payload)
        .hint("see it with -v; is the base URL right?")
}

/// The server's text on one line of about `max` characters. It is never cut inside a run of
/// printable ASCII, since half of a key would not be recognised and hidden.
fn one_line(words: &str, max: usize) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(max) {
        Some((cut, _)) => {
            let kept = line[..cut].trim_end_matches(|c: char| c.is_ascii_graphic());
            format!("{}…", kept.trim_end())
        }
        None => line,
    }
}
