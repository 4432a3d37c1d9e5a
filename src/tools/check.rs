//! A function object → its name and schema, checked before anything is sent.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Failure;
use crate::schema::Schema;

/// Longest function name; its alphabet is in [`is_of_names`]. api.md §3.
pub(super) const NAME_MAX: usize = 64;

/// What a function object holds.
#[derive(Deserialize)]
#[serde(expecting = "an object with name and parameters")]
pub(super) struct Declared {
    pub(super) name: String,
    description: Option<Value>,
    parameters: Option<Value>,
}

/// What a function object calls the schema of its arguments: the API itself,
/// Anthropic, and the Model Context Protocol.
const SCHEMA_MEMBERS: [&str; 3] = ["parameters", "input_schema", "inputSchema"];

/// Brings a function object that Anthropic's API or MCP would take into the form of
/// this API, and returns what it called its schema.
pub(super) fn convert(function: &mut Map<String, Value>) -> Result<&'static str, String> {
    let mut members = SCHEMA_MEMBERS.iter().copied();
    let mut given = members.by_ref().filter(|name| function.contains_key(*name));
    let member = given.next().unwrap_or("parameters");
    if let Some(other) = given.next() {
        return Err(format!("it has both {member} and {other}"));
    }
    if member == "parameters" {
        return Ok(member);
    }
    let mut foreign = std::mem::take(function);
    // MCP has a title that may stand for the description; the rest of both forms
    // (annotations, cache_control) means nothing here.
    for (name, sources) in [
        ("name", &["name"][..]),
        ("description", &["description", "title"]),
        ("parameters", &[member]),
        ("strict", &["strict"]),
    ] {
        let mut values = sources
            .iter()
            .filter_map(|source| foreign.shift_remove(*source));
        if let Some(value) = values.find(|value| !value.is_null()) {
            function.insert(name.to_owned(), value);
        }
    }
    Ok(member)
}

/// Whether a function's name may hold it.
pub(super) fn is_of_names(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

impl Declared {
    /// Checks it and compiles its schema. `place` says where it stands, `member` what
    /// its schema is called there.
    pub(super) fn check(&self, place: &str, member: &str) -> Result<Option<Schema>, Failure> {
        self.look(member)
            .map_err(|what| Failure::usage(format!("{place}: {what}")))?;
        let compile =
            |parameters| Schema::compile(parameters, &format!("{place}: {}: /{member}", self.name));
        self.parameters.as_ref().map(compile).transpose()
    }

    /// What a server would trip over, in words of their own.
    fn look(&self, member: &str) -> Result<(), String> {
        let name = &self.name;
        if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(is_of_names) {
            return Err(format!(
                "the name {name:?} is not 1 to {NAME_MAX} letters, digits, _ or -"
            ));
        }
        if self
            .description
            .as_ref()
            .is_some_and(|description| !description.is_string())
        {
            return Err(format!("the description of {name} is not a string"));
        }
        match &self.parameters {
            None => Ok(()),
            Some(parameters) => {
                schema(parameters, &format!("/{member}")).map_err(|what| format!("{name}: {what}"))
            }
        }
    }
}

/// The parameters are an object's, and its parts are of the right kind.
fn schema(parameters: &Value, path: &str) -> Result<(), String> {
    let Value::Object(schema) = parameters else {
        return Err(format!("{path} is not a JSON Schema object"));
    };
    match schema.get("type") {
        None => {}
        Some(Value::String(kind)) if kind == "object" => {}
        Some(kind) => {
            return Err(format!(
                "{path}/type is {kind}; arguments are an \"object\""
            ));
        }
    }
    let properties = match schema.get("properties") {
        None => None,
        Some(Value::Object(properties)) => Some(properties),
        Some(_) => return Err(format!("{path}/properties is not an object")),
    };
    for (name, property) in properties.into_iter().flatten() {
        if !property.is_object() && !property.is_boolean() {
            return Err(format!("{path}/properties/{name} is not a schema"));
        }
    }
    match schema.get("required") {
        None => Ok(()),
        Some(Value::Array(names)) if names.iter().all(Value::is_string) => Ok(()),
        Some(_) => Err(format!("{path}/required is not a list of names")),
    }
}
