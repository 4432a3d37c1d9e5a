//! `--replay`: repeats a recorded run without server, network and key.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{
    DONE, Play, Ran, Server, Step, airx, chunk, delta, finish_frame, folder, http, json, reply,
    reply_body, stream, stream_head, wire,
};

/// Records a run against these answers, then replays it without the server.
fn twice(args: &[&str], plays: Vec<Play>) -> (Ran, Ran) {
    let tapes = folder();
    let server = Server::play(plays);
    let base = server.base();
    let run = |option| {
        airx(args)
            .args([option, tapes.path().to_str().unwrap()])
            .env("AIRX_BASE_URL", &base)
    };
    let recorded = run("--record").env("AIRX_API_KEY", "key-of-the-test").run();
    let before = fs::read_dir(tapes.path()).unwrap().count();
    let asked = server.requests().len();
    let replayed = run("--replay").run();
    assert_eq!(server.requests().len(), asked, "the network was used");
    assert_eq!(fs::read_dir(tapes.path()).unwrap().count(), before);
    (recorded, replayed)
}

/// The events without the members that contain times.
fn timeless(stdout: &str) -> Vec<Value> {
    stdout
        .lines()
        .map(|line| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            for name in ["elapsed_ms", "ttft_ms", "after_ms"] {
                event.as_object_mut().unwrap().remove(name);
            }
            event
        })
        .collect()
}

/// The same exit code and the same bytes, in every format.
#[track_caller]
fn same(args: &[&str], plays: impl Fn() -> Vec<Play>, code: i32) {
    for format in ["text", "json", "ndjson"] {
        let args = [args, &["--format", format]].concat();
        let (recorded, replayed) = twice(&args, plays());
        let what = format!("{args:?}: {}", recorded.stderr);
        assert_eq!((recorded.code, replayed.code), (code, code), "{what}");
        assert_eq!(recorded.stderr, replayed.stderr, "{what}");
        if format == "ndjson" {
            let (one, two) = (timeless(&recorded.stdout), timeless(&replayed.stdout));
            assert_eq!(one, two, "{what}");
        } else {
            assert_eq!(recorded.bytes(), replayed.bytes(), "{what}");
        }
    }
}

const ONCE: [&str; 4] = ["hi", "--retries", "0", "-q"];

fn chat(play: impl Fn() -> Play, code: i32) {
    same(&[&["chat"], &ONCE[..]].concat(), || vec![play()], code);
}

fn streamed(play: impl Fn() -> Play, code: i32) {
    same(&[&["stream"], &ONCE[..]].concat(), || vec![play()], code);
}

#[test]
fn answers_are_the_same_again() {
    chat(|| reply("Hello 四"), 0);
    chat(|| json(200, &reply_body("Hel", "length")), 9);
    chat(|| json(200, &reply_body("no", "sensitive")), 8);
    chat(
        || json(200, &format!(" {} \n", reply_body("odd", "stop"))),
        0,
    );
    for name in ["plain_response", "plain_tool_call", "web_search_response"] {
        chat(|| json(200, &wire(&format!("{name}.json"))), 0);
    }
}

#[test]
fn failures_are_the_same_again() {
    for (name, status) in [
        ("error_401_1001", 401),
        ("error_429_1302", 429),
        ("error_400_1301_content_filter", 400),
        ("error_404_gateway", 404),
        ("error_200_success_false", 200),
    ] {
        let body = wire(&format!("{name}.json"));
        let server = Server::once(json(status, &body));
        let code = airx(["chat"]).args(ONCE).at(&server).run().code;
        chat(|| json(status, &body), code);
        streamed(|| json(status, &body), code);
    }
    chat(
        || http(302, "Location: https://elsewhere.example/\r\n", ""),
        4,
    );
    chat(|| http(200, "Content-Encoding: gzip\r\n", "x"), 7);
    chat(|| http(502, "", "<html>Bad Gateway</html>"), 5);
    streamed(|| http(200, "", "<html>Welcome</html>"), 7);
}

#[test]
fn streams_are_the_same_again() {
    for name in [
        "stream_text",
        "stream_reasoning",
        "stream_tool_call",
        "stream_tool_call_fragments",
        "stream_sensitive",
        "stream_network_error_finish",
        "stream_first_frame_error",
        "stream_mid_error_dataonly",
        "stream_truncated_frame",
        "stream_eof_without_done",
    ] {
        let text = wire(&format!("{name}.sse"));
        let server = Server::once(stream([&text]));
        let code = airx(["stream"]).args(ONCE).at(&server).run().code;
        streamed(|| stream([&text]), code);
        // In pieces that may end inside a frame or a character.
        streamed(|| stream(text.as_bytes().chunks(37)), code);
    }
}

#[test]
fn cut_streams_are_the_same_again() {
    let cut = |last: Step| {
        let text = [delta("Hel"), delta("lo")].concat();
        vec![stream_head(), chunk(text.as_bytes()), last]
    };
    streamed(|| cut(Step::Close), 7);
    let open = || {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        let text = [delta("Hello"), finish_frame("stop")].concat();
        vec![Step::Send([head, &text].concat().into()), Step::Close]
    };
    streamed(open, 7);
    let sized = || {
        vec![
            Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"choices\"".to_vec()),
            Step::Close,
        ]
    };
    chat(sized, 7);
    streamed(sized, 7);
}

#[test]
fn each_try_takes_the_next_recording_and_no_one_waits() {
    let plays = || {
        vec![
            http(503, "Retry-After: 1\r\n", "{}"),
            http(429, "Retry-After: 1\r\n", &wire("error_429_1302.json")),
            reply("Hello"),
        ]
    };
    same(&["chat", "hi"], plays, 0);
    let tapes = folder();
    let server = Server::play(plays());
    let run = |option| {
        airx(["chat", "hi", option])
            .args([tapes.path()])
            .at(&server)
    };
    run("--record").run().is(0, "Hello\n", "");
    let began = Instant::now();
    run("--replay").run().is(0, "Hello\n", "");
    assert!(began.elapsed() < Duration::from_secs(1));
    let stingy = run("--replay").args(["--retries", "1"]).run();
    assert_eq!(stingy.code, 5, "{}", stingy.stderr);
}

/// A folder with the recording of `airx chat hi`.
fn tapes() -> (tempfile::TempDir, PathBuf) {
    let tapes = folder();
    let server = Server::once(reply("Hello"));
    airx(["chat", "hi", "--record"])
        .args([tapes.path()])
        .at(&server)
        .run();
    let path = fs::read_dir(tapes.path()).unwrap().next().unwrap();
    let path = path.unwrap().path();
    (tapes, path)
}

#[test]
fn a_folder_that_is_not_there_is_refused_with_a_hint() {
    replay(&["chat", "hi"], Path::new("no-such-folder")).is(
        2,
        "",
        "airx: usage: --replay no-such-folder: No such file or directory (os error 2)\nhint: name a folder that --record DIR has filled\n",
    );
}

fn replay(args: &[&str], tapes: &Path) -> Ran {
    airx(args).args(["--replay"]).args([tapes]).run()
}

#[test]
fn neither_key_nor_base_url_is_needed() {
    let (tapes, _) = tapes();
    replay(&["chat", "hi"], tapes.path()).is(0, "Hello\n", "");
    airx(["chat", "hi"])
        .env("AIRX_REPLAY", tapes.path())
        .env("AIRX_BASE_URL", "https://elsewhere.example/v1")
        .env("AIRX_MAX_IN_FLIGHT", "1")
        .env("XDG_RUNTIME_DIR", "/dev/null")
        .env("TMPDIR", "/dev/null")
        .run()
        .is(0, "Hello\n", "");
}

#[test]
fn the_request_s_ids_do_not_matter() {
    let (tapes, _) = tapes();
    let args = [
        "chat",
        "hi",
        "--request-id",
        "another",
        "--user-id",
        "user-7",
    ];
    replay(&args, tapes.path()).is(0, "Hello\n", "");
}

#[test]
fn a_changed_request_exits_13_and_the_difference_is_shown() {
    let (tapes, path) = tapes();
    let file = path.file_name().unwrap().to_str().unwrap();
    let folder = tapes.path().display();
    let start = format!(
        "airx: replay: no recording in {folder} fits the request: the nearest, {file}, differs in "
    );
    for (args, difference) in [
        (
            &["chat", "ho"][..],
            r#"messages/0/content (recorded "hi", asked "ho")"#,
        ),
        (
            &["chat", "hi", "--top-p", "0.5"],
            "top_p (recorded nothing, asked 0.5)",
        ),
        (
            &["chat", "hi", "-m", "other", "--stop", "x"],
            r#"model (recorded "glm-4-airx", asked "other"), stop (recorded nothing, asked ["x"])"#,
        ),
        (&["stream", "hi"], "stream (recorded false, asked true)"),
    ] {
        let ran = replay(args, tapes.path());
        let report = ran.stderr.lines().next().unwrap();
        assert_eq!((ran.code, &*ran.stdout), (13, ""));
        assert_eq!(report.strip_prefix(&start), Some(difference), "{report}");
    }
    let ran = replay(&["chat", "ho", "--format", "ndjson"], tapes.path());
    let last = ran.events().pop().unwrap();
    assert_eq!((ran.code, &last["class"]), (13, &"replay".into()));
    assert_eq!(last["exit"], 13);
}

#[test]
fn the_nearest_is_the_one_that_differs_least() {
    let tapes = folder();
    let server = Server::play([reply("a"), reply("b")]);
    for args in [["hi", "-m", "x"], ["ho", "-m", "y"]] {
        airx(["chat", "--record"])
            .args([tapes.path()])
            .args(args)
            .at(&server)
            .run();
    }
    let ran = replay(&["chat", "ho", "-m", "z"], tapes.path());
    assert!(
        ran.stderr
            .contains(r#"differs in model (recorded "y", asked "z")"#),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_renamed_recording_gets_a_hint_with_its_name() {
    let (tapes, path) = tapes();
    fs::rename(&path, tapes.path().join("abc-1.json")).unwrap();
    let ran = replay(&["chat", "hi"], tapes.path());
    assert_eq!(ran.code, 13);
    assert!(
        ran.stderr
            .contains(path.file_name().unwrap().to_str().unwrap())
    );
}

#[test]
fn recordings_are_used_once_a_run() {
    let (tapes, path) = tapes();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"status\": 200", "\"status\": 503")).unwrap();
    let ran = replay(&["chat", "hi"], tapes.path());
    assert_eq!(ran.code, 13, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("all have been replayed"),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_empty_folder_holds_none_and_a_missing_one_is_an_error() {
    let tapes = folder();
    let ran = replay(&["chat", "hi"], tapes.path());
    assert_eq!(ran.code, 13);
    assert!(ran.stderr.contains("holds no recording"), "{}", ran.stderr);
    let ran = replay(&["chat", "hi"], &tapes.path().join("missing"));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn a_broken_recording_is_named() {
    let (tapes, path) = tapes();
    let good = fs::read_to_string(&path).unwrap();
    let half = good[..good.len() / 2].to_owned();
    for (broken, why) in [
        (String::new(), "EOF"),
        (half, "EOF"),
        (
            "[]".to_owned(),
            "invalid length 0, expected an object with airx, request and response",
        ),
        (
            good.replace("\"airx\": 1", "\"airx\": 9"),
            "its form is version 9",
        ),
        (
            good.replace("\"airx\": 1", "\"airx\": 256"),
            "invalid value: integer `256`, expected a whole number of at most 8 bits",
        ),
        (
            good.replace("\"status\": 200", "\"status\": \"200\""),
            "invalid type: string \"200\", expected a whole number of at most 16 bits",
        ),
        (
            good.replace("\"body\": \"{", "\"other\": \"{"),
            "its response has neither body nor stream",
        ),
        (
            good.replace("\"end\": \"whole\"", "\"end\": \"never\""),
            "unknown variant `never`",
        ),
    ] {
        fs::write(&path, &broken).unwrap();
        let ran = replay(&["chat", "hi"], tapes.path());
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{broken}");
        let start = format!(
            "airx: usage: {} is not a usable recording: {why}",
            path.display()
        );
        assert!(ran.stderr.starts_with(&start), "{}", ran.stderr);
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(replay(&["chat", "hi"], tapes.path()).code, 2);
}

#[test]
fn a_recording_may_be_written_by_hand() {
    let (tapes, path) = tapes();
    let mut recording: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let body = reply_body("by hand", "stop");
    recording["response"] =
        serde_json::json!({ "version": "HTTP/1.1", "status": 200, "body": body });
    fs::write(&path, recording.to_string()).unwrap();
    replay(&["chat", "hi"], tapes.path()).is(0, "by hand\n", "");
}

#[test]
fn record_and_replay_exclude_each_other() {
    let tapes = folder();
    let ran = replay(&["chat", "hi", "--record", "x"], tapes.path());
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let ran = airx(["chat", "hi", "--replay"])
        .args([tapes.path()])
        .env("AIRX_RECORD", "x")
        .run();
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("exclude each other"), "{}", ran.stderr);
}

#[test]
fn verbose_names_the_recording() {
    let (tapes, path) = tapes();
    let ran = replay(&["chat", "hi", "-v"], tapes.path());
    let line = format!("* replayed from {}", path.display());
    assert!(
        ran.stderr.lines().any(|report| report == line),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_stream_replays_piece_by_piece() {
    let tapes = folder();
    let server = Server::once(stream([
        delta("a"),
        delta("b"),
        finish_frame("stop"),
        DONE.into(),
    ]));
    let run = |option| {
        airx(["stream", "hi", option])
            .args([tapes.path()])
            .at(&server)
    };
    run("--record").run().is(0, "ab\n", "");
    run("--replay").run().is(0, "ab\n", "");
}
