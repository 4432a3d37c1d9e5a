//! Reads the body of a chat request, or returns the error with which the API would refuse
//! it. api.md §3 for the members, §6.3 for the codes.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::answer::count_tokens;
use super::reply::{Reply, bad_member, missing, unknown_model, unreadable};
use super::rng;
use crate::api::request::{STOP_MAX, TEMPERATURE, TOP_P};
use crate::api::scalar::Text;

/// What the mock needs to know of a chat request.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a member of its own")]
pub(super) struct RequestView {
    pub(super) model: String,
    pub(super) stream: bool,
    pub(super) request_id: Option<String>,
    /// The text of the last user message.
    pub(super) prompt: String,
    pub(super) texts: Vec<String>,
    /// The tool results at the end of the conversation.
    pub(super) results: Vec<String>,
    /// The functions that may be called: `name`, `parameters`.
    pub(super) functions: Vec<Value>,
    /// The one function that must be called.
    pub(super) forced: Option<String>,
    /// The `web_search` tool is offered.
    pub(super) web_search: bool,
    /// `response_format` is `json_object` or `json_schema`.
    pub(super) json: bool,
    /// The schema of `response_format: json_schema`.
    pub(super) schema: Option<Value>,
    pub(super) thinking: bool,
    /// Tool calls are streamed in fragments.
    pub(super) tool_stream: bool,
    pub(super) max_tokens: Option<u64>,
    pub(super) stop: Vec<String>,
    /// Tokens of the messages and the tools.
    pub(super) prompt_tokens: u64,
    /// A fingerprint of the model and the messages.
    pub(super) fingerprint: u64,
}

/// Reads the valid members and ignores errors, for scripted answers.
pub(super) fn read_leniently(body: &[u8]) -> RequestView {
    match serde_json::from_slice::<Map<String, Value>>(body) {
        Ok(members) => view(&members),
        Err(_) => RequestView {
            fingerprint: rng::fingerprint(body),
            ..RequestView::default()
        },
    }
}

/// Reads a request as the API does. `response_format: json_schema` is accepted only with
/// `json_schema`.
pub(super) fn read(body: &[u8], json_schema: bool) -> Result<RequestView, Reply> {
    let members = serde_json::from_slice(body).map_err(|_| unreadable())?;
    check(&members, json_schema)?;
    Ok(view(&members))
}

fn check(members: &Map<String, Value>, json_schema: bool) -> Result<(), Reply> {
    for name in ["model", "messages"] {
        if members.get(name).is_none_or(Value::is_null) {
            return Err(missing(name));
        }
    }
    for (name, value) in members {
        if !value.is_null() && !is_acceptable(name, value, json_schema) {
            return Err(bad_member(name));
        }
    }
    let messages = || members["messages"].as_array().into_iter().flatten();
    if messages().all(|message| message["role"] == "system") {
        return Err(bad_member("messages"));
    }
    for message in messages() {
        match message["role"].as_str() {
            Some("system" | "user" | "tool") if is_blank(&message["content"]) => {
                return Err(missing("prompt"));
            }
            Some("system" | "user" | "tool" | "assistant") => {}
            _ => return Err(bad_member("messages")),
        }
        let mut calls = message["tool_calls"].as_array().into_iter().flatten();
        if !calls.all(|call| call["function"]["arguments"].is_string()) {
            return Err(Reply::error(400, "1210", "tool_calls 参数有误"));
        }
    }
    if members["model"] == "no-such-model" {
        return Err(unknown_model(400));
    }
    Ok(())
}

/// Whether the API accepts the value of a member. It accepts any member that it does not
/// know.
fn is_acceptable(name: &str, value: &Value, json_schema: bool) -> bool {
    let within =
        |range: RangeInclusive<f64>| value.as_f64().is_some_and(|number| range.contains(&number));
    match name {
        "model" => value.as_str().is_some_and(|name| !name.is_empty()),
        "request_id" | "user_id" => value.is_string(),
        "messages" => value
            .as_array()
            .is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_object)),
        "stream" | "do_sample" | "tool_stream" => value.is_boolean(),
        "temperature" => within(TEMPERATURE),
        "top_p" => within(TOP_P),
        "max_tokens" => value.as_u64().is_some_and(|number| number > 0),
        "stop" => match value {
            Value::Array(list) => list.len() <= STOP_MAX && list.iter().all(Value::is_string),
            other => other.is_string(),
        },
        "tools" => value.as_array().is_some_and(|list| {
            list.iter().all(|tool| match tool["type"].as_str() {
                Some("function") => tool["function"]["name"].is_string(),
                Some(_) => true,
                None => false,
            })
        }),
        "response_format" => match value["type"].as_str() {
            Some("text" | "json_object") => true,
            Some("json_schema") => json_schema && value["json_schema"]["schema"].is_object(),
            _ => false,
        },
        "thinking" => matches!(value["type"].as_str(), Some("enabled" | "disabled")),
        _ => true,
    }
}

fn is_blank(content: &Value) -> bool {
    match content {
        Value::Array(parts) => parts.is_empty(),
        other => text(other).trim().is_empty(),
    }
}

fn text(content: &Value) -> String {
    Text::read(&content.to_string())
        .map(Text::into_string)
        .unwrap_or_default()
}

fn view(members: &Map<String, Value>) -> RequestView {
    let member = |name: &str| members.get(name).unwrap_or(&Value::Null);
    let owned = |value: &Value| value.as_str().map(str::to_owned);
    let list = |name: &str| member(name).as_array().map_or(&[][..], Vec::as_slice);
    let (messages, tools) = (list("messages"), list("tools"));
    let texts: Vec<String> = messages.iter().map(|turn| text(&turn["content"])).collect();
    let newest = || messages.iter().zip(&texts).rev();
    let prompt = newest().find(|(turn, _)| turn["role"] == "user");
    let mut results: Vec<String> = newest()
        .take_while(|(turn, _)| turn["role"] == "tool")
        .map(|(_, text)| text.clone())
        .collect();
    results.reverse();
    let may_call = member("tool_choice") != "none";
    let functions = tools
        .iter()
        .filter(|tool| may_call && tool["type"] == "function");
    let format = member("response_format");
    let schema = (format["type"] == "json_schema").then(|| format["json_schema"]["schema"].clone());
    let tool_tokens = tools.iter().map(|tool| count_tokens(&tool.to_string()));
    let text_tokens = texts.iter().map(|text| count_tokens(text));
    let identity = format!("{}{}", member("model"), member("messages"));
    RequestView {
        model: owned(member("model")).unwrap_or_else(|| "glm-4-airx".into()),
        stream: member("stream") == true,
        request_id: owned(member("request_id")),
        prompt: prompt.map_or_else(String::new, |(_, text)| text.clone()),
        results,
        functions: functions.map(|tool| tool["function"].clone()).collect(),
        forced: owned(&member("tool_choice")["function"]["name"]),
        web_search: tools.iter().any(|tool| tool["type"] == "web_search"),
        json: format["type"] == "json_object" || schema.is_some(),
        schema,
        thinking: member("thinking")["type"] == "enabled",
        tool_stream: member("tool_stream") == true,
        max_tokens: member("max_tokens").as_u64(),
        stop: match member("stop") {
            Value::String(stop) => vec![stop.clone()],
            _ => list("stop").iter().filter_map(owned).collect(),
        },
        prompt_tokens: text_tokens.chain(tool_tokens).sum(),
        fingerprint: rng::fingerprint(identity.as_bytes()),
        texts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::reply::Step;

    fn refusal(body: &str) -> (u16, String) {
        let reply = read(body.as_bytes(), false).unwrap_err();
        let Step::Bytes(bytes) = &reply.steps[0] else {
            panic!("an error reply is complete");
        };
        let body: Value = serde_json::from_slice(bytes).unwrap();
        (reply.status, text(&body["error"]["code"]))
    }

    fn with(member: &str) -> String {
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{member}}}"#)
    }

    #[test]
    fn a_request_that_the_api_would_refuse_is_refused_with_its_code() {
        let code = |body: &str| {
            let (status, code) = refusal(body);
            assert_eq!(status, 400, "{body}");
            code
        };
        assert_eq!(code("{"), "1210");
        assert_eq!(code("[]"), "1210");
        assert_eq!(code(r#"{"model":"m"}"#), "1213");
        assert_eq!(code(r#"{"model":"m","messages":[]}"#), "1214");
        assert_eq!(code(&with(r#""temperature":1.5"#)), "1214");
        assert_eq!(code(&with(r#""temperature":"warm""#)), "1214");
        assert_eq!(code(&with(r#""max_tokens":0"#)), "1214");
        assert_eq!(code(&with(r#""stream":"yes""#)), "1214");
        let system = r#"{"model":"m","messages":[{"role":"system","content":"x"}]}"#;
        assert_eq!(code(system), "1214");
        let blank = r#"{"model":"m","messages":[{"role":"user","content":" "}]}"#;
        assert_eq!(code(blank), "1213");
        let unknown = r#"{"model":"no-such-model","messages":[{"role":"user","content":"x"}]}"#;
        assert_eq!(code(unknown), "1211");
    }

    #[test]
    fn unknown_members_and_nulls_are_accepted() {
        assert!(
            read(
                with(r#""new":1,"stop":null,"temperature":0"#).as_bytes(),
                false
            )
            .is_ok()
        );
    }

    #[test]
    fn only_the_results_that_end_the_conversation_count() {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"q"},
            {"role":"tool","content":"old"},{"role":"assistant","content":"a"},
            {"role":"tool","content":"one"},{"role":"tool","content":"two"}]}"#;
        let request = read(body.as_bytes(), false).unwrap();
        assert_eq!(request.results, ["one", "two"]);
        assert_eq!(request.prompt, "q");
    }

    #[test]
    fn the_fingerprint_is_that_of_model_and_messages_alone() {
        let print = |member: &str| read(with(member).as_bytes(), false).unwrap().fingerprint;
        assert_eq!(print(r#""request_id":"a""#), print(r#""request_id":"b""#));
    }
}
