//! A key that is needed only once a request is sent: with `--cache` the answer may be there.

use std::sync::OnceLock;

use super::{Connection, api_key};
use crate::error::Failure;
use crate::secret::Secret;

/// What happens when a request is sent.
#[derive(Debug)]
pub enum DeferredKey {
    /// There is no key: this failure.
    Missing(Failure),
    /// A `key-command` is run, once.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
        /// The setting, for messages.
        name: String,
        /// The `Authorization` header, or why there is none.
        header: OnceLock<Result<Secret, Failure>>,
    },
}

impl DeferredKey {
    /// The key that a program prints. `name` is the setting, for messages.
    pub(super) fn command((words, name): (&[String], &str)) -> Self {
        Self::Command {
            words: words.to_vec(),
            name: name.to_owned(),
            header: OnceLock::new(),
        }
    }
}

impl Connection {
    /// The `Authorization` header, if it is known.
    pub fn authorization(&self) -> Option<&Secret> {
        match &self.deferred_key {
            Some(DeferredKey::Command { header, .. }) => header.get()?.as_ref().ok(),
            _ => self.authorization.as_ref(),
        }
    }

    /// Makes the key known before a request is sent. Returns it if it was not known when
    /// the settings were resolved: it must be hidden from now on. `say` takes what a
    /// key-command writes to standard error, line by line.
    ///
    /// # Errors
    /// There is no key, or it cannot be used: exit 3.
    pub fn require_key(&self, say: &mut dyn FnMut(&str)) -> Result<Option<&str>, Failure> {
        match &self.deferred_key {
            None => Ok(None),
            Some(DeferredKey::Missing(failure)) => Err(failure.clone()),
            Some(DeferredKey::Command {
                words,
                name,
                header,
            }) => {
                let header = header.get_or_init(|| {
                    let key = api_key::of_command(words, name, say)?;
                    Ok(Secret::new(format!("{BEARER}{}", key.reveal())))
                });
                let header = header.as_ref().map_err(Clone::clone)?.reveal();
                Ok(header.strip_prefix(BEARER))
            }
        }
    }
}

const BEARER: &str = "Bearer ";
