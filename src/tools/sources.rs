//! The sources of the tools of a run, and who approves the calls.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::command::{ChildEnvironment, ToolCommand};
use super::definition::{self, Definition, ToolKind};
use super::{Action, Approval, Toolbox};
use crate::cli::{OfferArgs, RunArgs};
use crate::error::Failure;
use crate::process::{self, Limits};
use crate::safe_path;
use crate::secret::Scrubber;
use crate::settings::defaults;

/// The option that asks an executable for its function object.
const FLAG: &str = "--tool-schema";

/// Limits of `--tool-schema`.
const LIMITS: Limits = Limits {
    timeout: Some(Duration::from_secs(10)),
    bytes: 1 << 20,
    first_line: false,
};

/// The tools of a run while they are collected.
#[derive(Debug)]
pub struct ToolSetup {
    offer: OfferArgs,
    run: RunArgs,
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
    /// A file cannot be read or contains something other than tools, or there is no terminal: exit
    /// 2.
    pub fn load_files(
        offer: OfferArgs,
        run: RunArgs,
        read: impl Fn(&Path) -> Result<String, Failure>,
        dry: bool,
    ) -> Result<Self, Failure> {
        let timeout = run.tool_timeout.unwrap_or(defaults::TOOL_TIMEOUT);
        let bytes = run.tool_max_bytes.unwrap_or(defaults::TOOL_MAX_BYTES);
        let limits = Limits {
            timeout: Some(timeout).filter(|timeout| !timeout.is_zero()),
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            first_line: false,
        };
        let mut toolbox = Toolbox::new(limits, &offer.only);
        add_files(&mut toolbox, &offer.tools, read).map_err(|failure| failure.about("tools"))?;
        let approval = if run.run && !run.yes && !dry {
            Approval::ask_each()?
        } else {
            Approval::Always
        };
        Ok(Self {
            offer,
            run,
            toolbox,
            approval,
        })
    }

    /// Whether [`ToolSetup::finish`] starts programs.
    pub fn starts_programs(&self) -> bool {
        !self.offer.tools_dir.is_empty() || !self.offer.mcp.is_empty()
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
        let starts_programs = self.starts_programs();
        let (offer, toolbox) = (&self.offer, &mut self.toolbox);
        if self.run.run || starts_programs {
            toolbox.environment = ChildEnvironment::without_keys(scrubber);
        }
        add_folders(toolbox, &offer.tools_dir).map_err(|failure| failure.about("tools-dir"))?;
        for server in &offer.mcp {
            let added = toolbox.add_server(server, warn);
            added.map_err(|failure| failure.about("mcp"))?;
        }
        toolbox.check_only()?;
        if let Some(knowledge) = &offer.retrieval {
            if knowledge.trim().is_empty() {
                let message = "--retrieval: the knowledge base's id is empty";
                return Err(Failure::usage(message).about("retrieval"));
            }
            let tool = definition::retrieval(knowledge, offer.retrieval_prompt.as_deref());
            toolbox.push(ToolKind::Retrieval, &tool, None)?;
        }
        set_commands(toolbox, &self.run.exec)?;
        if self.run.run {
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
    // All executables are checked before the first is run.
    let mut paths = Vec::new();
    for folder in folders {
        paths.extend(executables(folder)?);
    }
    for path in paths {
        let function = function(&path, &toolbox.environment).map_err(|why| {
            let name = path.display();
            Failure::usage(format!("--tools-dir: {name}: {why}"))
        })?;
        let command = ToolCommand::new(path);
        let place = format!("--tools-dir: {}", command.quoted());
        toolbox.add(function, &place, Some(Action::Command(command)))?;
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
        let message = format!("--tools {name}: it contains no tool");
        return Err(Failure::usage(message));
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

/// The executables of a folder, sorted. Hidden files are left out; links are followed.
fn executables(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let place = format!("--tools-dir {}", folder.display());
    let unreadable = |error| Failure::usage(format!("{place} cannot be read: {error}"));
    safe_path::resolved(folder).map_err(unreadable)?;
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let metadata = std::fs::metadata(entry.path());
        if !is_hidden && metadata.is_ok_and(|metadata| is_executable(&metadata)) {
            paths.push(entry.path());
        }
    }
    if paths.is_empty() {
        let message = format!("{place}: it contains no executable");
        return Err(Failure::usage(message));
    }
    paths.sort();
    #[cfg(unix)]
    for path in &paths {
        check_owner(path).map_err(|error| {
            let name = path.display();
            Failure::usage(format!("--tools-dir: {name}: {error}"))
                .hint("nothing was run; use a folder that only you can write to")
        })?;
    }
    Ok(paths)
}

fn is_executable(metadata: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 == 0 {
        return false;
    }
    metadata.is_file()
}

/// Refuses an executable that another user may have put into a folder that all can
/// write to, directly or by a link.
#[cfg(unix)]
fn check_owner(path: &Path) -> std::io::Result<()> {
    let program = safe_path::resolved(path)?;
    for path in [path, &program] {
        if safe_path::is_strangers_in_open_folder(path) {
            return Err(safe_path::planted());
        }
    }
    Ok(())
}

/// The function object that an executable prints.
fn function(path: &Path, environment: &ChildEnvironment) -> Result<Value, String> {
    let mut process = ToolCommand::new(path).to_process(environment);
    process.arg(FLAG);
    let finished = process::run(&mut process, None, LIMITS, &mut |_| {})
        .map_err(|error| format!("it cannot be started: {error}"))?;
    match finished.status {
        None => Err(format!(
            "{FLAG} does not end within {} s",
            LIMITS.timeout.unwrap_or_default().as_secs()
        )),
        Some(0) => serde_json::from_slice(&finished.stdout.bytes)
            .map_err(|error| format!("what {FLAG} prints is not JSON: {error}")),
        Some(status) => {
            let last = finished.stderr.trim().lines().last();
            let words = last.map_or_else(String::new, |line| format!(": {line}"));
            Err(format!("{FLAG} ended with status {status}{words}"))
        }
    }
}

#[cfg(test)]
mod tests;
