//! A JSON Schema, compiled once, and what is wrong with a value by it.
//!
//! The draft is the one that `$schema` names, 2020-12 without it. Formats are
//! asserted. A `$ref` leads to a place inside the document, or to its own meta-schema;
//! nothing is ever fetched.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Draft, PatternOptions, ReferencingError, ValidationError, Validator};
use serde_json::Value;

use super::deep::{deep, within};
use super::usual::is_usual;
use crate::error::Failure;
use crate::event::Violation;

/// Steps back that a pattern may take in one string: some ten milliseconds.
/// Only patterns with look-around or back-references can step back at all; one
/// that needs more has not matched, which is a violation wherever it stands.
const BACKTRACK_MAX: usize = 100_000;

/// Violations that are told of one value.
const VIOLATIONS_MAX: usize = 20;

/// The longest that one value is held against a schema.
const CHECK_MAX: Duration = Duration::from_secs(10);

/// Values within a value from which on only its first violation is looked for.
const PARTS_MAX: usize = 100_000;

/// Characters of a found value, and of a whole message.
const FOUND_MAX: usize = 60;
const MESSAGE_MAX: usize = 300;

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
            let options = jsonschema::options()
                .offline()
                .should_validate_formats(true)
                .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_MAX));
            if is_usual(document)
                && let Ok(validator) = options.clone().with_draft(Draft::Draft7).build(document)
            {
                return Ok(Self::new(validator));
            }
            match options.build(document) {
                Ok(validator) => Ok(Self::new(validator)),
                Err(error) => Err(refused(&error, place)),
            }
        })
    }

    fn new(validator: Validator) -> Self {
        let validator = Arc::new(validator);
        Self { validator }
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
        let checked = within(limit, move || wrong(&validator, &value));
        checked.unwrap_or_else(|| {
            let seconds = limit.as_secs_f64();
            vec![whole(format!(
                "to hold it against the schema takes more than {seconds} s"
            ))]
        })
    }
}

/// What is wrong with `value`, however long it takes to find.
fn wrong(validator: &Validator, value: &Value) -> Vec<Violation> {
    // Stops at the first thing wrong, and keeps no record of branches
    // that did not fit where another did.
    if validator.is_valid(value) {
        return Vec::new();
    }
    // The list of all errors is made before the first of them is told.
    let mut told: Vec<Violation> = if parts(value, PARTS_MAX) == PARTS_MAX {
        let first = validator.validate(value).err();
        first.iter().map(violation).collect()
    } else {
        let errors = validator.iter_errors(value).take(VIOLATIONS_MAX);
        errors.map(|error| violation(&error)).collect()
    };
    if told.is_empty() {
        told.push(whole("it does not fit the schema".to_owned()));
    }
    told
}

fn whole(message: String) -> Violation {
    let path = String::new();
    Violation { path, message }
}

/// How many values stand in `value`, itself included; counted up to `max`.
fn parts(value: &Value, max: usize) -> usize {
    let mut waiting = vec![value];
    let mut count = 0;
    while let Some(value) = waiting.pop() {
        count += 1;
        if count + waiting.len() >= max {
            return max;
        }
        match value {
            Value::Array(items) => waiting.extend(items.iter().take(max)),
            Value::Object(members) => waiting.extend(members.values().take(max)),
            _ => {}
        }
    }
    count
}

impl fmt::Debug for Schema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Schema").finish_non_exhaustive()
    }
}

/// Why a document is no schema.
fn refused(error: &ValidationError<'_>, place: &str) -> Failure {
    let Kind::Referencing(reference) = error.kind() else {
        let Violation { path, message } = violation(error);
        let at = if path.is_empty() { "its root" } else { &path };
        return Failure::usage(format!("{place}: not a JSON Schema: {at}: {message}"));
    };
    let told = match reference {
        ReferencingError::Unretrievable { uri, .. } => {
            // The base that a relative reference is given without `$id`.
            let uri = uri.strip_prefix("json-schema:///").unwrap_or(uri);
            format!("it refers to {uri}, which is not in it")
        }
        ReferencingError::UnknownSpecification { specification } => {
            format!("its $schema is none that airx knows: {specification}")
        }
        other => other.to_string(),
    };
    Failure::usage(format!("{place}: {}", short(&told, MESSAGE_MAX)))
        .hint("$schema names a known draft, $ref a place in the schema: nothing is fetched")
}

/// The place, the rule and what was found, short.
fn violation(error: &ValidationError<'_>) -> Violation {
    let keyword = error.kind().keyword();
    let message = match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let found = short(&error.instance().to_string(), FOUND_MAX);
            let own = error.instance_path().as_str().len();
            let firsts = context.iter().filter_map(|branch| branch.first());
            let branches: Vec<String> = firsts
                .map(|first| {
                    let path = first.instance_path().as_str().get(own..);
                    let path = path.unwrap_or_default();
                    let told = message(first);
                    if path.is_empty() {
                        told
                    } else {
                        format!("{path}: {told}")
                    }
                })
                .collect();
            format!(
                "{keyword}: {found} fits no branch ({})",
                branches.join("; ")
            )
        }
        _ => message(error),
    };
    Violation {
        path: error.instance_path().to_string(),
        message: short(&message, MESSAGE_MAX),
    }
}

fn message(error: &ValidationError<'_>) -> String {
    let found = short(&error.instance().to_string(), FOUND_MAX);
    let keyword = error.kind().keyword();
    match error.kind() {
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            format!("{keyword}: {found} takes the pattern too long")
        }
        _ => format!("{keyword}: {}", error.masked_with(found)),
    }
}

/// At most so many characters of `text`.
fn short(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
