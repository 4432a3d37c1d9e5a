//! Reads earlier turns from a JSON array or NDJSON. Each turn is checked and put on one
//! line, and is otherwise unchanged.

use serde_json::value::RawValue;

use super::compact::compact;
use super::turn::{self, Role};
use crate::api::request::Message;
use crate::error::Failure;

/// The conversation so far.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The name of the source, for messages.
    name: String,
    messages: Vec<Message>,
    first: Option<Role>,
    last: Option<Role>,
}

impl History {
    /// Reads an array or NDJSON; `name` is the name of the source, for messages.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let wrong = |error: &serde_json::Error| not_json(name, text, error);
        if is_array(text) {
            let turns: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| wrong(&e))?;
            return Self::of(name, text, turns.into_iter().map(Ok));
        }
        let turns = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        Self::of(name, text, turns.map(|turn| turn.map_err(|e| wrong(&e))))
    }

    fn of<'a>(
        name: &str,
        text: &'a str,
        turns: impl Iterator<Item = Result<&'a RawValue, Failure>>,
    ) -> Result<Self, Failure> {
        let mut history = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        for turn in turns {
            let turn = turn?.get();
            let number = history.messages.len() + 1;
            let role = turn::check(turn).map_err(|fault| {
                let line = line_of(text, turn);
                let failure = Failure::usage(format!(
                    "{name}: message {number}, line {line}: {}",
                    fault.what
                ));
                match fault.hint {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                }
            })?;
            let given = RawValue::from_string(compact(turn))
                .map_err(|error| not_json(name, text, &error))?;
            history.messages.push(Message::Given(given));
            history.first.get_or_insert(role);
            history.last = Some(role);
        }
        Ok(history)
    }

    /// The last turn waits for an answer: no prompt is needed.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.last, Some(Role::User | Role::Tool))
    }

    /// Refuses a conversation whose last turn is blank, unless it is a tool's result.
    pub(super) fn check_end(&self) -> Result<(), Failure> {
        let (Some(Role::User), Some(Message::Given(turn))) = (self.last, self.messages.last())
        else {
            return Ok(());
        };
        if !turn::is_blank(turn.get()) {
            return Ok(());
        }
        let (name, number) = (&self.name, self.messages.len());
        Err(
            Failure::usage(format!("{name}: message {number}, the last turn, is blank"))
                .hint("write a question into it, or remove it and give a prompt"),
        )
    }

    /// The text of a leading system message.
    pub(super) fn system(&self) -> Option<String> {
        match (self.first, self.messages.first()) {
            (Some(Role::System), Some(Message::Given(turn))) => turn::text(turn.get()),
            _ => None,
        }
    }

    /// Removes `reasoning_content` from the model's turns before the last question: some
    /// servers require it while the calls of those turns are being answered, and
    /// refuse it later. `is_asked` says that another question follows.
    pub(super) fn drop_old_reasoning(&mut self, is_asked: bool) {
        let is_user = |turn: &Message| matches!(turn, Message::Given(turn) if turn::check(turn.get()) == Ok(Role::User));
        let end = if is_asked {
            self.messages.len()
        } else {
            self.messages.iter().rposition(is_user).unwrap_or_default()
        };
        for turn in &mut self.messages[..end] {
            if let Message::Given(turn) = turn
                && let Some(without) = turn::without_reasoning(turn.get())
            {
                *turn = without;
            }
        }
    }

    /// Whether there are no turns.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The turns. `system` comes first and replaces a leading system message.
    pub(super) fn into_messages(mut self, system: Option<String>) -> Vec<Message> {
        if let Some(system) = system {
            let leading = usize::from(self.first == Some(Role::System));
            self.messages.splice(..leading, [Message::System(system)]);
        }
        self.messages
    }
}

/// Whether the text is an array, not lines: it starts with `[`.
pub(super) fn is_array(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

/// The number of the line where `part`, a slice of `text`, starts.
fn line_of(text: &str, part: &str) -> usize {
    let offset = part.as_ptr().addr() - text.as_ptr().addr();
    text[..offset].matches('\n').count() + 1
}

fn not_json(name: &str, text: &str, error: &serde_json::Error) -> Failure {
    // An unfinished value ends after the last line; name the value's line instead.
    let line = error.line().min(text.lines().count()).max(1);
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    Failure::usage(format!("{name}: line {line} is not JSON: {reason}"))
        .hint("write a JSON array of messages, or one message a line")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(history: History, system: Option<&str>) -> String {
        let messages = history.into_messages(system.map(str::to_owned));
        serde_json::to_string(&messages).unwrap()
    }

    const LINES: &str = "{\"role\":\"system\",\"content\":\"s\"}\n\n{ \"role\": \"user\",\t\"content\":\"a\\nb\",\"n\":1.0e2 }\r\n";

    #[test]
    fn an_array_and_lines_are_the_same_conversation() {
        let lines = History::parse("h", LINES).unwrap();
        assert!(lines.is_complete());
        let expected =
            r#"[{"role":"system","content":"s"},{"role":"user","content":"a\nb","n":1.0e2}]"#;
        assert_eq!(sent(lines, None), expected);
        let array = format!("\n{}", expected.replace(',', " ,\n"));
        assert_eq!(sent(History::parse("h", &array).unwrap(), None), expected);
    }

    #[test]
    fn the_system_flag_takes_the_place_of_a_leading_system_message() {
        let replaced = sent(History::parse("h", LINES).unwrap(), Some("new"));
        assert!(replaced.starts_with(r#"[{"role":"system","content":"new"},{"role":"user""#));
        let user = r#"[{"role":"user","content":"a"}]"#;
        let added = sent(History::parse("h", user).unwrap(), Some("new"));
        assert!(added.starts_with(r#"[{"role":"system","content":"new"},{"role":"user""#));
    }

    #[test]
    fn an_empty_history_is_no_turn_and_not_complete() {
        for text in ["", "\n", "[]"] {
            let history = History::parse("h", text).unwrap();
            assert!(history.is_empty() && !history.is_complete(), "{text:?}");
        }
    }

    #[test]
    fn a_wrong_turn_is_named_by_number_and_line() {
        let text =
            "{\"role\":\"user\",\"content\":\"a\"}\n\n{\"role\":\"bot\",\"content\":\"b\"}\n";
        let failure = History::parse("h.ndjson", text).unwrap_err();
        assert_eq!(
            failure.message,
            "h.ndjson: message 2, line 3: the role `bot` is not known"
        );
        let array = format!("[\n{}]", text.replacen("\n\n", ",\n", 1));
        let failure = History::parse("h.json", &array).unwrap_err();
        assert!(failure.message.starts_with("h.json: message 2, line 3: "));
    }

    #[test]
    fn a_line_that_is_not_json_is_named() {
        let good = "{\"role\":\"user\",\"content\":\"a\"}\n";
        for wrong in ["nonsense\n", "{\"role\":\n"] {
            let failure = History::parse("h", &format!("{good}{wrong}")).unwrap_err();
            assert!(
                failure.message.starts_with("h: line 2 is not JSON: "),
                "{}",
                failure.message
            );
        }
        let failure = History::parse("h", "[{}] x").unwrap_err();
        assert!(
            failure
                .message
                .starts_with("h: line 1 is not JSON: trailing")
        );
    }
}
