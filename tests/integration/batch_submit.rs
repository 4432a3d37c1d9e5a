//! `batch submit`: items become lines, lines files, files batches.

use std::fmt::Write as _;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

#[cfg(unix)]
use crate::harness::finish;
use crate::harness::{Play, Request, Server, Step, airx, file, folder, http, json};

/// A batch that was just made.
pub fn made(id: &str) -> Play {
    json(200, &format!(r#"{{"id":"{id}","status":"validating"}}"#))
}

/// A file that was just uploaded.
fn uploaded(id: &str) -> Play {
    json(200, &format!(r#"{{"id":"{id}","object":"file"}}"#))
}

/// Checks the form of an upload, and returns the lines in it.
#[track_caller]
fn lines(asked: &Request, name: &str) -> Vec<Value> {
    assert!(
        asked.head.starts_with("POST /v1/files HTTP/1.1\r\n"),
        "{}",
        asked.head
    );
    let content_type = asked.header("content-type").unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let before = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/jsonl\r\n\r\n"
    );
    let form = asked.body.strip_prefix(&before);
    let form = form.unwrap_or_else(|| panic!("{:?}", asked.body));
    let file = form
        .strip_suffix(&format!("\r\n--{boundary}--\r\n"))
        .unwrap();
    assert!(file.ends_with('\n'));
    file.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn items_become_a_batch_whose_id_is_printed() {
    let server = Server::play([uploaded("file-1"), made("batch_1")]);
    airx([
        "batch",
        "submit",
        "-m",
        "qwen",
        "-s",
        "S",
        "Define: {}.",
        "--temperature",
        "0.5",
    ])
    .args(["--request-id", "request"])
    .stdin("one\n\n \t\r\ntwo\r\n")
    .at(&server)
    .run()
    .is(0, "batch_1\n", "");
    let asked = server.requests();
    let lines = lines(&asked[0], "airx-0.jsonl");
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[1]["body"].to_string(),
        r#"{"model":"qwen","messages":[{"role":"system","content":"S"},{"role":"user","content":"Define: two."}],"temperature":0.5,"request_id":"request-1"}"#
    );
    assert_eq!(
        (&lines[1]["method"], &lines[1]["url"]),
        (&"POST".into(), &"/v1/chat/completions".into())
    );
    assert!(
        lines[1]["custom_id"]
            .as_str()
            .unwrap()
            .starts_with("airx-1-")
    );
    assert!(asked[1].head.starts_with("POST /v1/batches HTTP/1.1\r\n"));
    assert_eq!(
        asked[1].body,
        r#"{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"airx_first":"0","airx_items":"2"}}"#
    );
}

#[test]
fn the_providers_get_their_own_path_and_no_window_and_keep_no_file() {
    let server = Server::play([uploaded("1716468180_59c7"), made("batch_1")]);
    airx([
        "batch",
        "submit",
        "-m",
        "glm-4-air-250414",
        "--each=json",
        "{a}",
    ])
    .stdin("{\"a\":\"x\"}\n")
    .env("ZHIPUAI_API_KEY", "0123456789abcdef.0123456789abcdef")
    .env("ZHIPUAI_BASE_URL", server.base())
    .run()
    .is(0, "batch_1\n", "");
    let asked = server.requests();
    assert_eq!(
        lines(&asked[0], "airx-0.jsonl")[0]["url"],
        "/v4/chat/completions"
    );
    assert_eq!(
        asked[1].body,
        r#"{"input_file_id":"1716468180_59c7","endpoint":"/v4/chat/completions","auto_delete_input_file":true,"metadata":{"airx_first":"0","airx_items":"1"}}"#
    );
    let bearer = "Bearer 0123456789abcdef.0123456789abcdef";
    assert!(
        asked
            .iter()
            .all(|asked| asked.header("authorization") == Some(bearer))
    );
}

#[test]
fn a_model_that_the_providers_do_not_batch_is_a_warning_that_names_those_they_do() {
    let server = Server::play([uploaded("f"), made("b")]);
    let ran = airx(["batch", "submit"])
        .stdin("x\n")
        .env("ZHIPUAI_API_KEY", "0123456789abcdef")
        .env("ZHIPUAI_BASE_URL", server.base())
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "b\n"));
    assert!(
        ran.stderr
            .starts_with("airx: warning: glm-4-airx is not among the models"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("glm-4-air-250414, glm-4-flashx-250414, glm-4-plus"),
        "{}",
        ran.stderr
    );
    let server = Server::play([uploaded("f"), made("b")]);
    airx(["batch", "submit"])
        .stdin("x\n")
        .at(&server)
        .run()
        .is(0, "b\n", "");
}

#[test]
fn dry_run_prints_the_lines_and_needs_neither_server_nor_key() {
    let ran = airx(["batch", "submit", "--dry-run", "-q", "Say {}"])
        .stdin("a\nb\n")
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let hash = |text: &str| {
        let body = format!(
            r#"{{"model":"glm-4-airx","messages":[{{"role":"user","content":"{text}"}}],"stream":false}}"#
        );
        airx::digest::sha256(body.as_bytes())
    };
    let lines: Vec<&str> = ran.stdout.lines().collect();
    for (index, text) in ["Say a", "Say b"].into_iter().enumerate() {
        let (id, rest) = lines[index].split_once(r#"","method""#).unwrap();
        let id = id.strip_prefix(r#"{"custom_id":""#).unwrap();
        assert!(
            id.starts_with(&format!("airx-{index}-")) && id.len() < 60,
            "{id}"
        );
        assert_eq!(
            rest,
            format!(
                r#":"POST","url":"/v4/chat/completions","body":{{"model":"glm-4-airx","messages":[{{"role":"user","content":"{text}"}}]}}}}"#
            )
        );
        // The hash of --each, in base64url.
        let encoded = id.rsplit_once(&format!("airx-{index}-")).unwrap().1;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).unwrap();
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        assert_eq!(hex, hash(text));
    }
}

#[test]
fn more_than_fifty_thousand_items_are_several_batches_and_ids_leave_one_by_one() {
    let server = Server::play([uploaded("f1"), made("b1"), uploaded("f2"), made("b2")]);
    let items = (0..50_001).fold(String::new(), |items, number| {
        items + &number.to_string() + "\n"
    });
    airx(["batch", "submit", "-m", "qwen"])
        .stdin(items)
        .at(&server)
        .run()
        .is(0, "b1\nb2\n", "");
    let asked = server.requests();
    let (first, second) = (
        lines(&asked[0], "airx-0.jsonl"),
        lines(&asked[2], "airx-50000.jsonl"),
    );
    assert_eq!((first.len(), second.len()), (50_000, 1));
    assert_eq!(second[0]["body"]["messages"][0]["content"], "50000");
    assert_eq!(asked[3].json()["metadata"]["airx_first"], "50000");
}

#[test]
fn a_wrong_item_late_in_the_input_uploads_nothing() {
    let items = "{\"a\":1}\n".repeat(2000) + "{\"b\":1}\n";
    airx(["batch", "submit", "--each=json", "{a}"])
        .stdin(items)
        .nowhere()
        .run()
        .is(
            2,
            "",
            "airx: usage: item 2000 (line 2001): the item of line 2001 has no member a\nhint: {a} in the prompt refers to it\n",
        );
    airx(["batch", "submit"])
        .stdin(*b"a\nb\xFF\n")
        .nowhere()
        .run()
        .code_is(2);
    airx(["batch", "submit"]).stdin("\n \n").nowhere().run().is(
        2,
        "",
        "airx: usage: there are no items\nhint: give them on standard input, or with --items FILE, one a line\n",
    );
}

#[test]
fn an_upload_is_made_again_and_so_is_an_order_that_was_turned_away() {
    let busy = || {
        http(
            429,
            "Retry-After: 0\r\n",
            r#"{"error":{"code":"1302","message":"no"}}"#,
        )
    };
    let server = Server::play([busy(), uploaded("f"), busy(), made("b")]);
    airx(["batch", "submit", "-m", "qwen"])
        .stdin("a\n")
        .at(&server)
        .run()
        .is(0, "b\n", "");
    let asked = server.requests();
    assert_eq!(
        lines(&asked[0], "airx-0.jsonl"),
        lines(&asked[1], "airx-0.jsonl")
    );
    assert_eq!(asked[2].body, asked[3].body);
    // A reset during the upload changes nothing on the server, so it is retried.
    let server = Server::play([vec![Step::Reset], uploaded("f"), made("b")]);
    airx(["batch", "submit", "-m", "qwen"])
        .stdin("a\n")
        .at(&server)
        .run()
        .is(0, "b\n", "");
}

#[test]
fn an_order_that_may_have_arrived_is_not_made_again_and_what_is_left_is_reported() {
    for (play, code, what) in [
        (vec![Step::Reset], 6, "network: "),
        (json(502, "<html>"), 5, "busy: the server answered HTTP 502"),
        (
            json(200, "{}"),
            7,
            "incomplete: the response is not a batch",
        ),
    ] {
        let server = Server::play([uploaded("file-1"), play]);
        let ran = airx(["batch", "submit", "-m", "qwen"])
            .stdin("a\nb\n")
            .at(&server)
            .run();
        ran.code_is(code);
        assert_eq!(server.requests().len(), 2);
        assert!(
            ran.stderr.starts_with(&format!("airx: {what}")),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.ends_with(
                "; whether 2 of 2 items are submitted, from line 1 of the input on, is not known\nhint: the batch of file file-1 may exist: check with airx batch status --format json before you submit these items again\n"
            ),
            "{}",
            ran.stderr
        );
    }
}

/// The end of the message if it is unknown whether both items were submitted.
const UNSURE: &str =
    "; whether 2 of 2 items are submitted, from line 1 of the input on, is not known";
const LOOK: &str = "the batch of file file-1 may exist: check with airx batch status --format json before you submit these items again";

#[test]
fn an_order_whose_answer_is_too_long_may_have_made_its_batch() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{";
    let mut play = vec![Step::Send(head.into())];
    play.extend((0..64).map(|_| Step::Send(vec![b' '; 1 << 20])));
    play.push(Step::Hold);
    let server = Server::play([uploaded("file-1"), play]);
    let ran = airx(["batch", "submit", "-m", "qwen"])
        .stdin("a\nb\n")
        .at(&server)
        .run();
    let what = "airx: incomplete: the response's body is longer than 64 MiB";
    ran.is(7, "", &format!("{what}{UNSURE}\nhint: {LOOK}\n"));
}

#[test]
fn a_server_s_fault_under_another_status_does_not_order_twice() {
    let fault = |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
    for (status, body) in [
        (200, fault("500")),
        (200, fault("1234")),
        (400, fault("1234")),
        (400, fault("1200")),
        (429, fault("1230")),
        (200, r#"{"code":500,"msg":"m","success":false}"#.to_owned()),
    ] {
        let server = Server::play([uploaded("file-1"), json(status, &body)]);
        let ran = airx(["batch", "submit", "-m", "qwen"])
            .stdin("a\nb\n")
            .at(&server)
            .run();
        assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{status} {body}");
        let end = format!("{UNSURE}\nhint: {LOOK}\n");
        assert!(ran.stderr.ends_with(&end), "{}", ran.stderr);
    }
    // A server reports a rate limit or an overload before it does anything.
    for (status, code) in [(200, "1302"), (400, "1303"), (200, "429")] {
        let server = Server::play([uploaded("f"), json(status, &fault(code)), made("b")]);
        airx(["batch", "submit", "-m", "qwen"])
            .stdin("a\n")
            .at(&server)
            .run()
            .is(0, "b\n", "");
    }
}

#[test]
#[cfg(unix)]
fn a_signal_in_an_order_reports_that_its_batch_may_exist() {
    let folder = folder();
    let items = file(&folder, "items", "a\nb\n");
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let meta = folder.path().join("meta");
        let server = Server::play([uploaded("file-1"), vec![Step::Hold]]);
        let child = airx(["batch", "submit", "-m", "qwen", "--format", "ndjson", "-q"])
            .arg("--meta")
            .arg(&meta)
            .arg("--items")
            .arg(&items)
            .at(&server)
            .start();
        server.await_requests(2);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ran = finish(child);
        assert_eq!(ran.signal, Some(signal.as_raw()));
        assert_eq!(ran.types(), ["start", "error"]);
        let name = ["SIGHUP", "SIGINT", "SIGTERM"][match signal {
            Signal::HUP => 0,
            Signal::INT => 1,
            _ => 2,
        }];
        let message = format!("ended by {name}{UNSURE}");
        assert_eq!(
            ran.stderr,
            format!("airx: signal: {message}\nhint: {LOOK}\n")
        );
        let kept = std::fs::read_to_string(&meta).unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        for error in [&kept, &ran.events()[1]] {
            assert_eq!(error["message"], message.as_str());
            assert_eq!(error["hint"], LOOK);
        }
    }
}

#[test]
#[cfg(unix)]
fn a_signal_before_an_order_reports_how_many_items_are_left() {
    let server = Server::play([uploaded("f1"), made("b1"), vec![Step::Hold]]);
    let folder = folder();
    let items = file(&folder, "items", "x\n".repeat(50_002));
    let child = airx(["batch", "submit", "-m", "qwen", "--items"])
        .arg(items)
        .at(&server)
        .start();
    server.await_requests(3);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let ran = finish(child);
    assert_eq!(ran.stdout, "b1\n");
    assert_eq!(
        ran.stderr,
        "airx: signal: ended by SIGTERM; 50000 items are submitted, in the batches printed; 2 of 50002 items are not submitted, from line 50001 of the input on\n"
    );
}

#[test]
#[cfg(unix)]
fn a_reader_that_has_gone_is_no_failure_and_what_exists_is_reported() {
    let gone = |items: &str| {
        let server = Server::play([uploaded("f"), made("b1")]);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = airx(["batch", "submit", "-m", "qwen", "-q"])
            .stdin(items)
            .stdout_to(writer)
            .at(&server)
            .run();
        assert_eq!(server.requests().len(), 2);
        assert_eq!(ran.code, 0);
        ran.stderr
    };
    assert_eq!(gone("a\n"), "airx: the reader has gone; batch b1 exists\n");
    assert_eq!(
        gone(&"x\n".repeat(50_001)),
        "airx: the reader has gone; batch b1 exists; 50000 items are submitted, in the batches printed; 1 of 50001 items are not submitted, from line 50001 of the input on\n"
    );
}

#[test]
fn batches_before_a_failure_stay_and_the_message_says_which_items_are_left() {
    let refusal = r#"{"error":{"code":"1214","message":"no"}}"#;
    let server = Server::play([uploaded("f1"), made("b1"), json(400, refusal)]);
    let items = "x\n".repeat(50_002);
    airx(["batch", "submit", "-m", "qwen"]).stdin(items).at(&server).run().is(
        4,
        "b1\n",
        "airx: rejected: the server answered HTTP 400 with error 1214: no; 50000 items are submitted, in the batches printed; 2 of 50002 items are not submitted, from line 50001 of the input on\n",
    );
}

#[test]
fn an_answer_before_the_file_has_been_read_is_that_answer() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 100]).unwrap();
        let body = r#"{"error":{"code":"1113","message":"no money"}}"#;
        let head = format!(
            "HTTP/1.1 429 X\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        // Reads the rest of the request, as a careful server does before it closes.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let ran = airx(["batch", "submit", "-m", "qwen", "-q"])
        .stdin(("x".repeat(1 << 20) + "\n").repeat(8))
        .env("AIRX_BASE_URL", base)
        .run();
    ran.code_is(3);
    assert!(
        ran.stderr.contains("with error 1113: no money"),
        "{}",
        ran.stderr
    );
    serving.join().unwrap();
}

#[test]
fn events_report_each_batch_and_of_the_end() {
    let server = Server::play([uploaded("f"), made("b")]);
    let ran = airx(["batch", "submit", "-m", "qwen", "--format", "ndjson"])
        .stdin("a\n")
        .at(&server)
        .run();
    assert_eq!(ran.types(), ["start", "batch", "done"]);
    assert_eq!(ran.events()[0]["command"], "batch");
    assert_eq!(ran.events()[1]["status"], "validating");
    let server = Server::play([uploaded("f"), made("b")]);
    airx(["batch", "submit", "-m", "qwen", "--format", "json"])
        .stdin("a\n")
        .at(&server)
        .run()
        .is(0, "{\"id\":\"b\",\"status\":\"validating\"}\n", "");
}

#[test]
fn what_has_no_meaning_is_refused_before_anything_is_read() {
    let refused = |args: &[&str], flag: &str| {
        let ran = airx(["batch"]).args(args).stdin("a\n").nowhere().run();
        ran.code_is(2);
        let line = format!("airx: usage: {flag} has no meaning for airx batch\nhint: ");
        assert!(ran.stderr.starts_with(&line), "{}", ran.stderr);
    };
    refused(&["submit", "-x"], "--extract");
    refused(&["submit", "--accept", "x"], "--accept");
    refused(&["submit", "--session", "x"], "--session");
    refused(&["submit", "--dry-run=curl"], "--dry-run=curl");
    refused(&["submit", "--max-in-flight", "2"], "--max-in-flight");
    refused(&["submit", "--record", "x"], "--record");
    refused(&["status", "--dry-run"], "--dry-run");
    refused(&["wait", "x", "--idle-timeout", "1s"], "--idle-timeout");
    refused(&["fetch", "x", "--reasoning"], "--reasoning");
    let ran = airx(["batch", "status"])
        .env("AIRX_REPLAY", "x")
        .nowhere()
        .run();
    ran.is(
        2,
        "",
        "airx: usage: AIRX_RECORD and AIRX_REPLAY have no meaning for airx batch\nhint: files and batches are not recorded: airx mock serves them, too\n",
    );
}

#[test]
fn the_configuration_has_a_say_where_it_has_a_meaning() {
    let folder = folder();
    let text = "model = \"qwen\"\nreasoning = true\nmax-in-flight = 2\nextract = true\nidle-timeout = 9\nconcurrency = 3\n";
    let config = file(&folder, "config.toml", text);
    let server = Server::play([uploaded("f"), made("b")]);
    airx(["batch", "submit", "--config"])
        .arg(config)
        .stdin("a\n")
        .at(&server)
        .run()
        .is(0, "b\n", "");
    let asked = server.requests();
    assert_eq!(lines(&asked[0], "airx-0.jsonl")[0]["body"]["model"], "qwen");
}

#[test]
#[cfg(target_os = "linux")]
fn a_batch_whose_id_cannot_be_printed_is_named_by_the_message() {
    let server = Server::play([uploaded("f"), made("b1")]);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ran = airx(["batch", "submit", "-m", "qwen"])
        .stdin("x\n".repeat(50_001))
        .stdout_to(full)
        .at(&server)
        .run();
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.ends_with(
            "; batch b1 exists; 50000 items are submitted, in the batches printed; 1 of 50001 items are not submitted, from line 50001 of the input on\n"
        ),
        "{}",
        ran.stderr
    );
}

/// A request line of the user's own.
fn own_line(id: &str, model: &str) -> String {
    format!(
        r#"{{"custom_id":"{id}","method":"POST", "url":"/v1/chat/completions","body":{{"model":"{model}","messages":[{{"role":"user","content":"{id}"}}]}}}}"#
    )
}

#[test]
fn request_lines_are_refused_as_items_and_uploaded_as_they_are_with_raw() {
    let input = format!("{}\r\n\n{}\n", own_line("a", "qwen"), own_line("b", "qwen"));
    airx(["batch", "submit", "-m", "qwen"])
        .stdin(input.as_str())
        .nowhere()
        .run()
        .is(
            2,
            "",
            "airx: usage: item 0 (line 1): it is a batch request already (custom_id, body)\nhint: --raw uploads request lines as they are\n",
        );
    let server = Server::play([uploaded("file-1"), made("batch_1")]);
    airx(["batch", "submit", "--raw"])
        .stdin(input)
        .at(&server)
        .run()
        .is(0, "batch_1\n", "");
    let asked = server.requests();
    let lines: Vec<&str> = asked[0]
        .body
        .lines()
        .filter(|line| line.starts_with('{'))
        .collect();
    assert_eq!(lines, [own_line("a", "qwen"), own_line("b", "qwen")]);
    let order = asked[1].json();
    assert_eq!(order["endpoint"], "/v1/chat/completions");
    assert_eq!(order.get("metadata"), None);
}

#[test]
fn raw_lines_are_checked_before_anything_is_uploaded() {
    let good = own_line("a", "qwen");
    let other_url = own_line("b", "qwen").replace("/v1/", "/v2/");
    let cases = [
        (
            "hello".to_owned(),
            "it is not a batch request: expected value at column 1",
        ),
        (
            r#"{"custom_id":"b","url":"/v1/chat/completions"}"#.to_owned(),
            "it is not a batch request: missing field `body` at column 46",
        ),
        (
            good.clone(),
            "the custom_id \"a\" is also in an earlier line",
        ),
        (own_line("", "qwen"), "its custom_id is empty"),
        (
            own_line("b", "other"),
            "its model is \"other\", the first line's \"qwen\": a batch has one",
        ),
        (
            other_url,
            "its url is \"/v2/chat/completions\", the first line's \"/v1/chat/completions\": a batch has one",
        ),
        (
            own_line("b", "qwen").replace("POST", "GET"),
            "its method is not POST",
        ),
    ];
    for (line, what) in cases {
        let ran = airx(["batch", "submit", "--raw"])
            .stdin(format!("{good}\n{line}\n"))
            .nowhere()
            .run();
        ran.code_is(2);
        let first = ran.stderr.lines().next().unwrap();
        assert_eq!(first, format!("airx: usage: item 1 (line 2): {what}"));
    }
    airx(["batch", "submit", "--raw", "Sum up"])
        .stdin("")
        .nowhere()
        .run()
        .code_is(2);
}
