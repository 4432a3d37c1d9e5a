//! `--usage`, `-q` and `-v`: what airx prints on standard error.

use crate::harness::{self, DONE, Server, airx, delta, finish_frame, json, reply, stream};

/// Replaces numbers of milliseconds by `N`.
fn timeless(text: &str) -> String {
    let words = text.split(' ').collect::<Vec<_>>();
    let is_time = |at: usize| words.get(at + 1).is_some_and(|next| next.starts_with("ms"));
    let word = |(at, word): (usize, &&str)| {
        if is_time(at) {
            "N".to_owned()
        } else {
            (*word).to_owned()
        }
    };
    words
        .iter()
        .enumerate()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn usage_is_one_line_of_tokens_cost_and_times() {
    let frames = [delta("a"), finish_frame("stop"), DONE.into()];
    let server = Server::play([reply("a"), stream(frames)]);
    let ran = airx(["chat", "--usage", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "a\n"));
    assert_eq!(
        timeless(&ran.stderr),
        "airx: 1 + 2 tokens, 0.00003 CNY, N ms in total\n"
    );
    let ran = airx(["stream", "--usage", "hi"]).at(&server).run();
    assert_eq!(
        timeless(&ran.stderr),
        "airx: 1 + 2 tokens, 0.00003 CNY, first token after N ms, N ms in total\n"
    );
}

#[test]
fn what_is_not_known_is_said_to_be_unknown() {
    let server = Server::once(json(
        200,
        r#"{"choices":[{"finish_reason":"stop","message":{"content":"a"}}]}"#,
    ));
    let ran = airx(["chat", "--usage", "hi"]).at(&server).run();
    assert_eq!(
        timeless(&ran.stderr),
        "airx: tokens unknown, cost unknown, N ms in total\n"
    );
}

#[test]
fn usage_is_reported_a_failure_too_and_under_quiet() {
    let server = Server::play([json(200, &harness::reply_body("a", "length")), reply("a")]);
    let ran = airx(["chat", "--usage", "hi"]).at(&server).run();
    assert_eq!(ran.code, 9);
    assert!(
        timeless(&ran.stderr).ends_with("\nairx: 1 + 2 tokens, 0.00003 CNY, N ms in total\n"),
        "{}",
        ran.stderr
    );
    let ran = airx(["chat", "--usage", "-q", "hi"]).at(&server).run();
    assert_eq!(
        timeless(&ran.stderr),
        "airx: 1 + 2 tokens, 0.00003 CNY, N ms in total\n"
    );
}

#[test]
fn usage_of_refused_input_is_not_reported() {
    let ran = airx(["chat", "--usage", ""]).nowhere().run();
    assert_eq!(
        (ran.code, ran.stderr.lines().count()),
        (2, 2),
        "{}",
        ran.stderr
    );
}

#[test]
fn quiet_silences_warnings_and_keeps_errors() {
    let server = Server::play([reply("Hi"), reply("Hi")]);
    let args = ["chat", "--max-tokens", "4096", "hi"];
    let warning =
        "airx: warning: --max-tokens 4096: one document of the API ends at 4095 (glm-4-airx)\n";
    airx(args).at(&server).run().is(0, "Hi\n", warning);
    airx(args).arg("-q").at(&server).run().is(0, "Hi\n", "");
    let refused = airx(["chat", "-q", ""]).nowhere().run();
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .starts_with("airx: usage: the message is empty\nhint: "),
        "{}",
        refused.stderr
    );
}

#[test]
fn quiet_and_verbose_exclude_each_other() {
    airx(["chat", "-q", "-v", "hi"]).nowhere().run().is(
        2,
        "",
        "airx: usage: the argument '--quiet' cannot be used with '--verbose'\nhint: see airx help chat\n",
    );
}

#[test]
fn verbose_shows_the_heads_and_never_the_key() {
    let server = Server::once(reply("a"));
    let ran = airx(["chat", "-v", "--header", "X-Mine: header-12345678", "hi"])
        .env("AIRX_API_KEY", "key-12345678")
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "a\n"));
    assert!(
        ran.stderr.contains("POST") && ran.stderr.contains("200"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("12345678"), "{}", ran.stderr);
    assert_eq!(
        server.requests()[0].header("x-mine"),
        Some("header-12345678")
    );
}

#[test]
fn verbose_shows_the_body_of_a_refusal_made_safe() {
    let server = Server::once(json(400, "<html>\u{1b}[2J</html>"));
    let ran = airx(["chat", "-v", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""));
    assert!(
        ran.stderr.contains("\n<html>␛[2J</html>\nairx: rejected: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn tokens_that_a_server_does_not_report_are_not_made_up() {
    for (usage, report) in [
        (serde_json::json!({}), serde_json::Value::Null),
        (serde_json::json!(null), serde_json::Value::Null),
        (
            serde_json::json!({ "total_tokens": 9 }),
            serde_json::json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 9 }),
        ),
    ] {
        let mut body: serde_json::Value =
            serde_json::from_str(&crate::harness::reply_body("Hi", "stop")).unwrap();
        body["usage"] = usage;
        let server = Server::once(crate::harness::json(200, &body.to_string()));
        let ran = airx(["chat", "-n", "--format", "ndjson", "hi"])
            .at(&server)
            .run();
        let done = &ran.events()[2];
        assert_eq!((ran.code, &done["usage"]), (0, &report));
        assert_eq!(done["cost"], serde_json::Value::Null);
    }
}
