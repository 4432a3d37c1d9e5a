//! Tool files, folders, servers and flags → the toolbox's tools.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};

use super::check::{self, Declared};
use super::program::{Program, Surroundings};
use super::{Action, Function, Kind, Sources, Tool, Toolbox, tools_dir};
use crate::error::Failure;
use crate::secret::Scrubber;

/// Names of tools that a message lists at most.
const NAMES_MAX: usize = 20;

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
        let only = sources.only.iter().map(|name| (name.clone(), false));
        self.only = only.collect();
        let mut number = 0;
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
                    number += 1;
                    let place = format!("--tools {name}, tool {number}");
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
    pub fn gather(
        &mut self,
        sources: &Sources,
        scrubber: &Scrubber,
        warn: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
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
            self.add_server(server, warn)?;
        }
        self.check_only()?;
        if let Some((knowledge, prompt)) = &sources.retrieval {
            self.add_retrieval(knowledge, prompt.as_deref())?;
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
        self.push(Kind::Retrieval, &tool, None, "--retrieval")
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
            if self.left_out.iter().any(|left_out| left_out == name) {
                continue;
            }
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

    /// Adds one tool, unless `--only` leaves it out; `action` is what its calls do,
    /// where it does not say so itself.
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
        let mut function = match form(&object).map_err(|what| wrong(&what))? {
            Form::Provider(kind) if self.only.is_empty() => {
                return self.push(kind, &Value::Object(object), None, place);
            }
            Form::Provider(_) => return Ok(()),
            Form::Bare => {
                object.shift_remove("type");
                object
            }
            Form::Wrapped => match object.shift_remove("function") {
                Some(Value::Object(function)) => function,
                _ => return Err(wrong("its function is not an object")),
            },
            Form::Unknown => {
                return Err(wrong("it has neither type nor name")
                    .hint("write {\"name\", \"description\", \"parameters\"}"));
            }
        };
        let inner = command(&mut function, place)?;
        let member = check::convert(&mut function).map_err(|what| wrong(&what))?;
        let function = Value::Object(function);
        let declared = Declared::deserialize(&function)
            .map_err(|why| wrong(&format!("its function is not right: {why}")))?;
        if !self.is_wanted(&declared.name) {
            return Ok(());
        }
        let schema = declared.check(place, member)?;
        if self.knows(&declared.name) {
            return Err(wrong(&format!("there is a tool {} already", declared.name)));
        }
        let known = Function {
            name: declared.name,
            schema,
            action: own.or(inner).map(Action::Run).or(action),
        };
        let tool = serde_json::json!({ "type": "function", "function": function });
        self.push(Kind::Function, &tool, Some(known), place)
    }

    /// Whether a function is offered: all are without `--only`.
    fn is_wanted(&mut self, name: &str) -> bool {
        if self.only.is_empty() {
            return true;
        }
        let wanted = self.only.contains_key(name);
        if let Some(found) = self.only.get_mut(name) {
            *found = true;
        } else {
            self.left_out.push(name.to_owned());
        }
        wanted
    }

    /// Each name of `--only` is a tool's.
    fn check_only(&self) -> Result<(), Failure> {
        let Some((name, _)) = self.only.iter().find(|(_, found)| !**found) else {
            return Ok(());
        };
        let offered = self.tools.iter().filter_map(|tool| tool.function.as_ref());
        let offered = offered.map(|function| function.name.as_str());
        let names: Vec<&str> = offered
            .chain(self.left_out.iter().map(String::as_str))
            .take(NAMES_MAX)
            .collect();
        let failure = Failure::usage(format!("--only {name}: there is no tool {name}"));
        Err(if names.is_empty() {
            failure.hint("give tools with --tools, --tools-dir or --mcp")
        } else {
            failure.hint(format!("the tools are {}", names.join(", ")))
        })
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

/// How a tool is written.
enum Form {
    /// A function object: of this API, of Anthropic's, of MCP, or a flat tool of
    /// OpenAI's Responses API.
    Bare,
    /// A function object in a tool object.
    Wrapped,
    /// A tool that the provider runs.
    Provider(Kind),
    Unknown,
}

fn form(object: &Map<String, Value>) -> Result<Form, String> {
    let bare = object.contains_key("name") && !object.contains_key("function");
    Ok(match object.get("type").and_then(Value::as_str) {
        Some("web_search") => Form::Provider(Kind::WebSearch),
        Some("retrieval") => Form::Provider(Kind::Retrieval),
        Some("mcp") => Form::Provider(Kind::Mcp),
        // Anthropic's name for a function; OpenAI's custom tools take free text.
        Some("custom") if bare && object.contains_key("input_schema") => Form::Bare,
        None | Some("function") if bare => Form::Bare,
        Some("function") => Form::Wrapped,
        Some(other) => return Err(format!("its type {other:?} is none that the API knows")),
        None if object.contains_key("function") => Form::Wrapped,
        None => Form::Unknown,
    })
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
