//! Replies as they go out: status, headers and the steps of a body; and the
//! bodies of every refusal, in the shapes of the wire samples.

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::answer::Ending;
use super::playback::Step;
use crate::cli::FaultKind;

/// `Content-Type` of whole replies. api.md §4.
pub(super) const JSON: &str = "application/json; charset=UTF-8";
/// `Content-Type` of streams. api.md §5.
const EVENT_STREAM: &str = "text/event-stream;charset=UTF-8";

/// One reply.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    /// HTTP status.
    pub(super) status: u16,
    /// Header names and values.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub(super) steps: Vec<Step>,
    /// Its length is told beforehand; else it goes in chunks.
    pub(super) sized: bool,
}

impl Reply {
    /// A reply whose body is all there.
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), content_type.into())],
            steps: vec![Step::Bytes(body.into())],
            sized: true,
        }
    }

    /// A whole JSON body.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, JSON, body.to_string())
    }

    /// An event stream.
    pub(super) fn stream(status: u16, steps: Vec<Step>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), EVENT_STREAM.into())],
            steps,
            sized: false,
        }
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with an end of its body in this way: half of it and then a
    /// break or silence, or half of it as if that were all.
    pub(super) fn ending(mut self, ending: Ending) -> Self {
        let broken = match ending {
            Ending::CutOutput => Some(Step::CutOutput),
            Ending::Stall => Some(Step::Stall),
            Ending::Malformed => None,
            _ => return self,
        };
        let Some(Step::Bytes(whole)) = self.steps.pop() else {
            return self;
        };
        self.steps.push(Step::Bytes(whole.slice(..whole.len() / 2)));
        let Some(broken) = broken else {
            return self;
        };
        self.steps.push(broken);
        self.header("Content-Length", whole.len().to_string())
    }
}

/// The member that holds a business code and its words.
pub(super) fn error(code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}

/// The words of 1302, in a body and in an error frame.
pub(super) const RATE_LIMITED: &str = "您的账户已达到速率限制，请您控制请求频率";
const OVERLOADED: &str = "该模型当前访问量过大，请您稍后再试";
const BLOCKED: &str = "系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。";

/// The gateway's own refusal, where `error` is a string.
pub(super) fn gateway(status: u16, error: &str, path: &str) -> Reply {
    let timestamp = "2026-06-27T05:18:33.909+00:00";
    Reply::json(
        status,
        &json!({ "timestamp": timestamp, "status": status, "error": error, "path": path }),
    )
}

/// The account's limit of requests in flight is reached.
pub(super) fn rate_limited() -> Reply {
    Reply::json(429, &error("1302", RATE_LIMITED))
}

/// No `Authorization` header came.
pub(super) fn no_key() -> Reply {
    let message = "Header 中未收到 Authentication 参数，无法进行身份验证";
    Reply::json(401, &error("1001", message))
}

/// A key came that is not taken.
pub(super) fn wrong_key() -> Reply {
    let message = "Authorization Token非法，请确认Authorization Token正确传递。";
    Reply::json(401, &error("1002", message))
}

/// A member of the request has a value that is not taken.
pub(super) fn bad_member(name: &str) -> Reply {
    Reply::json(
        400,
        &error("1214", &format!("{name}参数非法。请检查文档。")),
    )
}

/// A member that the request must have did not come.
pub(super) fn missing(name: &str) -> Reply {
    let message = format!("未正常接收到{name}参数。");
    Reply::json(400, &error("1213", &message))
}

/// The request's body is not a JSON object.
pub(super) fn unreadable() -> Reply {
    let message = "API 调用参数有误，请检查文档。";
    Reply::json(400, &error("1210", message))
}

/// The reply of a fault that leaves no room for an answer; `place` is the
/// server's own address and `path` the request's.
pub(super) fn refusal(kind: FaultKind, place: &str, path: &str) -> Option<Reply> {
    use FaultKind as Kind;
    Some(match kind {
        Kind::KeyRefused => wrong_key(),
        Kind::Balance => Reply::json(429, &error("1113", "余额不足或无可用资源包,请充值。")),
        Kind::BadRequest => bad_member("temperature"),
        Kind::NotFound => gateway(404, "Not Found", path),
        Kind::Redirect => Reply::new(301, "text/html", "")
            .header("Location", format!("http://{place}/elsewhere{path}")),
        Kind::RateLimit => rate_limited(),
        Kind::RateLimitNow => rate_limited().header("Retry-After", "0"),
        Kind::Overload => Reply::json(429, &error("1305", OVERLOADED)),
        Kind::ServerError => Reply::json(500, &error("1200", "API 调用失败，请稍后重试")),
        Kind::Unavailable => {
            let loading =
                json!({ "code": 503, "message": "Loading model", "type": "unavailable_error" });
            Reply::json(503, &json!({ "error": loading }))
        }
        Kind::Html => Reply::new(
            502,
            "text/html",
            "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
             <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n\
             </body>\r\n</html>\r\n",
        ),
        Kind::ErrorInSuccess => {
            let mut body = error("1305", OVERLOADED);
            body["request_id"] = "202604081407410d51be7723c94af6".into();
            Reply::json(200, &body)
        }
        Kind::SuccessFalse => Reply::json(
            200,
            &json!({ "code": 500, "msg": "404 NOT_FOUND", "success": false }),
        ),
        Kind::Filter => {
            let filter = json!([{ "level": 1, "role": "user" }]);
            let error = json!({ "code": "1301", "message": BLOCKED });
            Reply::json(400, &json!({ "contentFilter": filter, "error": error }))
        }
        Kind::Context => Reply::json(400, &error("1261", "Prompt 超长")),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error_body;
    use crate::exit::Class;

    #[test]
    fn every_refusal_has_the_class_that_its_kind_is_for() {
        let class = |kind| {
            let reply = refusal(kind, "127.0.0.1:1", "/v4/chat/completions").unwrap();
            let Step::Bytes(body) = &reply.steps[0] else {
                panic!("a refusal is whole");
            };
            error_body::read(reply.status, body).class
        };
        for (kind, expected) in [
            (FaultKind::KeyRefused, Class::Account),
            (FaultKind::Balance, Class::Account),
            (FaultKind::BadRequest, Class::Rejected),
            (FaultKind::NotFound, Class::Rejected),
            (FaultKind::Redirect, Class::Rejected),
            (FaultKind::Context, Class::Rejected),
            (FaultKind::RateLimit, Class::Busy),
            (FaultKind::RateLimitNow, Class::Busy),
            (FaultKind::Overload, Class::Busy),
            (FaultKind::ServerError, Class::Busy),
            (FaultKind::Unavailable, Class::Busy),
            (FaultKind::Html, Class::Busy),
            (FaultKind::ErrorInSuccess, Class::Busy),
            (FaultKind::SuccessFalse, Class::Busy),
            (FaultKind::Filter, Class::Blocked),
        ] {
            assert_eq!(class(kind), expected, "{kind:?}");
        }
    }
}
