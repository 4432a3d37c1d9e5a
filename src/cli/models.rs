//! `airx models`.

use clap::{Args, ValueEnum};

use super::FileArgs;

/// List known models: context, output limit, price, concurrency
///
/// Prices are per million tokens: in CNY at BigModel and in USD at Z.ai, each from the day
/// shown. What a run costs is counted by the price at the provider that it asks, and by
/// BigModel's at any other server. The last column is how many requests may be in flight at
/// BigModel's account tiers V0 to V3. The configuration can add models and correct them:
/// airx help config.
#[derive(Debug, Args)]
#[group(skip)]
pub struct ModelsArgs {
    /// How to print the table
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ModelsFormat,

    #[command(flatten)]
    pub file: FileArgs,
}

/// `models --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelsFormat {
    /// A table
    Text,
    /// One JSON array
    Json,
    /// One JSON object a line
    Ndjson,
}
