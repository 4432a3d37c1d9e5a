//! Checks the event schema against the code, with every event once with all members and
//! once with only the required ones, and against `airx help events`.

use std::collections::BTreeSet;

use airx::api::usage::{CompletionDetails, PromptDetails, Usage};
use airx::event::{Event, Fault, ItemResult, VERSION, Violation, json_schema};
use airx::exit::TABLE;
use airx::help::events;
use airx::models::PriceList;
use jsonschema::Validator;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../src/event.schema.json")).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// The name of an event's type. Without an arm for each variant this does not compile, and
/// each name must be among the [`samples`].
fn name(event: &Event<'_>) -> &'static str {
    match event {
        Event::Start { .. } => "start",
        Event::Retry { .. } => "retry",
        Event::Delta { .. } => "delta",
        Event::Reasoning { .. } => "reasoning",
        Event::ToolCall { .. } => "tool_call",
        Event::ToolResult { .. } => "tool_result",
        Event::Round { .. } => "round",
        Event::Part { .. } => "part",
        Event::Invalid { .. } => "invalid",
        Event::Value { .. } => "value",
        Event::Search { .. } => "search",
        Event::Batch { .. } => "batch",
        Event::Result(_) => "result",
        Event::Done { .. } => "done",
        Event::Error(_) => "error",
    }
}

/// The names that [`name`] can return.
const NAMES: [&str; 15] = [
    "start",
    "retry",
    "delta",
    "reasoning",
    "tool_call",
    "tool_result",
    "round",
    "part",
    "invalid",
    "value",
    "search",
    "batch",
    "result",
    "done",
    "error",
];

fn usage() -> Usage {
    Usage {
        prompt_tokens: 11,
        completion_tokens: 9,
        total_tokens: 20,
        prompt_tokens_details: Some(PromptDetails {
            cached_tokens: Some(4),
        }),
        completion_tokens_details: Some(CompletionDetails {
            reasoning_tokens: Some(2),
        }),
    }
}

/// Calls `take` with each event as JSON, once with all members and once with as few as
/// possible.
fn samples(take: &mut dyn FnMut(&'static str, Value)) {
    let mut line = |event: &Event<'_>| take(name(event), serde_json::to_value(event).unwrap());
    let value = json!({"city": "Nanjing", "list": [1, 2.50, null]});
    let raw = to_raw_value(&value).unwrap();
    let raw = &*raw;
    let violation = Violation {
        path: "/a~1b/0".into(),
        message: "is not a number".into(),
    };
    let cost = airx::models::cost("glm-4-airx", PriceList::BigModel, &usage());
    assert!(cost.is_some());
    for full in [true, false] {
        let text = full.then_some("text");
        let number = full.then_some(1500);
        let usage = if full { Some(usage()) } else { None };
        line(&Event::Start {
            v: VERSION,
            command: "chat",
            model: full.then_some("glm-4-airx"),
            request_id: text,
        });
        line(&Event::Retry {
            request: 2,
            after_ms: 0,
            class: airx::exit::Class::Busy,
            http_status: full.then_some(429),
            code: full.then_some("1302"),
            message: "rate limit",
            model: text,
        });
        line(&Event::Delta {
            content: text.unwrap_or(""),
        });
        line(&Event::Reasoning {
            content: text.unwrap_or(""),
        });
        line(&Event::ToolCall {
            index: 0,
            id: "call_1",
            name: "weather",
            arguments: full.then_some(raw),
            arguments_text: (!full).then_some("{\"city\":"),
        });
        line(&Event::ToolResult {
            id: "call_1",
            name: "weather",
            exit_status: full.then_some(0),
            content: text.unwrap_or(""),
            elapsed_ms: 12,
        });
        line(&Event::Round {
            number: 1,
            finish_reason: "tool_calls",
            usage,
        });
        line(&Event::Part {
            index: 1,
            count: 3,
            offset: 17,
            bytes: 4096,
            model: text,
            finish_reason: text,
            usage,
        });
        line(&Event::Invalid {
            attempt: 1,
            errors: if full {
                std::slice::from_ref(&violation)
            } else {
                &[]
            },
            content: "{",
        });
        line(&Event::Value {
            value: if full { raw } else { RawValue::NULL },
        });
        line(&Event::Search {
            results: &json!([{"title": "t", "link": "l"}]),
        });
        line(&Event::Done {
            finish_reason: Some("stop"),
            model: text,
            id: text,
            request_id: text,
            usage,
            cost: cost.filter(|_| full),
            ttft_ms: number,
            elapsed_ms: 2000,
            requests: 1,
            cached: false,
        });
        let fault = Fault {
            class: airx::exit::Class::Busy,
            exit: 5,
            message: "rate limit",
            hint: text,
            look: None,
            http_status: full.then_some(429),
            code: full.then_some("1302"),
            request_id: text,
            finish_reason: text,
            usage,
            requests: 0,
            retry_after_ms: number,
        };
        line(&Event::Error(fault));
        results(full, fault, &mut line);
    }
    take("error", sparse());
}

/// A batch, and each kind of result, with all members or with as few as possible.
fn results(full: bool, fault: Fault<'_>, line: &mut dyn FnMut(&Event<'_>)) {
    let count = full.then_some(3);
    line(&Event::Batch {
        id: "batch_1",
        status: "in_progress",
        total: count,
        completed: count,
        failed: count,
    });
    let value = json!({"city": "Nanjing", "list": [1, 2.50, null]});
    let raw = to_raw_value(&value).unwrap();
    let violation = Violation {
        path: String::new(),
        message: "is not a number".into(),
    };
    let (text, cost) = (
        full.then_some("text"),
        airx::models::cost("glm-4-airx", PriceList::BigModel, &usage()),
    );
    let usage = full.then(usage);
    for kind in ["content", "value", "tool_calls", "error"] {
        let calls = std::slice::from_ref(&raw);
        let failed = kind == "error";
        line(&Event::Result(&ItemResult {
            index: 0,
            hash: full.then_some(&"0a".repeat(32)),
            item: full.then_some(&*raw),
            custom_id: text,
            content: (kind == "content" || (full && kind == "tool_calls")).then_some("text"),
            value: (kind == "value").then_some(&*raw),
            tool_calls: (kind == "tool_calls").then_some(calls),
            error: failed.then_some(fault),
            partial: text.filter(|_| failed),
            errors: (failed && full).then_some(std::slice::from_ref(&violation)),
            search: full.then_some(&value),
            model: text,
            finish_reason: text,
            usage,
            cost: cost.filter(|_| full),
            requests: 1,
            elapsed_ms: 12,
        }));
    }
}

/// An event whose usage lacks the members that a server may leave out or send as null.
fn sparse() -> Value {
    let mut sparse = usage();
    sparse.prompt_tokens_details = None;
    sparse.completion_tokens_details = Some(CompletionDetails {
        reasoning_tokens: None,
    });
    let event = Event::Error(Fault {
        class: airx::exit::Class::Signal,
        exit: 130,
        message: "interrupted",
        hint: None,
        look: None,
        http_status: None,
        code: None,
        request_id: None,
        finish_reason: None,
        usage: Some(sparse),
        requests: 1,
        retry_after_ms: None,
    });
    serde_json::to_value(event).unwrap()
}

#[test]
fn every_event_fits_the_schema() {
    let validator = validator();
    let mut covered = BTreeSet::new();
    samples(&mut |name, line| {
        let errors: Vec<String> = validator
            .iter_errors(&line)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{line}: {errors:?}");
        assert_eq!(line["type"], name);
        assert_eq!(
            line.as_object().unwrap().keys().next().unwrap(),
            "type",
            "{line}"
        );
        covered.insert(name);
    });
    assert_eq!(covered, BTreeSet::from(NAMES));
}

#[test]
fn the_schema_is_exact() {
    let validator = validator();
    samples(&mut |name, line| {
        let mut more = line.clone();
        more["another"] = json!(1);
        assert!(!validator.is_valid(&more), "{name} takes any member");
        let optional = |member: &str| match name {
            // A result may have calls without text, and text without calls.
            "result" => {
                let both = line["tool_calls"].is_array() && line["content"].is_string();
                ["item", "custom_id", "partial", "errors", "search", "model"].contains(&member)
                    || (both && ["content", "tool_calls"].contains(&member))
            }
            "part" => member == "model",
            _ => false,
        };
        let members = line.as_object().unwrap().keys();
        for member in members.filter(|member| !optional(member)) {
            let mut less = line.clone();
            less.as_object_mut().unwrap().remove(member);
            assert!(!validator.is_valid(&less), "{name} needs no {member}");
        }
        for (member, value) in line.as_object().unwrap() {
            // These members may be any JSON value.
            if !["item", "value", "results", "arguments", "search"].contains(&member.as_str())
                && !value.is_object()
            {
                let mut other = line.clone();
                other[member] = json!({"of": "another type"});
                assert!(
                    !validator.is_valid(&other),
                    "{name}.{member} takes any type"
                );
            }
        }
    });
}

#[test]
fn the_schema_is_made_from_the_events() {
    let made = serde_json::to_string_pretty(&json_schema()).unwrap() + "\n";
    crate::committed("src/event.schema.json", &made);
}

#[test]
fn the_schema_knows_every_event_and_class() {
    let schema = schema();
    let types = schema["oneOf"].as_array().unwrap().iter();
    let types: Vec<&Value> = types
        .map(|event| &event["properties"]["type"]["const"])
        .collect();
    assert_eq!(types, NAMES);
    let classes: Vec<&str> = TABLE.iter().skip(1).map(|row| row.name).collect();
    assert_eq!(
        schema["$defs"]["Fault"]["properties"]["class"]["enum"],
        json!(classes)
    );
}

#[test]
fn help_describes_every_member_of_every_event() {
    let events = events();
    let described: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(described, NAMES);
    for event in &events {
        assert!(event.when.ends_with('.'), "{event:?}");
        for member in &event.members {
            let said = !member.kind.is_empty() && member.meaning.ends_with('.');
            assert!(said, "{}: {member:?}", event.name);
        }
    }
    samples(&mut |name, line| {
        let event = events.iter().find(|event| event.name == name).unwrap();
        let mut members = event.members.iter().map(|member| &member.name);
        for member in line.as_object().unwrap().keys().skip(1) {
            assert!(
                members.any(|next| next == member),
                "{name}.{member}: another order"
            );
        }
    });
}
