//! The JSON of batches: the request that creates one, the lines of its input file, checked, and
//! the lines of its output and error files. api.md §8. The errors of input lines are OpenAI's:
//! the provider does not document its own.

use std::collections::HashSet;
use std::ops::Range;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::reply::{Action, Reply, Step, bad_member, error, missing, unreadable};
use crate::api::batch::LINES_MAX;

/// The most errors that are listed.
const ERRORS_MAX: usize = 100;
/// The fewest characters of a `custom_id`.
const CUSTOM_ID_MIN: usize = 6;

/// An entry of `errors.data`: what is wrong with a batch or a line of its input.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct BatchError {
    code: &'static str,
    message: String,
    line: Option<usize>,
    /// The member that is wrong.
    param: Option<&'static str>,
}

impl BatchError {
    pub(super) fn new(
        code: &'static str,
        message: impl Into<String>,
        param: Option<&'static str>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            line: None,
            param,
        }
    }
}

/// Checks every line and returns the byte ranges of the requests in `content`.
pub(super) fn requests(
    content: &[u8],
    endpoint: &str,
) -> Result<Vec<Range<usize>>, Vec<BatchError>> {
    let mut places = Vec::new();
    let mut errors = Vec::new();
    let mut seen = Seen::default();
    let mut start = 0;
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let place = start..start + line.len();
        start = place.end + 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if places.len() as u64 == LINES_MAX {
            let message = format!("the file holds more than {LINES_MAX} requests");
            return Err(vec![BatchError::new("too_many_tasks", message, None)]);
        }
        if let Err(error) = seen.check(line, endpoint) {
            errors.push(BatchError {
                line: Some(number + 1),
                ..error
            });
        }
        places.push(place);
        if errors.len() == ERRORS_MAX {
            break;
        }
    }
    if places.is_empty() {
        let message = "the file holds no request";
        errors.push(BatchError::new("empty_file", message, None));
    }
    if errors.is_empty() {
        Ok(places)
    } else {
        Err(errors)
    }
}

/// The ids and the model of the lines so far.
#[derive(Debug, Default)]
struct Seen {
    ids: HashSet<String>,
    model: Option<String>,
}

impl Seen {
    fn check(&mut self, line: &[u8], endpoint: &str) -> Result<(), BatchError> {
        let members: Map<String, Value> = serde_json::from_slice(line).map_err(|_| {
            BatchError::new("invalid_json_line", "the line is not a JSON object", None)
        })?;
        let member = |name: &'static str| {
            members.get(name).ok_or_else(|| {
                let message = format!("{name} is missing");
                BatchError::new("missing_required_parameter", message, Some(name))
            })
        };
        let wrong = |code, name, message| Err(BatchError::new(code, message, Some(name)));
        let id = member("custom_id")?.as_str().unwrap_or_default();
        if id.chars().count() < CUSTOM_ID_MIN {
            let message = format!("custom_id must be a text of {CUSTOM_ID_MIN} characters or more");
            return wrong("invalid_custom_id", "custom_id", message);
        }
        if member("method")? != "POST" {
            return wrong("invalid_method", "method", "method must be POST".into());
        }
        if member("url")? != endpoint {
            let message = format!("url must be the batch's endpoint, {endpoint}");
            return wrong("invalid_url", "url", message);
        }
        let model = member("body")?["model"].as_str().unwrap_or_default();
        if model.is_empty() {
            let message = "body must be an object that names a model".into();
            return wrong("missing_required_parameter", "body", message);
        }
        let first = self.model.get_or_insert_with(|| model.to_owned());
        if first != model {
            let message = format!("one file is for one model: {first}, and now {model}");
            return wrong("mismatched_model", "model", message);
        }
        if !self.ids.insert(id.to_owned()) {
            let message = format!("custom_id {id} is in an earlier line");
            return wrong("duplicate_custom_id", "custom_id", message);
        }
        Ok(())
    }
}

/// The members of an answer in the order of the sample.
const MEMBER_ORDER: [&str; 6] = ["created", "usage", "model", "id", "choices", "request_id"];

/// The result of a batch's item.
#[derive(Debug)]
pub(super) struct ItemResult {
    status: u16,
    body: Value,
}

impl ItemResult {
    /// Makes the result of what the mock would reply. If it would break the connection, the
    /// item fails with the API's error for a network problem.
    pub(super) fn new(action: Action) -> Self {
        let lost = || Self {
            status: 500,
            body: error("1234", "网络错误，请稍后重试"),
        };
        let Action::Reply(Reply { status, steps, .. }) = action else {
            return lost();
        };
        let mut bytes = Vec::new();
        for step in steps {
            match step {
                Step::Bytes(more) => bytes.extend_from_slice(&more),
                Step::At(_) => {}
                Step::Cut | Step::Stall => return lost(),
            }
        }
        let body = match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Value::Object(in_sample_order(members)),
            Ok(other) => other,
            Err(_) => String::from_utf8_lossy(&bytes).into_owned().into(),
        };
        Self { status, body }
    }

    /// Whether it is written to the output file and not to the error file.
    pub(super) fn is_answer(&self) -> bool {
        self.status == 200 && self.body["choices"].is_array()
    }

    /// The line in the file, with its newline. No sample shows a line of an error file:
    /// it has the form of the output's.
    pub(super) fn line(self, custom_id: &str, id: &str) -> String {
        let response = json!({ "status_code": self.status, "body": self.body });
        let line = json!({ "response": response, "custom_id": custom_id, "id": id });
        format!("{line}\n")
    }
}

fn in_sample_order(mut members: Map<String, Value>) -> Map<String, Value> {
    let known = MEMBER_ORDER
        .iter()
        .filter_map(|name| members.shift_remove_entry(*name))
        .collect::<Vec<_>>();
    known.into_iter().chain(members).collect()
}

/// The endpoints that a batch can be for: the provider's, and OpenAI's for its clients.
const ENDPOINTS: [&str; 2] = ["/v4/chat/completions", "/v1/chat/completions"];

pub(super) const COMPLETION_WINDOW: &str = "24h";

#[derive(Debug, Default)]
pub(super) struct BatchRequest {
    pub(super) input_file_id: String,
    pub(super) endpoint: String,
    pub(super) metadata: Value,
    /// The input file is deleted when the batch has ended.
    pub(super) delete_input: bool,
}

impl BatchRequest {
    pub(super) fn read(body: &[u8]) -> Result<Self, Reply> {
        let members = serde_json::from_slice::<Map<String, Value>>(body);
        let mut members = members.map_err(|_| unreadable())?;
        let mut take = |name: &str| members.remove(name).unwrap_or_default();
        let mut text = |name: &str| match take(name) {
            Value::String(text) => Ok(text),
            Value::Null => Err(missing(name)),
            _ => Err(bad_member(name)),
        };
        let input_file_id = text("input_file_id")?;
        let endpoint = text("endpoint")?;
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

    const URL: &str = "/v4/chat/completions";

    fn line(id: &str, model: &str) -> String {
        format!(
            r#"{{"custom_id":"{id}","method":"POST","url":"{URL}","body":{{"model":"{model}"}}}}"#
        )
    }

    fn codes(content: &str) -> Vec<String> {
        let errors = requests(content.as_bytes(), URL).unwrap_err();
        let codes = errors.iter().map(|error| {
            let (line, param) = (json!(error.line), json!(error.param));
            format!("{line} {} {param}", error.code)
        });
        codes.collect()
    }

    #[test]
    fn the_requests_are_found_in_their_places() {
        let (one, two) = (line("item-1", "m"), line("item-2", "m"));
        let content = format!("{one}\r\n\n{two}\n");
        let places = requests(content.as_bytes(), URL).unwrap();
        let found: Vec<_> = places
            .into_iter()
            .map(|place| content[place].trim())
            .collect();
        assert_eq!(found, [one, two]);
    }

    #[test]
    fn each_wrong_line_is_listed_with_its_number_and_member() {
        let good = line("item-1", "m");
        let content = [
            good.clone(),
            "{".into(),
            good.clone(),
            line("item-2", "other"),
            line("short", "m"),
            good.replace("POST", "GET").replace("item-1", "item-3"),
            good.replace("/v4/", "/v9/").replace("item-1", "item-4"),
            r#"{"custom_id":"item-5","method":"POST","url":"/v4/chat/completions"}"#.into(),
            line("item-6", ""),
            r#"{"method":"POST"}"#.into(),
        ];
        assert_eq!(
            codes(&content.join("\n")),
            [
                "2 invalid_json_line null",
                "3 duplicate_custom_id \"custom_id\"",
                "4 mismatched_model \"model\"",
                "5 invalid_custom_id \"custom_id\"",
                "6 invalid_method \"method\"",
                "7 invalid_url \"url\"",
                "8 missing_required_parameter \"body\"",
                "9 missing_required_parameter \"body\"",
                "10 missing_required_parameter \"custom_id\"",
            ]
        );
    }

    #[test]
    fn an_empty_and_an_overlong_file_are_refused() {
        assert_eq!(codes("\n \n"), ["null empty_file null"]);
        let lines = |count: u64| {
            let lines = (0..count).map(|number| line(&format!("item-{number}"), "m") + "\n");
            lines.collect::<String>()
        };
        assert_eq!(
            requests(lines(LINES_MAX).as_bytes(), URL).map(|all| all.len() as u64),
            Ok(LINES_MAX)
        );
        assert_eq!(codes(&lines(LINES_MAX + 1)), ["null too_many_tasks null"]);
        assert_eq!(codes(&"x\n".repeat(1000)).len(), ERRORS_MAX);
    }

    fn result(status: u16, body: &str) -> ItemResult {
        ItemResult::new(Action::Reply(Reply::new(
            status,
            "text/plain",
            body.to_owned(),
        )))
    }

    #[test]
    fn only_a_success_with_choices_is_an_answer() {
        assert!(result(200, r#"{"choices":[]}"#).is_answer());
        for (status, body) in [
            (200, r#"{"error":{"code":"1305"}}"#),
            (200, "{}"),
            (200, r#"{"choi"#),
            (200, "[]"),
            (429, r#"{"choices":[]}"#),
        ] {
            assert!(!result(status, body).is_answer(), "{status} {body}");
        }
    }

    #[test]
    fn a_connection_that_breaks_is_the_provider_s_failure() {
        let mut cut = Reply::new(200, "text/plain", r#"{"choices":[]}"#);
        cut.steps.push(Step::Cut);
        for action in [
            Action::Hang,
            Action::Reset,
            Action::Close,
            Action::Reply(cut),
        ] {
            let result = ItemResult::new(action);
            assert!(!result.is_answer());
            assert_eq!(
                result.line("item-1", "batch_1"),
                "{\"response\":{\"status_code\":500,\"body\":{\"error\":{\"code\":\"1234\",\
                 \"message\":\"网络错误，请稍后重试\"}}},\"custom_id\":\"item-1\",\"id\":\"batch_1\"}\n"
            );
        }
    }

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
