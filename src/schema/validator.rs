//! Compiles a JSON Schema and checks values against it, in bounded time. Formats are asserted. A
//! `$ref` can only refer to a place in the document or to its meta-schema; nothing is fetched.

use std::fmt;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{PatternOptions, ReferencingError, ValidationError};
use serde_json::Value;

use crate::error::Failure;
use crate::event::Violation;
use crate::terminal::shortened;

/// The maximum time for checking one value.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// The stack size for compiling schemas and checking values: a schema that refers to its parts can
/// need many frames at each level of a value. Unused pages take no memory.
const STACK_BYTES: usize = 256 << 20;

/// The maximum number of backtracking steps of a pattern in one string: some ten milliseconds. Only
/// patterns with look-around or back-references backtrack. A pattern that needs more steps counts
/// as not matched.
const BACKTRACK_MAX: usize = 100_000;

/// The maximum number of violations that are reported for one value.
const VIOLATIONS_MAX: usize = 20;

/// If a value contains this number of values or more, only its first violation is reported.
const PARTS_MAX: usize = 100_000;

/// The maximum numbers of characters of a value in a message, and of a message.
const VALUE_CHARS: usize = 60;
const MESSAGE_CHARS: usize = 300;

/// A compiled schema.
#[derive(Clone)]
pub struct Schema {
    validator: Arc<jsonschema::Validator>,
}

impl Schema {
    /// Compiles `document` by the draft that its `$schema` names, else by 2020-12. `place` names
    /// its source in messages.
    ///
    /// # Errors
    /// It is not a schema, or refers to something outside: exit 2, with the path.
    pub fn compile(document: &Value, place: &str) -> Result<Self, Failure> {
        let options = jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_MAX));
        let compile = || {
            let validator = options.build(document);
            validator.map_err(|error| not_a_schema(&error, place))
        };
        let validator = Arc::new(on_big_stack(compile)?);
        Ok(Self { validator })
    }

    /// The violations of `value`, at most twenty; for a huge value only the first.
    /// Recursive alternatives can double the work at each level of the value: a check of
    /// more than ten seconds counts as a violation.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        self.violations_within(CHECK_TIMEOUT, value)
    }

    fn violations_within(&self, limit: Duration, value: &Value) -> Vec<Violation> {
        let (validator, value) = (Arc::clone(&self.validator), Arc::new(value.clone()));
        let (done, result) = mpsc::channel();
        let (thread_validator, thread_value) = (Arc::clone(&validator), Arc::clone(&value));
        let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
        let check = move || done.send(violations(&thread_validator, &thread_value));
        let checked = match builder.spawn(check) {
            // A thread that takes longer continues until the run ends.
            Ok(_) => result.recv_timeout(limit).ok(),
            // The thread did not start: use this one.
            Err(_) => Some(violations(&validator, &value)),
        };
        checked.unwrap_or_else(|| {
            let seconds = limit.as_secs_f64();
            vec![Violation::of_root(format!(
                "checking it against the schema takes more than {seconds} s"
            ))]
        })
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Schema").finish_non_exhaustive()
    }
}

/// Runs `work` on a thread with a big stack, or on this thread if that cannot start.
fn on_big_stack<T: Send>(work: impl Fn() -> T + Sync) -> T {
    let result = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = builder.spawn_scoped(scope, &work).ok()?;
        thread.join().ok()
    });
    result.unwrap_or_else(work)
}

/// The violations of `value`, without a time limit.
fn violations(validator: &jsonschema::Validator, value: &Value) -> Vec<Violation> {
    // `is_valid` stops at the first violation, and does not collect the errors of a branch if
    // another branch fits.
    if validator.is_valid(value) {
        return Vec::new();
    }
    // `iter_errors` collects all violations before it returns the first.
    let mut found: Vec<Violation> = if parts(value, PARTS_MAX) == PARTS_MAX {
        let first = validator.validate(value).err();
        first.iter().map(violation).collect()
    } else {
        let errors = validator.iter_errors(value).take(VIOLATIONS_MAX);
        errors.map(|error| violation(&error)).collect()
    };
    if found.is_empty() {
        found.push(Violation::of_root("it does not fit the schema".to_owned()));
    }
    found
}

/// The number of values in `value`, including itself, counted up to `max`.
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

/// The failure for a document that does not compile.
fn not_a_schema(error: &ValidationError<'_>, place: &str) -> Failure {
    let Kind::Referencing(reference) = error.kind() else {
        let Violation { path, message } = violation(error);
        let at = if path.is_empty() { "its root" } else { &path };
        return Failure::usage(format!("{place}: not a JSON Schema: {at}: {message}"))
            .hint("for a simple schema there is --fields, as in --fields 'name, age int'");
    };
    let message = match reference {
        ReferencingError::Unretrievable { uri, .. } => {
            // A relative reference has this base if there is no `$id`.
            let uri = uri.strip_prefix("json-schema:///").unwrap_or(uri);
            format!("it refers to {uri}, which is not in it")
        }
        ReferencingError::UnknownSpecification { specification } => {
            format!("airx does not know its $schema: {specification}")
        }
        other => other.to_string(),
    };
    Failure::usage(format!("{place}: {}", shortened(&message, MESSAGE_CHARS)))
        .hint("$schema must name a known draft, $ref a place in the schema: airx fetches nothing")
}

/// The violation for an error: the path, the keyword, and the shortened value.
fn violation(error: &ValidationError<'_>) -> Violation {
    let keyword = error.kind().keyword();
    let message = match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let value = shortened(&error.instance().to_string(), VALUE_CHARS).into_owned();
            let own = error.instance_path().as_str().len();
            let firsts = context.iter().filter_map(|branch| branch.first());
            let branches: Vec<String> = firsts
                .map(|first| {
                    let path = first.instance_path().as_str().get(own..);
                    match path.unwrap_or_default() {
                        "" => message(first),
                        path => format!("{path}: {}", message(first)),
                    }
                })
                .collect();
            let branches = branches.join("; ");
            format!("{keyword}: {value} fits no branch ({branches})")
        }
        _ => message(error),
    };
    Violation {
        path: error.instance_path().to_string(),
        message: shortened(&message, MESSAGE_CHARS).into_owned(),
    }
}

fn message(error: &ValidationError<'_>) -> String {
    let value = shortened(&error.instance().to_string(), VALUE_CHARS).into_owned();
    let keyword = error.kind().keyword();
    match error.kind() {
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            format!("{keyword}: {value} takes too long to match")
        }
        _ => format!("{keyword}: {}", error.masked_with(value)),
    }
}

#[cfg(test)]
mod tests;
