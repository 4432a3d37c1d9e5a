//! `--merge`: how the answers to the parts are merged, and when the result is printed.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::items::{Items, refusal};
use crate::harness::{
    Server, Step, delta, file, finish, finish_frame, reply, reply_body, stream_head, stream_of,
};
use crate::split::{config, lines, numbered, part, small};

#[test]
fn concat_prints_the_answers_in_order_whichever_comes_first() {
    let folder = config();
    let server = Items::answering(|text, _, _| {
        let (number, ..) = part(text).unwrap();
        (200, reply_body(&format!("\n<{number}>\n\n"), "stop"))
    });
    let server = server.hold();
    let text = file(&folder, "text", lines(55));
    let child = small(
        &folder,
        ["chat", "--split", "Translate", "--merge", "concat", "-f"],
    )
    .arg(text)
    .stdin_from(Stdio::null())
    .of(&server)
    .start();
    server.await_requests(2);
    let second = server
        .texts()
        .into_iter()
        .find(|text| text.contains(" part 2 of "));
    server.release(&second.unwrap());
    server.await_requests(3);
    server.release_all();
    finish(child).is(0, "<1>\n\n<2>\n\n<3>\n", "");
}

#[test]
fn a_prompt_of_ones_own_merges_the_answers() {
    let (folder, server) = (config(), numbered());
    let args = ["chat", "--split", "Sum up", "--merge", "Keep the worst"];
    let run = small(&folder, args).stdin(lines(55));
    run.of(&server).run().is(0, "merged\n", "");
    assert_eq!(
        server.texts().last().unwrap(),
        "Answer 1 of 3: <1>\n\nAnswer 2 of 3: <2>\n\nAnswer 3 of 3: <3>\n\nKeep the worst"
    );
}

#[test]
fn one_word_that_is_almost_concat_is_warned_about() {
    for (merge, warned) in [
        ("concatenate", true),
        ("Concat", true),
        ("conact", true),
        ("Shorten", false),
        ("concat the answers", false),
    ] {
        let (folder, server) = (config(), numbered());
        let args = ["chat", "--split", "Sum up", "--merge", merge];
        let warning = format!(
            "airx: warning: --merge {merge} is a prompt for one more request; did you mean --merge concat?\n"
        );
        let run = small(&folder, args).stdin(lines(55)).of(&server);
        run.run()
            .is(0, "merged\n", if warned { &warning } else { "" });
    }
}

/// Answers the parts with long texts, and the merging requests with short ones.
fn long_answers() -> Items {
    Items::answering(|text, _, _| {
        let answer = match part(text) {
            Some((number, ..)) => format!("<{number}> {}", "word ".repeat(100)),
            None => format!("merged {}", text.matches("Answer ").count()),
        };
        (200, reply_body(&answer, "stop"))
    })
}

#[test]
fn answers_that_do_not_fit_together_are_merged_in_steps() {
    let (folder, server) = (config(), long_answers());
    let args = ["chat", "--split", "Sum up", "--format", "ndjson"];
    let ran = small(&folder, args).stdin(lines(100)).of(&server).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let texts = server.texts();
    let parts = texts.iter().filter(|text| part(text).is_some()).count();
    let merges: Vec<&String> = texts.iter().filter(|text| part(text).is_none()).collect();
    assert!(parts > 4 && merges.len() > 2, "{parts} {}", merges.len());
    // Each answer is merged once, in order.
    let first: String = merges
        .iter()
        .filter(|text| text.contains('<'))
        .map(|text| text.as_str())
        .collect();
    for number in 1..=parts {
        assert_eq!(first.matches(&format!("<{number}>")).count(), 1);
    }
    let last = merges.last().unwrap();
    assert!(
        last.contains("Answer 1 of") && last.contains("merged "),
        "{last}"
    );
    let types = ran.types();
    assert_eq!(types.iter().filter(|kind| *kind == "delta").count(), 1);
    assert_eq!(types.iter().filter(|kind| *kind == "start").count(), 1);
    assert_eq!(ran.events().last().unwrap()["requests"], texts.len());
}

#[test]
fn answers_that_the_server_finds_too_long_together_are_merged_in_smaller_groups() {
    let folder = config();
    let server = Items::answering(|text, _, _| {
        let answers = text.matches("Answer ").count();
        match part(text) {
            Some((number, ..)) => (200, reply_body(&format!("<{number}>"), "stop")),
            None if answers > 2 => (400, refusal("1261")),
            None => (200, reply_body("merged", "stop")),
        }
    });
    let run = small(&folder, ["chat", "--split", "Sum up"]).stdin(lines(100));
    run.of(&server).run().is(0, "merged\n", "");
    let texts = server.texts();
    assert!(texts.iter().any(|text| text.contains("Answer 2 of 2: <2>")));
}

#[test]
fn two_answers_that_do_not_fit_together_end_the_run() {
    let folder = config();
    let server = Items::answering(|text, _, _| match part(text) {
        Some(_) => (200, reply_body("answer", "stop")),
        None => (400, refusal("1261")),
    });
    let ran = small(&folder, ["chat", "--split", "Sum up"])
        .stdin(lines(55))
        .of(&server)
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""));
    assert!(ran.stderr.contains("error 1261"), "{}", ran.stderr);
}

#[test]
fn stream_prints_the_merged_answer_as_it_is_generated() {
    let folder = config();
    let merged = vec![
        stream_head(),
        crate::harness::chunk(delta("one ").as_bytes()),
        Step::Gate,
        crate::harness::chunk(
            (delta("two") + &finish_frame("stop") + "data: [DONE]\n\n").as_bytes(),
        ),
        crate::harness::last_chunk(),
    ];
    let server = Server::play([reply("<1>"), reply("<2>"), reply("<3>"), merged]);
    let mut child = small(&folder, ["stream", "--split", "Sum up", "-c", "1", "-f"])
        .arg(file(&folder, "text", lines(55)))
        .stdin_from(Stdio::null())
        .at(&server)
        .start();
    let mut first = [0; 4];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    assert_eq!(&first, b"one ");
    server.open_gate();
    finish(child).is(0, "two\n", "");
    let streams: Vec<Value> = server
        .requests()
        .iter()
        .map(|asked| asked.json()["stream"].clone())
        .collect();
    assert_eq!(
        streams,
        [json!(false), json!(false), json!(false), json!(true)]
    );
}

#[test]
fn stream_prints_the_answers_to_concat_as_soon_as_those_before_are_printed() {
    let (folder, server) = (config(), numbered().hold());
    let mut child = small(
        &folder,
        ["stream", "--split", "Translate", "--merge", "concat", "-f"],
    )
    .arg(file(&folder, "text", lines(55)))
    .stdin_from(Stdio::null())
    .of(&server)
    .start();
    server.await_requests(2);
    let first = server
        .texts()
        .into_iter()
        .find(|text| text.contains(" part 1 of "));
    server.release(&first.unwrap());
    let mut printed = [0; 3];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut printed).unwrap();
    assert_eq!(&printed, b"<1>");
    server.release_all();
    finish(child).is(0, "\n\n<2>\n\n<3>\n", "");
}

#[test]
fn events_of_a_stream_hold_the_pieces_of_the_answer() {
    let folder = config();
    let plays = [
        reply("<1>"),
        reply("<2>"),
        reply("<3>"),
        stream_of(["one ", "two"]),
    ];
    let server = Server::play(plays);
    let ran = small(
        &folder,
        [
            "stream", "--split", "Sum up", "-c", "1", "--format", "ndjson",
        ],
    )
    .stdin(lines(55))
    .at(&server)
    .run();
    let types = ran.types();
    assert_eq!(
        types,
        ["start", "part", "part", "part", "delta", "delta", "done"]
    );
}

#[test]
fn format_json_prints_the_body_of_the_merged_answer_or_those_of_all_parts() {
    let folder = config();
    let run = |args: &[&str]| {
        let server = numbered();
        let run = small(&folder, ["chat", "--split", "Sum up", "--format", "json"]).args(args);
        let ran = run.stdin(lines(55)).of(&server).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        ran.stdout
    };
    assert_eq!(run(&[]), reply_body("merged", "stop") + "\n");
    let bodies: Vec<String> = (1..=3)
        .map(|at| reply_body(&format!("<{at}>"), "stop") + "\n")
        .collect();
    assert_eq!(run(&["--merge", "concat"]), bodies.concat());
}

#[test]
fn extract_takes_the_code_blocks_of_all_answers() {
    let folder = config();
    let server = Items::answering(|text, _, _| {
        let (number, ..) = part(text).unwrap();
        (
            200,
            reply_body(&format!("Here:\n```\ncode {number}\n```\n"), "stop"),
        )
    });
    let args = ["chat", "--split", "Port", "--merge", "concat", "-x=all"];
    let run = small(&folder, args).stdin(lines(55));
    run.of(&server).run().is(0, "code 1\ncode 2\ncode 3\n", "");
}
