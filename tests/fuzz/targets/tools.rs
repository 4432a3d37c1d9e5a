//! The input is a file for --tools.
#![no_main]
#![allow(dead_code, reason = "each target calls its own of the checks")]

#[path = "../../property/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|text: &str| checks::tools(text));
