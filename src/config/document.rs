//! Parses the configuration file into tables, checks the type of each value, and collects
//! all problems with line and column.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, KEY_COMMAND, KEY_FILE, KEYS, Key, REFUSED};
use super::own_models;
use super::value::Kind;
use crate::models::Extra;
use crate::suggest::nearest;

/// A place in the file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character of the line.
    pub column: usize,
}

/// An error in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: &'static Key,
    /// Its values, as the option takes them.
    pub values: Vec<String>,
    /// The position of the key.
    pub place: Place,
}

/// The top level, or a profile.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) profile: Option<String>,
    pub(super) entries: Vec<Entry>,
}

impl Table {
    pub(super) fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.name == name)
    }
}

/// The parsed file.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) top: Table,
    pub(super) profiles: Vec<Table>,
    pub(super) models: Vec<(Extra, Place)>,
    /// In the order of their places.
    pub(super) problems: Vec<Problem>,
}

/// Parses `text`. Paths in it are relative to `folder`.
pub(super) fn read(text: &str, folder: &Path) -> Document {
    let mut reader = Reader {
        text,
        folder,
        problems: Vec::new(),
    };
    let (root, errors) = DeTable::parse_recoverable(text);
    // After a syntax error, the rest may be misread.
    let mut document = if errors.is_empty() {
        reader.root(root.get_ref())
    } else {
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            // The message alone: the error's own text shows the line.
            reader.complain(at, format!("not TOML: {}", error.message().trim()));
        }
        Document::default()
    };
    document.problems = reader.problems;
    document.problems.sort();
    document.problems.dedup();
    document
}

/// Reads the tables and collects the problems.
pub(super) struct Reader<'a> {
    text: &'a str,
    folder: &'a Path,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    pub(super) fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        Place {
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line..].chars().count(),
        }
    }

    pub(super) fn complain(&mut self, at: usize, message: impl Into<String>) {
        let place = self.place(at);
        self.problems.push(Problem {
            place,
            message: message.into(),
        });
    }

    fn root(&mut self, root: &DeTable<'_>) -> Document {
        let mut document = Document::default();
        for (name, value) in root {
            let at = name.span().start;
            let tables = match (name.get_ref().as_ref(), value.get_ref()) {
                ("profile" | "models", DeValue::Table(tables)) => tables,
                (name @ ("profile" | "models"), _) => {
                    self.complain(at, format!("{name} is a group of tables: [{name}.NAME]"));
                    continue;
                }
                _ => {
                    self.entry(name, value, &mut document.top);
                    continue;
                }
            };
            for (own, value) in tables {
                let at = own.span().start;
                let DeValue::Table(table) = value.get_ref() else {
                    let own = own.get_ref();
                    self.complain(
                        at,
                        format!(
                            "{name}.{own} is a table: [{name}.{own}]",
                            name = name.get_ref()
                        ),
                    );
                    continue;
                };
                if name.get_ref() == "profile" {
                    let profile = self.profile(own.get_ref(), table);
                    document.profiles.push(profile);
                } else {
                    match own_models::read(own, table) {
                        Ok(extra) => document.models.push((extra, self.place(at))),
                        Err(problems) => {
                            for (at, message) in problems {
                                self.complain(at, message);
                            }
                        }
                    }
                }
            }
        }
        self.exclusive(&document.top);
        document
    }

    fn profile(&mut self, name: &str, table: &DeTable<'_>) -> Table {
        let mut profile = Table {
            profile: Some(name.to_owned()),
            entries: Vec::new(),
        };
        for (name, value) in table {
            if ["profile", "models"].contains(&name.get_ref().as_ref()) {
                let what = name.get_ref();
                self.complain(
                    name.span().start,
                    format!("{what} belongs to the top level, not to a profile"),
                );
            } else {
                self.entry(name, value, &mut profile);
            }
        }
        self.exclusive(&profile);
        profile
    }

    fn entry(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        given: &Spanned<DeValue<'_>>,
        table: &mut Table,
    ) {
        let (at, name) = (name.span().start, name.get_ref().as_ref());
        let Some(key) = keys::find(name) else {
            return self.complain(at, unknown(name));
        };
        match key.kind.read(given.get_ref(), self.folder) {
            Ok(values) => {
                let place = self.place(at);
                table.entries.push(Entry { key, values, place });
            }
            Err(why) => self.complain(given.span().start, format!("{name}: {why}")),
        }
    }

    /// Reports keys that contradict each other within one table.
    fn exclusive(&mut self, table: &Table) {
        let is_off = |entry: &&Entry| entry.key.kind == Kind::Switch && entry.values == ["false"];
        let on = |name| table.find(name).filter(|entry| !is_off(entry));
        for (one, other) in [("quiet", "verbose"), (KEY_FILE, KEY_COMMAND)] {
            if let (Some(first), Some(second)) = (on(one), on(other)) {
                self.problems.push(Problem {
                    place: first.place.max(second.place),
                    message: format!("{one} and {other} exclude each other"),
                });
            }
        }
    }
}

fn unknown(name: &str) -> String {
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return format!("{name} has no place in the configuration: {why}");
    }
    let all = KEYS.iter().map(|key| key.name).chain(["profile", "models"]);
    match nearest(name, all) {
        Some(near) => format!("unknown key '{name}'; did you mean '{near}'?"),
        None => format!("unknown key '{name}'; airx help config lists the keys"),
    }
}
