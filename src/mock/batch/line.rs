//! What became of a batch's item in, a line of its output or error file out.
//! api.md §8. No capture shows a line of an error file: it has the shape of the
//! output's.

use serde_json::{Map, Value, json};

use crate::mock::outcome::Then;
use crate::mock::playback::Step;
use crate::mock::reply::{Reply, error};

/// The members of an answer in the order in which the sample has them.
const MEMBERS: [&str; 6] = ["created", "usage", "model", "id", "choices", "request_id"];

/// What an item got.
#[derive(Debug)]
pub(super) struct Answered {
    status: u16,
    body: Value,
}

impl Answered {
    /// What a request's fate is to a batch. A connection that breaks is one of
    /// the provider's own: the item failed.
    pub(super) fn new(then: Then) -> Self {
        let lost = || Self {
            status: 500,
            body: error("1234", "网络错误，请稍后重试"),
        };
        let Then::Reply(Reply { status, steps, .. }) = then else {
            return lost();
        };
        let mut bytes = Vec::new();
        for step in steps {
            match step {
                Step::Bytes(more) => bytes.extend_from_slice(&more),
                Step::At(_) => {}
                Step::CutOutput | Step::Stall => return lost(),
            }
        }
        let body = match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Value::Object(arranged(members)),
            Ok(other) => other,
            Err(_) => String::from_utf8_lossy(&bytes).into_owned().into(),
        };
        Self { status, body }
    }

    /// It is an answer: it goes into the output file, else into the other.
    pub(super) fn is_answer(&self) -> bool {
        self.status == 200 && self.body["choices"].is_array()
    }

    /// The line, with its end.
    pub(super) fn line(self, custom_id: &str, id: &str) -> String {
        let response = json!({ "status_code": self.status, "body": self.body });
        let line = json!({ "response": response, "custom_id": custom_id, "id": id });
        format!("{line}\n")
    }
}

fn arranged(mut members: Map<String, Value>) -> Map<String, Value> {
    let known = MEMBERS
        .iter()
        .filter_map(|name| members.shift_remove_entry(*name))
        .collect::<Vec<_>>();
    known.into_iter().chain(members).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Answered {
        Answered::new(Then::Reply(Reply::new(
            status,
            "text/plain",
            body.to_owned(),
        )))
    }

    #[test]
    fn only_a_success_with_choices_is_an_answer() {
        assert!(answered(200, r#"{"choices":[]}"#).is_answer());
        for (status, body) in [
            (200, r#"{"error":{"code":"1305"}}"#),
            (200, "{}"),
            (200, r#"{"choi"#),
            (200, "[]"),
            (429, r#"{"choices":[]}"#),
        ] {
            assert!(!answered(status, body).is_answer(), "{status} {body}");
        }
    }

    #[test]
    fn a_connection_that_breaks_is_the_provider_s_failure() {
        let mut cut = Reply::new(200, "text/plain", r#"{"choices":[]}"#);
        cut.steps.push(Step::CutOutput);
        for then in [Then::Hang, Then::Reset, Then::Close, Then::Reply(cut)] {
            let answered = Answered::new(then);
            assert!(!answered.is_answer());
            assert_eq!(
                answered.line("item-1", "batch_1"),
                "{\"response\":{\"status_code\":500,\"body\":{\"error\":{\"code\":\"1234\",\
                 \"message\":\"网络错误，请稍后重试\"}}},\"custom_id\":\"item-1\",\"id\":\"batch_1\"}\n"
            );
        }
    }
}
