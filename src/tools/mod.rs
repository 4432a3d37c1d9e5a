//! The tools of a run: their sources, the tools offered to the model, and how calls are
//! run.

mod approval;
mod command;
mod definition;
#[cfg(unix)]
mod mcp;
mod name_filter;
mod sources;
mod toolbox;
mod tools_dir;

pub use crate::process::Limits;
pub use approval::{Approval, Terminal};
pub use sources::{ToolSetup, ToolSources, names};
pub use toolbox::{CallResult, ToolKind, Toolbox};
