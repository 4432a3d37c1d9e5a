//! What each command does with its settings; pure, no I/O.

pub mod print;
