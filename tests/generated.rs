//! What is generated and committed equals what the code makes: completion
//! scripts, man pages, the README's exit codes, the event schema.
//!
//! `AIRX_UPDATE=1 cargo test --test generated` writes the files anew.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "generated/completions.rs"]
mod completions;

use std::path::Path;

/// Compares a file of the repository with what the code makes of it, or writes
/// it where that was asked for.
#[track_caller]
fn committed(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("AIRX_UPDATE").is_some() {
        std::fs::write(&path, made).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let line = 1 + found
        .lines()
        .zip(made.lines())
        .take_while(|(a, b)| a == b)
        .count();
    assert!(
        found == made,
        "{file}:{line}: is not what the code makes; AIRX_UPDATE=1 cargo test --test generated"
    );
}
