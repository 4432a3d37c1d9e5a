//! `airx models`.

use clap::{Args, ValueEnum};

use super::FileArgs;

/// List known models: context, output limit, price and its date, concurrency
///
/// Prices are per million tokens, as the provider's pages told them on the date
/// shown. Concurrency is requests in flight by account tier, V0 to V3.
#[derive(Debug, Args)]
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
