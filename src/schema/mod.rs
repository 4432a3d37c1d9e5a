//! The expected answer of `airx json`: JSON that matches a JSON Schema or the shorthand of
//! `--fields`, and how it is shown.

mod array_splitter;
mod document;
mod fields;
mod json;
mod validator;

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::cli::{Constrain, JsonAnswer};
use crate::error::Failure;
use crate::event::Violation;
use crate::settings::defaults;

pub use array_splitter::ArraySplitter;
pub use json::{DEPTH_MAX, compact, join_arrays, parse, parse_raw, parse_strict};
use json::{elements, pointed, pretty, unfenced};
pub use validator::Schema;

/// How `--format text` shows the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonFormat {
    /// On one line.
    Compact,
    /// Indented.
    Pretty,
    /// An array's elements, one a line.
    Lines,
    /// The values of these JSON Pointers, one per line.
    Select(Vec<String>),
}

/// The expected answer.
#[derive(Debug, Clone)]
pub struct ExpectedJson {
    schema: Option<Schema>,
    /// The schema as it is sent.
    document: Option<Arc<RawValue>>,
    constrain: Constrain,
    /// Whether the server has refused the schema.
    refused: Arc<AtomicBool>,
    /// The instruction for the system message.
    pub instruction: Option<String>,
    /// How the value is shown.
    pub format: JsonFormat,
    /// Show elements while the answer is generated.
    pub stream: bool,
    /// The maximum number of requests for one answer.
    pub tries: u32,
}

/// An accepted answer.
#[derive(Debug)]
pub struct Accepted {
    /// The value on one line, with its numbers as the model wrote them.
    pub value: Box<RawValue>,
    /// The lines that `--format text` prints; for [`JsonFormat::Lines`] the elements.
    pub lines: Vec<String>,
}

/// Why an answer was rejected.
#[derive(Debug)]
pub struct Rejected {
    /// The errors in the answer.
    pub violations: Vec<Violation>,
    /// Whether a retry can help. False if the schema allows an answer that cannot be shown
    /// in the requested form.
    pub retryable: bool,
}

impl ExpectedJson {
    /// Reads and compiles the schema. `read` reads a file.
    ///
    /// # Errors
    /// The schema cannot be read or does not compile: exit 2.
    pub fn load(
        args: JsonAnswer,
        read: impl Fn(&Path) -> Result<String, Failure>,
    ) -> Result<Self, Failure> {
        let document = match (&args.schema, &args.fields) {
            (Some(given), _) => Some(document::load(given, read)?),
            (None, Some(fields)) => Some((fields::schema(fields)?, "--fields".to_owned())),
            (None, None) => None,
        };
        let mut expected = Self {
            schema: None,
            document: None,
            constrain: args.constrain.unwrap_or(Constrain::Auto),
            refused: Arc::default(),
            instruction: None,
            format: match args {
                _ if args.pretty => JsonFormat::Pretty,
                _ if args.lines => JsonFormat::Lines,
                _ if args.select.is_empty() => JsonFormat::Compact,
                _ => JsonFormat::Select(args.select),
            },
            stream: args.stream,
            tries: args.tries.unwrap_or(defaults::TRIES),
        };
        if let Some((document, place)) = document {
            expected.schema = Some(Schema::compile(&document, &place)?);
            if expected.format == JsonFormat::Lines && !may_be_array(&document) {
                return Err(Failure::usage(format!(
                    "--lines prints an array's elements, and {place} does not allow an array"
                ))
                .hint("--fields '[{name, age int}]' is an array of objects"));
            }
            expected.instruction = Some(instruction(&document));
            let document = to_raw_value(&document).map_err(std::io::Error::from)?;
            expected.document = Some(Arc::from(document));
        }
        Ok(expected)
    }

    /// Returns a copy for an answer that is not printed.
    #[must_use]
    pub fn unprinted(&self) -> Self {
        Self {
            format: JsonFormat::Compact,
            stream: false,
            ..self.clone()
        }
    }

    /// Whether the answer is an array; `None` if the schema allows an array and other values.
    pub fn is_array(&self) -> Option<bool> {
        let document: Value = serde_json::from_str(self.document.as_ref()?.get()).ok()?;
        match document.get("type") {
            Some(Value::String(kind)) if kind == "array" => Some(true),
            Some(Value::Array(kinds)) if *kinds == ["array"] => Some(true),
            _ if may_be_array(&document) => None,
            _ => Some(false),
        }
    }

    /// The schema that the server enforces, if any. The two providers do not support it.
    pub fn constraint(&self, is_provider: bool) -> Option<Arc<RawValue>> {
        let constrains = match self.constrain {
            Constrain::Auto => !is_provider && !self.refused.load(Ordering::Relaxed),
            Constrain::Always => true,
            Constrain::Never => false,
        };
        self.document.clone().filter(|_| constrains)
    }

    /// Records that the server has refused the schema. Returns whether the run may go on without
    /// it.
    pub fn give_up_constraint(&self) -> bool {
        self.refused.store(true, Ordering::Relaxed);
        self.constrain == Constrain::Auto
    }

    /// Checks the text of an answer.
    ///
    /// # Errors
    /// The answer is rejected.
    pub fn accept(&self, text: &str) -> Result<Accepted, Rejected> {
        let reject = |message: String, retryable: bool| Rejected {
            violations: vec![Violation::of_root(message)],
            retryable,
        };
        let value = parse(text).map_err(|message| reject(message, true))?;
        let violations = self.violations(&value);
        if !violations.is_empty() {
            return Err(Rejected {
                violations,
                retryable: true,
            });
        }
        let value = compact(unfenced(text)).map_err(|error| reject(error.to_string(), true))?;
        let lines = lines(&value, &self.format)
            .map_err(|message| reject(message, self.schema.is_none()))?;
        Ok(Accepted { value, lines })
    }

    /// The violations of the schema in a value.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let schema = self.schema.as_ref();
        schema.map_or_else(Vec::new, |schema| schema.violations(value))
    }
}

/// The lines that `--format text` prints of a value.
fn lines(value: &RawValue, format: &JsonFormat) -> Result<Vec<String>, String> {
    match format {
        JsonFormat::Compact => Ok(vec![value.get().to_owned()]),
        JsonFormat::Pretty => Ok(vec![pretty(value).map_err(|error| error.to_string())?]),
        JsonFormat::Lines => {
            let elements = elements(value).ok_or("--lines needs an array, and this is not one")?;
            let line = |element: &RawValue| element.get().to_owned();
            Ok(elements.into_iter().map(line).collect())
        }
        JsonFormat::Select(pointers) => {
            let select = |pointer: &String| {
                let found = pointed(value, pointer)
                    .ok_or_else(|| format!("--select {pointer} finds nothing in it"))?;
                // Strings are printed raw.
                let text = serde_json::from_str::<String>(found.get());
                Ok(text.unwrap_or_else(|_| found.get().to_owned()))
            };
            pointers.iter().map(select).collect()
        }
    }
}

fn may_be_array(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == "array",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "array"),
        _ => true,
    }
}

/// The instruction for the system message. It is short and the schema is on one line: every request
/// contains it, and a context may be 8K tokens.
fn instruction(schema: &Value) -> String {
    format!(
        "Answer with one JSON value and nothing else: no prose, no code fence. \
         It must be valid by this JSON Schema:\n{schema}"
    )
}

/// The user message that follows a rejected answer.
pub fn correction(violations: &[Violation]) -> String {
    let mut text = "That answer is not valid:\n".to_owned();
    for violation in violations {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- {violation}");
    }
    text + "Answer again: the whole corrected JSON value and nothing else."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(args: JsonAnswer) -> Result<ExpectedJson, Failure> {
        ExpectedJson::load(args, |path| {
            assert_eq!(path, Path::new("s.json"));
            Ok("{ \"type\":\n \"array\", \"minItems\": 2.0 }".to_owned())
        })
    }

    #[test]
    fn the_instruction_is_short_and_the_schema_on_one_line() {
        let expected = load(JsonAnswer {
            schema: Some("s.json".into()),
            ..JsonAnswer::default()
        });
        assert_eq!(
            expected.unwrap().instruction.unwrap(),
            "Answer with one JSON value and nothing else: no prose, no code fence. It must be \
             valid by this JSON Schema:\n{\"type\":\"array\",\"minItems\":2.0}"
        );
    }

    #[test]
    fn a_correction_names_each_place_and_rule() {
        let expected = load(JsonAnswer {
            fields: Some("name, age int".into()),
            ..JsonAnswer::default()
        });
        let rejected = expected.unwrap().accept(r#"{"age":"x"}"#).unwrap_err();
        assert_eq!(
            correction(&rejected.violations),
            "That answer is not valid:\n\
             - required: \"name\" is a required property\n\
             - /age: type: \"x\" is not of type \"integer\"\n\
             Answer again: the whole corrected JSON value and nothing else."
        );
    }

    #[test]
    fn a_pointer_that_finds_nothing_is_asked_for_again_only_without_a_schema() {
        for (fields, retryable) in [(Some("nick?".to_owned()), false), (None, true)] {
            let expected = load(JsonAnswer {
                fields,
                select: vec!["/nick".into()],
                ..JsonAnswer::default()
            });
            assert_eq!(
                expected.unwrap().accept("{}").unwrap_err().retryable,
                retryable
            );
        }
    }

    #[test]
    fn selected_strings_are_raw() {
        let select = |pointers: &[&str]| {
            let pointers = pointers.iter().map(ToString::to_string).collect();
            let value = compact(r#"{"a":"x\ny","b":[1E5,{"c":null}]}"#).unwrap();
            lines(&value, &JsonFormat::Select(pointers))
        };
        assert_eq!(
            select(&["/a", "/b/0", "/b/1"]).unwrap(),
            ["x\ny", "1E5", "{\"c\":null}"]
        );
        assert_eq!(
            select(&["/b/2"]),
            Err("--select /b/2 finds nothing in it".into())
        );
    }

    #[test]
    fn lines_are_refused_where_the_schema_has_no_array() {
        for (schema, is_loaded) in [
            (r#"{"type":"object"}"#, false),
            (r#"{"type":["null","array"]}"#, true),
            ("{}", true),
        ] {
            let expected = load(JsonAnswer {
                schema: Some(schema.into()),
                lines: true,
                ..JsonAnswer::default()
            });
            assert_eq!(expected.is_ok(), is_loaded, "{schema}");
        }
    }
}
