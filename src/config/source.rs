//! The sources of the API key in the configuration: `key-file` and `key-command`, each
//! with the `base-url` of the same table.

use std::path::Path;

use super::keys::{KEY_COMMAND, KEY_FILE};
use super::{Config, Value};
use crate::error::FilePlace;

/// The source of the API key in a table.
#[derive(Debug)]
pub struct KeySource<'a> {
    /// A file or a command.
    pub from: KeyFrom<'a>,
    /// The `base-url` of the same table: the key is sent to that server only. Without
    /// it the key belongs to the default provider.
    pub base: Option<&'a str>,
    /// The position in the file.
    pub place: FilePlace,
    /// The name for messages: the key and its position.
    pub name: String,
}

/// How airx gets the API key.
#[derive(Debug)]
pub enum KeyFrom<'a> {
    /// From a file.
    File(&'a Path),
    /// From the first line that a command prints.
    Command(&'a [String]),
}

impl Config {
    /// The key sources of the active tables, the profile's first.
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
