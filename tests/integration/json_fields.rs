//! `airx json --fields`: the shorthand that makes a schema.

use crate::harness::{Server, airx, reply};

#[test]
fn dry_run_shows_the_schema_that_fields_make() {
    let ran = airx([
        "json",
        "--dry-run",
        "--fields",
        "name, age int?, mood good|bad, tags [str]: what they mean, at {x float, y float}",
        "hi",
    ])
    .nowhere()
    .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let body: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let system = body["messages"][0]["content"].as_str().unwrap();
    let (report, schema) = system.split_once('\n').unwrap();
    assert!(report.starts_with("Answer with one JSON value"), "{report}");
    assert_eq!(
        schema,
        "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\
         \"age\":{\"type\":\"integer\"},\"mood\":{\"enum\":[\"good\",\"bad\"]},\
         \"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"what they mean\"},\
         \"at\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"number\"},\"y\":{\"type\":\"number\"}},\
         \"required\":[\"x\",\"y\"],\"additionalProperties\":false}},\
         \"required\":[\"name\",\"mood\",\"tags\",\"at\"],\"additionalProperties\":false}"
    );
}

#[test]
fn an_answer_with_another_field_or_without_one_is_rejected() {
    for (answer, report) in [
        (
            r#"{"name":"Ada","age":41,"x":1}"#,
            "additionalProperties: Additional properties are not allowed ('x' was unexpected)",
        ),
        (r#"{"age":41}"#, "required: \"name\" is a required property"),
        (
            r#"{"name":"Ada","age":"41"}"#,
            "/age: type: \"41\" is not of type \"integer\"",
        ),
    ] {
        let server = Server::once(reply(answer));
        airx(["json", "--tries", "1", "--fields", "name, age int?", "hi"])
            .at(&server)
            .run()
            .is(
                10,
                "",
                &format!("{answer}\nairx: invalid: the answer is not the JSON asked for: {report}\nhint: the answer is above; a simpler schema, another model or more --tries may help\n"),
            );
    }
    let server = Server::once(reply(r#"{"name":"Ada"}"#));
    airx([
        "json",
        "--select",
        "/name",
        "--fields",
        "name, age int?",
        "hi",
    ])
    .at(&server)
    .run()
    .is(0, "Ada\n", "");
}

#[test]
fn a_shorthand_that_cannot_be_read_is_refused_with_the_place() {
    for (fields, report) in [
        (
            "name, age number",
            "number is not a type (str, int, float, bool, a|b, [TYPE], {FIELDS}), at character 11, \"number\"",
        ),
        ("", "a field's name is missing, at its end"),
        ("a, a", "the field a appears twice, at character 4, \"a\""),
    ] {
        airx(["json", "--fields", fields, "hi"]).nowhere().run().is(
            2,
            "",
            &format!("airx: usage: --fields: {report}\nhint: for example 'name, age int, tags [str]: what they mean'; see airx help json\n"),
        );
    }
}

#[test]
fn schema_and_fields_exclude_each_other() {
    airx(["json", "--schema", "{}", "--fields", "a", "hi"]).nowhere().run().is(
        2,
        "",
        "airx: usage: the argument '--schema <FILE|JSON>' cannot be used with '--fields <FIELDS>'\nhint: see airx help json\n",
    );
}
