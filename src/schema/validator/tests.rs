//! What compiled schemas say of values, and which schemas are refused.

use super::*;
use crate::schema::parse;

fn schema(text: &str) -> Schema {
    Schema::compile(&parse(text).unwrap(), "--schema").unwrap()
}

fn refused(text: &str) -> Failure {
    Schema::compile(&parse(text).unwrap(), "--schema s.json").unwrap_err()
}

#[track_caller]
fn violations_of(text: &str, value: &str) -> Vec<String> {
    let errors = schema(text).violations(&parse(value).unwrap());
    let line = |error: &Violation| format!("{} {}", error.path, error.message);
    errors.iter().map(line).collect()
}

#[test]
fn a_violation_names_the_place_the_rule_and_what_was_found() {
    let text = r#"{"type":"object","required":["name"],"additionalProperties":false,
        "properties":{"name":{"type":"string"},"a/b":{"items":{"minimum":3}},"day":{"format":"date"}}}"#;
    assert_eq!(
        violations_of(text, r#"{"a/b":[5,2],"day":"2026-13-01","more":1}"#),
        [
            "/a~1b/1 minimum: 2 is less than the minimum of 3",
            "/day format: \"2026-13-01\" is not a \"date\"",
            " additionalProperties: Additional properties are not allowed ('more' was unexpected)",
            " required: \"name\" is a required property",
        ]
    );
    let text = r#"{"items":{"anyOf":[{"type":"null"},{"properties":{"a":{"const":1}}}]}}"#;
    assert_eq!(
        violations_of(text, r#"[null,{"a":2}]"#),
        [
            "/1 anyOf: {\"a\":2} fits no branch (type: {\"a\":2} is not of type \"null\"; /a: const: 1 was expected)"
        ]
    );
}

#[test]
fn messages_are_short() {
    let long = format!("[{}1]", "\"中文\",".repeat(50_000));
    let errors = violations_of(r#"{"items":{"type":"number"}}"#, &long);
    assert_eq!(errors.len(), 20);
    let errors = violations_of(r#"{"type":"object"}"#, &long);
    assert!(errors[0].chars().count() < 120, "{errors:?}");
    let names: Vec<String> = (0..5000).map(|n| format!(r#""name{n}":1,"#)).collect();
    let names = names.concat();
    let errors = violations_of(
        r#"{"additionalProperties":false}"#,
        &format!(r#"{{{names}"z":1}}"#),
    );
    assert!(errors[0].chars().count() <= 302, "{errors:?}");
}

#[test]
fn the_draft_is_the_one_that_the_schema_names() {
    let old = |draft: &str| {
        format!(
            r#"{{"$schema":"http://json-schema.org/{draft}/schema#","exclusiveMaximum":true,"maximum":3}}"#
        )
    };
    assert_eq!(violations_of(&old("draft-04"), "3").len(), 1);
    assert_eq!(refused(&old("draft-07")).exit(), 2);
    let text = r#"{"$schema":"DRAFT","prefixItems":[{"type":"null"}]}"#;
    let text = |draft| text.replace("DRAFT", draft);
    assert_eq!(
        violations_of(&text("https://json-schema.org/draft/2020-12/schema"), "[1]").len(),
        1
    );
    assert_eq!(
        violations_of(&text("https://json-schema.org/draft/2019-09/schema"), "[1]").len(),
        0
    );
}

#[test]
fn a_pattern_that_blows_up_ends_and_never_passes() {
    let text = format!("\"{}!\"", "a".repeat(2000));
    assert_eq!(violations_of(r#"{"pattern":"^(a+)+$"}"#, &text).len(), 1);
    for pattern in [
        r#"{"pattern":"^(a|aa)+(?!b)\\1!b$"}"#,
        r#"{"pattern":"^((a+)\\2?)+$"}"#,
    ] {
        let long = violations_of(pattern, &text);
        assert!(long[0].contains("takes too long to match"), "{long:?}");
        let not = format!(r#"{{"not":{pattern}}}"#);
        assert_eq!(violations_of(&not, &text).len(), 1, "{not}");
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
        assert_eq!(
            violations_of(text, value).is_empty(),
            fits,
            "{text} {value}"
        );
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
            violations_of(text, value);
        }
    }
}

#[test]
fn a_document_that_is_not_a_schema_is_refused_with_its_path() {
    let failure = refused(r#"{"properties":{"age":{"type":"int"}}}"#);
    assert_eq!(failure.exit(), 2);
    let (start, nearest) = failure.message.split_once(" (").unwrap();
    assert_eq!(
        start,
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
            .ends_with("airx does not know its $schema: https://example.com/own"),
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
        violations_of(
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
        let _ = Schema::compile(&text, "s").map(|schema| schema.violations(&parse("{}").unwrap()));
    }
}

#[test]
fn a_check_that_doubles_at_each_level_ends() {
    let text = r##"{"anyOf":[
        {"properties":{"a":{"$ref":"#"}},"required":["b"]},
        {"properties":{"a":{"$ref":"#"}},"required":["c"]}]}"##;
    let value = format!("{}{{}}{}", r#"{"a":"#.repeat(120), "}".repeat(120));
    let errors = schema(text).violations_within(Duration::from_millis(50), &parse(&value).unwrap());
    let messages: Vec<_> = errors.iter().map(|error| &*error.message).collect();
    assert_eq!(
        messages,
        ["checking it against the schema takes more than 0.05 s"]
    );
}

#[test]
fn deep_schemas_of_deep_values_do_not_overflow_the_stack() {
    let (open, close) = (r#"{"allOf":["#.repeat(30), "]}".repeat(30));
    let text = format!(r##"{open}{{"properties":{{"a":{{"$ref":"#"}}}}}}{close}"##);
    let value = format!("{}1{}", r#"{"a":"#.repeat(120), "}".repeat(120));
    assert_eq!(violations_of(&text, &value).len(), 0);
}

#[test]
fn a_value_of_many_wrong_parts_costs_no_more_than_its_size() {
    let value = format!("[{}1]", "1,".repeat(1_000_000));
    assert_eq!(
        violations_of(r#"{"items":{"type":"null"}}"#, &value).len(),
        1
    );
    let value: Vec<String> = (0..100_000).map(|n| format!(r#"{{"n":[{n}]}}"#)).collect();
    let value = format!("[{}]", value.join(","));
    assert_eq!(violations_of(r#"{"uniqueItems":true}"#, &value).len(), 0);
}
