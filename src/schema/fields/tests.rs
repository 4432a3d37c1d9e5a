//! What the shorthand of `--fields` means, and what is refused.

use super::*;

#[track_caller]
fn reads_as(text: &str, expected: &Value) {
    assert_eq!(schema(text).unwrap(), *expected, "{text}");
}

fn object(properties: &Value, required: &Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required,
        "additionalProperties": false })
}

#[test]
fn names_types_and_descriptions() {
    reads_as(
        "name, age int, tags [str]: what they mean",
        &object(
            &json!({
                "name": { "type": "string" },
                "age": { "type": "integer" },
                "tags": { "type": "array", "items": { "type": "string" },
                    "description": "what they mean" },
            }),
            &json!(["name", "age", "tags"]),
        ),
    );
    reads_as(
        " ok bool : whether it holds\n, p float:\"0 to 1, not %\" ",
        &object(
            &json!({
                "ok": { "type": "boolean", "description": "whether it holds" },
                "p": { "type": "number", "description": "0 to 1, not %" },
            }),
            &json!(["ok", "p"]),
        ),
    );
}

#[test]
fn optional_nested_and_enums() {
    let at = object(
        &json!({ "x": { "type": "number" }, "y": { "type": "number" } }),
        &json!(["x", "y"]),
    );
    let mood = json!({ "enum": ["good", "so so", "bad"] });
    reads_as(
        r#"nick? str, age int?, mood good|"so so"|bad, at [{x float, y float}]?: where"#,
        &object(
            &json!({
                "nick": { "type": "string" },
                "age": { "type": "integer" },
                "mood": mood,
                "at": { "type": "array", "items": at, "description": "where" },
            }),
            &json!(["mood"]),
        ),
    );
    reads_as(
        "\"der Größe nach\" int, 名前",
        &object(
            &json!({ "der Größe nach": { "type": "integer" }, "名前": { "type": "string" } }),
            &json!(["der Größe nach", "名前"]),
        ),
    );
}

#[test]
fn an_array_at_the_top() {
    reads_as(
        "[{name, n int}]",
        &json!({ "type": "array", "items": object(
            &json!({ "name": { "type": "string" }, "n": { "type": "integer" } }),
            &json!(["name", "n"]),
        ) }),
    );
    reads_as(
        "[a|b]",
        &json!({ "type": "array", "items": { "enum": ["a", "b"] } }),
    );
}

#[test]
fn errors_show_the_place() {
    for (text, message) in [
        ("", "a field's name is missing, at its end"),
        (
            "a, b number",
            "number is not a type (str, int, float, bool, a|b, [TYPE], {FIELDS}), at character 6, \"number\"",
        ),
        (
            "a,, b",
            "a field's name is missing, at character 3, \", b\"",
        ),
        (
            "a, b int, a str",
            "the field a appears twice, at character 11, \"a str\"",
        ),
        ("a [str", "the bracket ] is missing, at its end"),
        ("a {b", "a comma or the end is missing, at its end"),
        (
            "a }",
            "a comma or the end is missing, at character 3, \"}\"",
        ),
        ("a:", "a description is missing, at its end"),
        ("a x|x", "the word \"x\" appears twice, at its end"),
        ("a x|", "a word is missing, at its end"),
        (
            "a \"b",
            "the quotes do not hold a string as in JSON, at character 3, \"\\\"b\"",
        ),
        ("[str] x", "the end is expected here, at character 7, \"x\""),
        (
            "中 int x",
            "a comma or the end is missing, at character 7, \"x\"",
        ),
    ] {
        let failure = schema(text).unwrap_err();
        assert_eq!(
            (failure.exit(), failure.message),
            (2, format!("--fields: {message}")),
            "{text}"
        );
    }
    let deep = schema(&format!("a {}", "[".repeat(100_000))).unwrap_err();
    assert!(
        deep.message.contains("more than 32 nested brackets"),
        "{}",
        deep.message
    );
}

#[test]
fn every_schema_compiles() {
    for text in ["a", "a? [[{b x|y}]]: c", "[int]"] {
        crate::schema::Schema::compile(&schema(text).unwrap(), "--fields").unwrap();
    }
}
