//! `json --split`: arrays are joined; other values are merged by requests with the same
//! schema.

use serde_json::json;

use crate::harness::items::Items;
use crate::harness::reply_body;
use crate::split::{config, lines, part, small};

/// Answers each part with `value`, in which `N` becomes the part's number, and every other
/// request with `merged`.
fn answering(value: &'static str, merged: &'static str) -> Items {
    Items::answering(move |text, _, _| {
        let answer = match part(text) {
            Some((number, ..)) => value.replace('N', &number.to_string()),
            None => merged.to_owned(),
        };
        (200, reply_body(&answer, "stop"))
    })
}

const ROW: &str = "[{\"n\": N.50}]";

#[test]
fn arrays_are_joined_without_another_request() {
    let folder = config();
    let all = "[{\"n\":1.50},{\"n\":2.50},{\"n\":3.50}]\n";
    for (args, printed) in [
        (&[][..], all),
        (&["--merge", "concat"], all),
        (&["--lines"], "{\"n\":1.50}\n{\"n\":2.50}\n{\"n\":3.50}\n"),
        (
            &["--lines", "--stream"],
            "{\"n\":1.50}\n{\"n\":2.50}\n{\"n\":3.50}\n",
        ),
        (&["--select", "/2/n"], "3.50\n"),
        (
            &["--pretty"],
            "[\n  {\n    \"n\": 1.50\n  },\n  {\n    \"n\": 2.50\n  },\n  {\n    \"n\": 3.50\n  }\n]\n",
        ),
    ] {
        let server = answering(ROW, "no merging");
        let run = small(
            &folder,
            ["json", "--split", "--fields", "[{n float}]", "Extract"],
        );
        let ran = run.args(args).stdin(lines(33)).of(&server).run();
        ran.is(0, printed, "");
        assert_eq!(server.texts().len(), 3, "{args:?}");
        assert!(
            server
                .requests()
                .iter()
                .all(|asked| asked.body.contains("valid by this JSON Schema"))
        );
    }
}

#[test]
fn the_joined_array_must_fit_the_schema() {
    let folder = config();
    let server = answering("[N]", "no merging");
    let args = [
        "json",
        "--split",
        "--schema",
        r#"{"type":"array","maxItems":2}"#,
        "Extract",
    ];
    let ran = small(&folder, args).stdin(lines(40)).of(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (10, ""));
    assert!(
        ran.stderr.contains("[1,2,3]") && ran.stderr.contains("maxItems"),
        "{}",
        ran.stderr
    );
}

#[test]
fn other_values_are_merged_by_a_request_with_the_same_schema() {
    let folder = config();
    let server = Items::answering(|text, times, _| {
        let answer = match part(text) {
            Some((number, ..)) => format!("{{\"sum\":{number}}}"),
            None if times == 1 && text.contains("Answer 1 of 3: {\"sum\":1}") => "{}".to_owned(),
            None => "{\"sum\": 6}".to_owned(),
        };
        (200, reply_body(&answer, "stop"))
    });
    let args = [
        "json", "--split", "--fields", "sum int", "Add", "--format", "ndjson",
    ];
    let ran = small(&folder, args).stdin(lines(40)).of(&server).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let types = ran.types();
    assert_eq!(
        types,
        [
            "start", "part", "part", "part", "invalid", "round", "value", "done"
        ]
    );
    assert_eq!(ran.events()[6]["value"], json!({"sum": 6}));
}

#[test]
fn concat_wants_arrays() {
    let folder = config();
    let args = [
        "json", "--split", "--merge", "concat", "--fields", "n int", "Extract",
    ];
    small(&folder, args).stdin(lines(40)).nowhere().run().is(
        2,
        "",
        "airx: usage: --merge concat joins arrays, and the schema does not allow an array\n\
         hint: leave it out: a request merges the answers\n",
    );
    let server = answering("{\"n\":N}", "no merging");
    let args = ["json", "--split", "--merge", "concat", "Extract"];
    small(&folder, args).stdin(lines(40)).of(&server).run().is(
        10,
        "",
        "airx: invalid: the answer to part 1 is not an array\n\
         hint: --merge concat joins arrays; a PROMPT for --merge merges other JSON; \
         --cache DIR keeps the answers to parts, so that the next run pays only for the rest\n",
    );
}

#[test]
fn format_json_prints_the_bodies_of_the_joined_arrays() {
    let folder = config();
    let server = answering("[N]", "no merging");
    let args = [
        "json", "--split", "--fields", "[int]", "Extract", "--format", "json",
    ];
    let ran = small(&folder, args).stdin(lines(40)).of(&server).run();
    let bodies: Vec<String> = (1..=3)
        .map(|at| reply_body(&format!("[{at}]"), "stop") + "\n")
        .collect();
    ran.is(0, &bodies.concat(), "");
}
