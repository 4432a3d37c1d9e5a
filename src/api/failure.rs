//! A server's failure: by `error.code` first, then by HTTP status, then by the
//! body's shape. api.md §6; the classes are the exit codes'.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::text::Text;
use crate::exit::Class;

/// What a server said instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// By who can fix it.
    pub class: Class,
    /// `error.code`, or the `code` beside `"success":false`.
    pub code: Option<String>,
    /// The server's words, whatever member they stand in.
    pub message: Option<String>,
    /// The server's id of the request.
    pub request_id: Option<String>,
}

/// Each member on its own: one that cannot be read must not hide the code.
#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow)]
    request_id: Option<&'a RawValue>,
}

fn text(member: Option<&RawValue>) -> Option<String> {
    let text: Text<'_> = serde_json::from_str(member?.get()).ok()?;
    Some(text.0.into_owned())
}

/// Reads a failure out of `body`, which came with `status`. A body that is not
/// JSON is classed by the status alone.
pub fn read(status: u16, body: &[u8]) -> Refusal {
    let Ok(body) = serde_json::from_slice::<Body<'_>>(body) else {
        return Refusal {
            class: class_of_status(status),
            code: None,
            message: None,
            request_id: None,
        };
    };
    // `error` is an object, or the plain string of a gateway.
    let inner: Option<Body<'_>> = body
        .error
        .and_then(|error| serde_json::from_str(error.get()).ok());
    let plain = if inner.is_some() {
        None
    } else {
        text(body.error)
    };
    let inner = inner.unwrap_or_default();
    let beside = || {
        text(body.msg)
            .or_else(|| text(body.message))
            .or_else(|| text(body.detail))
    };
    let message = text(inner.message).or_else(beside).or(plain);
    let code = text(inner.code)
        .or_else(|| text(body.code))
        .filter(|code| !code.is_empty());
    Refusal {
        class: code
            .as_deref()
            .and_then(class_of_code)
            .unwrap_or_else(|| class_of_status(status)),
        code,
        message: message.filter(|message| !message.trim().is_empty()),
        request_id: text(body.request_id),
    }
}

/// Whether the `error` member of a body says nothing: servers send `null`, `{}`,
/// `""`, `[]`, `false` or an object of empty members beside a good answer.
pub fn is_empty(error: &RawValue) -> bool {
    fn says_nothing(value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(false) => true,
            Value::Bool(true) => false,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.iter().all(says_nothing),
            Value::Object(members) => members.values().all(says_nothing),
        }
    }
    serde_json::from_str(error.get()).is_ok_and(|error| says_nothing(&error))
}

/// The class of a business code, or of an HTTP status sent as a code; none for
/// a code that no document names.
fn class_of_code(code: &str) -> Option<Class> {
    Some(match code.parse::<u16>().ok()? {
        1120 | 1200 | 1230 | 1234 | 1302 | 1303 | 1305 | 1312 | 1701 => Class::Busy,
        1000..=1005 | 1100..=1121 | 1220 | 1304 | 1308..=1311 | 1313..=1321 => Class::Account,
        1210..=1222 | 1231 | 1261 | 1702 | 1703 => Class::Rejected,
        1300 | 1301 => Class::Blocked,
        status @ 300..=599 => class_of_status(status),
        _ => return None,
    })
}

/// The class of an HTTP status. A failure that comes with a status of success
/// and no known code is an answer that cannot be read.
pub fn class_of_status(status: u16) -> Class {
    match status {
        401 | 403 | 434 => Class::Account,
        // The proxy's own word, not the server's.
        407 => Class::Network,
        408 | 429 | 500..=599 => Class::Busy,
        300..=499 => Class::Rejected,
        _ => Class::Incomplete,
    }
}

/// Whether a busy server has surely not begun what it was asked for: a rate limit
/// or an overload is said before. What another fault was in the middle of, nobody
/// tells, whatever HTTP status it came with.
pub fn is_turned_away(status: u16, code: Option<&str>) -> bool {
    let known = code.filter(|code| class_of_code(code).is_some());
    match known.and_then(|code| code.parse().ok()) {
        Some(code) => matches!(code, 1302 | 1303 | 1305 | 1312 | 408 | 429 | 503),
        None => matches!(status, 408 | 429 | 503),
    }
}

/// Overload of the model itself: spells last minutes, so back-off starts late
/// and the tries are not counted. api.md §6.3.
pub fn is_overload(code: Option<&str>) -> bool {
    matches!(code, Some("1305" | "1312"))
}

/// The account's rate limit: fewer requests at a time would do. api.md §6.3.
pub fn is_rate_limit(class: Class, status: Option<u16>, code: Option<&str>) -> bool {
    matches!(code, Some("1302" | "1303"))
        || (class == Class::Busy && status == Some(429) && !is_overload(code))
}

/// What to do about a failure, in English; the server's own words may be in
/// either language.
pub fn hint(class: Class, status: Option<u16>, code: Option<&str>) -> Option<&'static str> {
    let by_code = match code.unwrap_or_default() {
        "1000" | "1002" | "1004" | "401" => {
            "the key was refused: check AIRX_API_KEY, ZHIPUAI_API_KEY or ZAI_API_KEY, and that it belongs to this host"
        }
        "1001" => "no key reached the server: set AIRX_API_KEY, ZHIPUAI_API_KEY or ZAI_API_KEY",
        "1003" => "the key has expired: make a new one",
        "1110" | "1111" | "1112" | "1121" => "the account is inactive, absent or locked",
        "1113" => {
            "the balance or the resource package is used up: top up, or choose a free model (airx models)"
        }
        "1211" | "1221" | "1222" => {
            "the model or the API is not offered here: see airx models, and choose with -m"
        }
        "1220" => "the account has no permission for this API",
        "1231" => "this request id was used before: give another --request-id",
        "1261" => {
            "the prompt is longer than the model's context: shorten it, or choose a model with more (airx models)"
        }
        "1302" | "1303" => {
            "the account's rate limit: send fewer requests at a time, or raise --retries"
        }
        "1304" | "1308" | "1310" | "1316" | "1317" | "1318" | "1319" | "1320" | "1321" => {
            "a quota is used up: wait until it resets, or use another plan"
        }
        "1305" | "1312" => {
            "the model is overloaded for everyone: try later, raise --timeout, or choose another model"
        }
        "1309" | "1311" | "1314" | "1315" => "the plan has expired or does not hold this model",
        "1313" => "the account is restricted for its pattern of use",
        "1300" | "1301" => "the content policy blocked the prompt or the answer: change the prompt",
        _ => "",
    };
    if !by_code.is_empty() {
        return Some(by_code);
    }
    match (class, status) {
        (Class::Account, _) => Some(
            "check the key (AIRX_API_KEY, ZHIPUAI_API_KEY, ZAI_API_KEY), its plan and its balance",
        ),
        (Class::Rejected, Some(300..=399)) => {
            Some("redirects are not followed: set --base-url to the place named")
        }
        (Class::Rejected, Some(404)) => Some(
            "check --base-url: the request goes to {base}/chat/completions; and that the model is served there",
        ),
        (Class::Rejected, Some(413)) => {
            Some("the request is larger than the server or a proxy takes")
        }
        (Class::Network, _) => {
            Some("check the proxy (--proxy, HTTPS_PROXY, ALL_PROXY) and its credentials")
        }
        (Class::Busy, _) => Some("try later, or raise --retries and --timeout"),
        (Class::Blocked, _) => {
            Some("the content policy blocked the prompt or the answer: change the prompt")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, body: &str) -> Class {
        read(status, body.as_bytes()).class
    }

    #[test]
    fn the_code_decides_before_the_status() {
        assert_eq!(
            class(429, r#"{"error":{"code":"1113","message":"x"}}"#),
            Class::Account
        );
        assert_eq!(class(400, r#"{"error":{"code":1301}}"#), Class::Blocked);
        assert_eq!(class(200, r#"{"error":{"code":"1305"}}"#), Class::Busy);
        assert_eq!(
            class(200, r#"{"code":500,"msg":"404 NOT_FOUND","success":false}"#),
            Class::Busy
        );
        assert_eq!(class(400, r#"{"error":{"code":"401"}}"#), Class::Account);
    }

    #[test]
    fn an_unknown_code_is_classed_by_the_status() {
        assert_eq!(class(500, r#"{"error":{"code":"9999"}}"#), Class::Busy);
        assert_eq!(
            class(400, r#"{"error":{"code":"invalid_x"}}"#),
            Class::Rejected
        );
        assert_eq!(class(200, r#"{"error":"no"}"#), Class::Incomplete);
    }

    #[test]
    fn only_a_limit_or_an_overload_is_turned_away_before_anything_is_done() {
        for (status, code) in [
            (200, Some("1302")),
            (400, Some("1305")),
            (500, Some("1312")),
            (200, Some("429")),
            (503, None),
            (429, Some("slow_down")),
        ] {
            assert!(is_turned_away(status, code), "{status} {code:?}");
        }
        for (status, code) in [
            (200, Some("500")),
            (400, Some("1234")),
            (503, Some("1230")),
            (200, Some("1200")),
            (500, None),
            (504, Some("timeout")),
        ] {
            assert!(!is_turned_away(status, code), "{status} {code:?}");
        }
    }

    #[test]
    fn an_error_is_empty_where_no_member_of_it_says_anything() {
        let empty = |json: &str| is_empty(serde_json::from_str(json).unwrap());
        let nothing = [
            "null",
            "{}",
            "\"\"",
            "[]",
            "false",
            "0",
            r#"{"message":"","type":" ","param":[],"code":null,"details":[{"a":{}}]}"#,
        ];
        for json in nothing {
            assert!(empty(json), "{json}");
        }
        let something = [
            "true",
            "5",
            "\"x\"",
            "[\"x\"]",
            r#"{"message":"","code":1302}"#,
        ];
        for json in something {
            assert!(!empty(json), "{json}");
        }
    }

    #[test]
    fn the_words_are_found_wherever_they_stand() {
        let words = |body: &str| read(500, body.as_bytes()).message;
        assert_eq!(
            words(r#"{"error":"Not Found","status":404}"#).unwrap(),
            "Not Found"
        );
        assert_eq!(words(r#"{"error":"bad","message":"why"}"#).unwrap(), "why");
        assert_eq!(words("<html>"), None);
    }
}
