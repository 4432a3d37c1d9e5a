//! What each command does. Start with `chat.rs`: it contains the commands that ask a model.

mod batch;
pub mod budget;
mod chat;
pub mod config;
mod conversation;
mod each;
mod item_outcome;
mod json;
mod json_lines;
mod max_cost;
pub mod models;
mod pool;
mod report;
mod split;
mod start;
mod tools;

pub(crate) use batch::batch;
pub(crate) use chat::{chat, json, tools};

use serde::Serialize;
use serde_json::json;

use crate::cli::ModelsFormat;

/// What a command that lists `rows` prints in this format.
fn listing<T: Serialize>(
    format: ModelsFormat,
    rows: &[T],
    text: impl FnOnce() -> String,
) -> String {
    match format {
        ModelsFormat::Text => text(),
        ModelsFormat::Json => json!(rows).to_string() + "\n",
        ModelsFormat::Ndjson => {
            let lines = rows.iter().map(|row| json!(row).to_string() + "\n");
            lines.collect()
        }
    }
}
