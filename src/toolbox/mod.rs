//! Tool files → tools the model may call, their names and schemas checked
//! before anything is sent.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Failure;

/// The tools of a run.
#[derive(Debug, Default)]
pub struct Toolbox {
    tools: Vec<Box<RawValue>>,
    names: Vec<String>,
}

/// Longest function name, and its alphabet: api.md §3.
const NAME_MAX: usize = 64;

impl Toolbox {
    /// Loads tools from files, in order. `read` gives a file's text.
    ///
    /// # Errors
    /// A file that cannot be read, or holds what is no tool: exit 2.
    pub fn load(
        files: &[PathBuf],
        read: impl Fn(&Path) -> Result<String, Failure>,
    ) -> Result<Self, Failure> {
        let mut toolbox = Self::default();
        for file in files {
            let text = read(file)?;
            let name = file.display();
            let mut empty = true;
            // One array, one object, or one object a line: each is a row of
            // JSON values, arrays being rows themselves.
            for value in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
                let value = value.map_err(|why| {
                    Failure::usage(format!("--tools {name}: not JSON: {why}"))
                        .hint("a JSON array, one object, or one object a line")
                })?;
                let tools = match value {
                    Value::Array(tools) => tools,
                    tool => vec![tool],
                };
                for tool in tools {
                    let place = format!("--tools {name}, tool {}", toolbox.tools.len() + 1);
                    toolbox.add(tool, &place)?;
                    empty = false;
                }
            }
            if empty {
                return Err(Failure::usage(format!("--tools {name}: it holds no tool")));
            }
        }
        Ok(toolbox)
    }

    /// The tools as the request carries them.
    pub fn into_tools(self) -> Vec<Box<RawValue>> {
        self.tools
    }

    fn add(&mut self, tool: Value, place: &str) -> Result<(), Failure> {
        let wrong = |what: &str| Failure::usage(format!("{place}: {what}"));
        let Value::Object(mut object) = tool else {
            return Err(wrong("it is not an object"));
        };
        let tool = match object.get("type").and_then(Value::as_str) {
            // A bare function object becomes a tool; its schema may well have a
            // member called type, so that alone tells nothing.
            _ if object.contains_key("name") && !object.contains_key("function") => {
                serde_json::json!({ "type": "function", "function": object })
            }
            Some("function") => Value::Object(object),
            Some("web_search" | "retrieval" | "mcp") => {
                self.tools.push(raw(&Value::Object(object), place)?);
                return Ok(());
            }
            Some(other) => {
                return Err(wrong(&format!(
                    "its type {other:?} is none that the API knows"
                )));
            }
            None if object.contains_key("function") => {
                object.insert("type".into(), "function".into());
                Value::Object(object)
            }
            None => {
                return Err(wrong("it has neither type nor name")
                    .hint("write {\"name\", \"description\", \"parameters\"}"));
            }
        };
        let function = Function::deserialize(&tool["function"])
            .map_err(|why| wrong(&format!("its function is not right: {why}")))?;
        function.check(&self.names).map_err(|what| wrong(&what))?;
        self.names.push(function.name);
        self.tools.push(raw(&tool, place)?);
        Ok(())
    }
}

fn raw(value: &Value, place: &str) -> Result<Box<RawValue>, Failure> {
    to_raw_value(value).map_err(|error| Failure::usage(format!("{place}: {error}")))
}

#[derive(Deserialize)]
struct Function {
    name: String,
    description: Option<Value>,
    parameters: Option<Value>,
}

impl Function {
    fn check(&self, known: &[String]) -> Result<(), String> {
        let name = &self.name;
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(letters) {
            return Err(format!(
                "the name {name:?} is not 1 to {NAME_MAX} letters, digits, _ or -"
            ));
        }
        if known.contains(name) {
            return Err(format!("there is a tool {name} already"));
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
                schema(parameters, "/parameters").map_err(|what| format!("{name}: {what}"))
            }
        }
    }
}

/// A look at a schema that finds what a server would trip over: the parameters
/// are an object's, and its parts are of the right kind.
fn schema(parameters: &Value, path: &str) -> Result<(), String> {
    let Value::Object(schema) = parameters else {
        return Err(format!("{path} is not a JSON Schema object"));
    };
    match schema.get("type") {
        None => {}
        Some(Value::String(kind)) if kind == "object" => {}
        Some(kind) => {
            return Err(format!(
                "{path}/type is {kind}; parameters are an \"object\""
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

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Vec<String>, Failure> {
        let toolbox = Toolbox::load(&["t.json".into()], |_| Ok(text.to_owned()))?;
        Ok(toolbox
            .into_tools()
            .iter()
            .map(ToString::to_string)
            .collect())
    }

    const BARE: &str = r#"{"name":"f","parameters":{"type":"object","properties":{}}}"#;

    #[test]
    fn bare_functions_arrays_and_lines_are_all_tools() {
        let tool = format!(r#"{{"type":"function","function":{BARE}}}"#);
        assert_eq!(load(BARE).unwrap(), std::slice::from_ref(&tool));
        assert_eq!(
            load(&format!("[{BARE}]")).unwrap(),
            std::slice::from_ref(&tool)
        );
        let other = BARE.replace("\"f\"", "\"g\"");
        assert_eq!(load(&format!("{tool}\n{other}\n")).unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_tool_is_refused_with_its_place() {
        for (text, what) in [
            ("", "it holds no tool"),
            ("[1]", "not an object"),
            ("{", "not JSON"),
            (r#"{"name":"a b"}"#, "the name \"a b\""),
            (r#"{"type":"plugin"}"#, "its type \"plugin\""),
            (r#"[{"name":"f"},{"name":"f"}]"#, "a tool f already"),
            (
                r#"{"name":"f","parameters":{"type":"array"}}"#,
                "/parameters/type",
            ),
            (
                r#"{"name":"f","parameters":{"properties":[]}}"#,
                "/parameters/properties",
            ),
            (
                r#"{"name":"f","parameters":{"required":"a"}}"#,
                "/parameters/required",
            ),
        ] {
            let message = load(text).unwrap_err().message;
            assert!(
                message.contains(what) && message.contains("t.json"),
                "{text}: {message}"
            );
        }
    }
}
