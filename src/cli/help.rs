//! `airx help`.

use clap::Args;

/// Show help for a command or a topic
///
/// Without a subject, show the help of airx itself.
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command (chat, batch wait) or a topic (events, exit-codes, config)
    pub subject: Vec<String>,
}
