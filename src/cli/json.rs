//! `airx json`.

use clap::Args;

use super::Common;

/// Ask for JSON and print nothing but valid JSON
///
/// The answer is parsed strictly, one surrounding code fence being tolerated;
/// anything else, a duplicate member too, exits 10 with nothing on standard
/// output. Digits of numbers and the order of members are kept.
#[derive(Debug, Args)]
pub struct JsonArgs {
    /// Print indented instead of compact
    #[arg(long, conflicts_with = "select")]
    pub pretty: bool,

    /// Print what this JSON Pointer names, strings raw, one a line (repeat)
    ///
    /// A pointer that finds nothing exits 10.
    #[arg(long, value_name = "/POINTER", action = clap::ArgAction::Append)]
    pub select: Vec<String>,

    #[command(flatten)]
    pub common: Common,
}
