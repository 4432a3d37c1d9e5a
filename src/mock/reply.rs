//! Replies: status, headers and a body that is sent in steps, with waits and breaks; and
//! the error replies of the API, in the form of the wire samples (api.md §6).

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use serde_json::{Value, json};
use tokio::time::{Instant, Sleep};

/// `Content-Type` of complete replies. api.md §4.
pub(super) const JSON: &str = "application/json; charset=UTF-8";
/// `Content-Type` of streams. api.md §5.
const EVENT_STREAM: &str = "text/event-stream;charset=UTF-8";

/// The next step of a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Sends these bytes.
    Bytes(Bytes),
    /// Waits until this long after the body began.
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
    /// The body is sent with its length, else in chunks.
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

    pub(super) fn stream(status: u16, steps: Vec<Step>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), EVENT_STREAM.into())],
            steps,
            sized: false,
        }
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
/// The message of 1305.
pub(super) const OVERLOADED: &str = "该模型当前访问量过大，请您稍后再试";
/// The message of 1301.
pub(super) const BLOCKED: &str = "系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。";

/// The gateway's own error, where `error` is a string.
pub(super) fn gateway(status: u16, error: &str, path: &str) -> Reply {
    let timestamp = "2026-06-27T05:18:33.909+00:00";
    Reply::json(
        status,
        &json!({ "timestamp": timestamp, "status": status, "error": error, "path": path }),
    )
}

/// Too many requests in flight.
pub(super) fn rate_limited() -> Reply {
    Reply::json(429, &error("1302", RATE_LIMITED))
}

/// No `Authorization` header.
pub(super) fn no_key() -> Reply {
    let message = "Header 中未收到 Authentication 参数，无法进行身份验证";
    Reply::json(401, &error("1001", message))
}

/// Another key than the required one.
pub(super) fn wrong_key() -> Reply {
    let message = "Authorization Token非法，请确认Authorization Token正确传递。";
    Reply::json(401, &error("1002", message))
}

/// A member of the request has a wrong value.
pub(super) fn bad_member(name: &str) -> Reply {
    let message = format!("{name}参数非法。请检查文档。");
    Reply::json(400, &error("1214", &message))
}

/// A member of the request is missing.
pub(super) fn missing(name: &str) -> Reply {
    let message = format!("未正常接收到{name}参数。");
    Reply::json(400, &error("1213", &message))
}

/// The body of the request is not a JSON object.
pub(super) fn unreadable() -> Reply {
    let message = "API 调用参数有误，请检查文档。";
    Reply::json(400, &error("1210", message))
}

/// The model does not exist.
pub(super) fn unknown_model(status: u16) -> Reply {
    Reply::json(status, &error("1211", "模型不存在，请检查模型代码。"))
}

/// One request in flight, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<AtomicUsize>);

impl Slot {
    /// Takes a slot; `None` if `limit` requests are in flight.
    pub(super) fn take(in_flight: &Arc<AtomicUsize>, limit: Option<usize>) -> Option<Self> {
        let before = in_flight.fetch_add(1, Ordering::SeqCst);
        let slot = Self(Arc::clone(in_flight));
        limit.is_none_or(|limit| before < limit).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The body of a reply, as hyper sends it.
#[derive(Debug)]
pub(super) struct ReplyBody {
    steps: VecDeque<Step>,
    sized: bool,
    started: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// The bytes before a cut have had time to be sent.
    settled: bool,
    slot: Option<Slot>,
}

impl ReplyBody {
    /// A body that holds `slot` until its last step. Where it is `sized` and complete,
    /// its length is sent first.
    pub(super) fn new(steps: Vec<Step>, sized: bool, slot: Option<Slot>) -> Self {
        Self {
            steps: steps.into(),
            sized,
            started: None,
            sleep: None,
            settled: false,
            slot,
        }
    }

    fn wait(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(sleep.as_mut().poll(context));
        self.sleep = None;
        Poll::Ready(())
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let started = *self.started.get_or_insert_with(Instant::now);
        loop {
            match self.steps.front() {
                None => return Poll::Ready(None),
                Some(Step::Bytes(_)) => {
                    let Some(Step::Bytes(bytes)) = self.steps.pop_front() else {
                        continue;
                    };
                    if self.steps.is_empty() {
                        // The client may ask again as soon as it has read the last byte.
                        self.slot = None;
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::At(offset)) => {
                    let until = started + *offset;
                    if until > Instant::now() {
                        ready!(self.wait(until, context));
                    }
                    self.sleep = None;
                    self.steps.pop_front();
                }
                Some(Step::Cut) => {
                    if !self.settled {
                        let until = Instant::now() + Duration::from_millis(20);
                        ready!(self.wait(until, context));
                        self.settled = true;
                    }
                    self.steps.clear();
                    return Poll::Ready(Some(Err(io::Error::other("cut on purpose"))));
                }
                Some(Step::Stall) => return Poll::Pending,
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.sized {
            return SizeHint::default();
        }
        let mut total = 0;
        for step in &self.steps {
            let Step::Bytes(bytes) = step else {
                return SizeHint::default();
            };
            total += bytes.len() as u64;
        }
        SizeHint::with_exact(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_when_it_is_dropped() {
        let in_flight = Arc::new(AtomicUsize::new(0));
        let first = Slot::take(&in_flight, Some(1));
        assert!(first.is_some());
        assert!(Slot::take(&in_flight, Some(1)).is_none());
        drop(first);
        assert!(Slot::take(&in_flight, Some(1)).is_some());
    }

    #[test]
    fn only_a_complete_sized_body_has_a_length() {
        let bytes = || Step::Bytes(Bytes::from_static(b"abc"));
        let length = |steps, sized| ReplyBody::new(steps, sized, None).size_hint().exact();
        assert_eq!(length(vec![bytes(), bytes()], true), Some(6));
        assert_eq!(length(vec![bytes(), Step::Cut], true), None);
        assert_eq!(length(vec![bytes(), bytes()], false), None);
    }
}
