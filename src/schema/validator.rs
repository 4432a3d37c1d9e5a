//! A JSON Schema, compiled, and what is wrong with a value by it. Formats are
//! asserted. A `$ref` leads to a place inside the document, or to its own
//! meta-schema; nothing is ever fetched.

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{PatternOptions, ReferencingError, ValidationError};
use serde_json::Value;

use crate::event::Violation;

/// Steps back that a pattern may take in one string: some ten milliseconds.
/// Only patterns with look-around or back-references can step back at all; one
/// that needs more has not matched, which is a violation wherever it stands.
const BACKTRACK_MAX: usize = 100_000;

/// Violations that are told of one value.
const VIOLATIONS_MAX: usize = 20;

/// Values within a value from which on only its first violation is looked for.
const PARTS_MAX: usize = 100_000;

/// Characters of a found value, and of a whole message.
const FOUND_MAX: usize = 60;
const MESSAGE_MAX: usize = 300;

/// A compiled schema.
#[derive(Debug)]
pub(super) struct Validator(jsonschema::Validator);

/// Why a document is no schema.
#[derive(Debug)]
pub(super) enum Refused {
    /// By its meta-schema.
    Wrong(Violation),
    /// It refers to what it does not have, or names no known draft.
    Reference(String),
}

impl Validator {
    /// Compiles `document` by the draft that its `$schema` names, 2020-12 without
    /// it.
    ///
    /// # Errors
    /// It is no schema, or refers to what is not in it.
    pub(super) fn compile(document: &Value) -> Result<Self, Refused> {
        let options = jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_MAX));
        let built = options.build(document);
        built.map(Self).map_err(|error| refused(&error))
    }

    /// What is wrong with `value`, however long it takes to find; nothing where it
    /// fits. The first twenty are told, of a huge value only the first.
    pub(super) fn violations(&self, value: &Value) -> Vec<Violation> {
        let Self(validator) = self;
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
            told.push(Violation::of_root("it does not fit the schema".to_owned()));
        }
        told
    }
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

fn refused(error: &ValidationError<'_>) -> Refused {
    let Kind::Referencing(reference) = error.kind() else {
        return Refused::Wrong(violation(error));
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
    Refused::Reference(short(&told, MESSAGE_MAX))
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
