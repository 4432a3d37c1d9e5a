//! Loads the document of `--schema`: JSON or a file, with or without OpenAI's wrapper.

use std::path::Path;

use serde_json::Value;

use super::json::parse_strict;
use crate::error::Failure;

/// Returns the schema of `--schema`, and its name in messages. `read` reads a file.
pub(super) fn load(
    given: &str,
    read: impl Fn(&Path) -> Result<String, Failure>,
) -> Result<(Value, String), Failure> {
    let (text, place) = if given.trim_start().starts_with('{') {
        (given.to_owned(), "--schema".to_owned())
    } else {
        (read(Path::new(given))?, format!("--schema {given}"))
    };
    let document = parse_strict(&text).map_err(|why| {
        Failure::usage(format!("{place}: not JSON: {why}"))
            .hint("give one complete JSON document, in a file or in quotes; is it cut off?")
    })?;
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
            let schema = object.get("schema");
            object.keys().all(|name| MEMBERS.contains(&name.as_str()))
                && schema.is_some_and(|schema| schema.is_object() || schema.is_boolean())
                && object.get("type").is_none_or(|kind| kind == "json_schema")
        })
    };
    let inner = document.get_mut("json_schema");
    if let Some(inner) = inner.filter(|inner| is_wrapper(inner)) {
        document = inner.take();
    }
    if is_wrapper(&document) {
        document = document["schema"].take();
    }
    document
}

/// Why a document is not a schema, with a hint. Used as a schema, it would accept any JSON.
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
    let is_keyword = |name: &String| KEYWORDS.split(' ').any(|known| known == name);
    if object.is_empty() || object.keys().any(is_keyword) {
        return None;
    }
    // Descriptions and unknown members allow everything.
    let is_annotation = |name: &String| ANNOTATIONS.split(' ').any(|known| known == name);
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

/// The keywords of JSON Schema, drafts 4 to 2020-12, that constrain a value or contain schemas.
const KEYWORDS: &str = "\
    $anchor $defs $dynamicAnchor $dynamicRef $recursiveAnchor $recursiveRef $ref \
    additionalItems additionalProperties allOf anyOf const contains contentEncoding \
    contentMediaType contentSchema definitions dependencies dependentRequired dependentSchemas \
    else enum exclusiveMaximum exclusiveMinimum format if items maxContains maxItems maxLength \
    maxProperties maximum minContains minItems minLength minProperties minimum multipleOf not \
    oneOf pattern patternProperties prefixItems properties propertyNames required then type \
    unevaluatedItems unevaluatedProperties uniqueItems";

/// The keywords that only describe a value.
const ANNOTATIONS: &str = "\
    $comment $id $schema $vocabulary default deprecated description examples readOnly title \
    writeOnly";
