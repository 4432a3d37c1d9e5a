//! The layout's promises, read from the source: who may import whom, which
//! folder alone names a library, how long a file may be.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "architecture/source.rs"]
mod source;

use std::fmt::Write as _;

use source::{imports, names, sources};

/// Which modules a module may import; beside these `exit` and `error`, where
/// [`ALONE`] does not have it. The crate's root may import them all.
const ARROWS: &[(&str, &[&str])] = &[
    ("answer", &["event", "sse", "api"]),
    ("api", &["exit"]),
    ("children", &[]),
    ("cli", &["exit"]),
    (
        "commands",
        &[
            "cli",
            "settings",
            "input",
            "api",
            "model",
            "toolbox",
            "structured",
            "config",
            "secret",
        ],
    ),
    ("config", &["cli", "model"]),
    (
        "drive",
        &[
            "api",
            "commands",
            "exchange",
            "structured",
            "toolbox",
            "answer",
            "event",
            "input",
            "transport",
            "api",
        ],
    ),
    ("error", &["exit", "api"]),
    ("event", &["sse", "api", "model"]),
    (
        "exchange",
        &["transport", "event", "answer", "api", "settings", "sse"],
    ),
    ("exit", &[]),
    // A crate of its own: it sees nothing of this one.
    ("heavy", &[]),
    ("input", &["api", "leftovers", "links"]),
    ("install", &["cli", "config", "links"]),
    ("leftovers", &["links"]),
    ("links", &[]),
    ("mock", &["api", "sse", "cli"]),
    ("model", &["api"]),
    (
        "printer",
        &[
            "event",
            "answer",
            "secret",
            "cli",
            "leftovers",
            "links",
            "progress",
            "sanitize",
        ],
    ),
    ("progress", &[]),
    ("sanitize", &[]),
    ("secret", &[]),
    (
        "settings",
        &["cli", "config", "children", "secret", "model", "input"],
    ),
    ("signals", &["printer", "event", "children", "leftovers"]),
    ("sse", &[]),
    ("startup", &[]),
    ("structured", &["api", "secret", "event"]),
    (
        "toolbox",
        &["api", "secret", "structured", "children", "sanitize"],
    ),
    ("transport", &["api", "secret", "settings"]),
];

/// Modules that import nothing but what [`ARROWS`] gives them: those at the
/// bottom, and the two that `error` itself stands on.
const ALONE: &[&str] = &[
    "api",
    "children",
    "error",
    "exit",
    "heavy",
    "leftovers",
    "links",
    "progress",
    "sanitize",
    "secret",
    "sse",
    "startup",
];

/// Libraries that one place alone may name, so that nothing else depends on them.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("reqwest", &["transport"]),
    ("rustls", &["transport"]),
    ("clap", &["cli", "lib.rs", "commands/print.rs"]),
    ("indicatif", &["progress.rs"]),
    ("airx_heavy", &["structured", "toolbox/mcp.rs"]),
    ("shlex", &["toolbox/program.rs"]),
    ("unicode_width", &["printer/render/style.rs"]),
    (
        "toml",
        &["config/document.rs", "config/models.rs", "config/value.rs"],
    ),
];

/// Lines of code that a file may have, tests and blank lines aside.
const CEILING: usize = 300;

/// Fails with all complaints, each of which begins with its file and line.
#[track_caller]
fn none(complaints: &str) {
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn modules_import_only_what_the_picture_allows() {
    let mut complaints = String::new();
    for source in sources().iter().filter(|source| !source.is_root()) {
        let module = source.module();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == module) else {
            let _ = writeln!(
                complaints,
                "src/{}:1: '{module}' is not in the picture",
                source.path
            );
            continue;
        };
        for (line, import) in imports(source) {
            let common = ["exit", "error"].contains(&import.as_str()) && !ALONE.contains(&module);
            let known = ARROWS.iter().any(|(name, _)| *name == import);
            if known && import != module && !common && !allowed.contains(&import.as_str()) {
                let _ = writeln!(
                    complaints,
                    "src/{}:{line}: {module} imports {import}",
                    source.path
                );
            }
        }
    }
    none(&complaints);
}

#[test]
fn the_picture_has_no_circle() {
    let arrows = |module: &str| {
        let own = ARROWS.iter().find(|(name, _)| *name == module).unwrap().1;
        let common: &[&str] = if ALONE.contains(&module) {
            &[]
        } else {
            &["exit", "error"]
        };
        own.iter().chain(common).copied().collect::<Vec<&str>>()
    };
    for (start, _) in ARROWS {
        let mut seen: Vec<&str> = Vec::new();
        let mut next = arrows(start);
        while let Some(module) = next.pop() {
            assert_ne!(module, *start, "a way from {start} leads back to it");
            if !seen.contains(&module) {
                seen.push(module);
                next.extend(arrows(module));
            }
        }
    }
}

#[test]
fn nothing_but_the_root_and_signals_imports_the_printer() {
    for (module, allowed) in ARROWS {
        assert!(
            *module == "signals" || !allowed.contains(&"printer"),
            "{module}"
        );
        assert!(
            !allowed.contains(&"signals") && !allowed.contains(&"startup"),
            "{module}"
        );
    }
}

#[test]
fn libraries_are_named_where_they_belong_alone() {
    let mut complaints = String::new();
    for source in &sources() {
        for (library, places) in LIBRARIES {
            let lines = source.lines.iter().enumerate();
            for (at, _) in lines.filter(|(_, line)| names(line, library)) {
                if !source.is_in(places) {
                    let _ = writeln!(
                        complaints,
                        "src/{}:{}: names {library}",
                        source.path,
                        at + 1
                    );
                }
            }
        }
    }
    none(&complaints);
}

#[test]
fn files_stay_short() {
    let mut complaints = String::new();
    for source in sources().iter().filter(|source| source.module() != "cli") {
        let code = source
            .whole
            .iter()
            .filter(|line| !line.trim().is_empty())
            .count();
        let ceiling = if source.path == "main.rs" {
            15
        } else {
            CEILING
        };
        if code > ceiling {
            let last = source.whole.len();
            let _ = writeln!(
                complaints,
                "src/{}:{last}: {code} lines, {ceiling} at most",
                source.path
            );
        }
    }
    none(&complaints);
}

#[test]
fn files_say_what_they_are() {
    let mut complaints = String::new();
    for source in &sources() {
        if !source
            .whole
            .first()
            .is_some_and(|line| line.starts_with("//! "))
        {
            let _ = writeln!(complaints, "src/{}:1: no //! head", source.path);
        }
    }
    none(&complaints);
}

#[test]
fn the_ban_on_unsafe_code_is_lifted_for_two_names_that_c_calls() {
    const LIFTED: [&str; 2] = ["main.rs", "progress.rs"];
    let mut complaints = String::new();
    for source in &sources() {
        let mut left = if LIFTED.contains(&source.path.as_str()) {
            vec!["unsafe_code,", "#[unsafe(no_mangle)]"]
        } else {
            vec![]
        };
        for (at, line) in source.lines.iter().enumerate() {
            if !line.contains("unsafe") {
                continue;
            }
            match left.iter().position(|known| *known == line.trim()) {
                Some(known) => drop(left.remove(known)),
                None => {
                    let _ = writeln!(complaints, "src/{}:{}: lifts it", source.path, at + 1);
                }
            }
        }
    }
    none(&complaints);
}
