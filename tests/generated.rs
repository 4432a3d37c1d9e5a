//! Checks that the committed generated files equal what the code makes: completion
//! scripts, man pages, the README's exit codes, the event schema.
//!
//! `AIRX_UPDATE=1 cargo test --test generated` rewrites the files.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::too_many_lines, reason = "a list of cases is as long as it is")]

#[path = "generated/completions.rs"]
mod completions;
#[path = "generated/events.rs"]
mod events;
#[path = "generated/man.rs"]
mod man;
#[path = "generated/page.rs"]
mod page;
#[path = "generated/words.rs"]
mod words;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Compares a file of the repository with the text that the code makes. With AIRX_UPDATE
/// set, writes the file instead.
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

/// Runs a program with this standard input and returns what it printed on both outputs.
/// `None` if the program is missing, but a panic in CI, where all of them are installed.
fn run(program: &str, arguments: &[&str], input: &str) -> Option<String> {
    let started = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("TERM", "dumb")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            assert!(
                std::env::var_os("CI").is_none(),
                "{program} is needed: {error}"
            );
            let _ = writeln!(std::io::stderr(), "skipped: {program}: {error}");
            return None;
        }
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text + &String::from_utf8_lossy(&output.stderr))
}
