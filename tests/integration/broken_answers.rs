//! Answers that are not streamed and that break off or cannot be read.

use crate::harness::{Ran, Server, Step, airx, json, reply_body, unframed};

fn chat(server: &Server, args: &[&str]) -> Ran {
    airx(["chat", "--retries", "0", "hi"])
        .args(args)
        .at(server)
        .run()
}

#[test]
fn an_answer_of_a_model_that_failed_exits_7() {
    let server = Server::once(json(200, &reply_body("half", "network_error")));
    chat(&server, &[]).is(
        7,
        "",
        "airx: incomplete: the model failed while it answered (finish_reason network_error)\n",
    );
}

#[test]
fn an_answer_without_a_finish_reason_exits_7() {
    let server = Server::once(json(200, r#"{"choices":[{"message":{"content":"a"}}]}"#));
    chat(&server, &[]).is(
        7,
        "",
        "airx: incomplete: the answer ended without a finish_reason\n",
    );
}

#[test]
fn success_without_choices_exits_7() {
    for body in ["{}", r#"{"choices":[]}"#, r#"{"choices":null,"id":"x"}"#] {
        let server = Server::once(json(200, body));
        chat(&server, &[]).is(
            7,
            "",
            "airx: incomplete: the response has no choices
hint: is the base URL right? the request goes to {base}/chat/completions\n",
        );
    }
}

#[test]
fn a_body_that_is_not_json_exits_7() {
    for (body, why) in [
        ("", "the response is empty"),
        (" \n", "the response is empty"),
        (
            "<html>Welcome</html>",
            "the response is not a chat completion in JSON: expected value at line 1 column 1",
        ),
        (
            r#"{"choices":[{"#,
            "the response is not a chat completion in JSON: EOF while parsing an object at line 1 column 13",
        ),
    ] {
        let server = Server::once(json(200, body));
        chat(&server, &[]).is(
            7,
            "",
            &format!("airx: incomplete: {why}\nhint: see it with -v; is the base URL right?\n"),
        );
    }
}

#[test]
fn what_has_the_wrong_shape_is_reported_in_words_of_the_api() {
    for (body, why) in [
        (
            "[]",
            "invalid length 0, expected an object with choices at line 1 column 2",
        ),
        (
            "true",
            "invalid type: boolean `true`, expected an object with choices at line 1 column 4",
        ),
        (
            r#"{"choices":["a"]}"#,
            "invalid type: string \"a\", expected a choice: an object with message or delta at line 1 column 15",
        ),
        (
            r#"{"choices":[{"message":"a"}]}"#,
            "invalid type: string \"a\", expected a message: an object with content at line 1 column 26",
        ),
        (
            r#"{"choices":[{"message":{"content":["a"]}}]}"#,
            "invalid type: string \"a\", expected a content part: an object with text at line 1 column 40",
        ),
        (
            r#"{"choices":[{"message":{"tool_calls":["a"]}}]}"#,
            "invalid type: string \"a\", expected a tool call: an object with function at line 1 column 41",
        ),
        (
            r#"{"choices":[{"message":{"tool_calls":[{"index":"a"}]}}]}"#,
            "invalid type: string \"a\", expected a whole number of at most 64 bits at line 1 column 50",
        ),
    ] {
        let server = Server::once(json(200, body));
        chat(&server, &[]).is(
            7,
            "",
            &format!("airx: incomplete: the response is not a chat completion in JSON: {why}\nhint: see it with -v; is the base URL right?\n"),
        );
    }
}

#[test]
fn a_body_without_a_length_is_complete_when_its_json_is() {
    let server = Server::once(unframed("application/json", &reply_body("Hi", "stop")));
    chat(&server, &[]).is(0, "Hi\n", "");
}

#[test]
fn a_body_that_breaks_off_exits_7() {
    let complete = reply_body("Hi", "stop");
    let half = &complete[..complete.len() / 2];
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
        complete.len()
    );
    for end in [Step::Close, Step::Reset] {
        let server = Server::once(vec![
            Step::Send([head.as_bytes(), half.as_bytes()].concat()),
            end,
        ]);
        let ran = chat(&server, &[]);
        assert_eq!((ran.code, &*ran.stdout), (7, ""), "{}", ran.stderr);
        let report = "airx: incomplete: the answer broke off: ";
        assert!(ran.stderr.starts_with(report), "{}", ran.stderr);
        let hint = "\nhint: the server, or a proxy before it, closed the connection: try again\n";
        assert!(ran.stderr.ends_with(hint), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
    }
}
