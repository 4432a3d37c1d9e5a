//! Whether a response can be read as an answer.

use std::borrow::Cow;
use std::time::Duration;

use crate::answer::{Accept, Answer, End, refused};
use crate::api::error_body::without_bom;
use crate::error::Failure;
use crate::exit::Class;
use crate::http::Head;
use crate::sse;

pub(super) fn is_success(head: &Head) -> bool {
    (200..300).contains(&head.status)
}

/// Fails unless the response is a success whose body can be read.
pub(super) fn check(head: &Head, body: &[u8]) -> Result<(), Failure> {
    if !is_success(head) {
        let mut failure = refused(head.status, &first_data(body));
        if (300..400).contains(&head.status) {
            let place = head.header("location").unwrap_or("nowhere");
            failure.message = format!(
                "the server answered HTTP {} and points to {place}",
                head.status
            );
        }
        let server = failure.server_mut();
        server.retry_after = head.header("retry-after").and_then(retry_after);
        return Err(failure);
    }
    let codings = head
        .all("content-encoding")
        .flat_map(|value| value.split(','));
    let plain = ["", "identity", "none"];
    match codings
        .map(str::trim)
        .find(|coding| !plain.contains(&&*coding.to_ascii_lowercase()))
    {
        None => Ok(()),
        Some(coding) => Err(Failure::new(
            Class::Incomplete,
            format!("the response is encoded ({coding}), which airx did not request"),
        )
        .hint("switch compression off at the server or proxy for this path")),
    }
}

/// Reads an answer from a body that another request brought, such as a batch's.
pub fn read(status: u16, body: Vec<u8>, accept: Accept<'_>) -> (Answer, Result<(), Failure>) {
    let mut answer = Answer::default();
    let result = if (200..300).contains(&status) {
        answer.accept_body(body)
    } else {
        Err(refused(status, &body))
    };
    let result = result.and_then(|()| answer.check(accept, End::Proper));
    let result =
        result.map_err(|failure| answer.with_context(answer.prefer_finish_reason(failure, accept)));
    (answer, result)
}

/// The text of an error's body. An error may come in a frame of an event stream.
fn first_data(body: &[u8]) -> Cow<'_, [u8]> {
    let body = without_bom(body);
    if matches!(
        body.trim_ascii_start().first(),
        None | Some(b'{' | b'[' | b'<')
    ) {
        return Cow::Borrowed(body);
    }
    let mut first = None;
    let mut parser = sse::Parser::default();
    // The last frame of an error may lack its blank line.
    for bytes in [body, b"\n\n"] {
        let fed: Result<(), sse::TooLong> = parser.feed(bytes, |frame| {
            first.get_or_insert_with(|| frame.data.to_vec());
            Ok(())
        });
        if fed.is_err() {
            break;
        }
    }
    first.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// A number of seconds. Some servers send fractions, which are rounded up.
fn seconds(value: &str) -> Option<Duration> {
    let (integer, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if integer.is_empty() || !digits(integer) || !digits(fraction) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    let seconds = integer.parse().unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds.saturating_add(more)))
}

/// `Retry-After`: seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Some(seconds) = seconds(value) {
        return Some(seconds);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(
        date.duration_since(std::time::SystemTime::now())
            .unwrap_or_default(),
    )
}
