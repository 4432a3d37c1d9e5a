//! Decides on the next request and what becomes of each answer.

pub mod batch;
mod each;
mod elements;
mod once;
mod reask;
mod rounds;
mod tell;
mod whereabouts;

pub use each::{Interrupt, Setting, each};
pub use once::once;
pub use reask::reask;
pub use rounds::rounds;
