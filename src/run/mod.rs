//! Decides on the next request and what becomes of each answer.

pub mod batch;
mod each;
mod json_lines;
mod chat;
mod json;
mod tools;
mod report;
mod whereabouts;

pub use each::{Interrupt, Setting, each};
pub use chat::once;
pub use json::reask;
pub use tools::rounds;
