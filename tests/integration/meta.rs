//! `--meta FILE` gets one object about the end of the run, however it ends.

use serde_json::{Value, json};

use crate::harness::{
    self, DONE, Play, Server, airx, bash, delta, file, finish_frame, folder, reply, stream,
};

/// The exit code of a run with `--meta m`, and what is in it.
#[track_caller]
fn meta(args: &[&str], play: Play) -> (i32, Value) {
    let folder = folder();
    // Longer than the new content.
    file(&folder, "m", "old ".repeat(1000));
    let server = Server::once(play);
    let ran = airx(args.iter().chain(&["--meta", "m", "hi"]))
        .at(&server)
        .within(folder.path())
        .run();
    (
        ran.code,
        one(&std::fs::read_to_string(folder.path().join("m")).unwrap()),
    )
}

/// The one object of a meta file.
#[track_caller]
fn one(text: &str) -> Value {
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    harness::event(text.trim_end_matches('\n'))
}

#[test]
fn success_leaves_what_done_holds() {
    let (code, meta) = meta(
        &["stream"],
        stream([delta("a"), finish_frame("stop"), DONE.into()]),
    );
    assert_eq!(
        (code, &meta["type"], &meta["finish_reason"]),
        (0, &json!("done"), &json!("stop"))
    );
    assert_eq!(
        meta["usage"],
        json!({"prompt_tokens":1,"completion_tokens":2,"total_tokens":3})
    );
    assert_eq!(meta["cost"]["amount"], "0.00003");
    assert_eq!(meta["requests"], 1);
}

#[test]
fn a_failure_leaves_what_error_holds() {
    let body = harness::wire("error_401_1002.json");
    let (code, meta) = meta(&["chat"], harness::json(401, &body));
    assert_eq!(
        (code, &meta["type"], &meta["class"], &meta["exit"]),
        (3, &json!("error"), &json!("account"), &json!(3))
    );
    assert_eq!(
        (&meta["http_status"], &meta["code"]),
        (&json!(401), &json!("1002"))
    );
}

#[test]
fn it_is_the_same_object_as_the_last_event() {
    let folder = folder();
    let server = Server::once(reply("a"));
    let args = ["chat", "--format", "ndjson", "--meta", "m", "hi"];
    let ran = airx(args).at(&server).within(folder.path()).run();
    let mut report = ran.events().pop().unwrap();
    let mut meta = one(&std::fs::read_to_string(folder.path().join("m")).unwrap());
    // The two times are measured separately.
    report["elapsed_ms"] = json!(0);
    meta["elapsed_ms"] = json!(0);
    assert_eq!(meta, report);
}

#[test]
fn a_descriptor_takes_it_too() {
    let server = Server::once(reply("a"));
    let ran = bash("airx chat -n --meta /dev/fd/3 hi 3>&1 >/dev/null")
        .at(&server)
        .run();
    assert_eq!((ran.code, &one(&ran.stdout)["type"]), (0, &json!("done")));
}

#[test]
fn a_descriptors_file_is_added_to() {
    let folder = folder();
    let server = Server::play([reply("a"), reply("b")]);
    let script = "exec 3>log; for i in 1 2; do airx chat -n --meta /dev/fd/3 hi; done";
    bash(script)
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "a\nb\n", "");
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(
        log.lines()
            .map(|line| harness::event(line)["type"].clone())
            .collect::<Vec<_>>(),
        ["done", "done"]
    );
}

#[test]
fn refused_input_leaves_an_error() {
    let folder = folder();
    let ran = airx(["chat", "--meta", "m", ""])
        .nowhere()
        .within(folder.path())
        .run();
    let meta = one(&std::fs::read_to_string(folder.path().join("m")).unwrap());
    assert_eq!(
        (ran.code, &meta["class"], &meta["requests"]),
        (2, &json!("usage"), &json!(0))
    );
}

#[test]
fn an_output_that_cannot_be_opened_leaves_an_error() {
    let folder = folder();
    let ran = airx(["chat", "--meta", "m", "-o", "no/out", "hi"])
        .nowhere()
        .within(folder.path())
        .run();
    let meta = one(&std::fs::read_to_string(folder.path().join("m")).unwrap());
    assert_eq!((ran.code, &meta["class"]), (2, &json!("usage")));
}

#[test]
fn a_meta_file_that_cannot_be_opened_is_exit_2_and_nothing_is_sent() {
    let report = "airx: usage: --meta no/m: No such file or directory (os error 2)\nhint: nothing was sent\n";
    airx(["chat", "--meta", "no/m", "hi"])
        .nowhere()
        .run()
        .is(2, "", report);
    let report = "airx: usage: --meta /dev/fd/9: No such file or directory (os error 2)\nhint: is the descriptor open?\n";
    airx(["chat", "--meta", "/dev/fd/9", "hi"])
        .nowhere()
        .run()
        .is(2, "", report);
}

#[test]
#[cfg(target_os = "linux")]
fn a_meta_file_on_a_full_disk_is_exit_1_after_the_answer() {
    let server = Server::once(reply("a"));
    let report = "airx: internal: --meta /dev/full: No space left on device (os error 28)\n";
    airx(["chat", "--meta", "/dev/full", "hi"])
        .at(&server)
        .run()
        .is(1, "a\n", report);
}

#[test]
fn a_key_never_enters_it() {
    let folder = folder();
    let body = r#"{"error":{"code":"1002","message":"bad key id-12345678.secret-12345678"}}"#;
    let server = Server::once(harness::json(401, body));
    let ran = airx(["chat", "--meta", "m", "--format", "ndjson", "-v", "hi"])
        .env("AIRX_API_KEY", "id-12345678.secret-12345678")
        .at(&server)
        .within(folder.path())
        .run();
    let text = std::fs::read_to_string(folder.path().join("m")).unwrap();
    for text in [&text, &ran.stdout, &ran.stderr] {
        assert!(!text.contains("12345678"), "{text}");
    }
}

#[test]
fn meta_reports_a_dry_run_that_nothing_was_sent() {
    let folder = folder();
    let args = ["chat", "hi", "--dry-run", "--meta", "m"];
    let ran = airx(args).nowhere().within(folder.path()).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let meta = harness::event(&std::fs::read_to_string(folder.path().join("m")).unwrap());
    assert_eq!(
        (&meta["type"], &meta["requests"]),
        (&json!("done"), &json!(0))
    );
    assert!(meta["finish_reason"].is_null());
}

#[test]
fn meta_reports_a_reader_that_went_away_that_the_run_is_done() {
    let folder = folder();
    let server = Server::once(reply("Hi"));
    let script = r#"airx chat --meta m hi | true; echo "${PIPESTATUS[0]}""#;
    let ran = bash(script).at(&server).within(folder.path()).run();
    assert_eq!(ran.stdout, "0\n", "{}", ran.stderr);
    let meta = harness::event(&std::fs::read_to_string(folder.path().join("m")).unwrap());
    assert_eq!(meta["type"], "done");
}
