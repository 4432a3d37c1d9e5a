//! Tests of how earlier turns are read, checked and sent.

use super::*;

fn sent(history: History, system: Option<&str>) -> String {
    let messages = history.into_messages(system.map(str::to_owned));
    serde_json::to_string(&messages).unwrap()
}

const LINES: &str = "{\"role\":\"system\",\"content\":\"s\"}\n\n{ \"role\": \"user\",\t\"content\":\"a\\nb\",\"n\":1.0e2 }\r\n";

#[test]
fn an_array_and_lines_are_the_same_conversation() {
    let lines = History::parse("h", LINES).unwrap();
    assert!(lines.is_complete());
    let expected =
        r#"[{"role":"system","content":"s"},{"role":"user","content":"a\nb","n":1.0e2}]"#;
    assert_eq!(sent(lines, None), expected);
    let array = format!("\n{}", expected.replace(',', " ,\n"));
    assert_eq!(sent(History::parse("h", &array).unwrap(), None), expected);
}

#[test]
fn the_system_flag_takes_the_place_of_a_leading_system_message() {
    let replaced = sent(History::parse("h", LINES).unwrap(), Some("new"));
    assert!(replaced.starts_with(r#"[{"role":"system","content":"new"},{"role":"user""#));
    let user = r#"[{"role":"user","content":"a"}]"#;
    let added = sent(History::parse("h", user).unwrap(), Some("new"));
    assert!(added.starts_with(r#"[{"role":"system","content":"new"},{"role":"user""#));
}

#[test]
fn an_empty_history_is_no_turn_and_not_complete() {
    for text in ["", "\n", "[]"] {
        let history = History::parse("h", text).unwrap();
        assert!(history.is_empty() && !history.is_complete(), "{text:?}");
    }
}

#[test]
fn a_wrong_turn_is_named_by_number_and_line() {
    let text = "{\"role\":\"user\",\"content\":\"a\"}\n\n{\"role\":\"bot\",\"content\":\"b\"}\n";
    let failure = History::parse("h.ndjson", text).unwrap_err();
    assert_eq!(
        failure.message,
        "h.ndjson: message 2, line 3: the role `bot` is not known"
    );
    let array = format!("[\n{}]", text.replacen("\n\n", ",\n", 1));
    let failure = History::parse("h.json", &array).unwrap_err();
    assert!(failure.message.starts_with("h.json: message 2, line 3: "));
}

#[test]
fn a_line_that_is_not_json_is_named() {
    let good = "{\"role\":\"user\",\"content\":\"a\"}\n";
    for wrong in ["nonsense\n", "{\"role\":\n"] {
        let failure = History::parse("h", &format!("{good}{wrong}")).unwrap_err();
        assert!(
            failure.message.starts_with("h: line 2 is not JSON: "),
            "{}",
            failure.message
        );
    }
    let failure = History::parse("h", "[{}] x").unwrap_err();
    assert!(
        failure
            .message
            .starts_with("h: line 1 is not JSON: trailing")
    );
}

fn what(json: &str) -> String {
    Turn::parse(json).unwrap_err().message
}

#[test]
fn the_four_roles_and_their_contents_are_taken() {
    let good = [
        (r#"{"role":"system","content":"s"}"#, Role::System),
        (
            r#"{"role":"user","content":[{"type":"text","text":"a"}]}"#,
            Role::User,
        ),
        (
            r#"{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
            Role::Assistant,
        ),
        (
            r#"{"role":"tool","tool_call_id":"c","content":"","x":{"y":1}}"#,
            Role::Tool,
        ),
    ];
    for (json, role) in good {
        assert_eq!(Turn::parse(json).unwrap().role, role, "{json}");
    }
}

#[test]
fn what_is_no_message_is_refused() {
    assert_eq!(what("3"), "it is not an object");
    assert_eq!(what("{}"), "it has no `role`");
    assert_eq!(what(r#"{"role":1}"#), "`role` is not a string");
    assert_eq!(
        what(r#"{"role":"developer","content":""}"#),
        "the role `developer` is not known"
    );
    assert_eq!(what(r#"{"role":"user"}"#), "it has no `content`");
    for content in ["3", "{}", r#"["a"]"#, "true"] {
        assert_eq!(
            what(&format!(r#"{{"role":"user","content":{content}}}"#)),
            "`content` is neither a string nor an array of parts"
        );
    }
    assert_eq!(
        what(r#"{"role":"user","role":"tool","content":""}"#),
        "duplicate field `role`"
    );
    assert!(what(r#"{"role":"assistant","tool_calls":{}}"#).starts_with("`tool_calls`: "));
}

#[test]
fn a_turn_is_blank_where_no_part_of_it_says_anything() {
    let user = |content: &str| format!(r#"{{"role":"user","content":{content}}}"#);
    let text = r#"{"type":"text","text":" \n"}"#;
    let image = r#"{"type":"image_url","image_url":{"url":"u"}}"#;
    for content in [r#""""#, r#"" \t\u3000""#, "[]", &format!("[{text},{text}]")] {
        assert!(Turn::parse(&user(content)).unwrap().is_blank(), "{content}");
    }
    let more = r#"[{"type":"text","text":""},{"type":"text","text":"a"}]"#;
    let odd = r#"[{"type":"text","text":1}]"#;
    for content in [r#"".""#, more, odd, "[{}]", &format!("[{text},{image}]")] {
        assert!(
            !Turn::parse(&user(content)).unwrap().is_blank(),
            "{content}"
        );
    }
}

#[test]
fn arguments_that_are_an_object_are_refused_with_the_way_to_mend_them() {
    let failure = Turn::parse(r#"{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]}"#).unwrap_err();
    assert_eq!(
        failure.message,
        "`tool_calls[0].function.arguments` must be a JSON string that holds the arguments"
    );
    assert!(failure.hint.unwrap().contains("tojson"));
}

#[test]
fn a_request_body_instead_of_messages_is_reported() {
    let failure = Turn::parse(r#"{"model":"m","messages":[]}"#).unwrap_err();
    assert!(failure.hint.unwrap().contains("jq .messages"));
}

#[test]
fn only_white_space_between_tokens_goes() {
    let json = "{\r\n\t\"a b\" : [ 1.50 , 1e3 ],\n \"c\\\" \\\\\" : \"\\u00e9 é \" }";
    assert_eq!(compact(json), r#"{"a b":[1.50,1e3],"c\" \\":"\u00e9 é "}"#);
    assert_eq!(compact(r#"{"a":1}"#), r#"{"a":1}"#);
}
