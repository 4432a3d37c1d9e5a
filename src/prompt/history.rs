//! Reads earlier turns from a JSON array or NDJSON. Each turn is checked against the API's
//! message format (api.md §3) and put on one line, and is otherwise unchanged.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::api::request::Message;
use crate::api::scalar::Text;
use crate::error::Failure;

/// The conversation so far.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The name of the source, for messages.
    name: String,
    turns: Vec<Turn>,
}

impl History {
    /// Reads an array or NDJSON; `name` is the name of the source, for messages.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let wrong = |error| not_json(name, text, &error);
        let mut history = Self {
            name: name.to_owned(),
            turns: Vec::new(),
        };
        if is_array(text) {
            let turns: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
            for turn in turns {
                history.push(text, turn.get())?;
            }
        } else {
            for turn in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
                history.push(text, turn.map_err(wrong)?.get())?;
            }
        }
        Ok(history)
    }

    /// Adds a turn; `json` is a slice of `text`.
    fn push(&mut self, text: &str, json: &str) -> Result<(), Failure> {
        let turn = Turn::parse(json).map_err(|failure| {
            let (name, number) = (&self.name, self.turns.len() + 1);
            let offset = json.as_ptr().addr() - text.as_ptr().addr();
            let line = text[..offset].matches('\n').count() + 1;
            failure.within(format_args!("{name}: message {number}, line {line}"))
        })?;
        self.turns.push(turn);
        Ok(())
    }

    /// Whether the last turn is the user's or a tool's, so that no prompt is needed.
    pub(super) fn is_complete(&self) -> bool {
        let last = self.turns.last();
        last.is_some_and(|turn| matches!(turn.role, Role::User | Role::Tool))
    }

    /// Refuses a conversation if its last turn is the user's and is blank.
    pub(super) fn check_end(&self) -> Result<(), Failure> {
        let last = self.turns.last();
        if !last.is_some_and(|turn| turn.role == Role::User && turn.is_blank()) {
            return Ok(());
        }
        let (name, number) = (&self.name, self.turns.len());
        Err(
            Failure::usage(format!("{name}: message {number}, the last turn, is blank"))
                .hint("write a question into it, or remove it and give a prompt"),
        )
    }

    /// The text of a leading system message; several parts are joined.
    pub(super) fn system(&self) -> Option<String> {
        let first = self.turns.first()?;
        let content = (first.role == Role::System).then(|| first.content())??;
        let text: Text<'_> = serde_json::from_str(content.get()).ok()?;
        Some(text.into_string())
    }

    /// Removes `reasoning_content` from the model's turns before the last question: some
    /// servers require it while the calls of those turns are being answered, and
    /// refuse it later. `is_asked` says that another question follows.
    pub(super) fn drop_old_reasoning(&mut self, is_asked: bool) {
        let end = if is_asked {
            self.turns.len()
        } else {
            let question = self.turns.iter().rposition(|turn| turn.role == Role::User);
            question.unwrap_or_default()
        };
        for turn in &mut self.turns[..end] {
            turn.drop_reasoning();
        }
    }

    /// Whether there are no turns.
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// The turns. `system` comes first and replaces a leading system message.
    pub(super) fn into_messages(self, system: Option<String>) -> Vec<Message> {
        let mut turns = self.turns.into_iter().peekable();
        if system.is_some() {
            turns.next_if(|turn| turn.role == Role::System);
        }
        let turns = turns.map(|turn| Message::Given(turn.json));
        system
            .map(Message::System)
            .into_iter()
            .chain(turns)
            .collect()
    }
}

/// Whether the text is an array, not lines: it starts with `[`.
pub(super) fn is_array(text: &str) -> bool {
    text.trim_start().starts_with('[')
}

fn not_json(name: &str, text: &str, error: &serde_json::Error) -> Failure {
    // The error of an unfinished value can be after the last line; name the last line instead.
    let line = error.line().min(text.lines().count()).max(1);
    let reason = reason(error);
    Failure::usage(format!("{name}: line {line} is not JSON: {reason}"))
        .hint("write a JSON array of messages, or one message a line")
}

/// The parser's message without its position, which is relative to the turn.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text
        .split_once(" at line ")
        .map(|(reason, _)| reason.to_owned());
    reason.unwrap_or(text)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    System,
    User,
    Assistant,
    Tool,
}

/// A turn that the user supplied, checked and on one line.
#[derive(Debug)]
struct Turn {
    role: Role,
    json: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with role and content")]
struct Members<'a> {
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_call_id: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "a tool call: an object with function")]
struct Call<'a> {
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with name and arguments")]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

impl Turn {
    /// Checks for errors that a server would refuse or silently ignore. Unknown members are
    /// left to the server.
    fn parse(json: &str) -> Result<Self, Failure> {
        if !json.starts_with('{') {
            return Err(Failure::usage("it is not an object")
                .hint("a message is {\"role\":…,\"content\":…}"));
        }
        let unreadable = |error| Failure::usage(reason(&error));
        let members: Members<'_> = serde_json::from_str(json).map_err(unreadable)?;
        let role = read_role(&members)?;
        check_content(role, members.content)?;
        if members.tool_call_id.is_some_and(|id| !is_string(id)) {
            return Err(Failure::usage("`tool_call_id` is not a string"));
        }
        members.tool_calls.map_or(Ok(()), check_calls)?;
        let json = RawValue::from_string(compact(json)).map_err(unreadable)?;
        Ok(Self { role, json })
    }

    fn content(&self) -> Option<&RawValue> {
        let members: Members<'_> = serde_json::from_str(self.json.get()).ok()?;
        members.content
    }

    /// Whether it has only text parts, and only white space in them.
    fn is_blank(&self) -> bool {
        #[derive(Deserialize)]
        struct Part<'a> {
            #[serde(rename = "type", borrow)]
            kind: Option<Cow<'a, str>>,
            #[serde(borrow)]
            text: Option<Cow<'a, str>>,
        }
        let content = self.content().map_or("null", RawValue::get);
        if let Ok(text) = serde_json::from_str::<Cow<'_, str>>(content) {
            return text.trim().is_empty();
        }
        // Unreadable turns are left to the server.
        serde_json::from_str::<Vec<Part<'_>>>(content).is_ok_and(|parts| {
            parts.iter().all(|part| {
                let text = part.text.as_deref().unwrap_or_default();
                part.kind.as_deref() == Some("text") && text.trim().is_empty()
            })
        })
    }

    /// Removes `reasoning_content` from a turn of the model.
    fn drop_reasoning(&mut self) {
        let json = self.json.get();
        if self.role == Role::Assistant
            && json.contains("\"reasoning_content\"")
            && let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(json)
            && members.shift_remove("reasoning_content").is_some()
            && let Ok(json) = to_raw_value(&members)
        {
            self.json = json;
        }
    }
}

const ROLES: &str = "the roles are system, user, assistant and tool";

fn read_role(members: &Members<'_>) -> Result<Role, Failure> {
    let Some(role) = members.role else {
        let hint = match members.messages {
            Some(_) => "this looks like a request body; take its messages: jq .messages",
            None => ROLES,
        };
        return Err(Failure::usage("it has no `role`").hint(hint));
    };
    let Ok(name) = serde_json::from_str::<Cow<'_, str>>(role.get()) else {
        return Err(Failure::usage("`role` is not a string").hint(ROLES));
    };
    let hint = match name.as_ref() {
        "system" => return Ok(Role::System),
        "user" => return Ok(Role::User),
        "assistant" => return Ok(Role::Assistant),
        "tool" => return Ok(Role::Tool),
        "function" => "the answer of a function has the role `tool`, with `tool_call_id`",
        _ => ROLES,
    };
    Err(Failure::usage(format!("the role `{name}` is not known")).hint(hint))
}

fn check_content(role: Role, content: Option<&RawValue>) -> Result<(), Failure> {
    let Some(content) = content else {
        // An assistant's turn with calls may have no text.
        return match role {
            Role::Assistant => Ok(()),
            _ => Err(Failure::usage("it has no `content`")),
        };
    };
    let parts = || serde_json::from_str::<Vec<&RawValue>>(content.get());
    if is_string(content)
        || parts().is_ok_and(|parts| parts.iter().all(|part| part.get().starts_with('{')))
    {
        return Ok(());
    }
    Err(Failure::usage(
        "`content` is neither a string nor an array of parts",
    ))
}

fn check_calls(calls: &RawValue) -> Result<(), Failure> {
    let calls: Vec<Call<'_>> = serde_json::from_str(calls.get())
        .map_err(|error| Failure::usage(format!("`tool_calls`: {}", reason(&error))))?;
    for (index, call) in calls.iter().enumerate() {
        let Some(function) = &call.function else {
            continue;
        };
        let wrong = |what: &str| Failure::usage(format!("`tool_calls[{index}].function.{what}"));
        if !function.name.is_some_and(is_string) {
            return Err(wrong("name` is not a string"));
        }
        if !function.arguments.is_some_and(is_string) {
            return Err(wrong("arguments` must be a JSON string that holds the arguments").hint(
                "make them one: jq -c '(.. | .function?.arguments? | select(type==\"object\")) |= tojson'",
            ));
        }
    }
    Ok(())
}

fn is_string(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

/// Drops white space between the tokens of a JSON text. Strings, digits and escapes
/// are unchanged.
pub(super) fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    // The start of the current run of bytes to keep; runs are copied as slices.
    let mut kept = 0;
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b' ' | b'\t' | b'\n' | b'\r' if !in_string => {
                compact.push_str(&json[kept..at]);
                kept = at + 1;
            }
            _ => {}
        }
    }
    compact.push_str(&json[kept..]);
    compact
}

#[cfg(test)]
mod tests;
