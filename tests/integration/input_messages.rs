//! Earlier turns from a file: `--messages`.

use crate::harness::{Server, airx, file, folder, reply};

const TURNS: &str = "{\"role\":\"system\",\"content\":\"old\"}\n{\"role\":\"user\",\"content\":\"q\"}\n{\"role\":\"assistant\",\"content\":\"a\"}\n";

/// The messages that would be sent, or the refusal.
fn dry(text: &str, args: &[&str], stdin: &str) -> crate::harness::Ran {
    let folder = folder();
    file(&folder, "m", text);
    airx(["chat", "--dry-run", "--messages", "m"].iter().chain(args))
        .nowhere()
        .within(folder.path())
        .stdin(stdin)
        .run()
}

#[track_caller]
fn is(text: &str, args: &[&str], stdin: &str, messages: &str) {
    let body = format!("{{\"model\":\"glm-4-airx\",\"messages\":{messages},\"stream\":false}}\n");
    dry(text, args, stdin).is(0, &body, "");
}

const SENT: &str = r#"[{"role":"system","content":"old"},{"role":"user","content":"q"},{"role":"assistant","content":"a"},{"role":"user","content":"next"}]"#;

#[test]
fn the_prompt_is_the_last_turn() {
    is(TURNS, &["next"], "", SENT);
    is(TURNS, &[], "next\n", SENT);
}

#[test]
fn an_array_over_many_lines_is_the_same() {
    let array = format!("[\n {}\n]\n", TURNS.trim().replace('\n', ",\n "));
    is(&array, &["next"], "", SENT);
}

#[test]
fn the_system_flag_takes_the_place_of_a_leading_system_message() {
    is(
        TURNS,
        &["-s", "new", "next"],
        "",
        &SENT.replace("old", "new"),
    );
}

#[test]
fn turns_are_sent_as_they_were_written() {
    let turn = r#"{"role":"user","content":[{"type":"text","text":"a\u00e9\n"}],"x":{"n":1.50e2,"b":1,"a":null}}"#;
    is(turn, &[], "", &format!("[{turn}]"));
}

#[test]
fn a_conversation_whose_last_turn_is_the_users_is_complete_and_leaves_standard_input() {
    let server = Server::once(reply("ok"));
    let folder = folder();
    file(&folder, "m", r#"[{"role":"user","content":"q"}]"#);
    // An open pipe: a run that read it would wait.
    let (silent, _open) = std::io::pipe().unwrap();
    airx(["chat", "--messages", "m"])
        .at(&server)
        .within(folder.path())
        .stdin_from(silent)
        .run()
        .is(0, "ok\n", "");
    assert_eq!(
        server.requests()[0].body,
        r#"{"model":"glm-4-airx","messages":[{"role":"user","content":"q"}],"stream":false}"#
    );
}

#[test]
fn a_tools_answer_completes_a_conversation_too() {
    let turns = r#"[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"1"}]"#;
    is(turns, &[], "", turns);
}

#[test]
fn a_prompt_is_added_to_a_complete_conversation_when_it_is_given() {
    is(
        r#"{"role":"user","content":"q"}"#,
        &["more"],
        "",
        r#"[{"role":"user","content":"q"},{"role":"user","content":"more"}]"#,
    );
}

#[test]
fn turns_come_from_standard_input_by_a_dash() {
    airx(["chat", "--dry-run", "--messages", "-", "next"])
        .nowhere()
        .stdin(TURNS)
        .run()
        .is(
            0,
            &format!("{{\"model\":\"glm-4-airx\",\"messages\":{SENT},\"stream\":false}}\n"),
            "",
        );
}

#[test]
fn a_conversation_that_is_not_complete_needs_a_prompt() {
    dry(TURNS, &["-n"], "").is(
        2,
        "",
        "airx: usage: the message is empty\nhint: the conversation's last turn is not the user's or a tool's: give a prompt\n",
    );
}

#[test]
fn a_blank_last_turn_is_refused_and_nothing_is_sent() {
    let report = |number: u8| {
        format!(
            "airx: usage: m: message {number}, the last turn, is blank\nhint: write a question into it, or remove it and give a prompt\n"
        )
    };
    for content in [r#""""#, r#"" \n""#, "[]", r#"[{"type":"text","text":" "}]"#] {
        let turn = format!(r#"{{"role":"user","content":{content}}}"#);
        dry(&format!("[{turn}]"), &[], "").is(2, "", &report(1));
        dry(&format!("{TURNS}{turn}\n"), &["-n"], "").is(2, "", &report(4));
    }
}

#[test]
fn a_tools_empty_answer_and_an_image_alone_are_no_blank_turns() {
    let tool = r#"{"role":"tool","tool_call_id":"c","content":""}"#;
    let image = r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}"#;
    let blank = r#"{"role":"user","content":""}"#;
    for turn in [tool, image] {
        is(turn, &[], "", &format!("[{turn}]"));
    }
    let more = format!(r#"[{blank},{{"role":"user","content":"more"}}]"#);
    is(blank, &["more"], "", &more);
}

#[test]
fn what_is_no_turn_is_refused_with_its_number_and_line() {
    for (text, refusal) in [
        (
            "{\"role\":\"user\",\"content\":\"q\"}\n\n{\"role\":\"bot\",\"content\":\"\"}\n",
            "m: message 2, line 3: the role `bot` is not known\nhint: the roles are system, user, assistant and tool",
        ),
        (
            r#"{"role":"assistant","tool_calls":["a"]}"#,
            "m: message 1, line 1: `tool_calls`: invalid type: string \"a\", expected a tool call: an object with function",
        ),
        (
            "{\"role\":\"user\"}",
            "m: message 1, line 1: it has no `content`",
        ),
        (
            "nonsense\n",
            "m: line 1 is not JSON: expected ident\nhint: write a JSON array of messages, or one message a line",
        ),
        (
            "{\"model\":\"m\",\"messages\":[]}",
            "m: message 1, line 1: it has no `role`\nhint: this looks like a request body; take its messages: jq .messages",
        ),
    ] {
        dry(text, &["p"], "").is(2, "", &format!("airx: usage: {refusal}\n"));
    }
}

#[test]
fn messages_and_session_exclude_each_other() {
    let ran = airx(["chat", "--messages", "m", "--session", "s", "p"])
        .nowhere()
        .run();
    ran.is(
        2,
        "",
        "airx: usage: the argument '--messages <FILE>' cannot be used with '--session <FILE>'\nhint: see airx help chat\n",
    );
}
