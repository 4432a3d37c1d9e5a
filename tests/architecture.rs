//! Checks the rules of the layout in the source: which room may import which, which rooms
//! may use a library, how long a file may be.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "architecture/source.rs"]
mod source;

use std::fmt::Write as _;

use source::{Source, imports, names, sources};

/// The rooms in layers. A room may import only rooms that come later in this list, so
/// cycles are impossible.
const LAYERS: &[&str] = &[
    "main",
    "lib",
    "shell_install",
    "completion",
    "mock",
    "run",
    "request",
    "tools",
    "schema",
    "help",
    "client",
    "cassette",
    "http",
    "settings",
    "prompt",
    "config",
    "answer",
    "sse",
    "signals",
    "process",
    "output",
    "temp_files",
    "secret",
    "digest",
    "safe_path",
    "markdown",
    "math",
    "table",
    "terminal",
    "material",
    "tokens",
    "event",
    "models",
    "api",
    "cli",
    "suggest",
    "error",
    "exit",
];

/// Rooms that may import only these.
const NARROW: &[(&str, &[&str])] = &[
    ("exit", &[]),
    ("secret", &[]),
    ("sse", &[]),
    ("math", &[]),
    ("process", &[]),
    ("terminal", &[]),
    ("suggest", &[]),
    ("tokens", &[]),
    ("material", &["tokens"]),
    ("table", &["terminal"]),
    ("markdown", &["math"]),
];

/// Known imports that break the order of the layers and must be removed.
const KNOWN: &[(&str, &str)] = &[];

/// The files that may import `output`: the crate's root, the entry of a run, and the
/// signals that end one.
const OUTPUT_FOR: &[&str] = &["lib.rs", "run/start.rs", "signals.rs"];

/// Libraries that only these places may use, so that nothing else depends on them.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("reqwest", &["http"]),
    ("rustls", &["http"]),
    ("clap", &["cli", "completion"]),
    ("clap_complete", &["completion"]),
    ("indicatif", &["output/status.rs"]),
    ("jsonschema", &["schema"]),
    ("rmcp", &["tools/mcp/session.rs", "tools/mcp/transport.rs"]),
    ("toml", &["config"]),
    ("comfy_table", &["table.rs"]),
    ("pulldown_cmark", &["markdown"]),
    ("strsim", &["suggest.rs"]),
    ("unicode_segmentation", &["material"]),
];

/// The most lines that a file may have, without its unit tests.
const LINES_MAX: usize = 500;

/// Panics if there are complaints. Each complaint begins with its file and line.
#[track_caller]
fn none(complaints: &str) {
    assert!(complaints.is_empty(), "\n{complaints}");
}

/// Each import of one room by another: the file, its line, and the imported room.
fn arrows(sources: &[Source]) -> Vec<(&Source, usize, String)> {
    let mut arrows = Vec::new();
    for source in sources {
        for (line, import) in imports(source) {
            if import != source.module() && LAYERS.contains(&import.as_str()) {
                arrows.push((source, line, import));
            }
        }
    }
    arrows
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == room)
}

#[test]
fn every_room_has_a_layer() {
    let mut complaints = String::new();
    for source in &sources() {
        if layer(source.module()).is_none() {
            let _ = writeln!(complaints, "src/{}:1: its room has no layer", source.path);
        }
    }
    none(&complaints);
}

#[test]
fn rooms_import_only_lower_layers() {
    let mut complaints = String::new();
    for (source, line, import) in arrows(&sources()) {
        let room = source.module();
        let known = KNOWN.contains(&(room, import.as_str()));
        if layer(room) > layer(&import) && !known {
            let _ = writeln!(
                complaints,
                "src/{}:{line}: {room} imports {import}",
                source.path
            );
        }
    }
    none(&complaints);
}

#[test]
fn narrow_rooms_import_what_they_are_allowed() {
    let mut complaints = String::new();
    for (source, line, import) in arrows(&sources()) {
        let allowed = NARROW.iter().find(|(room, _)| *room == source.module());
        if allowed.is_some_and(|(_, rooms)| !rooms.contains(&import.as_str())) {
            let _ = writeln!(complaints, "src/{}:{line}: imports {import}", source.path);
        }
    }
    none(&complaints);
}

#[test]
fn only_entries_import_output() {
    let mut complaints = String::new();
    for (source, line, import) in arrows(&sources()) {
        if import == "output" && !OUTPUT_FOR.contains(&source.path.as_str()) {
            let _ = writeln!(complaints, "src/{}:{line}: imports output", source.path);
        }
    }
    none(&complaints);
}

#[test]
fn libraries_are_named_in_one_place() {
    let mut complaints = String::new();
    for source in &sources() {
        for (library, places) in LIBRARIES {
            let lines = source.lines.iter().enumerate();
            for (at, _) in lines.filter(|(_, line)| names(line, library)) {
                if !source.is_in(places) {
                    let line = at + 1;
                    let _ = writeln!(complaints, "src/{}:{line}: names {library}", source.path);
                }
            }
        }
    }
    none(&complaints);
}

#[test]
fn files_stay_short() {
    let mut complaints = String::new();
    for source in &sources() {
        let lines = source.text.len();
        if lines > LINES_MAX {
            let _ = writeln!(
                complaints,
                "src/{}: {lines} lines, {LINES_MAX} at most",
                source.path
            );
        }
    }
    none(&complaints);
}

#[test]
fn files_begin_with_their_documentation() {
    let mut complaints = String::new();
    for source in &sources() {
        let first = source.text.first();
        if !first.is_some_and(|line| line.starts_with("//! ")) {
            let _ = writeln!(complaints, "src/{}:1: no //! head", source.path);
        }
    }
    none(&complaints);
}
