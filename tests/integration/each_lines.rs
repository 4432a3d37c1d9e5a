//! Lines that are not valid items: each fails on its own, and the others are answered.

use serde_json::json;

use crate::harness::items::{contents, echo, echoes, results};
use crate::harness::{airx, file, folder};

const SUM: &str = "airx: partial: 1 of 3 items failed\nhint: the `error` of each says why; with -o FILE, --resume repeats only these\n";

#[test]
fn a_line_that_is_no_text_fails_its_item_alone() {
    let server = echo();
    let ran = airx(["chat", "--each", "-c", "1", "-q"])
        .stdin(b"one\ntw\xFFo\nthree\n")
        .of(&server)
        .run();
    assert_eq!((ran.code, &*ran.stderr), (12, SUM));
    assert_eq!(
        contents(&ran.stdout),
        echoes([(0, "one!"), (1, "usage"), (2, "three!")])
    );
    assert_eq!(server.texts(), ["one", "three"]);
    let failed = &results(&ran.stdout)[1];
    assert_eq!(
        (&failed["hash"], &failed["requests"]),
        (&json!(null), &json!(0))
    );
    assert_eq!(
        failed["error"],
        json!({
            "class": "usage",
            "exit": 2,
            "message": "standard input: line 2 is not UTF-8: byte 0xFF at offset 2",
            "hint": "convert it to UTF-8 (iconv), or let --lossy replace such bytes",
            "http_status": null,
            "code": null,
            "request_id": null,
            "finish_reason": null,
            "usage": null,
            "requests": 0,
            "retry_after_ms": null,
        })
    );
    let ran = airx(["chat", "--each", "--lossy"])
        .stdin(b"tw\xFFo\n")
        .of(&server)
        .run();
    assert_eq!(
        (ran.code, contents(&ran.stdout)),
        (0, echoes([(0, "tw\u{FFFD}o!")]))
    );
}

#[test]
fn a_line_that_is_not_json_fails_its_item_alone() {
    let (server, folder) = (echo(), folder());
    file(&folder, "items", "{\"a\":1}\n{\"a\":\n{\"a\":2}\n");
    let ran = airx([
        "chat",
        "--each=json",
        "-c",
        "1",
        "-q",
        "--items",
        "items",
        "{a}",
    ])
    .within(folder.path())
    .of(&server)
    .run();
    assert_eq!((ran.code, &*ran.stderr), (12, SUM));
    assert_eq!(
        contents(&ran.stdout),
        echoes([(0, "1!"), (1, "usage"), (2, "2!")])
    );
    assert_eq!(
        results(&ran.stdout)[1]["error"]["message"],
        "items: line 2 is not JSON: EOF while parsing a value at column 5"
    );
}

#[test]
fn a_line_of_more_than_16_mib_fails_its_item_alone() {
    let server = echo();
    let long = "x".repeat((16 << 20) + 100_000);
    let ran = airx(["chat", "--each", "-c", "1", "-q"])
        .stdin(format!("one\n{long}\nthree\n"))
        .of(&server)
        .run();
    assert_eq!((ran.code, &*ran.stderr), (12, SUM));
    assert_eq!(
        contents(&ran.stdout),
        echoes([(0, "one!"), (1, "usage"), (2, "three!")])
    );
    assert_eq!(
        results(&ran.stdout)[1]["error"]["message"],
        "standard input: line 2 is larger than 16 MiB"
    );
}

#[test]
fn a_dry_run_of_a_line_that_is_no_item_is_refused() {
    let folder = folder();
    let dry = |items: &str| {
        file(&folder, "items", items);
        airx(["chat", "--each=json", "--dry-run", "--items", "items"])
            .within(folder.path())
            .run()
    };
    assert_eq!(dry("1\n{\n").code, 0, "the first is good");
    dry("{\n1\n").is(
        2,
        "",
        "airx: usage: items: line 1 is not JSON: EOF while parsing an object at column 1\nhint: --each=json reads one JSON value a line, --each any text\n",
    );
}

#[cfg(unix)]
#[test]
fn a_line_put_right_is_asked_for_by_a_resumed_run_alone() {
    let (server, folder) = (echo(), folder());
    let run = |items: &str, args: &[&str]| {
        file(&folder, "items", items);
        airx(["chat", "--each=json", "-c", "1", "-q", "--items", "items"])
            .args(["-o", "out"])
            .args(args)
            .within(folder.path())
            .of(&server)
            .run()
    };
    let out = || contents(&std::fs::read_to_string(folder.path().join("out")).unwrap());
    run("1\n{\n3\n", &[]).is(12, "", SUM);
    assert_eq!(out(), echoes([(0, "1!"), (1, "usage"), (2, "3!")]));
    run("1\n{\n3\n", &["--resume"]).is(12, "", SUM);
    run("1\n2\n3\n", &["--resume"]).is(0, "", "");
    assert_eq!(out(), echoes([(0, "1!"), (1, "2!"), (2, "3!")]));
    assert_eq!(server.texts(), ["1", "3", "2"]);
    // An answered item whose line is not valid any more counts as another item.
    run("1\n2\n{\n", &["--resume"]).is(
        2,
        "",
        "airx: usage: --resume: item 2 (line 3) is not the one that the file has a result of: its request has changed\nhint: give the same items and options, or name another file with -o\n",
    );
    assert_eq!(out(), echoes([(0, "1!"), (1, "2!"), (2, "3!")]));
}

#[test]
fn lines_of_a_batch_s_input_are_not_taken_for_prompts() {
    let line = r#"{"custom_id":"1","method":"POST","url":"/v4/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"hi"}]}}"#;
    for (each, args) in [("--each", &[][..]), ("--each=json", &["Sum up"])] {
        let items = echo();
        let ran = airx(["chat", each, "-q"].iter().chain(args))
            .of(&items)
            .stdin(format!("{line}\n"))
            .run();
        assert_eq!(ran.code, 12);
        let result = &results(&ran.stdout)[0];
        assert_eq!(result["error"]["class"], "usage");
        assert_eq!(
            result["error"]["message"],
            "line 1 is a batch request (custom_id, body)"
        );
        let hint = result["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("batch submit --raw"), "{hint}");
        assert!(items.texts().is_empty());
    }
    // If the template reads such a line's members, the line is used.
    let items = echo();
    airx(["chat", "--each=json", "-q", "Say {body.model}"])
        .of(&items)
        .stdin(format!("{line}\n"))
        .run();
    assert_eq!(items.texts(), ["Say m"]);
}

#[test]
fn items_that_nul_bytes_separate_are_refused_as_lines_and_taken_with_null() {
    let items = echo();
    let run = |each: &str| {
        let airx = airx(["chat", each, "-q", "Name {}"]).of(&items);
        airx.stdin("a.txt\0b\nc.txt\0").run()
    };
    let ran = run("--each");
    assert_eq!(ran.code, 12);
    let error = &results(&ran.stdout)[0]["error"];
    assert_eq!(
        (&error["message"], &error["hint"]),
        (
            &json!("standard input: line 1 looks binary: NUL byte at offset 5"),
            &json!("--each=null reads items that are separated by NUL bytes")
        )
    );
    let ran = run("--each=null");
    assert_eq!(ran.code, 0);
    let results = results(&ran.stdout);
    let shown: Vec<_> = results.iter().map(|result| &result["item"]).collect();
    assert_eq!(shown, [&json!("a.txt"), &json!("b\nc.txt")]);
    assert!(items.texts().contains(&"Name b\nc.txt".to_owned()));
}

#[test]
fn records_of_csv_are_named_by_their_header_and_shown_in_their_results() {
    let items = echo();
    let csv = "name,text\nAda,\"one,\ntwo\"\nBob\n";
    let run = |args: &[&str]| {
        let args = ["chat", "--each=csv", "-q", "-c", "1"].iter().chain(args);
        airx(args).of(&items).stdin(csv).run()
    };
    let ran = run(&["{name} says {text}"]);
    assert_eq!(ran.code, 12);
    let lines = results(&ran.stdout);
    assert_eq!(lines[0]["content"], "Ada says one,\ntwo!");
    assert_eq!(
        lines[0]["item"],
        json!({ "name": "Ada", "text": "one,\ntwo" })
    );
    assert_eq!(
        lines[1]["error"]["message"],
        "standard input: record 2 has 1 fields, the header has 2"
    );
    // Without a placeholder the record follows the prompt, as an object.
    run(&["Sum up"]);
    assert_eq!(
        items.texts()[1],
        "Sum up\n\n{\"name\":\"Ada\",\"text\":\"one,\\ntwo\"}"
    );
    let ran = run(&["{title}"]);
    assert_eq!(
        results(&ran.stdout)[0]["error"]["message"],
        "the item of record 1 has no member title"
    );
}

#[test]
fn files_are_items_by_their_paths_and_one_that_cannot_be_read_fails_alone() {
    let folder = folder();
    file(&folder, "a.txt", "A\n");
    file(&folder, "empty.txt", "");
    file(&folder, "binary", b"\x7fELF\0");
    let items = echo();
    let list = "a.txt\nmissing.txt\nempty.txt\nbinary\n.\n";
    let ran = airx(["chat", "--each=files", "-q", "Translate {path}: {} {other}"])
        .of(&items)
        .within(folder.path())
        .stdin(list)
        .run();
    assert_eq!(ran.code, 12);
    assert_eq!(items.texts(), ["Translate a.txt: A {other}"]);
    let lines = results(&ran.stdout);
    let shown: Vec<_> = lines
        .iter()
        .map(|line| line["item"].as_str().unwrap())
        .collect();
    assert_eq!(shown, list.lines().collect::<Vec<_>>());
    let wrong: Vec<_> = lines[1..]
        .iter()
        .map(|line| line["error"]["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        wrong,
        [
            "missing.txt cannot be read: No such file or directory (os error 2)",
            "empty.txt is empty: nothing was sent",
            "binary looks binary: it starts like an ELF program",
            ". cannot be read: is a directory",
        ]
    );
}

#[test]
fn a_result_shows_its_item_unless_that_is_left_out() {
    let items = echo();
    let run = |args: &[&str], input: &str| {
        let args = ["chat", "-q", "-c", "1"].iter().chain(args);
        results(&airx(args).of(&items).stdin(input).run().stdout)
    };
    assert_eq!(run(&["--each"], "a b\n")[0]["item"], "a b");
    let value = run(&["--each=json"], "{\"n\": 1.50}\n");
    assert_eq!(value[0]["item"].to_string(), r#"{"n":1.50}"#);
    assert_eq!(run(&["--each=json"], "{]\n")[0]["item"], "{]");
    for each in ["--each", "--each=csv"] {
        let left_out = run(&[each, "--no-item"], "a\nb\n");
        assert_eq!(left_out[0].get("item"), None);
    }
}
