//! The body of `POST /batches`. api.md §8.

use serde_json::{Map, Value};

use super::reply::{Reply, bad_member, missing, unreadable};

/// The endpoints that a batch can be for: the provider's, and OpenAI's for its clients.
const ENDPOINTS: [&str; 2] = ["/v4/chat/completions", "/v1/chat/completions"];

pub(super) const COMPLETION_WINDOW: &str = "24h";

#[derive(Debug)]
pub(super) struct BatchRequest {
    pub(super) input_file_id: String,
    pub(super) endpoint: String,
    pub(super) metadata: Value,
    /// The input file is deleted when the batch has ended.
    pub(super) delete_input: bool,
}

impl BatchRequest {
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
        let window = take("completion_window");
        if !window.is_null() && window != COMPLETION_WINDOW {
            return Err(bad_member("completion_window"));
        }
        let metadata = take("metadata");
        if !is_metadata(&metadata) {
            return Err(bad_member("metadata"));
        }
        let delete_input = match take("auto_delete_input_file") {
            // No document says what the API does without it.
            Value::Null => false,
            Value::Bool(delete) => delete,
            _ => return Err(bad_member("auto_delete_input_file")),
        };
        Ok(Self {
            input_file_id,
            endpoint,
            metadata,
            delete_input,
        })
    }
}

/// At most 16 pairs of texts, the first of 64 and the second of 512 characters at most.
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

    fn request(members: &str) -> Result<BatchRequest, Reply> {
        let body = format!(r#"{{"input_file_id":"f","endpoint":"/v4/chat/completions"{members}}}"#);
        BatchRequest::read(body.as_bytes())
    }

    #[test]
    fn two_members_are_enough() {
        let plain = request("").unwrap();
        assert!(!plain.delete_input);
        assert_eq!(plain.metadata, Value::Null);
        let full = request(
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
            assert_eq!(request(&members).unwrap_err().status, 400, "{members}");
        }
        for body in [
            "",
            "[]",
            "{}",
            r#"{"input_file_id":1,"endpoint":"/v4/chat/completions"}"#,
        ] {
            assert_eq!(
                BatchRequest::read(body.as_bytes()).unwrap_err().status,
                400,
                "{body}"
            );
        }
    }
}
