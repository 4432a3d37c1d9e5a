//! Tool files, folders, servers and flags → the toolbox's tools.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};

use super::check::Declared;
use super::program::{Program, Surroundings};
use super::{Action, Function, Kind, Sources, Tool, Toolbox, tools_dir};
use crate::error::Failure;
use crate::secret::Scrubber;

impl Toolbox {
    /// Loads tools from files, in order. `read` gives a file's text.
    ///
    /// # Errors
    /// A file that cannot be read, or holds what is no tool: exit 2.
    pub fn load(
        &mut self,
        sources: &Sources,
        read: impl Fn(&Path) -> Result<String, Failure>,
    ) -> Result<(), Failure> {
        self.limits = sources.limits;
        for file in &sources.files {
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
                    let place = format!("--tools {name}, tool {}", self.tools.len() + 1);
                    self.add(tool, &place, None)?;
                    empty = false;
                }
            }
            if empty {
                return Err(Failure::usage(format!("--tools {name}: it holds no tool")));
            }
        }
        Ok(())
    }

    /// Adds what the other sources have, and the commands of `--exec`.
    /// Programs are started here: those of folders, to tell of themselves, and
    /// servers, for the rest of the run.
    ///
    /// # Errors
    /// A source that is broken: exit 2; a server that cannot be started: 11.
    pub fn gather(&mut self, sources: &Sources, scrubber: &Scrubber) -> Result<(), Failure> {
        if let Some((knowledge, prompt)) = &sources.retrieval {
            self.add_retrieval(knowledge, prompt.as_deref())?;
        }
        if sources.runs || sources.start_programs() {
            self.surroundings = Surroundings::without_keys(scrubber);
        }
        for path in &sources.folders {
            for (function, program) in tools_dir::functions(path, &self.surroundings)? {
                let place = format!("--tools-dir: {}", program.words());
                self.add(function, &place, Some(Action::Run(program)))?;
            }
        }
        for server in &sources.servers {
            self.add_server(server)?;
        }
        self.name_programs(&sources.programs)?;
        if sources.runs {
            self.check_that_calls_can_run()?;
        }
        Ok(())
    }

    fn add_retrieval(&mut self, knowledge: &str, prompt: Option<&str>) -> Result<(), Failure> {
        if knowledge.trim().is_empty() {
            return Err(Failure::usage(
                "--retrieval: the knowledge base's id is empty",
            ));
        }
        let mut retrieval = Map::new();
        retrieval.insert("knowledge_id".into(), knowledge.into());
        if let Some(prompt) = prompt {
            retrieval.insert("prompt_template".into(), prompt.into());
        }
        let tool = serde_json::json!({ "type": "retrieval", "retrieval": retrieval });
        self.add(tool, "--retrieval", None)
    }

    /// `--exec NAME=COMMAND`; it comes before a tool's own command.
    fn name_programs(&mut self, flags: &[String]) -> Result<(), Failure> {
        let mut named: Vec<&str> = Vec::new();
        for flag in flags {
            let Some((name, line)) = flag.split_once('=') else {
                return Err(Failure::usage(format!("--exec {flag}: write NAME=COMMAND")));
            };
            let place = format!("--exec {name}");
            let program = Program::split(line, &place)?;
            if named.contains(&name) {
                return Err(Failure::usage(format!("{place}: it is given twice")));
            }
            named.push(name);
            let Some(function) = self.function_mut(name) else {
                return Err(Failure::usage(format!("{place}: there is no tool {name}"))
                    .hint("the model is told of a tool by --tools"));
            };
            function.action = Some(Action::Run(program));
        }
        Ok(())
    }

    fn check_that_calls_can_run(&self) -> Result<(), Failure> {
        let mut functions = self.tools.iter().filter_map(|tool| tool.function.as_ref());
        if let Some(idle) = functions.clone().find(|function| function.action.is_none()) {
            let name = &idle.name;
            return Err(
                Failure::usage(format!("--run: the tool {name} has no command")).hint(format!(
                    "give it one: --exec {name}='COMMAND', or \"command\" in its file"
                )),
            );
        }
        match functions.next() {
            Some(_) => Ok(()),
            None => Err(Failure::usage("--run: there is no tool to run")
                .hint("give some with --tools, --tools-dir or --mcp")),
        }
    }

    /// Adds one tool; `action` is what its calls do, where it does not say so
    /// itself.
    pub(super) fn add(
        &mut self,
        tool: Value,
        place: &str,
        action: Option<Action>,
    ) -> Result<(), Failure> {
        let wrong = |what: &str| Failure::usage(format!("{place}: {what}"));
        let Value::Object(mut object) = tool else {
            return Err(wrong("it is not an object"));
        };
        let own = command(&mut object, place)?;
        let mut tool = match object.get("type").and_then(Value::as_str) {
            // A bare function object becomes a tool; its schema may well have a
            // member called type, so that alone tells nothing.
            _ if object.contains_key("name") && !object.contains_key("function") => {
                serde_json::json!({ "type": "function", "function": object })
            }
            Some("function") => Value::Object(object),
            Some(kind @ ("web_search" | "retrieval" | "mcp")) => {
                let kind = match kind {
                    "web_search" => Kind::WebSearch,
                    "retrieval" => Kind::Retrieval,
                    _ => Kind::Mcp,
                };
                return self.push(kind, &Value::Object(object), None, place);
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
        let inner = match tool.get_mut("function").and_then(Value::as_object_mut) {
            Some(function) => command(function, place)?,
            None => None,
        };
        let declared = Declared::deserialize(&tool["function"])
            .map_err(|why| wrong(&format!("its function is not right: {why}")))?;
        let schema = declared.check(place)?;
        if self.knows(&declared.name) {
            return Err(wrong(&format!("there is a tool {} already", declared.name)));
        }
        let function = Function {
            name: declared.name,
            schema,
            action: own.or(inner).map(Action::Run).or(action),
        };
        self.push(Kind::Function, &tool, Some(function), place)
    }

    fn push(
        &mut self,
        kind: Kind,
        tool: &Value,
        function: Option<Function>,
        place: &str,
    ) -> Result<(), Failure> {
        let wire =
            to_raw_value(tool).map_err(|error| Failure::usage(format!("{place}: {error}")))?;
        self.tools.push(Tool {
            kind,
            wire,
            function,
        });
        Ok(())
    }
}

/// Takes the command out of a tool or function object: it is never sent.
fn command(object: &mut Map<String, Value>, place: &str) -> Result<Option<Program>, Failure> {
    let Some(given) = object.shift_remove("command") else {
        return Ok(None);
    };
    Program::given(&given).map(Some).ok_or_else(|| {
        Failure::usage(format!("{place}: its command is not a list of words"))
            .hint("write \"command\": [\"PROGRAM\", \"ARGUMENT\"]")
    })
}

#[cfg(test)]
mod tests;
