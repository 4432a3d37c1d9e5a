//! The sources of the tools of a run, and who approves the calls.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::command::{ChildEnvironment, ToolCommand};
use super::definition::Definition;
use super::toolbox::{Action, ToolKind, Toolbox};
use super::{Approval, Limits, Terminal, definition, tools_dir};
use crate::error::Failure;
use crate::secret::Scrubber;

/// The options for the sources of tools and for running them.
#[derive(Debug, Default)]
pub struct ToolSources {
    /// `--tools`.
    pub files: Vec<PathBuf>,
    /// `--tools-dir`.
    pub folders: Vec<PathBuf>,
    /// `--mcp`.
    pub servers: Vec<String>,
    /// `--exec`: NAME=COMMAND.
    pub commands: Vec<String>,
    /// `--retrieval` and `--retrieval-prompt`.
    pub retrieval: Option<(String, Option<String>)>,
    /// `--only`: the functions that are offered; if empty, all.
    pub only: Vec<String>,
    /// Calls are run.
    pub run: bool,
    /// Each call needs approval.
    pub ask: bool,
    /// The bounds of each call.
    pub limits: Limits,
}

/// The tools of a run while they are collected.
#[derive(Debug, Default)]
pub struct ToolSetup {
    sources: ToolSources,
    /// The tools that the model is offered.
    pub toolbox: Toolbox,
    /// How its calls are approved.
    pub approval: Approval,
}

impl ToolSetup {
    /// Reads the tool files. If calls need approval, also opens the terminal, except in
    /// a `dry` run. `read` reads a file.
    ///
    /// # Errors
    /// A file cannot be read or holds something other than tools, or there is no
    /// terminal: exit 2.
    pub fn load_files(
        sources: ToolSources,
        read: impl Fn(&Path) -> Result<String, Failure>,
        dry: bool,
    ) -> Result<Self, Failure> {
        let mut toolbox = Toolbox::new(sources.limits, &sources.only);
        add_files(&mut toolbox, &sources.files, read).map_err(|failure| failure.about("tools"))?;
        let approval = if sources.ask && !dry {
            Approval::Ask(Terminal::open()?)
        } else {
            Approval::Always
        };
        Ok(Self {
            sources,
            toolbox,
            approval,
        })
    }

    /// Whether [`ToolSetup::finish`] starts programs.
    pub fn starts_programs(&self) -> bool {
        !self.sources.folders.is_empty() || !self.sources.servers.is_empty()
    }

    /// Adds the tools of the other sources and the commands of `--exec`. This runs the
    /// executables of folders and starts servers. `warn` gets a message for each tool of
    /// a server that is left out.
    ///
    /// # Errors
    /// A source cannot be used: exit 2; a server does not start: exit 11.
    pub fn finish(
        &mut self,
        scrubber: &Scrubber,
        warn: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
        let (sources, toolbox) = (&self.sources, &mut self.toolbox);
        if sources.run || !sources.folders.is_empty() || !sources.servers.is_empty() {
            toolbox.environment = ChildEnvironment::without_keys(scrubber);
        }
        add_folders(toolbox, &sources.folders).map_err(|failure| failure.about("tools-dir"))?;
        for server in &sources.servers {
            let added = toolbox.add_server(server, warn);
            added.map_err(|failure| failure.about("mcp"))?;
        }
        let filtered = toolbox.check_filter();
        filtered.map_err(|failure| failure.about("only"))?;
        if let Some((knowledge, prompt)) = &sources.retrieval {
            if knowledge.trim().is_empty() {
                let message = "--retrieval: the knowledge base's id is empty";
                return Err(Failure::usage(message).about("retrieval"));
            }
            let tool = definition::retrieval(knowledge, prompt.as_deref());
            toolbox.add_provider_tool(ToolKind::Retrieval, &tool)?;
        }
        set_commands(toolbox, &sources.commands)?;
        if sources.run {
            toolbox.check_actions()?;
        }
        Ok(())
    }
}

fn add_files(
    toolbox: &mut Toolbox,
    files: &[PathBuf],
    read: impl Fn(&Path) -> Result<String, Failure>,
) -> Result<(), Failure> {
    let mut number = 0;
    for file in files {
        for tool in parse(file, &read(file)?)? {
            number += 1;
            let place = format!("--tools {}, tool {number}", file.display());
            toolbox.add(tool, &place, None)?;
        }
    }
    Ok(())
}

fn add_folders(toolbox: &mut Toolbox, folders: &[PathBuf]) -> Result<(), Failure> {
    for folder in folders {
        for (function, command) in tools_dir::functions(folder, &toolbox.environment)? {
            let place = format!("--tools-dir: {}", command.quoted());
            toolbox.add(function, &place, Some(Action::Command(command)))?;
        }
    }
    Ok(())
}

/// Reads the tools of a file: a JSON array, one object, or one object on each line.
fn parse(file: &Path, text: &str) -> Result<Vec<Value>, Failure> {
    let name = file.display();
    let mut tools = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter() {
        match value {
            Ok(Value::Array(array)) => tools.extend(array),
            Ok(tool) => tools.push(tool),
            Err(error) => {
                return Err(Failure::usage(format!("--tools {name}: not JSON: {error}"))
                    .hint("write a JSON array, one object, or one object a line"));
            }
        }
    }
    if tools.is_empty() {
        return Err(Failure::usage(format!(
            "--tools {name}: it contains no tool"
        )));
    }
    Ok(tools)
}

/// The names of the functions in a tool file, as far as it can be read.
pub fn names(file: &Path, text: &str) -> Vec<String> {
    let tools = parse(file, text).unwrap_or_default().into_iter();
    let read = tools.filter_map(|tool| Definition::read(tool, "").ok());
    read.filter_map(|definition| match definition {
        Definition::Function(function) => Some(function.name),
        Definition::Provider(..) => None,
    })
    .collect()
}

fn set_commands(toolbox: &mut Toolbox, options: &[String]) -> Result<(), Failure> {
    let mut names = HashSet::new();
    for option in options {
        let Some((name, line)) = option.split_once('=') else {
            let message = format!("--exec {option}: write NAME=COMMAND");
            return Err(Failure::usage(message));
        };
        let place = format!("--exec {name}");
        let command = ToolCommand::split(line, &place)?;
        if !names.insert(name) {
            return Err(Failure::usage(format!("{place}: it is given twice")));
        }
        toolbox.set_command(name, command, &place)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
