//! The tools of a run: their sources, the tools offered to the model, and how calls are
//! run.

mod approval;
mod command;
mod definition;
#[cfg(unix)]
mod mcp;
mod sources;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Failure;
use crate::exit::Class;
use crate::process::{self, Finished, Limits};
use crate::schema::Schema;

pub use approval::Approval;
use command::{ChildEnvironment, ToolCommand};
use definition::Definition;
pub use definition::ToolKind;
pub use sources::{ToolSetup, names};

/// The maximum number of names that a hint lists.
const NAMES_MAX: usize = 20;

/// The tools of a run.
#[derive(Debug, Default)]
pub struct Toolbox {
    tools: Vec<Tool>,
    limits: Limits,
    /// The environment of commands and servers.
    environment: ChildEnvironment,
    /// Each name of `--only`, and whether a function with this name was found. Without a name,
    /// all functions are offered.
    only: BTreeMap<String, bool>,
    /// The functions that `--only` excludes.
    left_out: Vec<String>,
    #[cfg(unix)]
    servers: mcp::Servers,
}

#[derive(Debug)]
struct Tool {
    kind: ToolKind,
    /// The tool in the format of the request.
    wire: Box<RawValue>,
    /// Set only for [`ToolKind::Function`].
    function: Option<Function>,
}

#[derive(Debug)]
struct Function {
    name: String,
    schema: Option<Schema>,
    action: Option<Action>,
}

/// What a call does.
#[derive(Debug)]
enum Action {
    Command(ToolCommand),
    /// Calls a tool of an MCP server.
    #[cfg(unix)]
    Mcp {
        server: usize,
        /// The server's own name for the tool.
        tool: String,
    },
}

/// The result of a call.
#[derive(Debug, PartialEq, Eq)]
pub struct CallResult {
    /// The exit status of the command, 128 + n if signal n ended it. For an MCP tool 0, or 1
    /// for an error. `None` if the call did not run to its end.
    pub exit_status: Option<i32>,
    /// The content for the model.
    pub content: String,
    /// How long the call took.
    pub elapsed: Duration,
}

impl CallResult {
    /// The result of a call that was not run.
    pub fn refused(why: impl Into<String>) -> Self {
        Self {
            exit_status: None,
            content: format!("error: {}", why.into()),
            elapsed: Duration::ZERO,
        }
    }
}

impl Toolbox {
    /// An empty toolbox.
    fn new(limits: Limits, only: &[String]) -> Self {
        Self {
            limits,
            only: only.iter().map(|name| (name.clone(), false)).collect(),
            ..Self::default()
        }
    }

    /// Adds a tool, unless `--only` excludes it. `action` is used if the tool has no
    /// command of its own; `place` names the tool in messages.
    fn add(&mut self, tool: Value, place: &str, action: Option<Action>) -> Result<(), Failure> {
        let definition = match Definition::read(tool, place)? {
            Definition::Function(definition) => *definition,
            Definition::Provider(kind, tool) if self.only.is_empty() => {
                return self.push(kind, &tool, None);
            }
            Definition::Provider(..) => return Ok(()),
        };
        if !self.offers(&definition.name) {
            return Ok(());
        }
        let schema = definition.check(place)?;
        let name = definition.name;
        self.check_unused(&name, place)?;
        let tool = serde_json::json!({ "type": "function", "function": definition.function });
        let function = Function {
            name,
            schema,
            action: definition.command.map(Action::Command).or(action),
        };
        self.push(ToolKind::Function, &tool, Some(function))
    }

    /// Whether a function with this name is offered. Records that the name of `--only` was found.
    fn offers(&mut self, name: &str) -> bool {
        if let Some(found) = self.only.get_mut(name) {
            *found = true;
        } else if !self.only.is_empty() {
            self.left_out.push(name.to_owned());
            return false;
        }
        true
    }

    /// Fails if there is a tool with this name already: the user has to choose.
    fn check_unused(&self, name: &str, place: &str) -> Result<(), Failure> {
        if self.contains(name) {
            let message = format!("{place}: there is a tool {name} already");
            return Err(Failure::usage(message));
        }
        Ok(())
    }

    /// Adds a tool without checking `--only`.
    fn push(
        &mut self,
        kind: ToolKind,
        tool: &Value,
        function: Option<Function>,
    ) -> Result<(), Failure> {
        let wire = to_raw_value(tool).map_err(std::io::Error::from)?;
        self.tools.push(Tool {
            kind,
            wire,
            function,
        });
        Ok(())
    }

    /// Starts an MCP server and adds its tools. `warn` gets a message for each tool that
    /// is left out.
    #[cfg(unix)]
    fn add_server(&mut self, line: &str, warn: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let command = ToolCommand::split(line, "--mcp")?;
        let mut process = command.to_process(&self.environment);
        let name = command.quoted();
        let (server, listed) = self.servers.start(&mut process, name, self.limits, warn)?;
        for tool in listed {
            let own_name = &tool.own_name;
            let place = format!("--mcp {}, tool {own_name}", self.servers.name(server));
            self.check_unused(&tool.name, &place)?;
            let action = Action::Mcp {
                server,
                tool: tool.own_name,
            };
            if let Err(failure) = self.add(tool.function, &place, Some(action)) {
                warn(&format!("{}; this tool is left out", failure.message));
            }
        }
        Ok(())
    }

    /// Always fails, because servers need process groups.
    #[cfg(not(unix))]
    fn add_server(&mut self, _: &str, _: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        Err(Failure::usage(
            "--mcp: servers are run on Linux and macOS only",
        ))
    }

    /// Sets the command of `--exec` for a function. A function that `--only` excludes is
    /// skipped. `place` names the option in messages.
    fn set_command(
        &mut self,
        name: &str,
        command: ToolCommand,
        place: &str,
    ) -> Result<(), Failure> {
        if self.left_out.iter().any(|left_out| left_out == name) {
            return Ok(());
        }
        let tools = self.tools.iter_mut();
        let mut functions = tools.filter_map(|tool| tool.function.as_mut());
        let function = functions.find(|function| function.name == name);
        let function = function.ok_or_else(|| {
            Failure::usage(format!("{place}: there is no tool {name}"))
                .hint("offer it to the model with --tools")
        })?;
        function.action = Some(Action::Command(command));
        Ok(())
    }

    /// Checks that each name of `--only` belongs to a tool.
    fn check_only(&self) -> Result<(), Failure> {
        let Some((name, _)) = self.only.iter().find(|(_, found)| !**found) else {
            return Ok(());
        };
        let offered = self.functions().map(|function| function.name.as_str());
        let left_out = self.left_out.iter().map(String::as_str);
        let names: Vec<&str> = offered.chain(left_out).take(NAMES_MAX).collect();
        let hint = match names.join(", ") {
            none if none.is_empty() => "give tools with --tools, --tools-dir or --mcp".to_owned(),
            names => format!("the tools are {names}"),
        };
        let failure = Failure::usage(format!("--only {name}: there is no tool {name}"));
        Err(failure.hint(hint).about("only"))
    }

    /// Checks that every call can be run.
    fn check_actions(&self) -> Result<(), Failure> {
        if self.functions().next().is_none() {
            return Err(Failure::usage("--run: there is no tool to run")
                .hint("give some with --tools, --tools-dir or --mcp"));
        }
        let Some(idle) = self.functions().find(|function| function.action.is_none()) else {
            return Ok(());
        };
        let name = &idle.name;
        let hint = format!("give it one: --exec {name}='COMMAND', or \"command\" in its file");
        Err(Failure::usage(format!("--run: the tool {name} has no command")).hint(hint))
    }

    /// The tools in the format of the request, each with its kind.
    pub fn offered(&self) -> impl Iterator<Item = (ToolKind, &RawValue)> {
        self.tools.iter().map(|tool| (tool.kind, &*tool.wire))
    }

    /// Whether a call with this name can be valid. If no functions are known, any name can be,
    /// because `--param` can define functions.
    pub fn accepts(&self, name: &str) -> bool {
        self.contains(name) || self.functions().next().is_none()
    }

    /// Whether there is a function with this name.
    pub fn contains(&self, name: &str) -> bool {
        self.function(name).is_some()
    }

    /// The schema of the arguments of this function.
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.function(name)?.schema.as_ref()
    }

    /// Describes to the user what a call of this function runs.
    pub fn describe_call(&self, name: &str) -> Option<String> {
        match self.function(name)?.action.as_ref()? {
            Action::Command(command) => Some(command.quoted()),
            #[cfg(unix)]
            Action::Mcp { server, tool } => {
                Some(format!("{tool} of {}", self.servers.name(*server)))
            }
        }
    }

    /// Runs a call whose arguments have been checked. `on_line` gets each line of the
    /// command's standard error as it arrives.
    ///
    /// # Errors
    /// The command cannot be started, or the server has ended: exit 11.
    pub fn call(
        &self,
        name: &str,
        arguments: &RawValue,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<CallResult, Failure> {
        let started = Instant::now();
        let function = self.function(name);
        let action = function.and_then(|function| function.action.as_ref());
        let (exit_status, content) = match action {
            Some(Action::Command(command)) => self.run(name, command, arguments, on_line)?,
            #[cfg(unix)]
            Some(Action::Mcp { server, tool }) => {
                self.servers.call(*server, tool, arguments, self.limits)?
            }
            None => (None, format!("error: the tool {name} has no command")),
        };
        Ok(CallResult {
            exit_status,
            content,
            elapsed: started.elapsed(),
        })
    }

    fn run(
        &self,
        name: &str,
        command: &ToolCommand,
        arguments: &RawValue,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<(Option<i32>, String), Failure> {
        let mut process = command.to_process(&self.environment);
        let input = arguments.get().as_bytes();
        let finished = process::run(&mut process, Some(input), self.limits, on_line);
        let finished = finished.map_err(|error| {
            let command = command.quoted();
            let message =
                format!("the command of the tool {name} cannot be started: {command}: {error}");
            Failure::new(Class::Tool, message).hint(
                "check the command's name and PATH; a relative path starts at the current folder",
            )
        })?;
        let content = match finished.status {
            Some(0) => finished.stdout.text(),
            Some(status) => failed(&format!("it ended with exit status {status}"), &finished),
            None => {
                let limit = self.limits.timeout.unwrap_or_default().as_secs_f64();
                let what = format!("it took longer than {limit} s and was killed");
                failed(&what, &finished)
            }
        };
        Ok((finished.status, content))
    }

    fn functions(&self) -> impl Iterator<Item = &Function> {
        self.tools.iter().filter_map(|tool| tool.function.as_ref())
    }

    fn function(&self, name: &str) -> Option<&Function> {
        self.functions().find(|function| function.name == name)
    }
}

/// The content for the model after a command failed.
fn failed(what: &str, finished: &Finished) -> String {
    let mut content = format!("error: {what}");
    let stdout = finished.stdout.text();
    for (name, text) in [
        ("standard error", finished.stderr.trim_end()),
        ("standard output", stdout.trim_end()),
    ] {
        if !text.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(content, "\n{name}:\n{text}");
        }
    }
    content
}
