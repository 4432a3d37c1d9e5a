//! Keys, user info and header values reach neither standard error nor events
//! nor `--meta`, in no form; the answer's own content is left alone.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::harness::{Play, Server, airx, delta, folder, http, json, reply, stream};

const ID: &str = "0123456789abcdef0123456789abcdef";
const SECRET: &str = "S3cr/t+S3cr\"tS3c";

fn key() -> String {
    format!("{ID}.{SECRET}")
}

/// Runs it with the key and returns all output that must not contain the key: standard
/// error, the events and the meta file.
fn report(command: &str, args: &[&str], play: Play) -> String {
    let folder = folder();
    let meta = folder.path().join("meta");
    let server = Server::once(play);
    let ran = airx([
        command,
        "hi",
        "--retries",
        "0",
        "-v",
        "--format",
        "ndjson",
        "--meta",
    ])
    .args([&meta])
    .args(args)
    .env("AIRX_API_KEY", key())
    .at(&server)
    .run();
    assert!(server.requests()[0].head.contains(&key()));
    let meta = std::fs::read_to_string(&meta).unwrap();
    format!("{}{}{meta}", ran.stdout, ran.stderr)
}

/// Every way in which a server could write the key, all or part of it.
fn forms() -> Vec<String> {
    let key = key();
    let percent = |text: &str, upper: bool| -> String {
        let escape = |byte: u8| match (byte.is_ascii_alphanumeric(), upper) {
            (true, _) => char::from(byte).to_string(),
            (_, true) => format!("%{byte:02X}"),
            (_, false) => format!("%{byte:02x}"),
        };
        text.bytes().map(escape).collect()
    };
    let mut forms = vec![key.clone(), ID.into(), SECRET.into()];
    for text in [&*key, SECRET] {
        let json = serde_json::to_string(text).unwrap();
        forms.push(json[1..json.len() - 1].to_owned());
        forms.push(json[1..json.len() - 1].replace('/', "\\/"));
        forms.push(percent(text, true).replace("%2E", "."));
        forms.push(percent(text, false).replace("%2e", "."));
        let all = |escape: &dyn Fn(u8) -> String| -> String { text.bytes().map(escape).collect() };
        forms.push(all(&|byte| format!("\\u{byte:04X}")));
        forms.push(all(&|byte| format!("\\u{byte:04x}")));
        forms.push(all(&|byte| format!("%{byte:02X}")));
        forms.push(all(&|byte| format!("%{byte:02x}")));
        forms.push(all(&|byte| format!("%25{byte:02x}")));
        forms.push(text.replace('+', "\\u002B").replace('"', "\\\""));
        forms.push(text.replace('S', "%53").replace('f', "%66"));
        for before in ["", "x", "Bearer ", "api:"] {
            forms.push(BASE64_STANDARD.encode(format!("{before}{text}")));
        }
    }
    forms
}

/// Checks that no eight characters in a row of either half are shown, nor of their base64.
#[track_caller]
fn hides(text: &str) {
    for secret in [ID, SECRET] {
        for from in 0..secret.len() - 8 {
            let part = &secret[from..from + 8];
            assert!(!text.contains(part), "{part} in {text}");
        }
        for shift in 0..3 {
            let padded = format!("{}{secret}", "x".repeat(shift));
            let encoded = BASE64_STANDARD.encode(padded);
            let part = &encoded[8..16];
            assert!(!text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn a_refusal_that_echoes_the_key_does_not_show_it() {
    for form in forms() {
        let written = if form.contains('\\') {
            form.clone()
        } else {
            let json = serde_json::to_string(&form).unwrap();
            json[1..json.len() - 1].to_owned()
        };
        let body =
            format!(r#"{{"error":{{"code":"1002","message":"your key {written} is wrong"}}}}"#);
        hides(&report("chat", &[], json(401, &body)));
        hides(&report("stream", &[], json(401, &form)));
    }
}

#[test]
fn a_key_at_the_end_of_a_long_message_is_not_shown_in_part() {
    for filler in [460, 480, 495] {
        let message = format!("{} {}", "字".repeat(filler), key());
        let body = serde_json::json!({ "error": { "message": message } });
        hides(&report("chat", &[], json(400, &body.to_string())));
    }
}

#[test]
fn an_error_frame_that_echoes_the_key_does_not_show_it() {
    let body = serde_json::json!({ "error": { "message": key() } });
    let frames = [delta("Hi"), format!("event: error\ndata: {body}\n\n")];
    hides(&report("stream", &[], stream(frames)));
}

#[test]
fn headers_and_places_that_echo_the_key_do_not_show_it() {
    let headers = format!(
        "Location: https://h.test/?key={}\r\nX-Echo: Bearer {}\r\n",
        key(),
        key()
    );
    hides(&report("chat", &[], http(307, &headers, "")));
    hides(&report("stream", &[], http(500, &headers, "")));
}

#[test]
fn a_finish_reason_that_echoes_the_key_is_not_reported_in_words() {
    let finish = format!(r#"{{"choices":[{{"finish_reason":"{ID}","message":{{}}}}]}}"#);
    hides(
        &report("chat", &[], json(200, &finish))
            .replace(&format!("\"finish_reason\":\"{ID}\""), ""),
    );
}

#[test]
fn the_key_of_a_file_and_of_another_provider_are_hidden_too() {
    let folder = folder();
    let path = crate::harness::file(&folder, "key", key());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let other = "zai-id-0000001.zai-secret-0001";
    let message = format!("{} and {other}", key());
    let body = serde_json::json!({ "error": { "message": message } });
    let server = Server::once(json(400, &body.to_string()));
    let ran = airx(["chat", "hi", "-v", "--key-file"])
        .args([&path])
        .env("ZAI_API_KEY", other)
        .at(&server)
        .run();
    hides(&ran.stderr);
    assert!(
        ran.stderr.contains(": [hidden] and [hidden]"),
        "{}",
        ran.stderr
    );
}

#[test]
fn header_values_and_user_info_are_hidden() {
    let folder = folder();
    crate::harness::file(&folder, "headers", "X-Two: second-value\n");
    let words = "Token first-value, first-value, second-value, user:pass%40word, pass@word, dXNlcjpwYXNzQHdvcmQ=";
    let body = serde_json::json!({ "error": { "message": words } });
    let server = Server::once(json(400, &body.to_string()));
    let base = format!("http://user:pass%40word@{}/v1", server.address());
    let ran = airx(["chat", "hi", "-v", "--base-url", &base])
        .args([
            "--header",
            "X-One: Token first-value",
            "--header",
            "@headers",
        ])
        .within(folder.path())
        .run();
    for secret in [
        "first-value",
        "second-value",
        "pass%40word",
        "pass@word",
        "dXNlcjpwY",
    ] {
        assert!(!ran.stderr.contains(secret), "{secret} in {}", ran.stderr);
    }
}

#[test]
fn a_header_with_an_ordinary_word_garbles_no_message() {
    for value in ["server", "openai", "HTTP 40", "says"] {
        let server = Server::once(json(400, r#"{"error":{"message":"openai says no"}}"#));
        airx(["chat", "hi", "--header", &format!("X-Team: {value}")])
            .at(&server)
            .run()
            .is(
                4,
                "",
                "airx: rejected: the server answered HTTP 400: openai says no\n",
            );
    }
    // If the header's name says that it is a key, a short value is hidden, too.
    let server = Server::once(json(400, r#"{"error":{"message":"who is team1?"}}"#));
    airx(["chat", "hi", "--header", "X-Api-Key: team1"])
        .at(&server)
        .run()
        .is(
            4,
            "",
            "airx: rejected: the server answered HTTP 400: who is [hidden]?\n",
        );
}

#[test]
fn user_info_of_a_proxy_is_hidden() {
    let words = "proxy-user:proxy-word";
    let body = serde_json::json!({ "error": { "message": words } });
    for variable in ["HTTP_PROXY", "ALL_PROXY", "--proxy"] {
        let server = Server::once(json(400, &body.to_string()));
        let proxy = format!("http://{words}@{}", server.address());
        let run = airx([
            "chat",
            "hi",
            "-v",
            "--allow-http",
            "--base-url",
            "http://model.test",
        ]);
        let run = if variable == "--proxy" {
            run.args([variable, &proxy])
        } else {
            run.env(variable, &proxy)
        };
        let ran = run.run();
        assert_eq!(ran.code, 4, "{}", ran.stderr);
        for secret in ["proxy-user", "proxy-word"] {
            assert!(!ran.stderr.contains(secret), "{secret} in {}", ran.stderr);
        }
    }
}

#[test]
fn the_answer_itself_is_not_altered() {
    let text = format!("the key is {}", key());
    for (format, end) in [("text", "\n"), ("json", "")] {
        let server = Server::once(reply(&text));
        let ran = airx(["chat", "hi", "--format", format])
            .env("AIRX_API_KEY", key())
            .at(&server)
            .run();
        let shown = if format == "text" {
            text.clone()
        } else {
            serde_json::json!(text).to_string()
        };
        assert!(ran.stdout.contains(&(shown + end)), "{}", ran.stdout);
    }
}

#[test]
fn a_dry_run_as_curl_names_the_variable_and_not_the_key() {
    let ran = airx([
        "chat",
        "hi",
        "--dry-run=curl",
        "--base-url",
        "http://127.0.0.1:9",
    ])
    .env("AIRX_API_KEY", key())
    .run();
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("\"$AIRX_API_KEY\""), "{}", ran.stdout);
    hides(&ran.stdout);
}

#[test]
fn a_key_that_a_server_puts_into_ids_and_codes_is_not_shown() {
    let body = serde_json::json!({
        "error": { "code": key(), "message": "m" },
        "request_id": SECRET,
    });
    let report = report("chat", &[], json(401, &body.to_string()));
    assert!(!report.contains(ID) && !report.contains("S3cr"), "{report}");
}

#[test]
fn a_key_in_the_model_s_thinking_is_not_shown_though_it_comes_in_pieces() {
    let think = |text: &str| {
        let delta = serde_json::json!({ "choices": [{ "delta": { "reasoning_content": text } }] });
        format!("data: {delta}\n\n")
    };
    let frames = [
        think("the key: 01234567"),
        think("89abcdef0123456789abcdef!"),
        delta("Hi"),
    ];
    let server = Server::once(stream(frames.into_iter().chain([
        crate::harness::finish_frame("stop"),
        crate::harness::DONE.to_owned(),
    ])));
    airx(["stream", "hi", "--reasoning"])
        .env("AIRX_API_KEY", key())
        .at(&server)
        .run()
        .is(0, "Hi\n", "the key: [hidden]!\n");
}

#[test]
fn a_key_that_was_given_in_the_wrong_place_is_not_shown() {
    let key = &*key();
    for args in [
        &[key][..],
        &["chat", "hi", "--temperature", key],
        &["chat", "hi", "--profile", key],
        &["help", key],
    ] {
        for name in ["AIRX_API_KEY", "ZAI_API_KEY"] {
            let ran = airx(args).env(name, key).run();
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
            hides(&ran.stderr);
            assert!(ran.stderr.contains("[hidden]"), "{}", ran.stderr);
        }
    }
}
