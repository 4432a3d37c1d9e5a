//! What a server said instead of an answer → a failure.

use crate::api::failure;
use crate::api::reply::Reply;
use crate::error::{Failure, Server};
use crate::exit::Class;

/// Characters of a server's words, and of a code, that a message has.
const WORDS_MAX: usize = 500;
const CODE_MAX: usize = 100;

/// The failure that a payload reports instead of an answer, if it does.
pub(super) fn reported(reply: &Reply<'_>, payload: &[u8]) -> Option<Failure> {
    let error = reply.error.is_some_and(|error| !failure::is_empty(error));
    if !error && reply.choices.is_some() {
        return None;
    }
    let refusal = failure::read(200, payload);
    let says_so = error || refusal.code.is_some() || refusal.message.is_some();
    says_so.then(|| refused(200, payload))
}

/// The failure that a body of this status is.
pub fn refused(status: u16, body: &[u8]) -> Failure {
    let refusal = failure::read(status, body);
    let words = refusal.message.as_deref();
    let words = words.map(|words| one_line(words, WORDS_MAX));
    let code = refusal.code.as_deref();
    let hint = failure::hint(refusal.class, Some(status), code);
    let code = code.map(|code| one_line(code, CODE_MAX));
    let mut message = match &code {
        Some(code) if status == 200 => format!("the server answered with error {code}"),
        Some(code) => format!("the server answered HTTP {status} with error {code}"),
        None if status == 200 => "the server answered with an error".to_owned(),
        None => format!("the server answered HTTP {status}"),
    };
    if let Some(words) = &words {
        message = format!("{message}: {words}");
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

pub(super) fn unreadable(what: &str, why: &serde_json::Error, payload: &[u8]) -> Failure {
    let failure = if payload.trim_ascii().is_empty() {
        Failure::new(Class::Incomplete, format!("{what} is empty"))
    } else {
        Failure::new(
            Class::Incomplete,
            format!("{what} is not a chat completion in JSON: {why}"),
        )
    };
    with_body(failure, payload).hint("see it with -v; is the base URL right?")
}

pub(super) fn with_body(mut failure: Failure, body: &[u8]) -> Failure {
    failure.server_mut().body = Some(body.to_vec());
    failure
}

/// Words of a server on one line of about `max` characters. The cut is never made
/// inside a run of printable ASCII: half of a key would no longer be known for
/// one, and be shown.
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
