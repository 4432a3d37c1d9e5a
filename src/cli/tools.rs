//! `airx tools`.

use std::path::PathBuf;

use clap::Args;

use super::Common;

/// Offer tools and print the calls that the model wants
///
/// In text, one call a line: {"id","name","arguments"}; prose beside calls goes
/// to standard error, and an answer without calls is printed as text. Nothing
/// is run.
#[derive(Debug, Args)]
pub struct ToolsArgs {
    /// Tools: a JSON array, object or NDJSON (repeat)
    ///
    /// API tools, `{"type":"function","function":{…}}`, or bare function
    /// objects, `{"name","description","parameters"}`. Names and schemas are
    /// checked before anything is sent.
    #[arg(short, long, value_name = "FILE", action = clap::ArgAction::Append)]
    pub tools: Vec<PathBuf>,

    /// Exit 11 where the answer holds no call
    #[arg(long)]
    pub require_call: bool,

    #[command(flatten)]
    pub common: Common,
}
