//! Checks a turn that the user supplied against the API's message format (api.md §3).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::api::text::Text;

/// The role of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    System,
    User,
    Assistant,
    Tool,
}

/// The error in a turn, with a hint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) hint: Option<&'static str>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with role and content")]
struct Turn<'a> {
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

const ROLES: &str = "the roles are system, user, assistant and tool";

/// Checks for errors that a server would refuse or silently ignore. Unknown members are
/// left to the server.
pub(super) fn check(json: &str) -> Result<Role, Fault> {
    if !json.starts_with('{') {
        return Err(fault("it is not an object").hint("a message is {\"role\":…,\"content\":…}"));
    }
    let turn: Turn<'_> = serde_json::from_str(json).map_err(|error| fault(reason(&error)))?;
    let role = role(&turn)?;
    content(role, turn.content)?;
    if turn.tool_call_id.is_some_and(|id| !is_string(id)) {
        return Err(fault("`tool_call_id` is not a string"));
    }
    turn.tool_calls.map_or(Ok(()), tool_calls)?;
    Ok(role)
}

/// The text of a checked turn; several parts are joined.
pub(super) fn text(json: &str) -> Option<String> {
    let turn: Turn<'_> = serde_json::from_str(json).ok()?;
    let text: Text<'_> = serde_json::from_str(turn.content?.get()).ok()?;
    Some(text.into_string())
}

/// The model's turn without `reasoning_content`; `None` if it has none.
pub(super) fn without_reasoning(json: &str) -> Option<Box<RawValue>> {
    if !json.contains("\"reasoning_content\"") {
        return None;
    }
    let mut turn: Map<String, Value> = serde_json::from_str(json).ok()?;
    turn.get("role").filter(|role| *role == "assistant")?;
    turn.shift_remove("reasoning_content")?;
    to_raw_value(&turn).ok()
}

/// Whether a checked turn is blank: it has only text parts, and only white space in them.
pub(super) fn is_blank(json: &str) -> bool {
    #[derive(Deserialize)]
    struct Part<'a> {
        #[serde(rename = "type", borrow)]
        kind: Option<Cow<'a, str>>,
        #[serde(borrow)]
        text: Option<Cow<'a, str>>,
    }
    let content = serde_json::from_str::<Turn<'_>>(json).ok();
    let content = content.and_then(|turn| turn.content);
    let content = content.map_or("null", RawValue::get);
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

fn role(turn: &Turn<'_>) -> Result<Role, Fault> {
    let Some(role) = turn.role else {
        let hint = if turn.messages.is_some() {
            "this looks like a request body; take its messages: jq .messages"
        } else {
            ROLES
        };
        return Err(fault("it has no `role`").hint(hint));
    };
    let Ok(name) = serde_json::from_str::<Cow<'_, str>>(role.get()) else {
        return Err(fault("`role` is not a string").hint(ROLES));
    };
    match name.as_ref() {
        "system" => Ok(Role::System),
        "user" => Ok(Role::User),
        "assistant" => Ok(Role::Assistant),
        "tool" => Ok(Role::Tool),
        "function" => Err(fault("the role `function` is not known")
            .hint("the answer of a function has the role `tool`, with `tool_call_id`")),
        other => Err(fault(format!("the role `{other}` is not known")).hint(ROLES)),
    }
}

fn content(role: Role, content: Option<&RawValue>) -> Result<(), Fault> {
    let Some(content) = content else {
        // An assistant's turn with calls may have no text.
        return match role {
            Role::Assistant => Ok(()),
            _ => Err(fault("it has no `content`")),
        };
    };
    let parts = || serde_json::from_str::<Vec<&RawValue>>(content.get());
    if is_string(content)
        || parts().is_ok_and(|parts| parts.iter().all(|part| part.get().starts_with('{')))
    {
        return Ok(());
    }
    Err(fault("`content` is neither a string nor an array of parts"))
}

fn tool_calls(calls: &RawValue) -> Result<(), Fault> {
    let calls: Vec<Call<'_>> = serde_json::from_str(calls.get())
        .map_err(|error| fault(format!("`tool_calls`: {}", reason(&error))))?;
    for (index, call) in calls.iter().enumerate() {
        let Some(function) = &call.function else {
            continue;
        };
        if !function.name.is_some_and(is_string) {
            return Err(fault(format!(
                "`tool_calls[{index}].function.name` is not a string"
            )));
        }
        if !function.arguments.is_some_and(is_string) {
            return Err(fault(format!(
                "`tool_calls[{index}].function.arguments` must be a JSON string that holds the arguments"
            ))
            .hint(
                "make them one: jq -c '(.. | .function?.arguments? | select(type==\"object\")) |= tojson'",
            ));
        }
    }
    Ok(())
}

fn is_string(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

/// The parser's message without its position, which is relative to the turn.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

fn fault(what: impl Into<String>) -> Fault {
    Fault {
        what: what.into(),
        hint: None,
    }
}

impl Fault {
    fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(json: &str) -> String {
        check(json).unwrap_err().what
    }

    #[test]
    fn the_four_roles_and_their_contents_are_taken() {
        let good = [
            (r#"{"role":"system","content":"s"}"#, Role::System),
            (
                r#"{"role":"user","content":[{"type":"text","text":"a"}]}"#,
                Role::User,
            ),
            (
                r#"{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
                Role::Assistant,
            ),
            (
                r#"{"role":"tool","tool_call_id":"c","content":"","x":{"y":1}}"#,
                Role::Tool,
            ),
        ];
        for (json, role) in good {
            assert_eq!(check(json), Ok(role), "{json}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        assert_eq!(what("3"), "it is not an object");
        assert_eq!(what("{}"), "it has no `role`");
        assert_eq!(what(r#"{"role":1}"#), "`role` is not a string");
        assert_eq!(
            what(r#"{"role":"developer","content":""}"#),
            "the role `developer` is not known"
        );
        assert_eq!(what(r#"{"role":"user"}"#), "it has no `content`");
        for content in ["3", "{}", r#"["a"]"#, "true"] {
            assert_eq!(
                what(&format!(r#"{{"role":"user","content":{content}}}"#)),
                "`content` is neither a string nor an array of parts"
            );
        }
        assert_eq!(
            what(r#"{"role":"user","role":"tool","content":""}"#),
            "duplicate field `role`"
        );
        assert!(what(r#"{"role":"assistant","tool_calls":{}}"#).starts_with("`tool_calls`: "));
    }

    #[test]
    fn a_turn_is_blank_where_no_part_of_it_says_anything() {
        let user = |content: &str| format!(r#"{{"role":"user","content":{content}}}"#);
        let text = r#"{"type":"text","text":" \n"}"#;
        let image = r#"{"type":"image_url","image_url":{"url":"u"}}"#;
        for content in [r#""""#, r#"" \t\u3000""#, "[]", &format!("[{text},{text}]")] {
            assert!(is_blank(&user(content)), "{content}");
        }
        let more = r#"[{"type":"text","text":""},{"type":"text","text":"a"}]"#;
        let odd = r#"[{"type":"text","text":1}]"#;
        for content in [r#"".""#, more, odd, "[{}]", &format!("[{text},{image}]")] {
            assert!(!is_blank(&user(content)), "{content}");
        }
    }

    #[test]
    fn arguments_that_are_an_object_are_refused_with_the_way_to_mend_them() {
        let fault = check(r#"{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]}"#).unwrap_err();
        assert_eq!(
            fault.what,
            "`tool_calls[0].function.arguments` must be a JSON string that holds the arguments"
        );
        assert!(fault.hint.unwrap().contains("tojson"));
    }

    #[test]
    fn a_request_body_instead_of_messages_is_reported() {
        let fault = check(r#"{"model":"m","messages":[]}"#).unwrap_err();
        assert!(fault.hint.unwrap().contains("jq .messages"));
    }
}
