//! `airx mock` and files: it returns an upload unchanged, within limits, and refuses with
//! the API's codes what the API refuses.

use std::fs;

use serde_json::{Value, json};

use crate::harness::folder;
use crate::harness::mock::Mock;

/// A part of a form without a file.
fn field(name: &str, value: &str) -> Vec<u8> {
    format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}").into_bytes()
}

/// A part that is a file.
fn file(name: &str, content: &str) -> Vec<u8> {
    let head = "Content-Disposition: form-data; name=\"file\"; filename=";
    format!("{head}\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n{content}")
        .into_bytes()
}

#[test]
fn an_uploaded_file_is_described_and_comes_back_byte_for_byte() {
    let mock = Mock::start(&[]);
    let content = b"{}\r\n--fronti\xff\r\n\r\n--frontie";
    let object = mock.upload("in.jsonl", content).json();
    let id = object["id"].as_str().unwrap().to_owned();
    let (seconds, rest) = id.split_once('_').unwrap();
    assert_eq!((seconds.len(), rest.len()), (10, 32));
    assert_eq!(
        object,
        json!({
            "id": id,
            "object": "file",
            "bytes": content.len(),
            "created_at": seconds.parse::<u64>().unwrap(),
            "filename": "in.jsonl",
            "purpose": "batch",
        })
    );
    assert_eq!(mock.get(&format!("/files/{id}")).json(), object);
    let back = mock.get(&format!("/files/{id}/content"));
    assert_eq!((back.status, back.body.as_slice()), (200, &content[..]));
    assert_eq!(
        mock.get("/files").json(),
        json!({ "object": "list", "data": [object], "first_id": id, "last_id": id, "has_more": false })
    );
}

#[test]
fn a_deleted_file_is_gone() {
    let mock = Mock::start(&[]);
    let object = mock.upload("in.jsonl", b"{}").json();
    let path = format!("/files/{}", object["id"].as_str().unwrap());
    assert_eq!(
        mock.ask("DELETE", &path, "", b"").json(),
        json!({ "id": object["id"], "object": "file", "deleted": true })
    );
    let words = format!("there is no file {}", object["id"].as_str().unwrap());
    mock.get(&path).is_refused(404, "1214", &words);
    mock.get(&format!("{path}/content"))
        .is_refused(404, "1214", &words);
    mock.ask("DELETE", &path, "", b"")
        .is_refused(404, "1214", &words);
    assert_eq!(mock.get("/files").json()["first_id"], Value::Null);
}

#[test]
fn an_upload_that_the_api_would_refuse_is_refused() {
    let mock = Mock::start(&[]);
    let (purpose, content) = (field("purpose", "batch"), file("in.jsonl", "{}"));
    for (parts, words) in [
        (vec![&content], "purpose: no such part in the form"),
        (
            vec![&field("purpose", "fine-tune"), &content],
            "purpose: the mock accepts only batch",
        ),
        (vec![&purpose], "file: no such part in the form"),
        (
            vec![&purpose, &file("in.json", "{}")],
            "file: its name must end in .jsonl",
        ),
        (
            vec![&purpose, &field("file", "{}")],
            "file: its name must end in .jsonl",
        ),
    ] {
        let parts: Vec<&[u8]> = parts.into_iter().map(Vec::as_slice).collect();
        mock.form(&parts).is_refused(400, "1214", words);
    }
    let kind = "Content-Type: multipart/form-data; boundary=frontier\r\n";
    for (headers, body, words) in [
        ("", "{}", "Content-Type must be multipart/form-data"),
        (
            kind,
            "",
            "the form cannot be read: incomplete multipart stream",
        ),
        (
            kind,
            "--frontier\r\n\r\n{}",
            "the form cannot be read: incomplete multipart stream",
        ),
    ] {
        mock.ask("POST", "/files", headers, body.as_bytes())
            .is_refused(400, "1210", words);
    }
    assert_eq!(mock.get("/files").json()["data"], json!([]));
}

#[test]
fn a_file_beyond_100_mb_is_refused_after_it_was_read() {
    let mock = Mock::start(&[]);
    let words = "file: longer than 100000000 bytes";
    mock.upload("in.jsonl", &vec![b'x'; 100_100_000])
        .is_refused(400, "1214", words);
    assert_eq!(mock.get("/files").json()["data"], json!([]));
}

#[test]
fn other_methods_get_405_and_the_list_of_methods() {
    let mock = Mock::start(&[]);
    for (method, path, allowed) in [
        ("PUT", "/files", "GET, POST"),
        ("POST", "/files/f", "DELETE, GET"),
        ("DELETE", "/files/f/content", "GET"),
        ("DELETE", "/batches", "GET, POST"),
        ("POST", "/batches/b", "GET"),
        ("GET", "/batches/b/cancel", "POST"),
    ] {
        let refused = mock.ask(method, path, "", b"");
        assert_eq!(refused.status, 405, "{method} {path}");
        let allow = format!("\r\nallow: {allowed}\r\n");
        assert!(refused.head.contains(&allow), "{}", refused.head);
    }
}

#[test]
fn files_and_batches_need_the_key_too() {
    let mock = Mock::start(&["--require-key", "good"]);
    for (method, path) in [
        ("POST", "/files"),
        ("GET", "/files/f/content"),
        ("POST", "/batches"),
        ("GET", "/batches/b"),
    ] {
        let with = |headers: &str| mock.ask(method, path, headers, b"").status;
        assert_eq!(with(""), 401);
        assert_eq!(with("Authorization: Bearer bad\r\n"), 401);
        assert_ne!(with("Authorization: Bearer good\r\n"), 401);
    }
}

#[test]
fn a_fault_at_files_leaves_answers_and_batches_alone() {
    let mock = Mock::start(&["--fail", "500@files"]);
    let refused = mock.upload("in.jsonl", b"{}");
    refused.is_refused(500, "1200", "API 调用失败，请稍后重试");
    let question =
        json!({ "model": "glm-4-airx", "messages": [{ "role": "user", "content": "hi" }] });
    assert_eq!(mock.post("/chat/completions", &question).status, 200);
    assert_eq!(mock.get("/batches").status, 200);
    let mock = Mock::start(&["--fail", "500"]);
    assert_eq!(mock.upload("in.jsonl", b"{}").status, 200);
}

#[test]
fn a_fault_with_a_probability_lets_another_try_through() {
    let statuses = |seed: &str| {
        let mock = Mock::start(&["--fail", "429-now:0.5@files", "--seed", seed]);
        let upload = |_| mock.upload("in.jsonl", b"{}").status;
        (0..12).map(upload).collect::<Vec<_>>()
    };
    let first = statuses("1");
    assert_eq!(first, statuses("1"));
    assert!(first.contains(&200) && first.contains(&429), "{first:?}");
}

#[test]
fn a_download_can_break_off() {
    let mock = Mock::start(&["--fail", "cut@files"]);
    let reply = mock.upload("in.jsonl", b"{}");
    let length = "\r\ncontent-length: ";
    let report = reply.head.split_once(length).unwrap().1;
    let report: usize = report.split_once("\r\n").unwrap().0.parse().unwrap();
    assert!(
        reply.body.len() < report,
        "{} of {report}",
        reply.body.len()
    );
    let mock = Mock::start(&["--fail", "reset@files"]);
    let reply = mock.upload("in.jsonl", b"{}");
    assert_eq!((reply.status, reply.head.as_str()), (0, ""));
}

#[test]
fn the_log_has_an_upload_without_its_content() {
    let folder = folder();
    let path = folder.path().join("log");
    let mock = Mock::start(&["--log", path.to_str().unwrap()]);
    mock.upload("in.jsonl", b"{\"secret\":1}\n");
    mock.get("/files?limit=3");
    let log = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["method"], &lines[0]["path"], &lines[0]["body"]),
        (
            &json!("POST"),
            &json!("/api/paas/v4/files"),
            &json!({ "purpose": "batch", "file": { "filename": "in.jsonl", "bytes": 13 } })
        )
    );
    assert_eq!(lines[1]["path"], "/api/paas/v4/files?limit=3");
    assert!(!log.contains("secret"), "{log}");
}
