//! The faults of `airx mock --fail`. Their kinds, with their help, are in `cli/mock.rs`.
//!
//! A fault replaces an answer by an error or a broken connection ([`instead_of_answer`]), or
//! spoils the answer and how it ends ([`spoil`], [`ending`]).

use serde_json::json;

use super::answer::{Answer, Ending, first_half};
use super::reply::{Action, Reply, bad_member, error, gateway, rate_limited, wrong_key};
use super::rng::Rng;
use crate::cli::{FaultKind, MockArgs, Place};

/// Chooses the fault of `--fail` for a request, if any. `occurrence` is the number of
/// earlier requests that were the same.
pub(super) fn choose(
    args: &MockArgs,
    place: Place,
    fingerprint: u64,
    occurrence: u64,
) -> Option<FaultKind> {
    // Not the random numbers of the answer, so that faults do not change ids and texts.
    let mut rng = Rng::new(args.seed, !fingerprint, occurrence);
    let mut here = args.fail.iter().filter(|fault| fault.place == place);
    let chosen = here.find(|fault| rng.chance(fault.probability))?;
    Some(chosen.kind)
}

/// How a fault ends the bytes of an answer or of another reply.
pub(super) fn ending(kind: FaultKind) -> Ending {
    match kind {
        FaultKind::Cut => Ending::Cut,
        FaultKind::Stall => Ending::Stall,
        FaultKind::NoDone => Ending::NoDone,
        FaultKind::ErrorFrame => Ending::ErrorFrame,
        FaultKind::Malformed => Ending::Malformed,
        FaultKind::Empty => Ending::Empty,
        _ => Ending::Proper,
    }
}

/// Spoils an answer as `kind` says. Does nothing for faults that replace the answer.
pub(super) fn spoil(answer: &mut Answer, kind: FaultKind) {
    answer.ending = ending(kind);
    let finish_reason = match kind {
        FaultKind::Cut | FaultKind::Stall | FaultKind::NoDone | FaultKind::ErrorFrame => None,
        FaultKind::NetworkError => Some("network_error"),
        FaultKind::Sensitive => Some("sensitive"),
        FaultKind::Length => Some("length"),
        FaultKind::ContextWindow => Some("model_context_window_exceeded"),
        FaultKind::UnknownFinish => return answer.finish_reason = Some("mystery".into()),
        FaultKind::BadArguments => {
            for call in &mut answer.calls {
                call.arguments = format!("{}oops", first_half(&call.arguments));
            }
            return;
        }
        _ => return,
    };
    answer.finish_reason = finish_reason.map(str::to_owned);
    let last_call = answer.calls.last_mut().map(|call| &mut call.arguments);
    for text in answer.content.as_mut().into_iter().chain(last_call) {
        text.truncate(first_half(text).len());
    }
}

/// Returns the action that replaces the answer, or `None` for a fault that spoils the
/// answer. `host` is the server's own address, `path` the request's.
pub(super) fn instead_of_answer(
    fault: Option<FaultKind>,
    host: &str,
    path: &str,
) -> Option<Action> {
    match fault? {
        FaultKind::Hang => Some(Action::Hang),
        FaultKind::Close => Some(Action::Close),
        FaultKind::Reset => Some(Action::Reset),
        kind => error_reply(kind, host, path).map(Action::Reply),
    }
}

/// The message of 1305.
const OVERLOADED: &str = "该模型当前访问量过大，请您稍后再试";
/// The message of 1301.
const BLOCKED: &str = "系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。";

fn error_reply(kind: FaultKind, host: &str, path: &str) -> Option<Reply> {
    use FaultKind as Kind;
    Some(match kind {
        Kind::KeyRefused => wrong_key(),
        Kind::Balance => Reply::error(429, "1113", "余额不足或无可用资源包,请充值。"),
        Kind::BadRequest => bad_member("temperature"),
        Kind::NotFound => gateway(404, "Not Found", path),
        Kind::Redirect => Reply::new(301, "text/html", "")
            .header("Location", format!("http://{host}/elsewhere{path}")),
        Kind::RateLimit => rate_limited(),
        Kind::RateLimitNow => rate_limited().header("Retry-After", "0"),
        Kind::Overload => Reply::error(429, "1305", OVERLOADED),
        Kind::ServerError => Reply::error(500, "1200", "API 调用失败，请稍后重试"),
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
        Kind::Context => Reply::error(400, "1261", "Prompt 超长"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error_body;
    use crate::exit::Class;
    use crate::mock::reply::Step;

    #[test]
    fn every_error_reply_has_the_class_that_its_kind_is_for() {
        let class = |kind| {
            let reply = error_reply(kind, "127.0.0.1:1", "/v4/chat/completions").unwrap();
            let Step::Bytes(body) = &reply.steps[0] else {
                panic!("an error reply is complete");
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

    #[test]
    fn a_spoiled_answer_keeps_its_first_half() {
        let mut spoiled = Answer::new(Some("a b c d".into()), Vec::new());
        spoil(&mut spoiled, FaultKind::Cut);
        assert_eq!(spoiled.content.as_deref(), Some("a b"));
        assert_eq!((spoiled.finish_reason, spoiled.ending), (None, Ending::Cut));
    }
}
