//! Replies: status, headers and a body that is sent in steps, with waits and breaks; and
//! the error replies of the API, in the form of the wire samples (api.md §6).

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, stream};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until};

/// `Content-Type` of complete replies. api.md §4.
pub(super) const JSON: &str = "application/json; charset=UTF-8";
/// `Content-Type` of streams. api.md §5.
const EVENT_STREAM: &str = "text/event-stream;charset=UTF-8";

/// What the server does with a request.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    Reply(Reply),
    /// Sends nothing and keeps the connection open.
    Hang,
    Close,
    Reset,
}

impl From<Reply> for Action {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// The next step of a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Sends these bytes.
    Bytes(Bytes),
    /// Waits until this time after the start of the body.
    At(Duration),
    /// Breaks the connection.
    Cut,
    /// Sends no more and keeps the connection open.
    Stall,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// Header names and values.
    pub(super) headers: Vec<(String, String)>,
    pub(super) steps: Vec<Step>,
    /// Whether the body is sent with its length; if not, it is sent in chunks.
    pub(super) sized: bool,
}

impl Reply {
    /// A reply with a complete body.
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), content_type.into())],
            steps: vec![Step::Bytes(body.into())],
            sized: true,
        }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, JSON, body.to_string())
    }

    /// Status 200.
    pub(super) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    /// An error with a business code.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &error(code, message))
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// A body with a business code and its message.
pub(super) fn error(code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}

/// The message of 1302, in a body and in an error frame.
pub(super) const RATE_LIMITED: &str = "您的账户已达到速率限制，请您控制请求频率";

/// The gateway's own error. Its `error` is a string.
pub(super) fn gateway(status: u16, error: &str, path: &str) -> Reply {
    let timestamp = "2026-06-27T05:18:33.909+00:00";
    Reply::json(
        status,
        &json!({ "timestamp": timestamp, "status": status, "error": error, "path": path }),
    )
}

/// Too many requests in flight.
pub(super) fn rate_limited() -> Reply {
    Reply::error(429, "1302", RATE_LIMITED)
}

/// The key is not the required one.
pub(super) fn wrong_key() -> Reply {
    let message = "Authorization Token非法，请确认Authorization Token正确传递。";
    Reply::error(401, "1002", message)
}

/// A member of the request has a wrong value.
pub(super) fn bad_member(name: &str) -> Reply {
    refused(&format!("{name}参数非法。请检查文档。"))
}

/// The request is well formed, but the mock does not support it.
pub(super) fn refused(message: &str) -> Reply {
    Reply::error(400, "1214", message)
}

/// A member of the request is missing.
pub(super) fn missing(name: &str) -> Reply {
    Reply::error(400, "1213", &format!("未正常接收到{name}参数。"))
}

/// The body of the request is not a JSON object.
pub(super) fn unreadable() -> Reply {
    Reply::error(400, "1210", "API 调用参数有误，请检查文档。")
}

/// The model does not exist.
pub(super) fn unknown_model(status: u16) -> Reply {
    Reply::error(status, "1211", "模型不存在，请检查模型代码。")
}

/// A buffer of a stream is sent when it is longer than this.
const BUFFER: usize = 256 * 1024;

/// The frames of a stream, gathered into few large buffers unless a rate is set.
#[derive(Debug, Default)]
pub(super) struct Frames {
    steps: Vec<Step>,
    buffer: Vec<u8>,
    /// Frames a second, one for each token.
    rate: Option<f64>,
    paced: u32,
}

impl Frames {
    pub(super) fn new(rate: Option<f64>) -> Self {
        Self {
            rate,
            ..Self::default()
        }
    }

    /// Waits until the rate allows the next frame.
    pub(super) fn pace(&mut self) {
        let Some(rate) = self.rate else { return };
        self.paced = self.paced.saturating_add(1);
        self.step(Step::At(due(self.paced, rate)));
    }

    /// Adds a frame with this payload, which may have several lines.
    pub(super) fn payload(&mut self, payload: &str) {
        self.raw("data: ");
        self.raw(&payload.replace('\n', "\ndata: "));
        self.end_frame();
    }

    /// Adds a part of a frame.
    pub(super) fn raw(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// Adds a string as JSON.
    pub(super) fn string(&mut self, text: &str) {
        // A string can always be written as JSON, and to memory.
        let _ = serde_json::to_writer(&mut self.buffer, text);
    }

    pub(super) fn end_frame(&mut self) {
        self.raw("\n\n");
        if self.buffer.len() > BUFFER {
            self.flush();
        }
    }

    /// Adds a step after the bytes so far.
    pub(super) fn step(&mut self, step: Step) {
        self.flush();
        self.steps.push(step);
    }

    /// The reply with all frames.
    pub(super) fn reply(mut self, status: u16) -> Reply {
        self.flush();
        Reply {
            status,
            headers: vec![("Content-Type".into(), EVENT_STREAM.into())],
            steps: self.steps,
            sized: false,
        }
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            let bytes = Bytes::from(std::mem::take(&mut self.buffer));
            self.steps.push(Step::Bytes(bytes));
        }
    }
}

/// The time that `tokens` take at `rate` tokens a second.
pub(super) fn due(tokens: u32, rate: f64) -> Duration {
    Duration::try_from_secs_f64(f64::from(tokens) / rate).unwrap_or(Duration::MAX / 4)
}

/// The body of a reply, as hyper sends it.
pub(super) struct ReplyBody {
    frames: Pin<Box<dyn Stream<Item = io::Result<Frame<Bytes>>> + Send>>,
    /// Its length in bytes, if it is sent before the body.
    length: Option<u64>,
}

impl ReplyBody {
    /// A body that keeps `slot` until its last bytes are sent. If it is `sized` and complete,
    /// its length is sent first.
    pub(super) fn new(steps: Vec<Step>, sized: bool, slot: Option<OwnedSemaphorePermit>) -> Self {
        let bytes = |step: &Step| match step {
            Step::Bytes(bytes) => Some(bytes.len() as u64),
            Step::At(_) | Step::Cut | Step::Stall => None,
        };
        let length: Option<u64> = steps.iter().map(bytes).sum();
        let length = length.filter(|_| sized || steps.is_empty());
        let unsent = Unsent {
            steps: steps.into(),
            started: Instant::now(),
            slot,
        };
        Self {
            frames: Box::pin(stream::unfold(unsent, Unsent::next_frame)),
            length,
        }
    }
}

/// The rest of a body.
struct Unsent {
    steps: VecDeque<Step>,
    started: Instant,
    slot: Option<OwnedSemaphorePermit>,
}

impl Unsent {
    async fn next_frame(mut self) -> Option<(io::Result<Frame<Bytes>>, Self)> {
        loop {
            match self.steps.pop_front()? {
                Step::Bytes(bytes) => {
                    if self.steps.is_empty() {
                        // The client may ask again as soon as it has read the last byte.
                        self.slot = None;
                    }
                    return Some((Ok(Frame::data(bytes)), self));
                }
                Step::At(offset) => {
                    let until = self.started + offset;
                    // A timer takes up to a millisecond, also for a time that has passed.
                    if until > Instant::now() {
                        sleep_until(until).await;
                    }
                }
                Step::Cut => {
                    // The bytes before it need time to be sent.
                    sleep(Duration::from_millis(20)).await;
                    return Some((Err(io::Error::other("cut on purpose")), self));
                }
                Step::Stall => std::future::pending().await,
            }
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.frames.as_mut().poll_next(context)
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_sized_body_has_a_length() {
        let bytes = || Step::Bytes(Bytes::from_static(b"abc"));
        let length = |steps, sized| ReplyBody::new(steps, sized, None).size_hint().exact();
        assert_eq!(length(vec![bytes(), bytes()], true), Some(6));
        assert_eq!(length(vec![bytes(), Step::Cut], true), None);
        assert_eq!(length(vec![bytes(), bytes()], false), None);
    }
}
