//! What each command does. Start with `chat.rs`: it holds the commands that ask a model.

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
