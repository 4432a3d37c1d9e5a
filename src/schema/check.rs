//! A JSON Schema, compiled once, and what is wrong with a value by it, in bounded
//! time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::deep::{deep, within};
use super::validator::{Refused, Validator};
use crate::error::Failure;
use crate::event::Violation;

/// The longest that one value is held against a schema.
const CHECK_MAX: Duration = Duration::from_secs(10);

/// A compiled schema.
pub struct Schema {
    validator: Arc<Validator>,
}

impl Schema {
    /// Compiles `document`. `place` says where it came from, for messages.
    ///
    /// # Errors
    /// It is no schema, or refers to what is not in it: exit 2, with the path.
    pub fn compile(document: &Value, place: &str) -> Result<Self, Failure> {
        deep(|| {
            let validator = Validator::compile(document).map_err(|why| refused(&why, place))?;
            Ok(Self {
                validator: Arc::new(validator),
            })
        })
    }

    /// What is wrong with `value`; nothing where it fits. At most the first
    /// twenty are told, of a huge value only the first. Alternatives that lead
    /// back to themselves can double the work at each level of the value: it is
    /// given up after ten seconds, and is then wrong.
    pub fn errors(&self, value: &Value) -> Vec<Violation> {
        self.errors_within(CHECK_MAX, value)
    }

    fn errors_within(&self, limit: Duration, value: &Value) -> Vec<Violation> {
        let (validator, value) = (Arc::clone(&self.validator), Arc::new(value.clone()));
        let checked = within(limit, move || validator.violations(&value));
        checked.unwrap_or_else(|| {
            let seconds = limit.as_secs_f64();
            vec![Violation::of_root(format!(
                "to hold it against the schema takes more than {seconds} s"
            ))]
        })
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Schema").finish_non_exhaustive()
    }
}

/// Why a document is no schema.
fn refused(why: &Refused, place: &str) -> Failure {
    match why {
        Refused::Wrong(Violation { path, message }) => {
            let at = if path.is_empty() { "its root" } else { path };
            Failure::usage(format!("{place}: not a JSON Schema: {at}: {message}"))
        }
        Refused::Reference(told) => Failure::usage(format!("{place}: {told}"))
            .hint("$schema names a known draft, $ref a place in the schema: nothing is fetched"),
    }
}

#[cfg(test)]
mod tests;
