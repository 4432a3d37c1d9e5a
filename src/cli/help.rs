//! `airx help`.

use clap::Args;

/// Show help for a command or a topic
///
/// Without a subject it is what airx --help shows.
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command, as chat or batch wait, or one of the topics events, exit-codes and config
    pub subject: Vec<String>,
}
