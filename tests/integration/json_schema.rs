//! `airx json --schema`: an answer that the schema rejects is never printed.

use crate::harness::{Server, airx, file, folder, reply};

const PERSON: &str = r#"{"type":"object","required":["name","age"],"properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0},"born":{"type":"string","format":"date"}}}"#;

const INSTRUCTION: &str = "Answer with one JSON value and nothing else: no prose, no code fence. \
                           It must be valid by this JSON Schema:\n";

#[track_caller]
fn once(schema: &str, answer: &str) -> crate::harness::Ran {
    let server = Server::once(reply(answer));
    airx(["json", "--tries", "1", "--schema", schema, "who?"])
        .at(&server)
        .run()
}

#[test]
fn an_answer_that_fits_is_printed_with_its_digits_and_order() {
    once(
        PERSON,
        "```json\n{\"more\":1.50, \"age\": 41.0,\"name\":\"Ada\"}\n```",
    )
    .is(0, "{\"more\":1.50,\"age\":41.0,\"name\":\"Ada\"}\n", "");
}

#[test]
fn numbers_keep_the_way_they_were_written() {
    let numbers = "[1E5,1e5,1E+5,1e-05,1.50,-0,0.0E0]";
    let printed = |args: &[&str]| {
        let server = Server::once(reply(numbers));
        let ran = airx(["json", "--tries", "1"])
            .args(args)
            .arg("hi")
            .at(&server)
            .run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        ran.stdout
    };
    let lines = numbers.trim_matches(['[', ']']).replace(',', "\n") + "\n";
    assert_eq!(printed(&[]), format!("{numbers}\n"));
    assert_eq!(printed(&["--pretty"]).replace(['\n', ' '], ""), numbers);
    assert_eq!(printed(&["--lines"]), lines);
    assert_eq!(printed(&["--lines", "--stream"]), lines);
    assert_eq!(
        printed(&["--select", "/0", "--select", "/2"]),
        "1E5\n1E+5\n"
    );
    assert_eq!(printed(&["--fields", "[float]"]), format!("{numbers}\n"));
    let events = printed(&["--format", "ndjson"]);
    assert!(events.contains(&format!("\"value\":{numbers}")), "{events}");
    let server = Server::once(reply(numbers));
    let each = airx(["json", "--each", "{}"])
        .stdin("a\n")
        .at(&server)
        .run();
    assert!(
        each.stdout.contains(&format!("\"value\":{numbers}")),
        "{}",
        each.stdout
    );
}

#[test]
fn the_schema_is_in_the_system_message_after_the_user_s_text() {
    let server = Server::once(reply(r#"{"name":"Ada","age":41}"#));
    airx(["json", "-s", "Be terse.", "--schema", PERSON, "who?"])
        .at(&server)
        .run()
        .is(0, "{\"name\":\"Ada\",\"age\":41}\n", "");
    let asked = server.requests()[0].json();
    assert_eq!(
        asked["messages"],
        serde_json::json!([
            { "role": "system", "content": format!("Be terse.\n\n{INSTRUCTION}{PERSON}") },
            { "role": "user", "content": "who?" },
        ])
    );
    assert_eq!(asked["response_format"]["type"], "json_schema");
    assert_eq!(asked["stream"], false);
}

#[test]
fn the_schema_can_be_a_file_and_goes_out_on_one_line() {
    let server = Server::once(reply("[1.0]"));
    let folder = folder();
    file(
        &folder,
        "s.json",
        "\u{feff}{\n  \"type\": \"array\",\n  \"maxItems\": 1.0\n}\n",
    );
    airx(["json", "--schema", "s.json", "hi"])
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "[1.0]\n", "");
    assert_eq!(
        server.requests()[0].json()["messages"][0]["content"],
        format!("{INSTRUCTION}{{\"type\":\"array\",\"maxItems\":1.0}}")
    );
}

#[test]
fn the_history_s_own_system_message_is_added_to() {
    let server = Server::once(reply("{}"));
    let folder = folder();
    file(
        &folder,
        "m.json",
        r#"[{"role":"system","content":"S"},{"role":"user","content":"u"}]"#,
    );
    airx(["json", "--schema", "{}", "--messages", "m.json"])
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "{}\n", "");
    assert_eq!(
        server.requests()[0].json()["messages"][0]["content"],
        format!("S\n\n{INSTRUCTION}{{}}")
    );
}

#[test]
fn one_violation_is_reported_with_place_rule_and_what_was_found() {
    let answer = r#"{"name":"Ada","age":-1}"#;
    once(PERSON, answer).is(
        10,
        "",
        &format!(
            "{answer}\nairx: invalid: the answer is not the JSON asked for: /age: minimum: -1 is less than the minimum of 0\nhint: the answer is above; a simpler schema, another model or more --tries may help\n"
        ),
    );
}

#[test]
fn several_violations_are_one_a_line_under_the_rejected_text() {
    let answer = r#"{"age":"\u001b[2J","born":"yesterday"}"#;
    once(PERSON, answer).is(
        10,
        "",
        &format!(
            "{answer}\nrequired: \"name\" is a required property\n/age: type: \"\\u001b[2J\" is not of type \"integer\"\n/born: format: \"yesterday\" is not a \"date\"\nairx: invalid: the answer is not the JSON asked for: 3 violations\nhint: the answer and all violations are above; a simpler schema, another model or more --tries may help\n"
        ),
    );
}

#[test]
fn numbers_beyond_a_double_are_compared_by_their_digits() {
    let schema = r#"{"items":{"maximum":9007199254740992}}"#;
    let ran = once(schema, "[9007199254740992,9007199254740993]");
    assert_eq!((ran.code, ran.stdout.as_str()), (10, ""));
    assert!(
        ran.stderr.contains("/1: maximum: 9007199254740993"),
        "{}",
        ran.stderr
    );
    once(r#"{"multipleOf":0.01}"#, "19.99").is(0, "19.99\n", "");
    once(r#"{"type":"integer"}"#, "123456789012345678901234567890.0").is(
        0,
        "123456789012345678901234567890.0\n",
        "",
    );
}

#[test]
fn a_schema_that_is_wrong_is_refused_before_anything_is_sent() {
    let folder = folder();
    file(&folder, "cut.json", "{\"type\":");
    file(
        &folder,
        "twice.json",
        "{\"type\":\"null\",\"type\":\"object\"}",
    );
    file(
        &folder,
        "age.json",
        r#"{"properties":{"a/b":{"minimum":"3"}}}"#,
    );
    file(
        &folder,
        "ref.json",
        r#"{"$ref":"https://example.com/s.json"}"#,
    );
    file(
        &folder,
        "draft.json",
        r#"{"$schema":"https://example.com/mine"}"#,
    );
    for (schema, report) in [
        (
            "cut.json",
            "--schema cut.json: not JSON: EOF while parsing a value at line 1 column 8\nhint: give one complete JSON document, in a file or in quotes; is it cut off?",
        ),
        (
            "twice.json",
            "--schema twice.json: not JSON: the member \"type\" appears twice at line 1 column 31\nhint: give one complete JSON document, in a file or in quotes; is it cut off?",
        ),
        (
            "age.json",
            "--schema age.json: not a JSON Schema: /properties/a~1b/minimum: type: \"3\" is not of type \"number\"\nhint: for a simple schema there is --fields, as in --fields 'name, age int'",
        ),
        (
            "none.json",
            "none.json cannot be read: No such file or directory (os error 2)\nhint: check the path; a relative one starts at the current folder",
        ),
        (
            "{\"a\":",
            "--schema: not JSON: EOF while parsing a value at line 1 column 5\nhint: give one complete JSON document, in a file or in quotes; is it cut off?",
        ),
    ] {
        airx(["json", "--schema", schema, "hi"])
            .nowhere()
            .within(folder.path())
            .run()
            .is(2, "", &format!("airx: usage: {report}\n"));
    }
    for (schema, report) in [
        (
            "ref.json",
            "it refers to https://example.com/s.json, which is not in it",
        ),
        (
            "draft.json",
            "airx does not know its $schema: https://example.com/mine",
        ),
    ] {
        airx(["json", "--schema", schema, "hi"])
            .nowhere()
            .within(folder.path())
            .run()
            .is(
                2,
                "",
                &format!("airx: usage: --schema {schema}: {report}\nhint: $schema must name a known draft, $ref a place in the schema: airx fetches nothing\n"),
            );
    }
}

#[test]
fn a_schema_in_the_wrapper_of_openai_is_unwrapped() {
    for wrapper in [
        format!(r#"{{"name":"person","strict":true,"schema":{PERSON}}}"#),
        format!(r#"{{"schema":{PERSON}}}"#),
        format!(r#"{{"type":"json_schema","name":"p","description":"d","schema":{PERSON}}}"#),
        format!(r#"{{"type":"json_schema","json_schema":{{"name":"p","schema":{PERSON}}}}}"#),
    ] {
        let server = Server::once(reply(r#"{"name":"Ada","age":"old"}"#));
        let ran = airx(["json", "--tries", "1", "--schema", &wrapper, "who?"])
            .at(&server)
            .run();
        ran.code_is(10);
        assert!(ran.stderr.contains("/age: type"), "{}", ran.stderr);
        let system = &server.requests()[0].json()["messages"][0]["content"];
        assert_eq!(system.as_str().unwrap(), format!("{INSTRUCTION}{PERSON}"));
    }
}

#[test]
fn what_is_given_in_place_of_a_schema_and_would_accept_any_json_is_exit_2() {
    let example = "not a JSON Schema: it says nothing about a value, and JSON Schema does not know its members";
    let write = "write {\"type\": \"object\", \"properties\": {…}}, or --fields 'name, age int'";
    let openapi = "an OpenAPI document is not a JSON Schema";
    let schemas = "take one of its schemas: jq '.components.schemas.NAME'";
    let tool = "a tool is not a JSON Schema";
    let arguments = "take the schema of its arguments: jq '.function.parameters'";
    for (given, what, hint) in [
        (
            r#"{"name":"Ada","age":41}"#,
            format!("{example} (name, age)"),
            write,
        ),
        (
            r#"{"title":"Dune","year":1965}"#,
            format!("{example} (title, year)"),
            write,
        ),
        (r#"{"id":7}"#, format!("{example} (id)"), write),
        (
            r#"{"name":"p","schema":{"name":"Ada"}}"#,
            format!("{example} (name)"),
            write,
        ),
        (
            r#"{"openapi":"3.1.0","info":{},"paths":{}}"#,
            openapi.into(),
            schemas,
        ),
        (
            r#"{"swagger":"2.0","definitions":{"A":{}}}"#,
            openapi.into(),
            schemas,
        ),
        (
            r#"{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}"#,
            tool.into(),
            arguments,
        ),
        (
            r#"{"name":"f","description":"d","parameters":{"type":"object"}}"#,
            tool.into(),
            arguments,
        ),
        (
            r#"{"name":"f","description":"d","input_schema":{"type":"object"}}"#,
            tool.into(),
            arguments,
        ),
    ] {
        airx(["json", "--schema", given, "who?"])
            .nowhere()
            .run()
            .is(
                2,
                "",
                &format!("airx: usage: --schema: {what}\nhint: {hint}\n"),
            );
    }
}

#[test]
fn a_schema_that_allows_everything_is_one() {
    for schema in ["{}", r#"{"description":"any"}"#, r#"{"$defs":{"a":{}}}"#] {
        once(schema, "[1]").is(0, "[1]\n", "");
    }
}

#[test]
fn a_pattern_that_blows_up_ends_as_a_violation() {
    let answer = format!("\"{}!\"", "a".repeat(3000));
    let ran = once(r#"{"pattern":"^((a+)\\2?)+$"}"#, &answer);
    assert_eq!((ran.code, ran.stdout.as_str()), (10, ""));
    assert!(
        ran.stderr.contains("takes too long to match"),
        "{}",
        ran.stderr
    );
}

#[test]
fn deep_and_huge_answers_end() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let ran = once(r##"{"items":{"$ref":"#"}}"##, &deep);
    assert_eq!((ran.code, ran.stdout.as_str()), (10, ""));
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    once(r##"{"items":{"$ref":"#"}}"##, &deep).is(0, &format!("{deep}\n"), "");
    let wide = format!("[{}0]", "{\"a\":[1,2.5]},".repeat(100_000));
    let ran = once(r#"{"items":{"type":"object"}}"#, &wide);
    assert_eq!((ran.code, ran.stdout.as_str()), (10, ""));
    assert!(
        ran.stderr
            .contains("/100000: type: 0 is not of type \"object\"")
    );
}

#[test]
fn a_schema_that_leads_back_to_itself_ends() {
    for schema in [
        r##"{"$ref":"#"}"##,
        r##"{"allOf":[{"$ref":"#"}]}"##,
        r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##,
    ] {
        let server = Server::play([reply("{}")]);
        let ran = airx(["json", "--tries", "1", "--schema", schema, "hi"])
            .at(&server)
            .run();
        assert!([0, 10].contains(&ran.code), "{schema}: {}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_check_in_ci_reads_the_verdict_with_jq() {
    let server = Server::play([
        reply(r#"{"verdict":"maybe"}"#),
        reply(r#"{"verdict":"reject","reasons":["a key is printed"]}"#),
    ]);
    let script = r#"
        set -o pipefail
        schema='{"type":"object","required":["verdict","reasons"],"properties":{
            "verdict":{"enum":["accept","reject"]},"reasons":{"type":"array","items":{"type":"string"}}}}'
        printf '+println!("{key}")\n' |
            airx json --schema "$schema" "Does this diff leak a secret?" |
            jq -e '.verdict == "accept"' >/dev/null && echo merge || echo "stop: ${PIPESTATUS[*]}"
    "#;
    crate::harness::bash(script)
        .at(&server)
        .run()
        .is(0, "stop: 0 0 1\n", "");
    assert_eq!(server.requests().len(), 2);
}
