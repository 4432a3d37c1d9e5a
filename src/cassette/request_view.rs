//! The part of a request that is recorded, and how two requests differ.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::sha256;

/// Members that differ in each run and are therefore ignored.
const IDS: [&str; 2] = ["request_id", "user_id"];

/// Members that differ between the models of `--fallback`.
const OF_MODEL: [&str; 2] = ["model", "thinking"];

/// Digits of the digest in a file's name.
const DIGITS: usize = 16;

/// A request without ids, host and headers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "an object with method, path and body")]
pub(crate) struct RequestView {
    pub(crate) method: String,
    /// The end of the path, the same at every server.
    pub(crate) path: String,
    pub(crate) body: Value,
}

impl RequestView {
    /// The view of a request with this body, which is JSON that airx has made.
    pub(crate) fn of(body: &[u8]) -> Self {
        let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
        if let Value::Object(members) = &mut body {
            members.retain(|name, _| !IDS.contains(&name.as_str()));
        }
        Self {
            method: "POST".to_owned(),
            path: "/chat/completions".to_owned(),
            body,
        }
    }

    /// The name of its recordings. It does not depend on the order of members.
    pub(crate) fn name(&self) -> String {
        let mut name = self.digest(&self.path);
        name.truncate(DIGITS);
        name
    }

    /// A digest of the request to this path or URL. It does not depend on the order of
    /// members.
    pub(crate) fn digest(&self, target: &str) -> String {
        let mut body = self.body.clone();
        body.sort_all_objects();
        sha256(format!("{} {target}\n{body}", self.method).as_bytes())
    }

    /// The same request to the model of `other`.
    #[must_use]
    pub(crate) fn asking(mut self, other: &Self) -> Self {
        if let (Value::Object(own), Value::Object(other)) = (&mut self.body, &other.body) {
            for name in OF_MODEL {
                match other.get(name) {
                    Some(value) => own.insert(name.to_owned(), value.clone()),
                    None => own.remove(name),
                };
            }
        }
        self
    }

    /// Where the bodies differ.
    pub(crate) fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        compare(Some(&self.body), Some(&other.body), "", &mut found);
        found
    }
}

/// A place at which two requests differ.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    /// Members and indexes from the body inwards, as in `messages/0/content`.
    pub(crate) path: String,
    /// The value in the recording, shortened; `None` if it has none.
    pub(crate) recorded: Option<String>,
    /// The value in the current request.
    pub(crate) asked: Option<String>,
}

fn compare(
    recorded: Option<&Value>,
    asked: Option<&Value>,
    path: &str,
    found: &mut Vec<Difference>,
) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}/{name}")
        }
    };
    match (recorded, asked) {
        (Some(Value::Object(one)), Some(Value::Object(two))) => {
            for (name, value) in one {
                compare(Some(value), two.get(name), &below(name), found);
            }
            for (name, value) in two.iter().filter(|(name, _)| !one.contains_key(*name)) {
                compare(None, Some(value), &below(name), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(two))) => {
            for at in 0..one.len().max(two.len()) {
                compare(one.get(at), two.get(at), &below(&at.to_string()), found);
            }
        }
        (one, two) if one == two => {}
        (one, two) => {
            let from = common(one, two);
            found.push(Difference {
                path: path.to_owned(),
                recorded: one.map(|value| shortened(value, from)),
                asked: two.map(|value| shortened(value, from)),
            });
        }
    }
}

/// How many characters two texts have in common at their start.
fn common(one: Option<&Value>, two: Option<&Value>) -> usize {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let (one, two) = (text(one), text(two));
    one.chars()
        .zip(two.chars())
        .take_while(|(a, b)| a == b)
        .count()
}

/// A value, shortened to a part of a line. A long text starts shortly before the first
/// difference.
fn shortened(value: &Value, from: usize) -> String {
    const LONGEST: usize = 40;
    const BEFORE: usize = 10;
    let Value::String(text) = value else {
        return clipped(&value.to_string(), LONGEST);
    };
    let skipped = if text.chars().count() > LONGEST {
        from.saturating_sub(BEFORE)
    } else {
        0
    };
    let rest: String = text.chars().skip(skipped).collect();
    let rest = clipped(&rest, LONGEST);
    let start = if skipped > 0 { "…" } else { "" };
    Value::String(format!("{start}{rest}")).to_string()
}

fn clipped(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> RequestView {
        RequestView::of(body.as_bytes())
    }

    #[test]
    fn ids_and_order_do_not_change_the_name() {
        let one = asked(r#"{"model":"m","a":{"b":1,"c":2},"request_id":"1","user_id":"u"}"#);
        let two = asked(r#"{"a":{"c":2,"b":1},"request_id":"2","model":"m"}"#);
        assert_eq!(one.name(), two.name());
        assert_eq!(one.name().len(), DIGITS);
        assert_ne!(one.name(), asked(r#"{"model":"m"}"#).name());
    }

    #[test]
    fn differences_have_their_place() {
        let one = asked(r#"{"messages":[{"content":"hi"}],"stream":false,"top_p":1}"#);
        let two = asked(r#"{"messages":[{"content":"ho"},{}],"stream":false}"#);
        let places: Vec<_> = one.differences(&two).into_iter().map(|d| d.path).collect();
        assert_eq!(places, ["messages/0/content", "messages/1", "top_p"]);
    }

    #[test]
    fn long_texts_are_shown_where_they_differ() {
        let text = "x".repeat(100);
        let one = asked(&format!(r#"{{"a":"{text}one"}}"#));
        let two = asked(&format!(r#"{{"a":"{text}two"}}"#));
        let found = one.differences(&two);
        assert_eq!(found[0].recorded.as_deref(), Some("\"…xxxxxxxxxxone\""));
        assert_eq!(found[0].asked.as_deref(), Some("\"…xxxxxxxxxxtwo\""));
    }
}
