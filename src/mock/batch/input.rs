//! A batch's input file in, the place of each request in it out, or what makes
//! the batch fail. api.md §8; the errors are OpenAI's, as no document of the
//! provider's tells its own.

use std::collections::HashSet;
use std::ops::Range;

use serde_json::{Map, Value, json};

/// Requests that a file may hold.
const LINES: usize = 50_000;
/// A longer list of errors is cut here.
const ERRORS: usize = 100;
/// Characters that a `custom_id` must have.
const ID: usize = 6;

/// What is wrong with a line: a code, words, and the member that is meant.
type Wrong = (&'static str, String, Option<&'static str>);

/// Checks every line and tells where in `content` the requests stand.
///
/// # Errors
/// The `data` of the batch's `errors`.
pub(super) fn check(content: &[u8], endpoint: &str) -> Result<Vec<Range<usize>>, Vec<Value>> {
    let mut places = Vec::new();
    let mut errors = Vec::new();
    let mut seen = Seen::default();
    let mut begin = 0;
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let place = begin..begin + line.len();
        begin = place.end + 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if places.len() == LINES {
            let message = format!("the file holds more than {LINES} requests");
            return Err(vec![error("too_many_tasks", &message, None, None)]);
        }
        if let Err((code, message, param)) = seen.check(line, endpoint) {
            errors.push(error(code, &message, Some(number + 1), param));
        }
        places.push(place);
        if errors.len() == ERRORS {
            break;
        }
    }
    if places.is_empty() {
        errors.push(error("empty_file", "the file holds no request", None, None));
    }
    if errors.is_empty() {
        Ok(places)
    } else {
        Err(errors)
    }
}

/// One entry of `errors.data`.
pub(super) fn error(
    code: &str,
    message: &str,
    line: Option<usize>,
    param: Option<&'static str>,
) -> Value {
    json!({ "code": code, "message": message, "line": line, "param": param })
}

/// What the lines so far have.
#[derive(Debug, Default)]
struct Seen {
    ids: HashSet<String>,
    model: Option<String>,
}

impl Seen {
    fn check(&mut self, line: &[u8], endpoint: &str) -> Result<(), Wrong> {
        let Ok(members) = serde_json::from_slice::<Map<String, Value>>(line) else {
            let message = "the line is not a JSON object".to_owned();
            return Err(("invalid_json_line", message, None));
        };
        let member = |name: &'static str| {
            members.get(name).ok_or_else(|| {
                let message = format!("{name} is missing");
                ("missing_required_parameter", message, Some(name))
            })
        };
        let wrong = |code, name: &'static str, message: String| Err((code, message, Some(name)));
        let id = member("custom_id")?.as_str().unwrap_or_default();
        if id.chars().count() < ID {
            let message = format!("custom_id must be a text of {ID} characters or more");
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
            let message = format!("custom_id {id} stands in a line before");
            return wrong("duplicate_custom_id", "custom_id", message);
        }
        Ok(())
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
        let errors = check(content.as_bytes(), URL).unwrap_err();
        let told = errors.iter().map(|error| {
            let code = error["code"].as_str().unwrap();
            format!("{} {code} {}", error["line"], error["param"])
        });
        told.collect()
    }

    #[test]
    fn the_requests_are_found_where_they_stand() {
        let (one, two) = (line("item-1", "m"), line("item-2", "m"));
        let content = format!("{one}\r\n\n{two}\n");
        let places = check(content.as_bytes(), URL).unwrap();
        let found: Vec<_> = places
            .into_iter()
            .map(|place| content[place].trim())
            .collect();
        assert_eq!(found, [one, two]);
    }

    #[test]
    fn each_line_that_is_wrong_is_told_with_its_number_and_member() {
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
    fn nothing_and_too_much_make_it_fail() {
        assert_eq!(codes("\n \n"), ["null empty_file null"]);
        let lines = |count: usize| {
            let lines = (0..count).map(|number| line(&format!("item-{number}"), "m") + "\n");
            lines.collect::<String>()
        };
        assert_eq!(
            check(lines(LINES).as_bytes(), URL).map(|all| all.len()),
            Ok(LINES)
        );
        assert_eq!(codes(&lines(LINES + 1)), ["null too_many_tasks null"]);
        assert_eq!(codes(&"x\n".repeat(1000)).len(), ERRORS);
    }
}
