//! A server's error answers: the class comes from the code, else from the status, else
//! from the shape of the body. A hint says what to do, if anything.

use crate::harness::{Play, Ran, Server, airx, delta, http, json, stream, wire};

fn run(play: Play, args: &[&str]) -> Ran {
    let server = Server::once(play);
    airx(["chat", "--retries", "0", "hi"])
        .args(args)
        .at(&server)
        .run()
}

/// Checks a sample of an error answer with `chat` and with `stream`.
#[track_caller]
fn sample(status: u16, name: &str, code: i32, message: &str, hint: &str) {
    let stderr = format!("airx: {message}\nhint: {hint}\n");
    for command in ["chat", "stream"] {
        for format in ["text", "json"] {
            let server = Server::once(json(status, &wire(name)));
            airx([command, "--retries", "0", "--format", format, "hi"])
                .at(&server)
                .run()
                .is(code, "", &stderr);
        }
    }
}

#[test]
fn a_refused_key_exits_3() {
    let hint = "the key was refused: check it, and whether it belongs to this host (airx config show names its source)";
    sample(
        401,
        "error_401_1002.json",
        3,
        "account: the server answered HTTP 401 with error 1002: Authorization Token非法，请确认Authorization Token正确传递。",
        hint,
    );
    sample(
        401,
        "error_401_code401.json",
        3,
        "account: the server answered HTTP 401: 令牌已过期或验证不正确！",
        hint,
    );
    sample(
        401,
        "error_401_1001.json",
        3,
        "account: the server answered HTTP 401 with error 1001: Header 中未收到 Authentication 参数，无法进行身份验证",
        "no key reached the server: airx config show names the key that a run uses",
    );
}

#[test]
fn an_empty_balance_exits_3_though_it_comes_as_429() {
    sample(
        429,
        "error_429_1113.json",
        3,
        "account: the server answered HTTP 429 with error 1113: 余额不足或无可用资源包,请充值。",
        "the balance or the resource package is used up: top up, or choose a free model (airx models)",
    );
}

#[test]
fn a_wrong_parameter_exits_4() {
    let server = Server::once(json(400, &wire("error_400_1214.json")));
    airx(["chat", "hi"]).at(&server).run().is(
        4,
        "",
        "airx: rejected: the server answered HTTP 400 with error 1214: temperature参数非法。请检查文档。\n",
    );
}

#[test]
fn a_prompt_that_is_too_long_exits_4() {
    sample(
        400,
        "error_400_1261.json",
        4,
        "rejected: the server answered HTTP 400 with error 1261: Prompt 超长",
        "the prompt is longer than the model's context: shorten it, or choose a model with more (airx models)",
    );
}

#[test]
fn a_wrong_path_exits_4_and_names_the_base_url() {
    sample(
        404,
        "error_404_gateway.json",
        4,
        "rejected: the server answered HTTP 404: Not Found",
        "check --base-url (the request goes to {base}/chat/completions), and whether the server has this model",
    );
}

#[test]
fn a_blocked_prompt_exits_8() {
    sample(
        400,
        "error_400_1301_content_filter.json",
        8,
        "blocked: the server answered HTTP 400 with error 1301: 系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。",
        "the content policy blocked the prompt or the answer: change the prompt",
    );
}

#[test]
fn rate_limit_and_overload_exit_5() {
    sample(
        429,
        "error_429_1302.json",
        5,
        "busy: the server answered HTTP 429 with error 1302: 您的账户已达到速率限制，请您控制请求频率",
        "the account's rate limit: send fewer requests at a time, or raise --retries",
    );
    let hint = "the model is overloaded for everyone: try later, raise --timeout, or name another with --fallback";
    sample(
        429,
        "error_429_1305.json",
        5,
        "busy: the server answered HTTP 429 with error 1305: 该模型当前访问量过大，请您稍后再试",
        hint,
    );
    sample(
        200,
        "error_200_1305_body.json",
        5,
        "busy: the server answered with error 1305: 该模型当前访问量过大，请您稍后再试",
        hint,
    );
}

#[test]
fn a_gateway_s_page_is_not_shown_but_with_verbose() {
    let page = "<html>\n<title>502 Bad Gateway</title>\u{1b}[2J\n</html>";
    let play = || http(502, "Content-Type: text/html\r\n", page);
    run(play(), &[]).is(
        5,
        "",
        "airx: busy: the server answered HTTP 502\nhint: try later, or raise --retries and --timeout\n",
    );
    let ran = run(play(), &["-v"]);
    let end = "<html>\n<title>502 Bad Gateway</title>␛[2J\n</html>
airx: busy: the server answered HTTP 502\nhint: try later, or raise --retries and --timeout\n";
    assert!(ran.stderr.ends_with(end), "{}", ran.stderr);
}

#[test]
fn the_server_s_words_stay_on_one_line_and_harmless() {
    let body =
        serde_json::json!({ "error": { "code": "1214", "message": "a\n\u{1b}[31m\u{202e}b\t c" } });
    run(json(400, &body.to_string()), &[]).is(
        4,
        "",
        "airx: rejected: the server answered HTTP 400 with error 1214: a ␛[31m<U+202E>b c\n",
    );
}

#[test]
fn the_last_event_reports_status_code_and_request_id() {
    let body = r#"{"error":{"code":1302,"message":"slow"},"request_id":"r-1"}"#;
    let ran = run(json(429, body), &["--format", "ndjson"]);
    assert_eq!(ran.types(), ["start", "error"]);
    assert_eq!(
        ran.events()[1],
        serde_json::json!({
            "type": "error", "class": "busy", "exit": 5,
            "message": "the server answered HTTP 429 with error 1302: slow",
            "hint": "the account's rate limit: send fewer requests at a time, or raise --retries",
            "http_status": 429, "code": "1302", "request_id": "r-1", "finish_reason": null,
            "usage": null, "requests": 1, "retry_after_ms": null,
        })
    );
}

#[test]
fn an_error_in_the_middle_of_a_stream_wins_over_what_was_printed() {
    let play = stream([delta("Hi"), "data: {\"error\":{\"code\":1301}}\n\n".into()]);
    let server = Server::once(play);
    airx(["stream", "hi"]).at(&server).run().is(
        8,
        "Hi\n",
        "airx: blocked: the server answered with error 1301\nhint: the content policy blocked the prompt or the answer: change the prompt\n",
    );
}

#[test]
fn a_code_next_to_success_false_counts_as_a_status() {
    sample(
        200,
        "error_200_success_false.json",
        5,
        "busy: the server answered with error 500: 404 NOT_FOUND",
        "try later, or raise --retries and --timeout",
    );
    let play = json(200, r#"{"code":401,"msg":"no","success":false}"#);
    assert_eq!(run(play, &[]).code, 3);
}

/// A text too long for one line.
fn long() -> String {
    "x".repeat(100_000)
}

#[test]
fn a_long_location_is_cut() {
    let place = format!("http://a.test/{}", "x".repeat(20_000));
    let play = http(301, &format!("Location: {place}\r\n"), "");
    let started = "the server answered HTTP 301 and points to ";
    let shown = format!("{started}{}…", &place[..1000 - started.len()]);
    let hint = "airx follows no redirects: set --base-url to that address";
    run(play, &[]).is(4, "", &format!("airx: rejected: {shown}\nhint: {hint}\n"));
}

#[test]
fn a_long_finish_reason_is_cut() {
    let play = json(200, &crate::harness::reply_body("a", &long()));
    let ran = run(play, &[]);
    let started = "the answer ended for a reason that airx does not know: \"";
    let shown = format!("{started}{}…", "x".repeat(1000 - started.len()));
    let advice = "if such an answer is complete for you: --accept ";
    let hint = format!("{advice}{}…", "x".repeat(1000 - advice.len()));
    ran.is(7, "", &format!("airx: incomplete: {shown}\nhint: {hint}\n"));
}

#[test]
fn a_long_code_is_cut_and_the_words_after_it_are_reported() {
    let body = format!(r#"{{"error":{{"code":"a {}","message":"why"}}}}"#, long());
    let report = "the server answered HTTP 400 with error a…: why";
    run(json(400, &body), &[]).is(4, "", &format!("airx: rejected: {report}\n"));
    let events = run(json(400, &body), &["--format", "ndjson"]).events();
    assert_eq!(events[1]["message"], report);
}

#[test]
fn no_half_of_a_key_is_left_where_a_message_is_cut() {
    const KEY: &str = "0123456789abcdef.0123456789ABCDEF";
    let started = "the server answered HTTP 301 and points to ".len();
    for before in 960 - started..1001 - started {
        let place = "/".repeat(before);
        let head = format!("Location: {place}{KEY}{}\r\n", "/".repeat(200));
        let server = Server::once(http(301, &head, ""));
        let ran = airx(["chat", "--format", "ndjson", "hi"])
            .env("AIRX_API_KEY", KEY)
            .at(&server)
            .run();
        let report = ran.events()[1]["message"].as_str().unwrap().to_owned();
        for report in [report, ran.stderr] {
            assert!(!report.contains("012"), "{before}: {report}");
        }
    }
}

#[test]
fn the_server_s_words_are_shown_from_any_member() {
    for (body, words) in [
        (r#"[{"error":{"code":400,"message":"m"}}]"#, "m"),
        (
            r#"{"detail":[{"loc":["body","messages"],"msg":"field required","type":"missing"}]}"#,
            "body.messages: field required",
        ),
        (r#"{"detail":"m"}"#, "m"),
        (r#"{"message":{"text":"m"}}"#, "m"),
        (r#"{"errors":[{"message":"m"},{"message":"n"}]}"#, "m; n"),
        (r#"{"error":{"msg":"m"}}"#, "m"),
        (r#"{"error":"m"}"#, "m"),
        ("\u{feff}{\"error\":{\"message\":\"m\"}}", "m"),
        ("m\n", "m"),
    ] {
        let report = format!("airx: rejected: the server answered HTTP 400: {words}\n");
        for command in ["chat", "stream"] {
            let server = Server::once(json(400, body));
            airx([command, "hi"]).at(&server).run().is(4, "", &report);
        }
    }
}

#[test]
fn a_code_in_a_list_of_errors_decides_the_class() {
    let body = r#"[{"error":{"code":1113,"message":"m"}}]"#;
    run(json(429, body), &[]).is(
        3,
        "",
        "airx: account: the server answered HTTP 429 with error 1113: m
hint: the balance or the resource package is used up: top up, or choose a free model (airx models)\n",
    );
}

#[test]
fn plain_text_where_an_answer_or_an_event_should_be_is_shown() {
    let hint = "hint: see it with -v; is the base URL right?";
    let play = http(200, "Content-Type: text/plain\r\n", "upstream is busy");
    run(play, &[]).is(
        7,
        "",
        &format!("airx: incomplete: the response is not a chat completion in JSON but text: upstream is busy\n{hint}\n"),
    );
    let server = Server::once(stream(["event: error\ndata: upstream is busy\n\n"]));
    airx(["stream", "--retries", "0", "hi"])
        .at(&server)
        .run()
        .is(
            7,
            "",
            "airx: incomplete: the server answered with an error: upstream is busy\n",
        );
}

#[test]
fn an_error_inside_the_choice_is_the_server_s_error() {
    let body = r#"{"choices":[{"finish_reason":"error","error":{"code":502,"message":"m"}}]}"#;
    let report = "airx: busy: the server answered with error 502: m
hint: try later, or raise --retries and --timeout\n";
    run(json(200, body), &[]).is(5, "", report);
    let frames = [delta("Hi"), format!("data: {body}\n\n")];
    let server = Server::once(stream(frames));
    airx(["stream", "hi"])
        .at(&server)
        .run()
        .is(5, "Hi\n", report);
}

#[test]
fn a_used_up_quota_and_a_payment_that_is_due_are_not_asked_for_again() {
    let quota = r#"{"error":{"code":"insufficient_quota","message":"m"}}"#;
    for (status, body) in [(429, quota), (402, ""), (402, r#"{"error":"m"}"#)] {
        let server = Server::once(json(status, body));
        let ran = airx(["chat", "hi"]).at(&server).run();
        assert_eq!((ran.code, &*ran.stdout), (3, ""), "{}", ran.stderr);
    }
}

#[test]
fn a_prompt_that_a_content_filter_refuses_exits_8() {
    let body = r#"{"error":{"code":"content_filter","message":"m"}}"#;
    run(json(400, body), &[]).is(
        8,
        "",
        "airx: blocked: the server answered HTTP 400 with error content_filter: m
hint: the content policy blocked the prompt or the answer: change the prompt\n",
    );
}

#[test]
fn a_word_as_code_is_classed_in_a_stream_too() {
    for (code, exit) in [
        ("invalid_api_key", 3),
        ("insufficient_quota", 3),
        ("rate_limit_exceeded", 5),
        ("server_error", 5),
        ("model_not_found", 4),
        ("context_length_exceeded", 4),
        ("content_policy_violation", 8),
    ] {
        let frame = format!("data: {{\"error\":{{\"message\":\"m\",\"code\":\"{code}\"}}}}\n\n");
        let server = Server::once(stream([frame]));
        let retries = if exit == 5 { "0" } else { "3" };
        let ran = airx(["stream", "--retries", retries, "hi"])
            .at(&server)
            .run();
        assert_eq!((ran.code, &*ran.stdout), (exit, ""), "{}", ran.stderr);
        let report = format!("the server answered with error {code}: m");
        assert!(ran.stderr.contains(&report), "{}", ran.stderr);
    }
}

#[test]
fn a_code_that_is_the_status_is_said_once() {
    run(json(429, r#"{"error":{"code":429,"message":"m"}}"#), &[]).is(
        5,
        "",
        "airx: busy: the server answered HTTP 429: m\nhint: try later, or raise --retries and --timeout\n",
    );
}
