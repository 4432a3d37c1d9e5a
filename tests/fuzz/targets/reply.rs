//! The input is a response body after one byte that chooses its status.
#![no_main]
#![allow(dead_code, reason = "each target calls its own of the checks")]

#[path = "../../property/checks.rs"]
mod checks;

const STATUS: [u16; 8] = [200, 201, 301, 400, 401, 429, 500, 999];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((first, body)) = data.split_first() {
        checks::reply(STATUS[usize::from(first % 8)], body);
    }
});
