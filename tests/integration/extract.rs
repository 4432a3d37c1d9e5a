//! `-x`: the code blocks of an answer, and nothing else.

use crate::harness::watch::Watch;
use crate::harness::{
    DONE, Server, Step, airx, chunk, delta, finish, finish_frame, last_chunk, reply, stream,
    stream_head, stream_of,
};

const TWO: &str = "Here:\n\n```python\nprint(1)\n```\n\nand\n\n~~~ rust\nfn main() {}\n~~~\nDone.";

/// Checks a run of `chat`, and one of `stream` with a delta per character.
#[track_caller]
fn is(flag: &str, answer: &str, code: i32, stdout: &str, stderr: &str) {
    let server = Server::once(reply(answer));
    airx(["chat", flag, "hi"])
        .at(&server)
        .run()
        .is(code, stdout, stderr);
    let mut frames: Vec<_> = answer.chars().map(|c| delta(&c.to_string())).collect();
    frames.extend([finish_frame("stop"), DONE.into()]);
    let server = Server::once(stream([frames.concat()]));
    airx(["stream", flag, "hi"])
        .at(&server)
        .run()
        .is(code, stdout, stderr);
}

#[test]
fn the_first_block_is_printed() {
    is("-x", TWO, 0, "print(1)\n", "");
    is("--extract", TWO, 0, "print(1)\n", "");
}

#[test]
fn all_the_last_or_those_of_a_language_are_printed() {
    is("-x=all", TWO, 0, "print(1)\nfn main() {}\n", "");
    is("-x=last", TWO, 0, "fn main() {}\n", "");
    is("-x=rust", TWO, 0, "fn main() {}\n", "");
    is("-x=Python", TWO, 0, "print(1)\n", "");
}

fn none(text: &str) -> String {
    format!(
        "{text}\nairx: invalid: the answer has no such code block\nhint: the answer is above; without --extract airx prints it\n"
    )
}

#[test]
fn no_block_is_exit_10_and_the_text_goes_to_standard_error() {
    is("-x", "No code.", 10, "", &none("No code."));
    is("-x=go", TWO, 10, "", &none(TWO));
}

#[test]
fn an_empty_block_is_a_block() {
    is("-x", "```\n```\n", 0, "", "");
}

#[test]
fn a_block_that_lacks_its_end_is_printed_to_the_answers_end() {
    is("-x", "```sh\necho", 0, "echo\n", "");
}

#[test]
fn a_longer_fence_holds_a_shorter_one() {
    is("-x", "````md\n```\na\n```\n````\n", 0, "```\na\n```\n", "");
}

#[test]
fn a_block_in_a_list_loses_the_lists_indentation() {
    is(
        "-x",
        "1. do\n   ```sh\n   a\n     b\n   ```\n",
        0,
        "a\n  b\n",
        "",
    );
}

#[test]
fn inline_code_is_no_block() {
    let text = "```not a block``` but `code`";
    is("-x", text, 10, "", &none(text));
}

#[test]
fn a_stream_prints_inside_the_fence_as_it_comes() {
    let play = vec![
        stream_head(),
        chunk(delta("So:\n```sh\necho ").as_bytes()),
        Step::Gate,
        chunk(delta("one\n``").as_bytes()),
        Step::Gate,
        chunk(delta("`\nBye.").as_bytes()),
        chunk(finish_frame("stop").as_bytes()),
        chunk(DONE.as_bytes()),
        last_chunk(),
    ];
    let server = Server::once(play);
    let mut child = airx(["stream", "-n", "-x", "hi"]).at(&server).start();
    let out = Watch::new(child.stdout.take().unwrap());
    out.until("echo ");
    server.open_gate();
    out.until("echo one\n");
    server.open_gate();
    finish(child).is(0, "", "");
    assert_eq!(out.all(), "echo one\n");
}

#[test]
fn a_cut_answers_block_is_printed_and_the_exit_code_says_cut() {
    let server = Server::once(stream([
        delta("```\na"),
        finish_frame("length"),
        DONE.into(),
    ]));
    let ran = airx(["stream", "-x", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (9, "a\n"));
}

#[test]
fn extract_is_for_text_alone() {
    let refusal = "airx: usage: --extract is for the text of chat, stream and tools\n";
    airx(["chat", "-x", "--format", "json", "hi"])
        .nowhere()
        .run()
        .is(2, "", refusal);
    airx(["json", "-x", "hi"])
        .nowhere()
        .run()
        .is(2, "", refusal);
    let ran = airx(["stream", "-x", "--format", "ndjson", "hi"])
        .nowhere()
        .run();
    assert_eq!(
        (ran.code, ran.types(), ran.stderr.as_str()),
        (2, vec!["error".to_owned()], refusal)
    );
}

#[test]
fn a_value_needs_its_equals_sign() {
    let server = Server::once(reply("```\na\n```"));
    airx(["chat", "-x", "rust"])
        .at(&server)
        .run()
        .is(0, "a\n", "");
    assert_eq!(
        server.requests()[0].json()["messages"][0]["content"],
        "rust"
    );
}

#[test]
fn an_empty_answer_holds_no_block_either() {
    for command in ["chat", "stream"] {
        let play = if command == "chat" {
            reply("")
        } else {
            stream_of([])
        };
        let server = Server::once(play);
        let ran = airx([command, "-x", "--allow-empty", "hi"])
            .at(&server)
            .run();
        assert_eq!((ran.code, &*ran.stdout), (10, ""), "{}", ran.stderr);
    }
}
