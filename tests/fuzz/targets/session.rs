//! The input is a file for --session.
#![no_main]
#![allow(dead_code, reason = "each target calls its own of the checks")]

#[path = "../../property/checks.rs"]
mod checks;

use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::session(FOLDER.path(), data));
