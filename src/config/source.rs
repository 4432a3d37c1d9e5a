//! Where the file says that the API key is: `key-file` and `key-command`, each
//! with the base that stands in the same table.

use std::path::Path;

use super::keys::{KEY_COMMAND, KEY_FILE};
use super::{Config, Value};
use crate::error::FilePlace;

/// Where a table says that the API key is.
#[derive(Debug)]
pub struct KeySource<'a> {
    /// Where it is got from.
    pub from: KeyFrom<'a>,
    /// The base that the same table names: the key is for it alone. Without one
    /// the key is the default provider's.
    pub base: Option<&'a str>,
    /// Where it stands.
    pub place: FilePlace,
    /// What it is called in messages: the key and its place.
    pub name: String,
}

/// How the API key is got.
#[derive(Debug)]
pub enum KeyFrom<'a> {
    /// From a file.
    File(&'a Path),
    /// From the first line that a command prints.
    Command(&'a [String]),
}

impl Config {
    /// Where the tables in force say that the API key is, the profile's first.
    pub fn keys(&self) -> impl Iterator<Item = KeySource<'_>> {
        self.tables().filter_map(|table| {
            let entry = table.find(KEY_FILE).or_else(|| table.find(KEY_COMMAND))?;
            let from = match &entry.value {
                Value::Text(path) => KeyFrom::File(Path::new(path)),
                Value::Texts(words) => KeyFrom::Command(words),
                Value::Switch(_) => return None,
            };
            let base = table.find("base-url").map(|entry| &entry.value);
            let base = match base {
                Some(Value::Text(base)) => Some(base.as_str()),
                _ => None,
            };
            let place = self.origin(entry.place, table.profile.as_deref());
            Some(KeySource {
                from,
                base,
                name: format!("{} of {place}", entry.key.name),
                place,
            })
        })
    }
}
