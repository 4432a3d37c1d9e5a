//! Decides on the next request and what becomes of each answer.

pub mod batch;
mod chat;
pub mod config;
mod each;
mod json;
mod json_lines;
pub mod models;
pub mod prologue;
mod report;
mod tools;

pub use chat::once;
pub use each::{Interrupt, Setting, each};
pub use json::reask;
pub use tools::rounds;
