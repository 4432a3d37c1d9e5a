//! `airx json`: valid JSON on standard output, or nothing and exit 10.

use crate::harness::{Play, Server, airx, json, reply, reply_body};

fn ran(args: &[&str], play: Play) -> crate::harness::Ran {
    let server = Server::once(play);
    airx(["json", "--tries", "1"].iter().chain(args).chain(&["hi"]))
        .at(&server)
        .run()
}

#[track_caller]
fn prints(args: &[&str], answer: &str, stdout: &str) {
    ran(args, reply(answer)).is(0, stdout, "");
}

#[track_caller]
fn rejects(args: &[&str], answer: &str, why: &str) {
    let report = format!(
        "{answer}\nairx: invalid: the answer is not the JSON asked for: {why}\nhint: the answer is above; say in the prompt which JSON is wanted\n"
    );
    ran(args, reply(answer)).is(10, "", &report);
    // With `--format json` the body is not printed, so the report shows the rejected text.
    ran(&[args, &["--format", "json"]].concat(), reply(answer)).is(10, "", &report);
}

#[test]
fn the_value_is_printed_compact_with_its_digits_and_order() {
    prints(
        &[],
        "{ \"b\" : 1.50e+2,\n \"a\": [12345678901234567890123, -0.0] }\n",
        "{\"b\":1.50e+2,\"a\":[12345678901234567890123,-0.0]}\n",
    );
    prints(&[], "null", "null\n");
    prints(&[], " \"a\\n\\u4e2d\" ", "\"a\\n中\"\n");
}

#[test]
fn one_surrounding_fence_is_tolerated() {
    for fence in [
        "```json\n{\"a\":1}\n```",
        "\n```\n{\"a\":1}\n```\n",
        "```JSON\r\n{\"a\":1}\r\n```",
    ] {
        prints(&[], fence, "{\"a\":1}\n");
    }
}

#[test]
fn pretty_is_indented() {
    prints(
        &["--pretty"],
        r#"{"b":[1,{}],"a":"x"}"#,
        "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"x\"\n}\n",
    );
}

#[test]
fn select_prints_what_pointers_name_strings_raw() {
    let answer = r#"{"a":{"b":["x\ny",2.50]},"~/":null,"":3}"#;
    prints(&["--select", "/a/b/0"], answer, "x\ny\n");
    prints(
        &[
            "--select", "/a/b/1", "--select", "/a", "--select", "/~0~1", "--select", "/",
        ],
        answer,
        "2.50\n{\"b\":[\"x\\ny\",2.50]}\nnull\n3\n",
    );
    prints(&["--select", ""], "[1]", "[1]\n");
}

#[test]
fn a_pointer_that_finds_nothing_is_exit_10_and_prints_nothing() {
    rejects(
        &["--select", "/a", "--select", "/no"],
        r#"{"a":1}"#,
        "--select /no finds nothing in it",
    );
}

#[test]
fn what_is_not_json_is_exit_10_with_the_text_on_standard_error() {
    rejects(&[], "Sure! {\"a\":1}", "expected value at line 1 column 1");
    rejects(
        &[],
        "{\"a\":1} {}",
        "trailing characters at line 1 column 9",
    );
    rejects(
        &[],
        "{\"a\":1",
        "EOF while parsing an object at line 1 column 6",
    );
    rejects(
        &[],
        "```\n```\n{}\n```\n```",
        "expected value at line 1 column 1",
    );
    rejects(&[], "{\"a\":NaN}", "expected value at line 1 column 6");
}

#[test]
fn a_duplicate_member_is_refused() {
    rejects(
        &[],
        r#"{"a":1,"b":{"c":1,"c":2}}"#,
        "the member \"c\" appears twice at line 1 column 24",
    );
    rejects(
        &[],
        r#"{"a":1,"\u0061":2}"#,
        "the member \"a\" appears twice at line 1 column 18",
    );
}

#[test]
fn a_rejected_answer_is_an_event_before_the_error() {
    let ran = ran(&["--format", "ndjson"], reply("no\u{1b}"));
    assert_eq!(
        (ran.code, ran.types()),
        (
            10,
            ["start", "invalid", "error"].map(str::to_owned).to_vec()
        )
    );
    let invalid = &ran.events()[1];
    assert_eq!(invalid["content"], "no\u{1b}");
    assert_eq!(invalid["try"], 1);
    assert_eq!(invalid["errors"][0]["path"], "");
}

#[test]
fn thinking_is_shown_where_it_is_asked_for_and_an_event_in_ndjson() {
    let body = r#"{"choices":[{"finish_reason":"stop","message":{"content":"{}","reasoning_content":"hm"}}]}"#;
    ran(&["--reasoning"], json(200, body)).is(0, "{}\n", "hm\n");
    ran(&[], json(200, body)).is(0, "{}\n", "");
    let ran = ran(&["--format", "ndjson"], json(200, body));
    assert_eq!(ran.types(), ["start", "reasoning", "value", "done"]);
}

#[test]
fn the_rejected_text_is_made_safe_on_standard_error() {
    let ran = ran(&[], reply("\u{1b}[2J\u{9b}\r"));
    assert_eq!((ran.code, ran.stdout.as_str()), (10, ""));
    assert!(
        ran.stderr.starts_with("␛[2J<U+009B>␍\nairx: invalid: "),
        "{:?}",
        ran.stderr
    );
}

#[test]
fn a_cut_answer_prints_nothing_even_where_it_is_json() {
    let report = "airx: truncated: the answer was cut at the output limit (finish_reason length)\nhint: raise --max-tokens, ask for less, or choose a model with a longer output (airx models)\n";
    for format in ["text", "json"] {
        ran(
            &["--format", format],
            json(200, &reply_body("{}", "length")),
        )
        .is(9, "", report);
    }
    let ran = ran(
        &["--format", "ndjson"],
        json(200, &reply_body("{}", "length")),
    );
    assert_eq!(
        (ran.code, ran.types()),
        (9, ["start", "error"].map(str::to_owned).to_vec())
    );
}

#[test]
fn accept_makes_a_finish_reason_count() {
    ran(
        &["--accept", "length"],
        json(200, &reply_body("{}", "length")),
    )
    .is(0, "{}\n", "");
}

#[test]
fn pretty_and_select_exclude_each_other() {
    airx(["json", "--pretty", "--select", "/a", "hi"]).nowhere().run().is(
        2,
        "",
        "airx: usage: the argument '--pretty' cannot be used with '--select </POINTER>'\nhint: see airx help json\n",
    );
}

#[test]
fn a_pointer_without_its_slash_is_refused_before_anything_is_sent() {
    for (pointer, why) in [
        (
            "items",
            "a JSON Pointer begins with a slash, as in /items/0/name",
        ),
        (
            ".items",
            "a JSON Pointer begins with a slash, as in /items/0/name",
        ),
        (
            "/a~2",
            "in a JSON Pointer ~ is written ~0, and / in a name ~1",
        ),
        (
            "/a~",
            "in a JSON Pointer ~ is written ~0, and / in a name ~1",
        ),
    ] {
        let ran = airx(["json", "-n", "hi", "--select", pointer])
            .nowhere()
            .run();
        let report = format!(
            "airx: usage: invalid value '{pointer}' for '--select </POINTER>': {why}\nhint: see airx help json\n"
        );
        ran.is(2, "", &report);
    }
    prints(
        &["--select", ""],
        r#"{"a~b":{"c/d":1}}"#,
        "{\"a~b\":{\"c/d\":1}}\n",
    );
    prints(&["--select", "/a~0b/c~1d"], r#"{"a~b":{"c/d":1}}"#, "1\n");
}
