//! The input is the text of an answer to `airx json`.
#![no_main]
#![allow(dead_code, reason = "each target calls its own of the checks")]

#[path = "../../property/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|text: &str| {
    checks::structure(text);
    checks::words(text);
});
