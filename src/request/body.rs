//! Builds the request body from the options, and changes it for further requests.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::api::request::{Message, Request, ResponseFormat};
use crate::cli::Common;
use crate::error::Failure;
use crate::prompt;
use crate::settings::Settings;
use crate::tools::{ToolKind, Toolbox};

/// Search engines that the API's documents name. api.md §3.
const ENGINES: [&str; 6] = [
    "search_std",
    "search_pro",
    "search_pro_sogou",
    "search_pro_quark",
    "search_pro_jina",
    "search_pro_bing",
];

/// Builds the request of `command`.
pub(super) fn build(
    command: &'static str,
    common: &mut Common,
    settings: &Settings,
    messages: Vec<Message>,
    toolbox: &Toolbox,
) -> Result<Request, Failure> {
    let args = &mut common.request;
    let stop = prompt::arguments("--stop", &args.stop, common.input.lossy)?;
    let provider = settings.connection.endpoint.provider;
    // With temperature 0 alone, the providers still sample; api.md §7.
    let cold = args.temperature == Some(0.0) && provider.is_some();
    let offered = toolbox.offered();
    let (mut kinds, mut tools): (Vec<_>, Vec<_>) =
        offered.map(|(kind, wire)| (kind, wire.to_owned())).unzip();
    if let Some(engine) = args.web_search.take() {
        kinds.push(ToolKind::WebSearch);
        tools.push(web_search(&engine)?);
    }
    if provider.is_some() {
        exclusive(&kinds)?;
    }
    Ok(Request {
        model: settings.model.clone(),
        messages,
        tools,
        stream: false,
        response_format: (command == "json").then_some(ResponseFormat::JsonObject),
        temperature: args.temperature,
        top_p: args.top_p,
        max_tokens: args.max_tokens,
        stop,
        do_sample: (args.greedy || cold).then_some(false),
        thinking: settings.thinking,
        user_id: args.user_id.take(),
        request_id: args.request_id.take(),
        params: params(&args.param)?,
    })
}

/// The providers accept only one of these three kinds per request. api.md §3.
fn exclusive(kinds: &[ToolKind]) -> Result<(), Failure> {
    let groups = [
        (ToolKind::Function, "--tools"),
        (ToolKind::Retrieval, "--retrieval"),
        (ToolKind::WebSearch, "--web-search"),
    ];
    let mut given = groups.iter().filter(|(kind, _)| kinds.contains(kind));
    let (Some((_, first)), Some((kind, second))) = (given.next(), given.next()) else {
        return Ok(());
    };
    let what = match kind {
        ToolKind::WebSearch => "search",
        _ => "retrieval",
    };
    Err(Failure::usage(format!(
        "{first} and {second} exclude each other at BigModel and Z.ai"
    ))
    .hint(format!("ask for the {what} in a separate request")))
}

/// The provider's search tool; `search_result` makes it return its sources.
fn web_search(engine: &str) -> Result<Box<RawValue>, Failure> {
    if !ENGINES.contains(&engine) {
        return Err(
            Failure::usage(format!("--web-search={engine}: no such engine"))
                .about("web-search")
                .hint(format!("one of {}", ENGINES.join(", "))),
        );
    }
    let tool = json!({
        "type": "web_search",
        "web_search": { "enable": true, "search_engine": engine, "search_result": true },
    });
    to_raw_value(&tool).map_err(|error| Failure::usage(error.to_string()))
}

/// Reads `--param KEY=JSON`; the last value of a key counts.
fn params(flags: &[String]) -> Result<Vec<(String, Box<RawValue>)>, Failure> {
    let mut params: Vec<(String, Box<RawValue>)> = Vec::new();
    for flag in flags {
        let Some((name, value)) = flag.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::usage(format!("--param {flag}: write KEY=JSON")).about("param"));
        };
        if let Some(option) = taken(name) {
            return Err(
                Failure::usage(format!("--param {name}: airx sets this member itself"))
                    .about("param")
                    .hint(option),
            );
        }
        let value: Value = serde_json::from_str(value).map_err(|why| {
            Failure::usage(format!("--param {name}: the value is not JSON: {why}"))
                .about("param")
                .hint(format!("quote a string twice: --param '{name}=\"text\"'"))
        })?;
        let value = to_raw_value(&value).map_err(|error| Failure::usage(error.to_string()))?;
        params.retain(|(known, _)| known != name);
        params.push((name.to_owned(), value));
    }
    Ok(params)
}

/// The option to use instead of a member that `--param` must not set.
fn taken(name: &str) -> Option<&'static str> {
    match name {
        "model" => Some("use -m"),
        "messages" => Some("use --messages"),
        "stream" => Some("use airx stream, or airx chat for a complete reply"),
        _ => None,
    }
}

/// An id for a request without `--request-id`, so that it can be identified later.
pub(super) fn fresh_id() -> String {
    format!("airx-{:016x}", fastrand::u64(..))
}

/// Returns a copy with another text in its last turn, if that is the user's.
pub(super) fn with_text(request: &Request, other: String) -> Request {
    let mut request = request.clone();
    if let Some(Message::User { text, .. }) = request.messages.last_mut() {
        *text = other;
    }
    request
}

/// Adds `instruction` to the leading system message, or inserts one if there is none.
///
/// # Errors
/// Does not fail for a checked message.
pub fn add_instruction(messages: &mut Vec<Message>, instruction: &str) -> Result<(), Failure> {
    let extended = |text: &str| format!("{text}\n\n{instruction}");
    match messages.first_mut() {
        Some(Message::System(text)) => *text = extended(text),
        Some(Message::Given(raw)) if is_system(raw.get()) => {
            let wrong = |why: serde_json::Error| Failure::usage(format!("system message: {why}"));
            let mut turn: Value = serde_json::from_str(raw.get()).map_err(wrong)?;
            match &mut turn["content"] {
                Value::String(text) => *text = extended(text),
                Value::Array(parts) => {
                    parts.push(json!({ "type": "text", "text": instruction }));
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
    #[derive(Deserialize)]
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
        let turns: Vec<Box<RawValue>> = serde_json::from_str(given).unwrap();
        let mut messages: Vec<Message> = turns.into_iter().map(Message::Given).collect();
        add_instruction(&mut messages, "I").unwrap();
        assert_eq!(serde_json::to_string(&messages).unwrap(), expected);
    }

    #[test]
    fn it_follows_the_user_s_system_text() {
        let mut messages = vec![Message::System("S".into())];
        add_instruction(&mut messages, "I").unwrap();
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
