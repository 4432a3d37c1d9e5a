//! The prompt template of `--each`, and the items that fill it.

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::bytes::{self, LIMIT};
use crate::error::Failure;

/// The format of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ItemFormat {
    /// A line of text.
    #[default]
    Lines,
    /// A line that is a JSON value.
    Json,
    /// A record of CSV; the header names the columns.
    Csv,
    /// Text between NUL bytes.
    Null,
    /// A file; its path is a line, or text between NUL bytes.
    Files,
}

/// One item.
#[derive(Debug)]
pub struct Item {
    /// The content, or the reason why it cannot be used.
    pub content: Result<ItemContent, Failure>,
    /// The item in results: its text, its value, the record as an object, or the path.
    /// `None` if it cannot be shown.
    pub shown: Option<Box<RawValue>>,
    /// Its position in the input.
    pub place: Place,
    /// The number of bytes of the input up to the end of the item.
    pub read: u64,
}

/// The content of an item.
#[derive(Debug)]
pub struct ItemContent {
    /// The text for `{}`.
    pub text: String,
    /// The members for `{name}`; `None` if items have no members.
    pub members: Option<Value>,
}

/// The position of an item, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The line where it starts.
    Line(u64),
    /// The number of the CSV record, or of the text between NUL bytes.
    Record(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(out, "line {number}"),
            Self::Record(number) => write!(out, "record {number}"),
        }
    }
}

impl Item {
    /// Whether it is a line of a provider's batch input: a request, not a text.
    pub fn is_request_line(&self) -> bool {
        let content = self.content.as_ref();
        content.is_ok_and(ItemContent::is_request_line)
    }
}

impl ItemContent {
    /// A value, with its original JSON text.
    pub(super) fn of_value(value: Value, json: &str) -> Self {
        Self {
            text: match &value {
                Value::String(text) => text.clone(),
                _ => json.to_owned(),
            },
            members: Some(value),
        }
    }

    /// Whether it is the request object of a batch: with an id and a body.
    fn is_request_line(&self) -> bool {
        #[derive(Deserialize)]
        struct Request {
            custom_id: Option<IgnoredAny>,
            body: Option<Map<String, Value>>,
        }
        self.text.starts_with('{')
            && serde_json::from_str::<Request>(&self.text)
                .is_ok_and(|request| request.custom_id.is_some() && request.body.is_some())
    }
}

/// The text that all items share, with placeholders for the item.
#[derive(Debug, Default)]
pub struct Template {
    parts: Vec<Vec<Piece>>,
    /// Determines which members a placeholder can name.
    format: ItemFormat,
    /// Whether the item is appended, because there is no placeholder.
    appended: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `{}`.
    Item,
    /// `{a.b}`.
    Member(Vec<String>),
}

impl Template {
    pub(super) fn new(format: ItemFormat) -> Self {
        Self {
            parts: Vec::new(),
            format,
            appended: false,
        }
    }

    /// Adds a part of the prompt, which may have placeholders.
    pub(super) fn prompt(&mut self, text: &str) {
        if !text.is_empty() {
            self.parts.push(pieces(text, self.format));
        }
    }

    /// Adds literal text; braces in it are not placeholders.
    pub(super) fn text(&mut self, text: String) {
        if !text.is_empty() {
            self.parts.push(vec![Piece::Text(text)]);
        }
    }

    /// Appends the item, unless there is a placeholder.
    pub(super) fn finish(mut self) -> Self {
        let text = |piece: &Piece| matches!(piece, Piece::Text(_));
        if self.parts.iter().flatten().all(text) {
            self.parts.push(vec![Piece::Item]);
            self.appended = true;
        }
        self
    }

    /// The text for an item.
    ///
    /// # Errors
    /// The item cannot be used or lacks a member, or the text is blank or too long:
    /// exit 2.
    pub fn fill(&self, item: &Item) -> Result<String, Failure> {
        let content = item.content.as_ref().map_err(Failure::clone)?;
        if self.appended && content.is_request_line() {
            let what = format!("{} is a batch request (custom_id, body)", item.place);
            return Err(Failure::usage(what).hint(
                "airx batch submit --raw uploads such lines; a template with {} or, under --each=json, \
                 {body.messages} reads them",
            ));
        }
        let mut text = String::new();
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 {
                text.push_str("\n\n");
            }
            for piece in part {
                match piece {
                    Piece::Text(words) => text.push_str(words),
                    Piece::Item => text.push_str(&content.text),
                    Piece::Member(path) => text.push_str(&member(content, path, item)?),
                }
                if text.len() > LIMIT {
                    return Err(bytes::too_large("the message"));
                }
            }
        }
        if text.trim().is_empty() {
            return Err(Failure::usage("the message is empty"));
        }
        Ok(text)
    }
}

/// A member's text: a string without its quotes, anything else as JSON.
fn member(content: &ItemContent, path: &[String], item: &Item) -> Result<String, Failure> {
    let name = path.join(".");
    let members = content.members.as_ref().and_then(Value::as_object);
    // A column of CSV may have a dot in its name.
    let by_full_name = members.and_then(|members| members.get(&name));
    let found = by_full_name.or_else(|| {
        let mut names = path.iter();
        names.try_fold(content.members.as_ref()?, |value, name| {
            value.as_object()?.get(name)
        })
    });
    match found {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(value) => Ok(value.to_string()),
        None => Err(
            Failure::usage(format!("the item of {} has no member {name}", item.place))
                .hint(format!("{{{name}}} in the prompt refers to it")),
        ),
    }
}

/// Finds the placeholders. All other braces are literal.
fn pieces(text: &str, format: ItemFormat) -> Vec<Piece> {
    let plain = |text: &str| (!text.is_empty()).then(|| Piece::Text(text.to_owned()));
    let mut pieces = Vec::new();
    // The start of the literal text, and the offset from which to search the next brace.
    let (mut start, mut from) = (0, 0);
    while let Some(open) = text[from..].find('{').map(|at| from + at) {
        from = open + 1;
        let Some(end) = text[from..].find('}').map(|at| from + at) else {
            break;
        };
        if let Some(piece) = placeholder(&text[from..end], format) {
            pieces.extend(plain(&text[start..open]));
            pieces.push(piece);
            from = end + 1;
            start = from;
        }
    }
    pieces.extend(plain(&text[start..]));
    pieces
}

/// Parses the text in braces: nothing, or names joined by dots.
fn placeholder(inside: &str, format: ItemFormat) -> Option<Piece> {
    if inside.is_empty() {
        return Some(Piece::Item);
    }
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let is_name = |name: &str| !name.is_empty() && name.chars().all(part_of_name);
    let has_member = match format {
        ItemFormat::Lines | ItemFormat::Null => false,
        ItemFormat::Json | ItemFormat::Csv => true,
        ItemFormat::Files => inside == "path",
    };
    (has_member && inside.split('.').all(is_name))
        .then(|| Piece::Member(inside.split('.').map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::history::compact;
    use super::*;
    use proptest::prelude::*;

    fn item(text: &str, json: bool) -> Item {
        let content = if json {
            ItemContent::of_value(serde_json::from_str(text).unwrap(), &compact(text))
        } else {
            ItemContent {
                text: text.to_owned(),
                members: None,
            }
        };
        Item {
            content: Ok(content),
            shown: None,
            place: Place::Line(7),
            read: 0,
        }
    }

    fn filled(prompt: &str, given: &str, json: bool) -> Result<String, Failure> {
        let format = if json {
            ItemFormat::Json
        } else {
            ItemFormat::Lines
        };
        let mut template = Template::new(format);
        template.prompt(prompt);
        template.finish().fill(&item(given, json))
    }

    #[test]
    fn places_are_filled_and_other_braces_stay() {
        let line = |prompt: &str| filled(prompt, "x{}{a}", false).unwrap();
        assert_eq!(line("Define: {}!"), "Define: x{}{a}!");
        assert_eq!(
            line("{} {a} {{}} { } {\"b\":1}"),
            "x{}{a} {a} {x{}{a}} { } {\"b\":1}"
        );
        assert_eq!(line("{"), "{\n\nx{}{a}");
        assert_eq!(line("Sum up"), "Sum up\n\nx{}{a}");
        assert_eq!(line(""), "x{}{a}");
    }

    #[test]
    fn members_stand_without_their_quotes_and_digits_stay() {
        let given = r#"{"name":"A \"B\"","a":{"b":[1.50,null],"c-d":true},"größe":123456789012345678901234567890.10}"#;
        let json = |prompt: &str| filled(prompt, given, true).unwrap();
        assert_eq!(
            json("{name}: {a.b} {a.c-d} {größe}"),
            "A \"B\": [1.50,null] true 123456789012345678901234567890.10"
        );
        assert_eq!(
            json(r"\frac { a } {a b} {a,b} {.a} {a.}"),
            format!("\\frac {{ a }} {{a b}} {{a,b}} {{.a}} {{a.}}\n\n{given}")
        );
        assert_eq!(filled("{}", "\"a\\nb\"", true).unwrap(), "a\nb");
        assert_eq!(filled("{}", "[1, 2]", true).unwrap(), "[1,2]");
    }

    #[test]
    fn a_member_that_is_not_there_is_named() {
        for (prompt, given) in [("{a.b}", r#"{"a":1}"#), ("{a.b}", "{}"), ("{a.b}", "3")] {
            let failure = filled(prompt, given, true).unwrap_err();
            assert_eq!(failure.message, "the item of line 7 has no member a.b");
            assert_eq!(failure.exit(), 2);
        }
    }

    #[test]
    fn a_blank_message_is_refused() {
        assert_eq!(filled("", "\" \"", true).unwrap_err().exit(), 2);
    }

    proptest! {
        /// A template without placeholders is literal, including any braces.
        #[test]
        fn what_is_no_place_stays(prompt in "[{} \"a\\n]{0,20}", given in ".{1,9}") {
            prop_assume!(!prompt.contains("{}") && !prompt.is_empty());
            let given = given.replace(['\n', '\r'], " ");
            let text = filled(&prompt, &given, false);
            if let Ok(text) = text {
                prop_assert_eq!(text, format!("{prompt}\n\n{given}"));
            }
        }

        /// Each `{}` is replaced with the item, and the rest of the text is unchanged.
        #[test]
        fn each_place_holds_the_item(parts in prop::collection::vec("[a-z {\"]{0,5}", 2..5), given in "[a-z{}]{1,9}") {
            prop_assume!(parts.iter().all(|part| !part.ends_with('{')));
            let text = filled(&parts.join("{}"), &given, false).unwrap();
            prop_assert_eq!(text, parts.join(&given));
        }
    }
}
