//! Reads the definition of a tool in the formats of several APIs, checks it before
//! anything is sent, and converts it to the format of this API.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::command::ToolCommand;
use crate::error::Failure;
use crate::schema::Schema;

/// The greatest length of a function name; see [`is_name_char`] for its characters.
/// api.md §3.
pub(super) const NAME_MAX: usize = 64;

/// The names of the member with the schema of the arguments, in this API, in Anthropic's
/// and in the Model Context Protocol.
const SCHEMA_MEMBERS: [&str; 3] = ["parameters", "input_schema", "inputSchema"];

/// The types of tools that the API knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolKind {
    /// A function that the user defines.
    Function,
    /// The provider's web search.
    WebSearch,
    /// The provider's knowledge base.
    Retrieval,
    /// An MCP server that the provider calls.
    Mcp,
}

/// A tool that was read.
pub(super) enum Definition {
    /// A function that the user defines.
    Function(Box<FunctionDefinition>),
    /// A tool that the provider runs, in the format that is sent.
    Provider(ToolKind, Value),
}

pub(super) struct FunctionDefinition {
    pub(super) name: String,
    /// The tool's own command, which is never sent.
    pub(super) command: Option<ToolCommand>,
    /// The object in the format that is sent.
    pub(super) function: Value,
    parts: Parts,
    /// The name of the schema's member in the user's file.
    schema_member: &'static str,
}

/// The members of a function object that are checked.
#[derive(Deserialize)]
#[serde(expecting = "an object with name and parameters")]
struct Parts {
    name: String,
    description: Option<Value>,
    parameters: Option<Value>,
}

/// Whether a function's name may contain this character.
pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// The format of a tool.
enum Form {
    /// A function object of this API, Anthropic's or MCP, or a flat tool of OpenAI's
    /// Responses API.
    Bare,
    /// A function object inside a tool object.
    Wrapped,
    Provider(ToolKind),
}

impl Definition {
    /// Reads a tool in any format. `place` names it in messages.
    pub(super) fn read(tool: Value, place: &str) -> Result<Self, Failure> {
        let invalid = |what: &str| Failure::usage(format!("{place}: {what}"));
        let Value::Object(mut object) = tool else {
            return Err(invalid("it is not an object"));
        };
        let outer_command = take_command(&mut object, place)?;
        let mut function = match form(&object, place)? {
            Form::Provider(kind) => return Ok(Self::Provider(kind, Value::Object(object))),
            Form::Bare => {
                object.shift_remove("type");
                object
            }
            Form::Wrapped => match object.shift_remove("function") {
                Some(Value::Object(function)) => function,
                _ => return Err(invalid("its function is not an object")),
            },
        };
        let inner_command = take_command(&mut function, place)?;
        let schema_member = convert(&mut function).map_err(|what| invalid(&what))?;
        let function = Value::Object(function);
        let parts = Parts::deserialize(&function)
            .map_err(|error| invalid(&format!("its function is invalid: {error}")))?;
        Ok(Self::Function(Box::new(FunctionDefinition {
            name: parts.name.clone(),
            command: outer_command.or(inner_command),
            function,
            parts,
            schema_member,
        })))
    }
}

impl FunctionDefinition {
    /// Checks the function and compiles its schema.
    pub(super) fn check(&self, place: &str) -> Result<Option<Schema>, Failure> {
        self.check_parts()
            .map_err(|what| Failure::usage(format!("{place}: {what}")))?;
        let place = format!("{place}: {}: /{}", self.name, self.schema_member);
        let parameters = self.parts.parameters.as_ref();
        let schema = parameters.map(|parameters| Schema::compile(parameters, &place));
        schema.transpose()
    }

    /// Checks for errors that a server would refuse too, to report them with clearer messages.
    fn check_parts(&self) -> Result<(), String> {
        let name = &self.name;
        if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(is_name_char) {
            return Err(format!(
                "the name {name:?} is not 1 to {NAME_MAX} letters, digits, _ or -"
            ));
        }
        let description = self.parts.description.as_ref();
        if description.is_some_and(|description| !description.is_string()) {
            return Err(format!("the description of {name} is not a string"));
        }
        let Some(parameters) = &self.parts.parameters else {
            return Ok(());
        };
        check_parameters(parameters, &format!("/{}", self.schema_member))
            .map_err(|what| format!("{name}: {what}"))
    }
}

fn form(object: &Map<String, Value>, place: &str) -> Result<Form, Failure> {
    let is_bare = object.contains_key("name") && !object.contains_key("function");
    let invalid = |what: &str| Failure::usage(format!("{place}: {what}"));
    match object.get("type").and_then(Value::as_str) {
        Some("web_search") => Ok(Form::Provider(ToolKind::WebSearch)),
        Some("retrieval") => Ok(Form::Provider(ToolKind::Retrieval)),
        Some("mcp") => Ok(Form::Provider(ToolKind::Mcp)),
        // Anthropic's name for a function. OpenAI's custom tools take free text.
        Some("custom") if is_bare && object.contains_key("input_schema") => Ok(Form::Bare),
        None | Some("function") if is_bare => Ok(Form::Bare),
        Some("function") => Ok(Form::Wrapped),
        Some(other) => Err(invalid(&format!(
            "its type {other:?} is none that the API knows"
        ))),
        None if object.contains_key("function") => Ok(Form::Wrapped),
        None => Err(invalid("it has neither type nor name")
            .hint("write {\"name\", \"description\", \"parameters\"}")),
    }
}

/// Removes the command from a tool or function object and returns it, so that it is
/// never sent.
fn take_command(
    object: &mut Map<String, Value>,
    place: &str,
) -> Result<Option<ToolCommand>, Failure> {
    let Some(words) = object.shift_remove("command") else {
        return Ok(None);
    };
    ToolCommand::from_json(&words).map(Some).ok_or_else(|| {
        Failure::usage(format!("{place}: its command is not a list of words"))
            .hint("write \"command\": [\"PROGRAM\", \"ARGUMENT\"]")
    })
}

/// Converts a function object of Anthropic's API or MCP to the format of this API, and
/// returns the name of its schema's member.
fn convert(function: &mut Map<String, Value>) -> Result<&'static str, String> {
    let mut given = SCHEMA_MEMBERS
        .into_iter()
        .filter(|member| function.contains_key(*member));
    let member = given.next().unwrap_or("parameters");
    if let Some(other) = given.next() {
        return Err(format!("it has both {member} and {other}"));
    }
    if member == "parameters" {
        return Ok(member);
    }
    let mut foreign = std::mem::take(function);
    // MCP's title may replace the description. This API does not use the other members
    // (annotations, cache_control).
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

/// Checks that the parameters describe an object and that their members have the right
/// types.
fn check_parameters(parameters: &Value, path: &str) -> Result<(), String> {
    let Value::Object(schema) = parameters else {
        return Err(format!("{path} is not a JSON Schema object"));
    };
    let kind = schema.get("type").filter(|kind| **kind != "object");
    if let Some(kind) = kind {
        return Err(format!(
            "{path}/type is {kind}; arguments are an \"object\""
        ));
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

/// The tool object of `--retrieval`.
pub(super) fn retrieval(knowledge: &str, prompt: Option<&str>) -> Value {
    let mut retrieval = Map::new();
    retrieval.insert("knowledge_id".into(), knowledge.into());
    if let Some(prompt) = prompt {
        retrieval.insert("prompt_template".into(), prompt.into());
    }
    json!({ "type": "retrieval", "retrieval": retrieval })
}
