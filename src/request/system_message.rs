//! Appends an instruction to the conversation's system message.

use serde_json::Value;
use serde_json::value::to_raw_value;

use crate::api::request::Message;
use crate::error::Failure;

/// Adds `instruction` to the leading system message, or makes one of it.
///
/// # Errors
/// Does not fail for a checked message.
pub fn add(messages: &mut Vec<Message>, instruction: &str) -> Result<(), Failure> {
    let extended = |text: &str| format!("{text}\n\n{instruction}");
    match messages.first_mut() {
        Some(Message::System(text)) => *text = extended(text),
        Some(Message::Given(raw)) if is_system(raw.get()) => {
            let wrong = |why: serde_json::Error| Failure::usage(format!("system message: {why}"));
            let mut turn: Value = serde_json::from_str(raw.get()).map_err(wrong)?;
            match &mut turn["content"] {
                Value::String(text) => *text = extended(text),
                Value::Array(parts) => {
                    parts.push(serde_json::json!({ "type": "text", "text": instruction }));
                }
                other => *other = Value::String(instruction.to_owned()),
            }
            *raw = to_raw_value(&turn).map_err(wrong)?;
        }
        _ => messages.insert(0, Message::System(instruction.to_owned())),
    }
    Ok(())
}

fn is_system(turn: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Turn {
        role: String,
    }
    serde_json::from_str::<Turn>(turn).is_ok_and(|turn| turn.role == "system")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn makes(given: &str, expected: &str) {
        let turns: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(given).unwrap();
        let mut messages: Vec<Message> = turns.into_iter().map(Message::Given).collect();
        add(&mut messages, "I").unwrap();
        assert_eq!(serde_json::to_string(&messages).unwrap(), expected);
    }

    #[test]
    fn it_follows_the_user_s_system_text() {
        let mut messages = vec![Message::System("S".into())];
        add(&mut messages, "I").unwrap();
        assert_eq!(
            serde_json::to_string(&messages).unwrap(),
            r#"[{"role":"system","content":"S\n\nI"}]"#
        );
        makes(
            r#"[{"role":"system","content":"S","n":1.0},{"role":"user","content":"u"}]"#,
            r#"[{"role":"system","content":"S\n\nI","n":1.0},{"role":"user","content":"u"}]"#,
        );
        makes(
            r#"[{"role":"system","content":[{"type":"text","text":"S"}]}]"#,
            r#"[{"role":"system","content":[{"type":"text","text":"S"},{"type":"text","text":"I"}]}]"#,
        );
    }

    #[test]
    fn without_one_it_is_the_system_message() {
        makes(
            r#"[{"role":"user","content":"u"}]"#,
            r#"[{"role":"system","content":"I"},{"role":"user","content":"u"}]"#,
        );
    }
}
