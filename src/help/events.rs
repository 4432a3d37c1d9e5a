//! The events of `--format ndjson` in words, read from their JSON Schema: it is made
//! from the enum [`crate::event::Event`] and its doc comments.

use serde_json::{Map, Value};

/// A type of event.
#[derive(Debug)]
pub struct EventDoc {
    /// The value of `type`.
    pub name: String,
    /// When it is printed.
    pub when: String,
    /// Its members but `type`, in the order of the line.
    pub members: Vec<Member>,
}

/// A member of an event.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its JSON type.
    pub kind: String,
    /// What it means, with its unit.
    pub meaning: String,
}

/// Every event, in the order in which a run may print them.
pub fn events() -> Vec<EventDoc> {
    let schema: Value =
        serde_json::from_str(include_str!("../event.schema.json")).unwrap_or_default();
    let types = schema["oneOf"].as_array().into_iter().flatten();
    types.map(|event| event_doc(&schema, event)).collect()
}

fn event_doc(schema: &Value, event: &Value) -> EventDoc {
    let none = Map::new();
    let properties = event["properties"].as_object().unwrap_or(&none);
    let own = properties.iter().filter(|(name, _)| *name != "type");
    let members = own.map(|(name, part)| Member {
        name: name.clone(),
        kind: kind(schema, part),
        meaning: description(part),
    });
    EventDoc {
        name: text(&event["properties"]["type"]["const"]).to_owned(),
        when: description(event),
        members: members.collect(),
    }
}

/// A subschema's type: `string`, `integer or null`, `any`.
fn kind(schema: &Value, part: &Value) -> String {
    if let Some(reference) = part["$ref"].as_str() {
        let target = schema.pointer(reference.trim_start_matches('#'));
        return target.map_or_else(String::new, |target| kind(schema, target));
    }
    if let Some(several) = part["anyOf"].as_array() {
        let kinds: Vec<String> = several.iter().map(|one| kind(schema, one)).collect();
        return kinds.join(" or ");
    }
    match &part["type"] {
        Value::String(one) => one.clone(),
        Value::Array(several) => {
            let kinds: Vec<&str> = several.iter().map(text).collect();
            kinds.join(" or ")
        }
        _ => "any".to_owned(),
    }
}

fn description(part: &Value) -> String {
    let words = text(&part["description"]).split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
