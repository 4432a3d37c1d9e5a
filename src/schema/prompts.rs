//! The texts that airx sends to the model: the instruction with the schema, and the
//! correction of a rejected answer.

use std::fmt::Write;

use serde_json::Value;

use crate::event::Violation;

/// The instruction for the system message. It is short and the schema is on one line:
/// every request carries it, and a context may be 8K tokens.
pub fn instruction(schema: &Value) -> String {
    format!(
        "Answer with one JSON value and nothing else: no prose, no code fence. \
         It must be valid by this JSON Schema:\n{schema}"
    )
}

/// The user message that follows a rejected answer.
pub fn correction(violations: &[Violation]) -> String {
    let mut text = "That answer is not valid:\n".to_owned();
    for violation in violations {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- {violation}");
    }
    text + "Answer again: the whole corrected JSON value and nothing else."
}
