//! What a JSON answer has to be and how it is shown; the words that tell the
//! model of it, before the answer and after a wrong one.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;

use super::spelling::{compact, elements, pointed, pretty};
use super::{Schema, fields, parse, strict, unfenced};
use crate::error::Failure;
use crate::event::Violation;

/// Most requests for one answer, unless told otherwise.
pub const TRIES: u32 = 3;

/// The options, as they were given.
#[derive(Debug, Default)]
pub struct Options {
    /// `--schema`: JSON, or the file that it is in.
    pub schema: Option<String>,
    /// `--fields`.
    pub fields: Option<String>,
    /// How the value is shown.
    pub show: Show,
    /// Elements are shown while the answer is made.
    pub stream: bool,
    /// Most requests for one answer.
    pub tries: u32,
}

/// How a value is shown.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Show {
    /// On one line.
    #[default]
    Compact,
    /// Indented.
    Pretty,
    /// An array's elements, one a line.
    Lines,
    /// What these JSON Pointers name, one a line.
    Select(Vec<String>),
}

/// What an answer has to be.
#[derive(Debug)]
pub struct Wanted {
    schema: Option<Schema>,
    /// What the system message tells the model.
    pub instruction: Option<String>,
    /// How the value is shown.
    pub show: Show,
    /// Elements are shown while the answer is made.
    pub stream: bool,
    /// Most requests for one answer.
    pub tries: u32,
}

/// An answer that is what was asked for.
#[derive(Debug)]
pub struct Accepted {
    /// The value on one line, its numbers as the model wrote them.
    pub value: Box<RawValue>,
    /// What `--format text` prints, without its final newline; for [`Show::Lines`]
    /// the elements of the array.
    pub shown: Vec<String>,
}

/// Why an answer was rejected.
#[derive(Debug)]
pub struct Rejected {
    /// What is wrong with it.
    pub errors: Vec<Violation>,
    /// The model can mend it: it is not that what the schema allows cannot be shown.
    pub mendable: bool,
}

impl Wanted {
    /// Reads and compiles the schema. `read` gives a file's text.
    ///
    /// # Errors
    /// The schema cannot be read or is none: exit 2.
    pub fn load(
        options: Options,
        read: impl Fn(&Path) -> Result<String, Failure>,
    ) -> Result<Self, Failure> {
        let document = match (&options.schema, &options.fields) {
            (Some(given), _) => Some(document(given, read)?),
            (None, Some(fields)) => Some((fields::schema(fields)?, "--fields".to_owned())),
            (None, None) => None,
        };
        let (mut schema, mut instruction) = (None, None);
        if let Some((document, place)) = document {
            schema = Some(Schema::compile(&document, &place)?);
            if options.show == Show::Lines && !may_be_array(&document) {
                return Err(Failure::usage(format!(
                    "--lines prints an array's elements, and by {place} the value is no array"
                ))
                .hint("--fields '[{name, age int}]' is an array of objects"));
            }
            instruction = Some(self::instruction(&document));
        }
        Ok(Self {
            schema,
            instruction,
            show: options.show,
            stream: options.stream,
            tries: options.tries,
        })
    }

    /// The value of an answer's text and what is shown of it.
    ///
    /// # Errors
    /// It is not what was asked for.
    pub fn read(&self, text: &str) -> Result<Accepted, Rejected> {
        let whole = |message: String, mendable: bool| Rejected {
            errors: vec![Violation {
                path: String::new(),
                message,
            }],
            mendable,
        };
        let value = parse(text).map_err(|why| whole(why, true))?;
        let errors = self.errors(&value);
        if !errors.is_empty() {
            return Err(Rejected {
                errors,
                mendable: true,
            });
        }
        let free = self.schema.is_none();
        let value = compact(unfenced(text)).map_err(|why| whole(why.to_string(), true))?;
        let shown = shown(&value, &self.show).map_err(|why| whole(why, free))?;
        Ok(Accepted { value, shown })
    }

    /// What is wrong with a value by the schema.
    pub fn errors(&self, value: &Value) -> Vec<Violation> {
        let schema = self.schema.as_ref();
        schema.map_or_else(Vec::new, |schema| schema.errors(value))
    }

    /// What the model is told of an answer that was rejected.
    pub fn correction(errors: &[Violation]) -> String {
        let mut text = "That answer is not valid:\n".to_owned();
        for error in errors {
            // Into a string: cannot fail.
            let _ = writeln!(text, "- {error}");
        }
        text + "Answer again: the whole corrected JSON value and nothing else."
    }
}

/// What `--format text` prints of a value.
///
/// # Errors
/// What cannot be shown so.
fn shown(value: &RawValue, show: &Show) -> Result<Vec<String>, String> {
    match show {
        Show::Compact => Ok(vec![value.get().to_owned()]),
        Show::Pretty => Ok(vec![pretty(value).map_err(|why| why.to_string())?]),
        Show::Lines => match elements(value) {
            Some(elements) => Ok(elements
                .iter()
                .map(|element| element.get().to_owned())
                .collect()),
            None => Err("--lines wants an array, and it is none".to_owned()),
        },
        Show::Select(pointers) => {
            let select = |pointer: &String| {
                let found = pointed(value, pointer);
                let found =
                    found.ok_or_else(|| format!("--select {pointer} finds nothing in it"))?;
                // Strings are printed raw.
                let text = serde_json::from_str::<String>(found.get());
                Ok(text.unwrap_or_else(|_| found.get().to_owned()))
            };
            pointers.iter().map(select).collect()
        }
    }
}

/// The words that carry the schema. Every request has them, and a context may
/// be 8K: they are few, and the schema is on one line.
fn instruction(schema: &Value) -> String {
    format!(
        "Answer with one JSON value and nothing else: no prose, no code fence. \
         It must be valid by this JSON Schema:\n{schema}"
    )
}

/// The schema of `--schema`, and what messages call it.
fn document(
    given: &str,
    read: impl Fn(&Path) -> Result<String, Failure>,
) -> Result<(Value, String), Failure> {
    let (text, place) = if given.trim_start().starts_with('{') {
        (given.to_owned(), "--schema".to_owned())
    } else {
        (read(Path::new(given))?, format!("--schema {given}"))
    };
    let document =
        strict(&text).map_err(|why| Failure::usage(format!("{place}: not JSON: {why}")))?;
    let document = unwrapped(document);
    match mistaken(&document) {
        Some((what, hint)) => Err(Failure::usage(format!("{place}: {what}")).hint(hint)),
        None => Ok((document, place)),
    }
}

/// The schema in the wrapper of OpenAI's `response_format`, or the document itself.
fn unwrapped(mut document: Value) -> Value {
    const MEMBERS: [&str; 5] = ["type", "name", "description", "strict", "schema"];
    let is_wrapper = |value: &Value| {
        value.as_object().is_some_and(|object| {
            object.keys().all(|name| MEMBERS.contains(&name.as_str()))
                && object
                    .get("schema")
                    .is_some_and(|schema| schema.is_object() || schema.is_boolean())
                && object.get("type").is_none_or(|kind| kind == "json_schema")
        })
    };
    if let Some(inner) = document
        .get_mut("json_schema")
        .filter(|inner| is_wrapper(inner))
    {
        document = inner.take();
    }
    if is_wrapper(&document) {
        document = document["schema"].take();
    }
    document
}

/// What a document is in place of a schema, and what to do: each of these would
/// accept any JSON.
fn mistaken(document: &Value) -> Option<(String, &'static str)> {
    let object = document.as_object()?;
    let is_object = |name: &str| object.get(name).is_some_and(Value::is_object);
    let is_string = |name: &str| object.get(name).is_some_and(Value::is_string);
    if is_string("openapi") || is_string("swagger") {
        let hint = "take one of its schemas: jq '.components.schemas.NAME'";
        return Some(("an OpenAPI document is not a JSON Schema".to_owned(), hint));
    }
    let schemas = ["parameters", "input_schema", "inputSchema"];
    if is_object("function") || (is_string("name") && schemas.into_iter().any(is_object)) {
        let hint = "take the schema of its arguments: jq '.function.parameters'";
        return Some(("a tool is not a JSON Schema".to_owned(), hint));
    }
    let is_keyword = |name: &String| KEYWORDS.contains(&name.as_str());
    if object.is_empty() || object.keys().any(is_keyword) {
        return None;
    }
    // What only describes, and members that mean nothing, allow everything.
    let is_annotation = |name: &String| ANNOTATIONS.contains(&name.as_str());
    if object.keys().all(is_annotation) {
        return None;
    }
    let names: Vec<&str> = object.keys().map(String::as_str).take(5).collect();
    let what = format!(
        "not a JSON Schema: it says nothing about a value, and JSON Schema does not know its members ({})",
        names.join(", ")
    );
    let hint = "write {\"type\": \"object\", \"properties\": {…}}, or --fields 'name, age int'";
    Some((what, hint))
}

/// The keywords of JSON Schema, drafts 4 to 2020-12, that constrain a value or hold
/// schemas that do.
const KEYWORDS: [&str; 51] = [
    "$anchor",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "$ref",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "required",
    "then",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
];

/// Those that only describe.
const ANNOTATIONS: [&str; 11] = [
    "$comment",
    "$id",
    "$schema",
    "$vocabulary",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// Whether a schema says nothing against an array.
fn may_be_array(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == "array",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "array"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(options: Options) -> Result<Wanted, Failure> {
        Wanted::load(options, |path| {
            assert_eq!(path, Path::new("s.json"));
            Ok("{ \"type\":\n \"array\", \"minItems\": 2.0 }".to_owned())
        })
    }

    #[test]
    fn the_instruction_is_short_and_the_schema_on_one_line() {
        let wanted = load(Options {
            schema: Some("s.json".into()),
            ..Options::default()
        });
        assert_eq!(
            wanted.unwrap().instruction.unwrap(),
            "Answer with one JSON value and nothing else: no prose, no code fence. It must be \
             valid by this JSON Schema:\n{\"type\":\"array\",\"minItems\":2.0}"
        );
    }

    #[test]
    fn a_correction_names_each_place_and_rule() {
        let wanted = load(Options {
            fields: Some("name, age int".into()),
            ..Options::default()
        });
        let rejected = wanted.unwrap().read(r#"{"age":"x"}"#).unwrap_err();
        assert_eq!(
            Wanted::correction(&rejected.errors),
            "That answer is not valid:\n\
             - required: \"name\" is a required property\n\
             - /age: type: \"x\" is not of type \"integer\"\n\
             Answer again: the whole corrected JSON value and nothing else."
        );
    }

    #[test]
    fn a_pointer_that_finds_nothing_is_mendable_only_where_no_schema_allows_it() {
        let show = || Show::Select(vec!["/nick".into()]);
        for (fields, mendable) in [(Some("nick?".to_owned()), false), (None, true)] {
            let wanted = load(Options {
                fields,
                show: show(),
                ..Options::default()
            });
            assert_eq!(wanted.unwrap().read("{}").unwrap_err().mendable, mendable);
        }
    }

    #[test]
    fn selected_strings_are_raw() {
        let select = |pointers: &[&str]| {
            let pointers = pointers.iter().map(ToString::to_string).collect();
            let value = compact(r#"{"a":"x\ny","b":[1E5,{"c":null}]}"#).unwrap();
            shown(&value, &Show::Select(pointers))
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
        for (schema, taken) in [
            (r#"{"type":"object"}"#, false),
            (r#"{"type":["null","array"]}"#, true),
            ("{}", true),
        ] {
            let wanted = load(Options {
                schema: Some(schema.into()),
                show: Show::Lines,
                ..Options::default()
            });
            assert_eq!(wanted.is_ok(), taken, "{schema}");
        }
    }
}
