//! The tools of a run: files, folders and servers → what the model is offered;
//! its calls → what is run, and the results.

mod approval;
mod check;
#[cfg(not(unix))]
mod elsewhere;
mod load;
mod loaded;
#[cfg(unix)]
mod mcp;
mod program;
mod run;
mod tools_dir;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::value::RawValue;

use crate::schema::Schema;

pub use crate::process::Limits;
pub use approval::{Approval, Terminal};
pub use loaded::Tools;
pub use run::Outcome;

use program::{Program, Surroundings};

/// Where tools come from, and how they are run.
#[derive(Debug, Default)]
pub struct Sources {
    /// `--tools`.
    pub files: Vec<PathBuf>,
    /// `--tools-dir`.
    pub folders: Vec<PathBuf>,
    /// `--mcp`.
    pub servers: Vec<String>,
    /// `--exec`.
    pub programs: Vec<String>,
    /// `--retrieval`, and how it puts what it found.
    pub retrieval: Option<(String, Option<String>)>,
    /// `--only`: the functions that are offered; all where there is none.
    pub only: Vec<String>,
    /// Calls are run.
    pub runs: bool,
    /// Each is asked for.
    pub asks: bool,
    /// The bounds of each.
    pub limits: Limits,
}

impl Sources {
    /// Whether to gather them starts programs.
    pub fn start_programs(&self) -> bool {
        !self.folders.is_empty() || !self.servers.is_empty()
    }
}

/// The tools of a run.
#[derive(Debug, Default)]
pub struct Toolbox {
    tools: Vec<Tool>,
    limits: Limits,
    surroundings: Surroundings,
    /// The names of `--only`, and whether a tool has it.
    only: BTreeMap<String, bool>,
    /// The names of the functions that `--only` leaves out.
    left_out: Vec<String>,
    #[cfg(unix)]
    servers: mcp::Servers,
}

/// One tool.
#[derive(Debug)]
struct Tool {
    kind: Kind,
    /// As the request carries it.
    wire: Box<RawValue>,
    /// For [`Kind::Function`] alone.
    function: Option<Function>,
}

/// The API's types of tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A function of the user's.
    Function,
    /// The provider's web search.
    WebSearch,
    /// The provider's knowledge base.
    Retrieval,
    /// A server that the provider itself asks.
    Mcp,
}

/// What is known of a function.
#[derive(Debug)]
struct Function {
    name: String,
    schema: Option<Schema>,
    action: Option<Action>,
}

/// What a call does.
#[derive(Debug)]
enum Action {
    /// Runs a program.
    Run(Program),
    /// Asks a server, by its number, for the tool that it calls so.
    #[cfg(unix)]
    Ask(usize, String),
}

impl Toolbox {
    /// The tools as the request carries them, each with its kind.
    pub fn offered(&self) -> impl Iterator<Item = (Kind, &RawValue)> {
        self.tools.iter().map(|tool| (tool.kind, &*tool.wire))
    }

    /// Whether a call of this name can be right. Where no functions are known
    /// here the request may have them from elsewhere (`--param`).
    pub fn takes(&self, name: &str) -> bool {
        self.knows(name) || self.tools.iter().all(|tool| tool.function.is_none())
    }

    /// Whether there is a function of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.function(name).is_some()
    }

    /// What the arguments of this function must fit.
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.function(name)?.schema.as_ref()
    }

    fn function(&self, name: &str) -> Option<&Function> {
        let mut functions = self.tools.iter().filter_map(|tool| tool.function.as_ref());
        functions.find(|function| function.name == name)
    }

    fn function_mut(&mut self, name: &str) -> Option<&mut Function> {
        let mut functions = self
            .tools
            .iter_mut()
            .filter_map(|tool| tool.function.as_mut());
        functions.find(|function| function.name == name)
    }
}
