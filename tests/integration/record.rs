//! `--record`: which parts of an exchange are kept.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::harness::{
    DONE, Play, Server, Step, airx, bash, chunk, delta, finish, finish_frame, folder, http, reply,
    reply_body, stream, stream_head,
};

const KEY: &str = "0123456789abcdef0123456789abcdef.SecretSecret4567";

/// The recordings of a folder, in the order of their names.
fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Runs against this answer and returns the recording.
fn recorded(args: &[&str], play: Play) -> Value {
    let tapes = folder();
    let server = Server::once(play);
    airx(args)
        .args(["--retries", "0", "--record"])
        .args([tapes.path()])
        .at(&server)
        .run();
    let paths = recordings(tapes.path());
    assert_eq!(paths.len(), 1, "{paths:?}");
    read(&paths[0])
}

#[test]
fn an_exchange_is_one_readable_file() {
    let tapes = folder();
    let server = Server::once(reply("Hello"));
    let place = tapes.path().join("made/anew");
    airx([
        "chat",
        "hi",
        "--request-id",
        "some-id",
        "--user-id",
        "somebody",
    ])
    .env("AIRX_RECORD", &place)
    .at(&server)
    .run()
    .is(0, "Hello\n", "");
    let paths = recordings(&place);
    let name = paths[0].file_name().unwrap().to_str().unwrap();
    assert_eq!(
        (paths.len(), name.len()),
        (1, "0123456789abcdef-1.json".len())
    );
    assert!(name.ends_with("-1.json"), "{name}");
    let text = fs::read_to_string(&paths[0]).unwrap();
    assert!(
        text.starts_with("{\n  \"airx\": 1,\n  \"request\": {\n"),
        "{text}"
    );
    assert!(text.ends_with("}\n"), "{text}");
    let body = reply_body("Hello", "stop");
    assert_eq!(
        read(&paths[0]),
        json!({
            "airx": 1,
            "request": {
                "method": "POST",
                "path": "/chat/completions",
                "body": {
                    "model": "glm-4-airx",
                    "messages": [{ "role": "user", "content": "hi" }],
                    "stream": false,
                },
            },
            "response": {
                "version": "HTTP/1.1",
                "status": 200,
                "headers": { "content-type": "application/json; charset=UTF-8" },
                "body": body,
                "end": "whole",
            },
        })
    );
}

#[cfg(unix)]
#[test]
fn a_recording_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for umask in ["000", "022", "077"] {
        let tapes = folder();
        let place = tapes.path().join("new");
        let server = Server::once(reply("Hello"));
        let script = format!("umask {umask}; airx chat hi --record new");
        let ran = bash(&script).within(tapes.path()).at(&server).run();
        ran.is(0, "Hello\n", "");
        assert_eq!(mode(&recordings(&place)[0]), 0o600, "under {umask}");
        assert_eq!(mode(&place), 0o700, "under {umask}");
    }
}

#[test]
fn a_stream_is_kept_in_pieces_cut_after_their_frames() {
    let end = [finish_frame("stop"), DONE.into()].concat();
    let server = Server::once(vec![
        stream_head(),
        chunk(delta("Hel").as_bytes()),
        Step::Gate,
        chunk([delta("l"), delta("o")].concat().as_bytes()),
        Step::Gate,
        chunk(end.as_bytes()),
        Step::Hold,
    ]);
    let tapes = folder();
    let mut run = airx(["stream", "-n", "hi", "--record"])
        .args([tapes.path()])
        .at(&server)
        .start();
    // airx prints each piece before the server sends the next.
    let mut out = run.stdout.take().unwrap();
    for piece in ["Hel", "lo"] {
        let mut printed = vec![0; piece.len()];
        out.read_exact(&mut printed).unwrap();
        assert_eq!(printed, piece.as_bytes());
        server.open_gate();
    }
    assert_eq!(finish(run).code, 0);
    let response = &read(&recordings(tapes.path())[0])["response"];
    assert_eq!(
        response["stream"],
        json!([
            [delta("Hel")],
            [delta("l"), delta("o")],
            [finish_frame("stop"), DONE.to_owned()],
        ])
    );
    assert_eq!(response["end"], "unread");
}

#[test]
fn repeats_are_numbered_and_nothing_is_overwritten() {
    let tapes = folder();
    let server = Server::play([reply("one"), reply("two"), reply("three")]);
    let run = || {
        airx(["chat", "hi", "--record"])
            .args([tapes.path()])
            .at(&server)
    };
    run().run().is(0, "one\n", "");
    let first = recordings(tapes.path()).remove(0);
    fs::write(&first, "mine").unwrap();
    run().run().is(0, "two\n", "");
    run().run().is(0, "three\n", "");
    let paths = recordings(tapes.path());
    let stem = first.to_str().unwrap().strip_suffix("-1.json").unwrap();
    for (path, number) in paths.iter().zip(1..=3) {
        assert_eq!(path.to_str().unwrap(), format!("{stem}-{number}.json"));
    }
    assert_eq!(fs::read_to_string(&first).unwrap(), "mine");
}

#[test]
fn recorders_at_the_same_time_do_not_get_in_each_other_s_way() {
    const RUNS: usize = 12;
    let tapes = folder();
    let server = Server::play((0..RUNS).map(|_| reply("Hello")));
    let runs: Vec<_> = (0..RUNS)
        .map(|_| {
            airx(["chat", "-n", "hi", "--record"])
                .args([tapes.path()])
                .at(&server)
                .start()
        })
        .collect();
    for run in runs {
        assert_eq!(finish(run).code, 0);
    }
    let paths = recordings(tapes.path());
    assert_eq!(paths.len(), RUNS);
    for path in paths {
        assert_eq!(read(&path)["response"]["status"], 200);
    }
}

#[test]
fn every_attempt_that_got_a_response_is_kept() {
    let tapes = folder();
    let busy = http(
        503,
        "Retry-After: 0\r\nSet-Cookie: id=1\r\nDate: now\r\n",
        "{}",
    );
    let server = Server::play([busy, vec![Step::Reset], reply("Hello")]);
    let ran = airx(["chat", "hi", "-v", "--record"])
        .args([tapes.path()])
        .at(&server)
        .run();
    assert_eq!((ran.code, &*ran.stdout), (0, "Hello\n"));
    let paths = recordings(tapes.path());
    assert_eq!(paths.len(), 2);
    for path in &paths {
        let line = format!("* recorded in {}", path.display());
        assert!(
            ran.stderr.lines().any(|report| report == line),
            "{}",
            ran.stderr
        );
    }
    let failed = &read(&paths[0])["response"];
    assert_eq!(
        (&failed["status"], &failed["body"]),
        (&json!(503), &json!("{}"))
    );
    assert_eq!(failed["headers"], json!({ "retry-after": "0" }));
    assert_eq!(read(&paths[1])["response"]["status"], 200);
}

#[test]
fn what_got_no_response_or_ran_into_a_clock_is_not_kept() {
    let tapes = folder();
    let cut: Play = vec![stream_head(), chunk(delta("Hel").as_bytes()), Step::Hold];
    let server = Server::play([vec![Step::Hold], vec![Step::Hold], cut]);
    for args in [
        ["chat", "--timeout", "300ms"],
        ["stream", "--first-token-timeout", "300ms"],
        ["stream", "--idle-timeout", "300ms"],
    ] {
        let ran = airx(args)
            .args(["hi", "--retries", "0", "--record"])
            .args([tapes.path()])
            .at(&server)
            .run();
        assert_eq!(ran.code, 6, "{}", ran.stderr);
    }
    assert_eq!(recordings(tapes.path()).len(), 0);
}

#[test]
fn a_body_that_broke_off_is_kept_with_the_reason() {
    let cut = vec![
        Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"cho".to_vec()),
        Step::Close,
    ];
    let response = recorded(&["chat", "hi"], cut)["response"].clone();
    assert_eq!(response["body"], "{\"cho");
    let why = response["end"]["broken"].as_str().unwrap();
    assert!(why.starts_with("the answer broke off: "), "{why}");
    let cut = vec![stream_head(), chunk(delta("Hel").as_bytes()), Step::Close];
    let response = recorded(&["stream", "hi"], cut)["response"].clone();
    assert_eq!(response["stream"], json!([[delta("Hel")]]));
    assert!(response["end"]["broken"].is_string(), "{response}");
}

/// Every form in which the key is sent back.
fn echoes() -> Vec<(&'static str, Play)> {
    let escaped = KEY.replace('S', "\\u0053");
    let text = |content: &str| delta(content);
    let spread: Vec<String> = KEY
        .as_bytes()
        .chunks(5)
        .map(|part| text(std::str::from_utf8(part).unwrap()))
        .chain([finish_frame("stop"), DONE.into()])
        .collect();
    let call = |part: &str| {
        let arguments = json!(part);
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{{\"name\":\"f\",\"arguments\":{arguments}}}}}]}}}}]}}\n\n"
        )
    };
    let calls: Vec<String> = ["{\"a\":\"", &KEY[..20], &KEY[20..], "\"}"]
        .into_iter()
        .map(call)
        .chain([finish_frame("tool_calls"), DONE.into()])
        .collect();
    let encoded = BASE64_STANDARD.encode(format!("Bearer {KEY}"));
    vec![
        ("chat", reply(&format!("your key is {KEY}!"))),
        ("chat", reply(&encoded)),
        (
            "chat",
            http(200, "", &reply_body("X", "stop").replace('X', &escaped)),
        ),
        ("chat", http(401, "", &format!("<b>wrong key: {KEY}</b>"))),
        (
            "chat",
            http(302, &format!("Location: /login?key={KEY}\r\n"), ""),
        ),
        (
            "stream",
            http(401, "", &json!({ "error": { KEY: KEY } }).to_string()),
        ),
        (
            "stream",
            stream([
                text(&format!("key {KEY}")),
                finish_frame("stop"),
                DONE.into(),
            ]),
        ),
        (
            "stream",
            stream([
                format!(": {KEY}\n\n"),
                text("a"),
                finish_frame("stop"),
                DONE.into(),
            ]),
        ),
        (
            "stream",
            stream([
                text("X").replace('X', &escaped),
                finish_frame("stop"),
                DONE.into(),
            ]),
        ),
        ("stream", stream(spread)),
        ("stream", stream(calls)),
        ("stream", stream(KEY.bytes().map(|byte| vec![byte]))),
    ]
}

#[test]
fn no_form_of_the_key_is_in_any_file() {
    for (at, (command, play)) in echoes().into_iter().enumerate() {
        let tapes = folder();
        let server = Server::once(play);
        let ran = airx([
            command,
            &format!("My key is {KEY}"),
            "--retries",
            "0",
            "--record",
        ])
        .args([tapes.path()])
        .args(["--header", "X-Token: another-secret-token"])
        .env("AIRX_API_KEY", KEY)
        .at(&server)
        .run();
        let paths = recordings(tapes.path());
        assert_eq!(paths.len(), 1, "{at}: {}", ran.stderr);
        let text = fs::read_to_string(&paths[0]).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let decoded = decoded(&value);
        for hidden in [
            KEY,
            "0123456789abcdef",
            "SecretSecret4567",
            "U2VjcmV0U2VjcmV0NDU2N",
            "another-secret-token",
            "uthorization",
        ] {
            assert!(!text.contains(hidden), "{at}: {hidden} in {text}");
            assert!(!decoded.contains(hidden), "{at}: {hidden} in {decoded}");
        }
        // The recording is still a valid answer, and its replay ends in the same way.
        let replayed = airx([
            command,
            &format!("My key is {KEY}"),
            "--retries",
            "0",
            "--replay",
        ])
        .args([tapes.path()])
        .at(&server)
        .run();
        assert_eq!(replayed.code, ran.code, "{at}: {}", replayed.stderr);
        assert!(!replayed.stdout.contains("SecretSecret"), "{at}");
    }
}

/// All text that a reader of the recording could decode: the strings in it, with JSON in
/// strings decoded as well.
fn decoded(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let inner: String = text
                .lines()
                .filter_map(|line| serde_json::from_str(line.trim_start_matches("data: ")).ok())
                .map(|value: Value| match value.pointer("/choices/0/delta") {
                    Some(delta) => {
                        let arguments = delta.pointer("/tool_calls/0/function/arguments");
                        let content = delta.get("content").or(arguments);
                        content
                            .and_then(Value::as_str)
                            .unwrap_or_default()
                            .to_owned()
                    }
                    None => decoded(&value),
                })
                .collect();
            if inner.is_empty() {
                text.clone()
            } else {
                inner
            }
        }
        Value::Array(items) => items.iter().map(decoded).collect(),
        Value::Object(members) => members.values().map(decoded).collect(),
        _ => String::new(),
    }
}

#[test]
fn a_masked_answer_is_reported() {
    let tapes = folder();
    let server = Server::once(reply(KEY));
    let ran = airx(["chat", "hi", "--record"])
        .args([tapes.path()])
        .env("AIRX_API_KEY", KEY)
        .at(&server)
        .run();
    // The answer itself is never altered.
    assert_eq!((ran.code, &*ran.stdout), (0, &*format!("{KEY}\n")));
    assert!(
        ran.stderr.contains("its replay will differ"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_short_header_value_does_not_break_the_json_around_it() {
    let tapes = folder();
    let server = Server::once(reply("Is it true?"));
    airx(["chat", "hi", "--header", "X-Token: true", "-q", "--record"])
        .args([tapes.path()])
        .args(["--param", "extra=true"])
        .at(&server)
        .run()
        .is(0, "Is it true?\n", "");
    let recording = read(&recordings(tapes.path())[0]);
    assert_eq!(recording["request"]["body"]["extra"], true);
    let body = recording["response"]["body"].as_str().unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["choices"][0]["message"]["content"], "Is it [hidden]?");
}

#[test]
fn a_folder_that_cannot_be_used_stops_the_run_before_it_begins() {
    let tapes = folder();
    let file = crate::harness::file(&tapes, "file", "");
    let ran = airx(["chat", "hi", "--base-url", "http://127.0.0.1:9", "--record"])
        .args([file])
        .run();
    assert_eq!((ran.code, &*ran.stdout), (2, ""));
    assert!(
        ran.stderr.starts_with("airx: usage: --record "),
        "{}",
        ran.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_recording_is_neither_followed_nor_replaced() {
    let tapes = folder();
    let victim = folder();
    let aim = victim.path().join("aim");
    let server = Server::play([reply("one"), reply("two")]);
    let run = || {
        airx(["chat", "hi", "--record"])
            .args([tapes.path()])
            .at(&server)
    };
    run().run();
    let first = recordings(tapes.path()).remove(0);
    fs::remove_file(&first).unwrap();
    std::os::unix::fs::symlink(&aim, &first).unwrap();
    run().run().is(0, "two\n", "");
    assert!(!aim.exists());
    assert!(first.symlink_metadata().unwrap().is_symlink());
    let paths = recordings(tapes.path());
    assert_eq!(paths.len(), 2);
    assert!(paths[1].to_str().unwrap().ends_with("-2.json"));
}

#[cfg(unix)]
#[test]
fn a_signal_leaves_no_half_recording() {
    let tapes = folder();
    let play = vec![stream_head(), chunk(delta("Hel").as_bytes()), Step::Hold];
    let server = Server::once(play);
    let mut run = airx(["stream", "hi", "--record"])
        .args([tapes.path()])
        .at(&server)
        .stdin_from(std::process::Stdio::null())
        .start();
    let mut first = [0; 3];
    run.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    let id = rustix::process::Pid::from_raw(i32::try_from(run.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(finish(run).code, 130);
    assert_eq!(recordings(tapes.path()).len(), 0);
}
