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
mod tests {
    use super::*;
    use crate::structured::parse;

    fn schema(text: &str) -> Schema {
        Schema::compile(&parse(text).unwrap(), "--schema").unwrap()
    }

    fn refused(text: &str) -> Failure {
        Schema::compile(&parse(text).unwrap(), "--schema s.json").unwrap_err()
    }

    #[track_caller]
    fn told(text: &str, value: &str) -> Vec<String> {
        let errors = schema(text).errors(&parse(value).unwrap());
        let line = |error: &Violation| format!("{} {}", error.path, error.message);
        errors.iter().map(line).collect()
    }

    #[test]
    fn a_violation_names_the_place_the_rule_and_what_was_found() {
        let text = r#"{"type":"object","required":["name"],"additionalProperties":false,
            "properties":{"name":{"type":"string"},"a/b":{"items":{"minimum":3}},"day":{"format":"date"}}}"#;
        assert_eq!(
            told(text, r#"{"a/b":[5,2],"day":"2026-13-01","more":1}"#),
            [
                "/a~1b/1 minimum: 2 is less than the minimum of 3",
                "/day format: \"2026-13-01\" is not a \"date\"",
                " additionalProperties: Additional properties are not allowed ('more' was unexpected)",
                " required: \"name\" is a required property",
            ]
        );
        let text = r#"{"items":{"anyOf":[{"type":"null"},{"properties":{"a":{"const":1}}}]}}"#;
        assert_eq!(
            told(text, r#"[null,{"a":2}]"#),
            [
                "/1 anyOf: {\"a\":2} fits no branch (type: {\"a\":2} is not of type \"null\"; /a: const: 1 was expected)"
            ]
        );
    }

    #[test]
    fn what_is_told_is_short() {
        let long = format!("[{}1]", "\"中文\",".repeat(50_000));
        let errors = told(r#"{"items":{"type":"number"}}"#, &long);
        assert_eq!(errors.len(), VIOLATIONS_MAX);
        let errors = told(r#"{"type":"object"}"#, &long);
        assert!(errors[0].chars().count() < 120, "{errors:?}");
        let names: Vec<String> = (0..5000).map(|n| format!(r#""name{n}":1,"#)).collect();
        let names = names.concat();
        let errors = told(
            r#"{"additionalProperties":false}"#,
            &format!(r#"{{{names}"z":1}}"#),
        );
        assert!(errors[0].chars().count() <= MESSAGE_MAX + 2, "{errors:?}");
    }

    #[test]
    fn the_draft_is_the_one_that_the_schema_names() {
        let old = |draft: &str| {
            format!(
                r#"{{"$schema":"http://json-schema.org/{draft}/schema#","exclusiveMaximum":true,"maximum":3}}"#
            )
        };
        assert_eq!(told(&old("draft-04"), "3").len(), 1);
        assert_eq!(refused(&old("draft-07")).exit(), 2);
        let text = r#"{"$schema":"DRAFT","prefixItems":[{"type":"null"}]}"#;
        let text = |draft| text.replace("DRAFT", draft);
        assert_eq!(
            told(&text("https://json-schema.org/draft/2020-12/schema"), "[1]").len(),
            1
        );
        assert_eq!(
            told(&text("https://json-schema.org/draft/2019-09/schema"), "[1]").len(),
            0
        );
    }

    #[test]
    fn a_pattern_that_blows_up_ends_and_never_passes() {
        let text = format!("\"{}!\"", "a".repeat(2000));
        assert_eq!(told(r#"{"pattern":"^(a+)+$"}"#, &text).len(), 1);
        for pattern in [
            r#"{"pattern":"^(a|aa)+(?!b)\\1!b$"}"#,
            r#"{"pattern":"^((a+)\\2?)+$"}"#,
        ] {
            let long = told(pattern, &text);
            assert!(long[0].contains("takes the pattern too long"), "{long:?}");
            let not = format!(r#"{{"not":{pattern}}}"#);
            assert_eq!(told(&not, &text).len(), 1, "{not}");
        }
        let wide = refused(r#"{"pattern":"((a{1000}){1000}){1000}"}"#);
        assert!(wide.message.contains("/pattern"), "{}", wide.message);
    }

    #[test]
    fn numbers_are_compared_digit_by_digit() {
        for (text, value, fits) in [
            (r#"{"type":"integer"}"#, "1.0", true),
            (r#"{"type":"integer"}"#, "1e3", true),
            (r#"{"type":"integer"}"#, "1.5", false),
            (
                r#"{"type":"integer"}"#,
                "123456789012345678901234567890",
                true,
            ),
            (r#"{"maximum":9007199254740992}"#, "9007199254740993", false),
            (
                r#"{"maximum":18446744073709551616}"#,
                "18446744073709551617",
                false,
            ),
            (r#"{"maximum":0.1}"#, "0.10000000000000000000000001", false),
            (r#"{"multipleOf":0.01}"#, "19.99", true),
            (r#"{"multipleOf":0.01}"#, "19.999", false),
            (
                r#"{"multipleOf":3}"#,
                "123456789012345678901234567891",
                false,
            ),
            (r#"{"minimum":1e400}"#, "1e399", false),
            (r#"{"minimum":0}"#, "1e400", true),
            (r#"{"const":1}"#, "1.0", true),
            (
                r#"{"enum":[18446744073709551616]}"#,
                "18446744073709551617",
                false,
            ),
            (r#"{"uniqueItems":true}"#, "[1,1.0]", false),
        ] {
            assert_eq!(told(text, value).is_empty(), fits, "{text} {value}");
        }
    }

    #[test]
    fn a_huge_exponent_costs_nothing() {
        for text in [
            r#"{"type":"integer"}"#,
            r#"{"multipleOf":0.01}"#,
            r#"{"maximum":5}"#,
            r#"{"const":7}"#,
            r#"{"enum":[1,2.5]}"#,
            r#"{"multipleOf":1e-999999999}"#,
        ] {
            for value in ["1e999999999", "1e-999999999", "-1E+99999999999999999999"] {
                told(text, value);
            }
        }
    }

    #[test]
    fn what_is_no_schema_is_refused_with_its_path() {
        let failure = refused(r#"{"properties":{"age":{"type":"int"}}}"#);
        assert_eq!(failure.exit(), 2);
        let (begun, nearest) = failure.message.split_once(" (").unwrap();
        assert_eq!(
            begun,
            "--schema s.json: not a JSON Schema: /properties/age/type: anyOf: \"int\" fits no branch"
        );
        assert!(nearest.contains("enum: \"int\" is not one of"), "{nearest}");
        let failure = refused("[1]");
        assert!(
            failure.message.contains("its root: "),
            "{}",
            failure.message
        );
    }

    #[test]
    fn nothing_is_fetched() {
        for (text, refers) in [
            (
                r#"{"$ref":"http://127.0.0.1:1/s.json"}"#,
                "http://127.0.0.1:1/s.json",
            ),
            (r#"{"$ref":"file:///etc/passwd"}"#, "file:///etc/passwd"),
            (
                r#"{"properties":{"a":{"$ref":"other.json"}}}"#,
                "other.json",
            ),
        ] {
            let failure = refused(text);
            assert_eq!(failure.exit(), 2);
            assert_eq!(
                failure.message,
                format!("--schema s.json: it refers to {refers}, which is not in it")
            );
        }
        let failure = refused(r#"{"$schema":"https://example.com/own"}"#);
        assert!(
            failure
                .message
                .ends_with("its $schema is none that airx knows: https://example.com/own"),
            "{}",
            failure.message
        );
        let failure = refused(r##"{"$ref":"#/$defs/none"}"##);
        assert!(
            failure.message.contains("/$defs/none"),
            "{}",
            failure.message
        );
        assert_eq!(
            told(
                r#"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#,
                r#"{"type":1}"#
            )
            .len(),
            1
        );
    }

    #[test]
    fn schemas_that_lead_back_to_themselves_end() {
        for text in [
            r##"{"$ref":"#"}"##,
            r##"{"anyOf":[{"$ref":"#"}]}"##,
            r##"{"not":{"$ref":"#"}}"##,
            r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##,
            r##"{"$dynamicAnchor":"n","$dynamicRef":"#n"}"##,
        ] {
            let text = parse(text).unwrap();
            let _ = Schema::compile(&text, "s").map(|schema| schema.errors(&parse("{}").unwrap()));
        }
    }

    #[test]
    fn a_check_that_doubles_at_each_level_ends() {
        let text = r##"{"anyOf":[
            {"properties":{"a":{"$ref":"#"}},"required":["b"]},
            {"properties":{"a":{"$ref":"#"}},"required":["c"]}]}"##;
        let value = format!("{}{{}}{}", r#"{"a":"#.repeat(120), "}".repeat(120));
        let errors = schema(text).errors_within(Duration::from_millis(50), &parse(&value).unwrap());
        let told: Vec<_> = errors.iter().map(|error| &*error.message).collect();
        assert_eq!(
            told,
            ["to hold it against the schema takes more than 0.05 s"]
        );
    }

    #[test]
    fn deep_schemas_of_deep_values_do_not_overflow_the_stack() {
        let (open, close) = (r#"{"allOf":["#.repeat(30), "]}".repeat(30));
        let text = format!(r##"{open}{{"properties":{{"a":{{"$ref":"#"}}}}}}{close}"##);
        let value = format!("{}1{}", r#"{"a":"#.repeat(120), "}".repeat(120));
        assert_eq!(told(&text, &value).len(), 0);
    }

    #[test]
    fn a_value_of_many_wrong_parts_costs_no_more_than_its_size() {
        let value = format!("[{}1]", "1,".repeat(1_000_000));
        assert_eq!(told(r#"{"items":{"type":"null"}}"#, &value).len(), 1);
        let value: Vec<String> = (0..100_000).map(|n| format!(r#"{{"n":[{n}]}}"#)).collect();
        let value = format!("[{}]", value.join(","));
        assert_eq!(told(r#"{"uniqueItems":true}"#, &value).len(), 0);
    }
}
