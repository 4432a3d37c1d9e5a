//! Decides on the next request and what becomes of each answer.

pub mod batch;
mod chat;
pub mod config;
mod config_rows;
mod config_show;
mod each;
mod json;
mod json_lines;
pub mod print;
pub mod prologue;
mod report;
mod tools;

pub use chat::once;
pub use each::{Interrupt, Setting, each};
pub use json::reask;
pub use tools::rounds;
