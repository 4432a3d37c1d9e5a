//! The error that a server sends instead of an answer, in all shapes that servers use: an
//! object or a string under `error`, a list of such objects, `errors`, `detail`, `message`,
//! `msg`, or plain text. api.md §6.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error_codes::{class_of_code, class_of_status, class_of_success};
use super::scalar::Text;
use crate::exit::Class;

/// How many levels of an error are read.
const DEPTH_MAX: u8 = 8;
/// How many entries of a list of errors are read.
const ENTRIES_MAX: usize = 5;

/// The error that a server sent instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Class of the error, which shows who can fix it.
    pub class: Class,
    /// `error.code`, or the `code` next to `"success":false`.
    pub code: Option<String>,
    /// The server's message.
    pub message: Option<String>,
    /// The server's id of the request.
    pub request_id: Option<String>,
}

/// Reads an error from `body`, which came with `status`.
pub fn read(status: u16, body: &[u8]) -> Refusal {
    let body = without_bom(body);
    let json = serde_json::from_slice::<&RawValue>(body).ok();
    let found = json.map_or_else(ErrorParts::default, |json| ErrorParts::of(json, 0));
    let plain = || json.is_none().then(|| plain_text(body)).flatten();
    let request_id = json.and_then(|json| {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            request_id: Option<Text<'a>>,
        }
        let body: Body<'_> = serde_json::from_str(json.get()).ok()?;
        body.request_id.map(Text::into_string)
    });
    Refusal {
        class: found.class(status),
        code: found.code,
        message: found.message.or_else(plain),
        request_id,
    }
}

/// `body` without a leading byte order mark.
pub fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

/// The text of a plain-text body; `None` for markup, JSON, an event stream or binary data.
pub fn plain_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(without_bom(body)).ok()?.trim();
    let markup = text.starts_with(['<', '{', '[', '"', ':'])
        || ["data:", "event:", "id:", "retry:"]
            .iter()
            .any(|field| text.starts_with(field));
    let json = serde_json::from_str::<&RawValue>(text).is_ok();
    let binary = |c: char| c == '\0' || c == '\u{fffd}';
    (!text.is_empty() && !markup && !json && !text.contains(binary)).then(|| text.to_owned())
}

/// Whether the `error` member of a body is empty: some servers send `null`, `{}`, `""`, `[]`,
/// `false` or an object of empty members with a successful answer.
pub fn is_empty(error: &RawValue) -> bool {
    fn is_blank(value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(false) => true,
            Value::Bool(true) => false,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.iter().all(is_blank),
            Value::Object(members) => members.values().all(is_blank),
        }
    }
    serde_json::from_str(error.get()).is_ok_and(|error| is_blank(&error))
}

/// The contents of a part of a body.
#[derive(Debug, Default)]
struct ErrorParts {
    code: Option<String>,
    /// The `type` of an error.
    kind: Option<String>,
    message: Option<String>,
}

/// Each member is parsed separately, so that an unreadable one does not hide the code.
#[derive(Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Members<'a> {
    error: Option<&'a RawValue>,
    errors: Option<&'a RawValue>,
    code: Option<&'a RawValue>,
    #[serde(rename = "type")]
    kind: Option<&'a RawValue>,
    msg: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    detail: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
    /// The part of the request that is wrong.
    loc: Option<&'a RawValue>,
}

impl ErrorParts {
    fn of(json: &RawValue, depth: u8) -> Self {
        if depth == DEPTH_MAX {
            return Self::default();
        }
        match json.get().as_bytes().first() {
            Some(b'{') => Self::of_object(json, depth),
            Some(b'[') => Self::of_list(json, depth),
            Some(b'n' | b't' | b'f') | None => Self::default(),
            _ => Self {
                message: words(json),
                ..Self::default()
            },
        }
    }

    fn of_object(json: &RawValue, depth: u8) -> Self {
        let members: Members<'_> = serde_json::from_str(json.get()).unwrap_or_default();
        let part = |member: Option<&RawValue>| {
            member.map_or_else(Self::default, |member| Self::of(member, depth + 1))
        };
        let error = match members.error.filter(|error| !is_empty(error)) {
            Some(error) => part(Some(error)),
            None => part(members.errors),
        };
        let named = [members.msg, members.message, members.detail, members.text].map(part);
        let is_string = |error: &RawValue| error.get().starts_with('"');
        let own = Self {
            code: members.code.and_then(words),
            kind: members.kind.and_then(words),
            message: None,
        };
        let mut found = Self::default();
        // A message next to a bare string under `error` is more precise than the string.
        let (first, last) = if members.error.is_some_and(is_string) {
            (None, Some(error))
        } else {
            (Some(error), None)
        };
        let parts = first.into_iter().chain([own]).chain(named).chain(last);
        parts.for_each(|part| found.fill_in(part));
        if let (Some(place), Some(message)) = (members.loc.and_then(path), &found.message) {
            found.message = Some(format!("{place}: {message}"));
        }
        found
    }

    fn of_list(json: &RawValue, depth: u8) -> Self {
        let items: Vec<&RawValue> = serde_json::from_str(json.get()).unwrap_or_default();
        let mut found = Self::default();
        let mut messages = Vec::new();
        for item in items.into_iter().take(ENTRIES_MAX) {
            let mut part = Self::of(item, depth + 1);
            messages.extend(part.message.take());
            found.fill_in(part);
        }
        found.message = (!messages.is_empty()).then(|| messages.join("; "));
        found
    }

    /// Fills the missing members from `other`.
    fn fill_in(&mut self, other: Self) {
        self.code = self.code.take().or(other.code);
        self.kind = self.kind.take().or(other.kind);
        self.message = self.message.take().or(other.message);
    }

    /// The class: by the code, then by the type or the bare text used as a code, then by the
    /// HTTP status.
    fn class(&self, status: u16) -> Class {
        let words = [&self.code, &self.kind, &self.message];
        let words = || words.iter().filter_map(|word| word.as_deref());
        let known = words().find_map(class_of_code);
        known.unwrap_or_else(|| match class_of_status(status) {
            Class::Incomplete => words()
                .find_map(class_of_success)
                .unwrap_or(Class::Incomplete),
            class => class,
        })
    }
}

/// Returns a text, a number or a list of texts, if it is not empty.
fn words(json: &RawValue) -> Option<String> {
    let text = Text::read(json.get()).ok()?.into_string();
    (!text.trim().is_empty()).then_some(text)
}

/// Writes `["body","messages",0]` as `body.messages.0`.
fn path(loc: &RawValue) -> Option<String> {
    let parts: Vec<Text<'_>> = serde_json::from_str(loc.get()).ok()?;
    let parts: Vec<&str> = parts.iter().map(Text::as_str).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, body: &str) -> Class {
        read(status, body.as_bytes()).class
    }

    #[test]
    fn the_code_decides_before_the_status() {
        let classes = [
            (
                429,
                r#"{"error":{"code":"1113","message":"x"}}"#,
                Class::Account,
            ),
            (400, r#"{"error":{"code":1301}}"#, Class::Blocked),
            (200, r#"{"error":{"code":"1305"}}"#, Class::Busy),
            (
                200,
                r#"{"code":500,"msg":"404 NOT_FOUND","success":false}"#,
                Class::Busy,
            ),
            (400, r#"{"error":{"code":"401"}}"#, Class::Account),
            (
                429,
                r#"{"error":{"code":null,"type":"insufficient_quota"}}"#,
                Class::Account,
            ),
            (200, r#"{"error":"rate_limit_exceeded"}"#, Class::Busy),
            (
                200,
                r#"{"error":{"type":"invalid_request_error","message":"x"}}"#,
                Class::Rejected,
            ),
        ];
        for (status, body, expected) in classes {
            assert_eq!(class(status, body), expected, "{body}");
        }
    }

    #[test]
    fn an_unknown_code_is_classed_by_the_status() {
        assert_eq!(class(500, r#"{"error":{"code":"9999"}}"#), Class::Busy);
        assert_eq!(
            class(400, r#"{"error":{"code":"invalid_x"}}"#),
            Class::Rejected
        );
        assert_eq!(
            class(401, r#"{"error":{"type":"invalid_request_error"}}"#),
            Class::Account
        );
        assert_eq!(class(200, r#"{"error":"no"}"#), Class::Incomplete);
    }

    #[test]
    fn the_words_and_the_code_are_found_wherever_they_stand() {
        let cases = [
            (r#"{"error":"Not Found","status":404}"#, "Not Found", None),
            (r#"{"error":"bad","message":"why"}"#, "why", None),
            (r#"{"error":{"msg":"m","code":7}}"#, "m", Some("7")),
            (
                r#"[{"error":{"code":400,"message":"m"}}]"#,
                "m",
                Some("400"),
            ),
            (
                r#"{"errors":[{"message":"m"},{"message":"n","code":"c"}]}"#,
                "m; n",
                Some("c"),
            ),
            (r#"{"message":{"text":"m"},"code":"c"}"#, "m", Some("c")),
            (r#"{"detail":"m"}"#, "m", None),
            (
                r#"{"detail":{"error":{"code":1113,"message":"m"}}}"#,
                "m",
                Some("1113"),
            ),
            (
                r#"{"detail":[{"loc":["body","messages",0],"msg":"field required","type":"missing"}]}"#,
                "body.messages.0: field required",
                None,
            ),
            (r#"{"error":{},"errors":"m"}"#, "m", None),
            (r#""m""#, "m", None),
            ("\u{feff}{\"msg\":\"m\"}", "m", None),
            ("m\n", "m", None),
            (r#"{"error":{"message":"\ud83d"}}"#, "\u{fffd}", None),
        ];
        for (body, words, code) in cases {
            let found = read(500, body.as_bytes());
            assert_eq!(
                (found.message.as_deref(), found.code.as_deref()),
                (Some(words), code),
                "{body}"
            );
        }
    }

    #[test]
    fn markup_and_broken_json_give_no_message() {
        let deep = "[".repeat(100_000);
        for body in [
            "<html>",
            "",
            " \n",
            "{\"error\":",
            "\0\u{1}",
            &deep,
            "true",
            "null",
        ] {
            assert_eq!(read(500, body.as_bytes()).message, None, "{body:.20}");
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
}
