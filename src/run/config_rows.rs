//! Settings as `airx config show` prints them: a table, or JSON.

use serde_json::{Value as Json, json};

use crate::config::{Config, Entry};
use crate::table::{Align, Medium, table};

/// A setting.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) value: Json,
    pub(super) from: From,
}

/// Where a value comes from.
pub(super) enum From {
    Flag(String),
    Variable(&'static str),
    Profile(String, String),
    File(String),
    BuiltIn,
}

/// Longest value in the table.
const VALUE_MAX: usize = 60;

impl From {
    pub(super) fn of(config: &Config, entry: &Entry, profile: Option<&str>) -> Self {
        Self::at(config.line(entry.place), profile)
    }

    pub(super) fn at(line: String, profile: Option<&str>) -> Self {
        match profile {
            Some(profile) => Self::Profile(profile.to_owned(), line),
            None => Self::File(line),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Flag(name) => format!("flag {name}"),
            Self::Variable(name) => (*name).to_owned(),
            Self::Profile(name, line) => format!("profile {name}, {line}"),
            Self::File(line) => line.clone(),
            Self::BuiltIn => "built-in".to_owned(),
        }
    }
}

impl Row {
    pub(super) fn json(&self) -> Json {
        let (from, place, profile) = match &self.from {
            From::Flag(name) => ("flag", Some(name.as_str()), None),
            From::Variable(name) => ("environment", Some(*name), None),
            From::Profile(name, line) => ("profile", Some(line.as_str()), Some(name)),
            From::File(line) => ("file", Some(line.as_str()), None),
            From::BuiltIn => ("built-in", None, None),
        };
        let Self { name, value, .. } = self;
        json!({ "name": name, "value": value, "from": from, "place": place, "profile": profile })
    }

    /// The value on one line.
    fn cell(&self) -> String {
        let text = match &self.value {
            Json::Null => return "-".into(),
            Json::String(text) => text.clone(),
            Json::Array(items) => {
                let text = |item: &Json| item.as_str().map_or(item.to_string(), str::to_owned);
                items.iter().map(text).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        // As JSON where a table could not hold it.
        let text = match text {
            text if text.trim() != text || text.contains(char::is_control) => {
                Json::String(text).to_string()
            }
            text => text,
        };
        match text.char_indices().nth(VALUE_MAX) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

pub(super) fn text(rows: &[Row], medium: Medium) -> String {
    let rows: Vec<[String; 3]> = rows
        .iter()
        .map(|row| [row.name.clone(), row.cell(), row.from.text()])
        .collect();
    table(&rows, [Align::Left; 3], medium)
}
