//! `airx json --lines`: an array's elements, one a line; with `--stream` each
//! as soon as it is complete and valid.

use std::io::{BufRead, BufReader};

use crate::harness::{
    DONE, Play, Server, Step, airx, chunk, delta, finish, finish_frame, last_chunk, reply, stream,
    stream_head,
};

const ROWS: [&str; 4] = ["json", "--lines", "--fields", "[{n int}]"];

fn args<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ROWS.iter().chain(more).chain(&["q"]).copied().collect()
}

/// A stream of these deltas that ends as it should.
fn deltas(pieces: &[&str], reason: &str) -> Play {
    let frames = pieces.iter().map(|piece| delta(piece));
    stream(frames.chain([finish_frame(reason), DONE.into()]))
}

#[test]
fn an_array_s_elements_are_printed_one_a_line() {
    let server = Server::once(reply("[ {\"n\": 1.0},\n {\"n\":2} ]"));
    airx(args(&[]))
        .at(&server)
        .run()
        .is(0, "{\"n\":1.0}\n{\"n\":2}\n", "");
    let server = Server::once(reply("[]"));
    airx(args(&[])).at(&server).run().is(0, "", "");
    let server = Server::once(reply("[\"a\\nb\",[1, 2]]"));
    airx(["json", "--lines", "q"])
        .at(&server)
        .run()
        .is(0, "\"a\\nb\"\n[1,2]\n", "");
}

#[test]
fn an_array_with_a_wrong_element_prints_nothing_and_is_asked_for_again() {
    let server = Server::play([reply(r#"[{"n":1},{"n":"x"}]"#), reply(r#"[{"n":1}]"#)]);
    airx(args(&[])).at(&server).run().is(0, "{\"n\":1}\n", "");
}

#[test]
fn what_is_no_array_is_asked_for_again() {
    let server = Server::play([reply("{}"), reply("[1]")]);
    airx(["json", "--lines", "q"])
        .at(&server)
        .run()
        .is(0, "1\n", "");
}

#[test]
fn an_element_leaves_before_the_next_has_come() {
    let server = Server::once(vec![
        stream_head(),
        chunk(delta("```json\n[{\"n\":").as_bytes()),
        chunk(delta("1},{").as_bytes()),
        Step::Gate,
        chunk(delta("\"n\":2}]\n```").as_bytes()),
        chunk(finish_frame("stop").as_bytes()),
        chunk(DONE.as_bytes()),
        last_chunk(),
    ]);
    let mut child = airx(args(&["--stream", "-n"])).at(&server).start();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "{\"n\":1}\n");
    server.open_gate();
    line.clear();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "{\"n\":2}\n");
    assert_eq!(out.read_line(&mut line).unwrap(), 0);
    assert_eq!(finish(child).code, 0);
    assert_eq!(server.requests()[0].json()["stream"], true);
}

#[test]
fn a_wrong_element_after_printed_ones_is_exit_10_without_a_re_ask() {
    let server = Server::once(deltas(
        &["[{\"n\":1},", "{\"n\":\"x\"},", "{\"n\":3}]"],
        "stop",
    ));
    airx(args(&["--stream"])).at(&server).run().is(
        10,
        "{\"n\":1}\n",
        "[{\"n\":1},{\"n\":\"x\"},{\"n\":3}]\nairx: invalid: the answer is not the JSON asked for: /1/n: type: \"x\" is not of type \"integer\"\nhint: the answer is above; a simpler schema, another model or more --tries may help\n",
    );
}

#[test]
fn a_wrong_first_element_is_asked_for_again() {
    let server = Server::play([
        deltas(&["[{\"n\":\"x\"},{\"n\":1}]"], "stop"),
        deltas(&["[{\"n\":1}]"], "stop"),
    ]);
    airx(args(&["--stream"]))
        .at(&server)
        .run()
        .is(0, "{\"n\":1}\n", "");
}

#[test]
fn what_holds_of_the_complete_array_alone_is_reported_at_the_end() {
    let schema = r#"{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"integer"},"minItems":4}"#;
    let server = Server::once(deltas(&["[\"a\",1,", "2]"], "stop"));
    airx(["json", "--lines", "--stream", "--schema", schema, "q"])
        .at(&server)
        .run()
        .is(
            10,
            "\"a\"\n1\n2\n",
            "[\"a\",1,2]\nairx: invalid: the answer is not the JSON asked for: minItems: [\"a\",1,2] has less than 4 items\nhint: the answer is above; a simpler schema, another model or more --tries may help\n",
        );
}

#[test]
fn prose_after_the_array_is_exit_10() {
    let server = Server::once(deltas(&["[{\"n\":1}]", " Done!"], "stop"));
    let ran = airx(args(&["--stream"])).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (10, "{\"n\":1}\n"));
}

#[test]
fn a_cut_stream_keeps_the_lines_and_is_exit_9() {
    let server = Server::once(deltas(&["[{\"n\":1},{\"n\""], "length"));
    let ran = airx(args(&["--stream"])).at(&server).run();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (9, "{\"n\":1}\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_stream_that_breaks_after_a_line_is_not_asked_for_again() {
    let server = Server::once(vec![
        stream_head(),
        chunk(delta("[{\"n\":1},").as_bytes()),
        Step::Close,
    ]);
    let ran = airx(args(&["--stream"])).at(&server).run();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (7, "{\"n\":1}\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_stream_that_breaks_before_a_line_is_asked_for_again() {
    let server = Server::play([
        vec![
            stream_head(),
            chunk(delta("[{\"n\":1").as_bytes()),
            Step::Close,
        ],
        deltas(&["[{\"n\":2}]"], "stop"),
    ]);
    airx(args(&["--stream"]))
        .at(&server)
        .run()
        .is(0, "{\"n\":2}\n", "");
}

#[test]
fn each_element_is_an_event_and_no_delta_is() {
    let server = Server::once(deltas(&["[{\"n\":1},", "{\"n\":2}]"], "stop"));
    let ran = airx(args(&["--stream", "--format", "ndjson"]))
        .at(&server)
        .run();
    assert_eq!(ran.types(), ["start", "value", "value", "done"]);
    assert_eq!(ran.events()[2]["value"].to_string(), r#"{"n":2}"#);
}

#[test]
fn a_server_that_does_not_stream_serves_too() {
    let server = Server::once(reply(r#"[{"n":1},{"n":2}]"#));
    airx(args(&["--stream"]))
        .at(&server)
        .run()
        .is(0, "{\"n\":1}\n{\"n\":2}\n", "");
}

#[test]
fn lines_and_stream_are_refused_where_they_make_no_sense() {
    for (more, report) in [
        (
            &["--lines", "--fields", "n int"][..],
            "--lines prints an array's elements, and --fields does not allow an array\nhint: --fields '[{name, age int}]' is an array of objects\n",
        ),
        (
            &["--stream"],
            "--stream needs --lines\nhint: see airx help json\n",
        ),
        (
            &["--lines", "--pretty"],
            "the argument '--lines' cannot be used with '--pretty'\nhint: see airx help json\n",
        ),
        (
            &["--lines", "--stream", "--format", "json"],
            "--stream prints elements, but --format json prints the server's body\nhint: --format ndjson prints an event for each element as it comes\n",
        ),
    ] {
        airx(["json"].iter().chain(more).chain(&["q"]))
            .nowhere()
            .run()
            .is(2, "", &format!("airx: usage: {report}"));
    }
}
