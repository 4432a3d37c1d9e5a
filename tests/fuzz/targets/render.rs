//! The input is an answer to render, after eight bytes that say how it is cut.
#![no_main]
#![allow(dead_code, reason = "each target calls its own of the checks")]

#[path = "../../property/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((cuts, bytes)) = data.split_at_checked(8)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        checks::render(text, cuts);
    }
});
