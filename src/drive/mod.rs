//! Decides on the next request and what becomes of each answer.

mod once;
mod tell;

pub use once::once;
