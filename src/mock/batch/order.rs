//! The body of `POST /batches` in, what it orders out, or the API's refusal.
//! api.md §8.

use serde_json::{Map, Value};

use crate::mock::reply::{Reply, bad_member, missing, unreadable};

/// Where a batch's requests can be for: the provider's own path, and OpenAI's
/// for clients that take this server for one of that kind.
const ENDPOINTS: [&str; 2] = ["/v4/chat/completions", "/v1/chat/completions"];

/// What is ordered.
#[derive(Debug)]
pub(super) struct Order {
    /// The file with the requests.
    pub(super) input_file_id: String,
    /// Where they are for.
    pub(super) endpoint: String,
    /// `completion_window`.
    pub(super) window: String,
    /// The caller's own notes.
    pub(super) metadata: Value,
    /// The input file goes when the batch has ended.
    pub(super) delete_input: bool,
}

impl Order {
    /// Reads an order.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub(super) fn read(body: &[u8]) -> Result<Self, Reply> {
        let Ok(mut members) = serde_json::from_slice::<Map<String, Value>>(body) else {
            return Err(unreadable());
        };
        let mut take = |name: &str| members.remove(name).unwrap_or_default();
        let text = |name: &str, value: Value| match value {
            Value::String(text) => Ok(text),
            Value::Null => Err(missing(name)),
            _ => Err(bad_member(name)),
        };
        let input_file_id = text("input_file_id", take("input_file_id"))?;
        let endpoint = text("endpoint", take("endpoint"))?;
        if !ENDPOINTS.contains(&endpoint.as_str()) {
            return Err(bad_member("endpoint"));
        }
        let window = match take("completion_window") {
            Value::Null => "24h".into(),
            window => window,
        };
        if window != "24h" {
            return Err(bad_member("completion_window"));
        }
        let metadata = take("metadata");
        if !is_metadata(&metadata) {
            return Err(bad_member("metadata"));
        }
        let delete_input = match take("auto_delete_input_file") {
            // What the API does without it is not known; the mock deletes
            // nothing that it was not told to.
            Value::Null => false,
            Value::Bool(delete) => delete,
            _ => return Err(bad_member("auto_delete_input_file")),
        };
        Ok(Self {
            input_file_id,
            endpoint,
            window: text("completion_window", window)?,
            metadata,
            delete_input,
        })
    }
}

/// 16 pairs of texts, of 64 and 512 characters, at most.
fn is_metadata(value: &Value) -> bool {
    let within = |text: &str, limit: usize| text.chars().count() <= limit;
    match value {
        Value::Null => true,
        Value::Object(pairs) => {
            pairs.len() <= 16
                && pairs.iter().all(|(key, value)| {
                    within(key, 64) && value.as_str().is_some_and(|text| within(text, 512))
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(members: &str) -> Result<Order, Reply> {
        let body = format!(r#"{{"input_file_id":"f","endpoint":"/v4/chat/completions"{members}}}"#);
        Order::read(body.as_bytes())
    }

    #[test]
    fn an_order_is_taken_with_its_two_members_alone() {
        let plain = order("").unwrap();
        assert_eq!((plain.window.as_str(), plain.delete_input), ("24h", false));
        assert_eq!(plain.metadata, Value::Null);
        let full = order(
            r#","completion_window":"24h","auto_delete_input_file":true,"metadata":{"a":"b"},"x":1"#,
        );
        assert!(full.unwrap().delete_input);
    }

    #[test]
    fn members_that_the_api_refuses_are_refused() {
        let many: Vec<_> = (0..17).map(|number| format!(r#""{number}":"""#)).collect();
        for members in [
            r#","completion_window":"1h""#.to_owned(),
            r#","auto_delete_input_file":"yes""#.to_owned(),
            r#","metadata":[]"#.to_owned(),
            r#","metadata":{"a":1}"#.to_owned(),
            format!(r#","metadata":{{"{}":""}}"#, "k".repeat(65)),
            format!(r#","metadata":{{"k":"{}"}}"#, "v".repeat(513)),
            format!(r#","metadata":{{{}}}"#, many.join(",")),
            r#","endpoint":"/v4/embeddings""#.to_owned(),
        ] {
            assert_eq!(order(&members).unwrap_err().status, 400, "{members}");
        }
        for body in [
            "",
            "[]",
            "{}",
            r#"{"input_file_id":1,"endpoint":"/v4/chat/completions"}"#,
        ] {
            assert_eq!(
                Order::read(body.as_bytes()).unwrap_err().status,
                400,
                "{body}"
            );
        }
    }
}
