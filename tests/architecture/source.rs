//! The source for the rules of the layout: files without comments and unit tests, and
//! their imports.

use std::path::{Path, PathBuf};

/// A source file without its unit tests.
pub(crate) struct Source {
    /// The path below `src/`, with `/` as the separator.
    pub(crate) path: String,
    /// Its lines up to the unit tests, without comments.
    pub(crate) lines: Vec<String>,
    /// Its unchanged lines up to the unit tests.
    pub(crate) text: Vec<String>,
}

impl Source {
    /// The top-level module that the file belongs to.
    pub(crate) fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The depth of the file's module below the crate's root.
    fn depth(&self) -> usize {
        let folders = self.path.matches('/').count();
        folders + usize::from(!self.path.ends_with("/mod.rs"))
    }

    pub(crate) fn is_in(&self, places: &[&str]) -> bool {
        let within =
            |place: &&str| self.path == *place || self.module() == place.trim_end_matches(".rs");
        let exact = |place: &&str| place.contains('/') && self.path == *place;
        places
            .iter()
            .any(|place| exact(place) || (!place.contains('/') && within(place)))
    }
}

pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_name().is_some_and(|name| name != "tests.rs")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().map(|file| source(&root, file)).collect()
}

fn source(root: &Path, file: &Path) -> Source {
    let relative = file.strip_prefix(root).unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let mut text: Vec<String> = text.lines().map(str::to_owned).collect();
    let tests = text.windows(2).position(|pair| {
        pair[0].starts_with("#[cfg(test)]") && pair[1].trim_start().starts_with("mod ")
    });
    text.truncate(tests.unwrap_or(text.len()));
    let code = |line: &String| line.split("//").next().unwrap_or_default().to_owned();
    Source {
        path: relative.replace('\\', "/"),
        lines: text.iter().map(code).collect(),
        text,
    }
}

/// The top-level modules that a file imports by `crate::` or `super::`, with line numbers
/// from 1. A braced list may have several lines.
pub(crate) fn imports(source: &Source) -> Vec<(usize, String)> {
    let text = source.lines.join("\n");
    let root = "super::".repeat(source.depth());
    let mut found = Vec::new();
    for prefix in ["crate::", root.as_str()] {
        // The crate's root has no `super::`.
        if prefix.is_empty() {
            continue;
        }
        for (at, _) in text.match_indices(prefix) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| is_word(c) || c == ':') {
                continue;
            }
            let rest = &text[at + prefix.len()..];
            let line = 1 + text[..at].matches('\n').count();
            match rest.strip_prefix('{') {
                None => found.push((line, word(rest))),
                Some(list) => {
                    found.extend(
                        heads(list)
                            .into_iter()
                            .map(|(down, head)| (line + down, head)),
                    );
                }
            }
        }
    }
    found
}

/// The first word of each item of a braced list, with its number of lines below the
/// brace.
fn heads(list: &str) -> Vec<(usize, String)> {
    let (mut depth, mut line, mut fresh) = (0, 0, true);
    let mut found = Vec::new();
    for (at, c) in list.char_indices() {
        match c {
            '\n' => line += 1,
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && is_word(c) => {
                found.push((line, word(&list[at..])));
                fresh = false;
            }
            _ => {}
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| is_word(*c)).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a line of code names a library: as a path or in `use`.
pub(crate) fn names(line: &str, library: &str) -> bool {
    line.match_indices(library).any(|(at, _)| {
        let alone = !line[..at].chars().next_back().is_some_and(is_word);
        let after = &line[at + library.len()..];
        let used = line
            .trim_start()
            .trim_start_matches("pub ")
            .starts_with("use ");
        alone && (after.starts_with("::") || (used && !after.chars().next().is_some_and(is_word)))
    })
}

#[test]
fn the_reader_of_imports_sees_lists_lines_and_ways_up() {
    let text = "use crate::api::{reply, text};\nuse crate::{\n    cli::{Cli, sse},\n    exit,\n};\n\
                fn f() { super::super::model::find(); super::near(); mycrate::printer(); }";
    let source = Source {
        path: "mock/answers.rs".into(),
        lines: text.lines().map(str::to_owned).collect(),
        text: Vec::new(),
    };
    let found = [(1, "api"), (3, "cli"), (4, "exit"), (6, "model")];
    assert_eq!(
        imports(&source),
        found.map(|(line, name)| (line, name.to_owned()))
    );
    assert!(names("use clap::Args;", "clap") && names("pub use clap;", "clap"));
    assert!(!names("use clap_complete::aot;", "clap") && !names("rustls_pki::x()", "rustls"));
}
