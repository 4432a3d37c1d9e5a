//! What each command does. `chat.rs` shows from top to bottom what `airx chat` does.

mod batch;
pub mod budget;
mod chat;
pub mod config;
mod conversation;
mod each;
mod json;
mod json_lines;
pub mod models;
mod pool;
mod report;
mod split;
mod start;
mod tools;

pub(crate) use batch::batch;
pub(crate) use chat::chat;
pub(crate) use json::json;
pub(crate) use tools::tools;
