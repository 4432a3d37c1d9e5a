//! The input is a schema for --schema or --fields on the first line, and a value after it.
#![no_main]
#![allow(dead_code, reason = "each target calls its own of the checks")]

#[path = "../../property/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (schema, value) = text.split_once('\n').unwrap_or((text, "{}"));
    checks::schema(schema, value);
});
