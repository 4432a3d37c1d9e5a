//! How a stream ends, and whether its answer is then complete.

use crate::harness::{
    DONE, Server, Step, airx, chunk, delta, finish_frame, http, stream, stream_head, unframed, wire,
};
use crate::stream::{run, sample};

#[test]
fn a_sensitive_finish_exits_8_after_any_output() {
    let message = "airx: blocked: the content policy blocked the answer (finish_reason sensitive)
hint: change the prompt, and discard the part of the answer that arrived\n";
    sample("stream_sensitive.sse", &[]).is(8, "这是一段\n", message);
    sample("stream_sensitive_input.sse", &[]).is(8, "", message);
}

#[test]
fn a_sensitive_finish_exits_8_however_the_connection_ends() {
    let message = "airx: blocked: the content policy blocked the answer (finish_reason sensitive)
hint: change the prompt, and discard the part of the answer that arrived\n";
    for end in [Step::Close, Step::Reset, Step::Hold] {
        let play = vec![
            stream_head(),
            chunk(delta("a").as_bytes()),
            chunk(finish_frame("sensitive").as_bytes()),
            end,
        ];
        run(play, &["--idle-timeout", "300ms"]).is(8, "a\n", message);
    }
}

#[test]
fn a_content_filter_is_blocked_as_sensitive_is() {
    let message =
        "airx: blocked: the content policy blocked the answer (finish_reason content_filter)
hint: change the prompt, and discard the part of the answer that arrived\n";
    let frames = || stream([delta("a"), finish_frame("content_filter"), DONE.into()]);
    run(frames(), &[]).is(8, "a\n", message);
    let ran = run(frames(), &["--format", "ndjson"]);
    let last = &ran.events()[2];
    assert_eq!((ran.code, &last["class"]), (8, &"blocked".into()));
    assert_eq!(last["finish_reason"], "content_filter");
}

#[test]
fn a_cut_answer_exits_9_however_the_connection_ends() {
    for end in [Step::Close, Step::Hold, chunk(b"data: {]\n\n")] {
        let play = vec![
            stream_head(),
            chunk((delta("a") + &finish_frame("length")).as_bytes()),
            end,
        ];
        run(play, &["--idle-timeout", "300ms"]).is(
            9,
            "a\n",
            "airx: truncated: the answer was cut at the output limit (finish_reason length)
hint: raise --max-tokens, ask for less, or choose a model with a longer output (airx models)\n",
        );
    }
}

#[test]
fn a_model_that_failed_in_the_middle_exits_7() {
    sample("stream_network_error_finish.sse", &[]).is(
        7,
        "第一步\n",
        "airx: incomplete: the model failed while it answered (finish_reason network_error)\n",
    );
}

#[test]
fn a_stream_that_ends_without_done_and_finish_reason_exits_7() {
    sample("stream_eof_without_done.sse", &[]).is(
        7,
        "半句\n",
        "airx: incomplete: the answer ended without a finish_reason\n",
    );
    run(unframed("text/event-stream", &wire("stream_eof_without_done.sse")), &[]).is(
        7,
        "半句\n",
        "airx: incomplete: the answer broke off: the connection ended without finish_reason and [DONE]\nhint: the server, or a proxy before it, closed the connection: try again\n",
    );
}

#[test]
fn stream_cut_before_done_exits_7() {
    let text = delta("Hi") + &finish_frame("stop");
    run(unframed("text/event-stream", &text), &[]).is(
        7,
        "Hi\n",
        "airx: incomplete: the connection ended before the stream did: no [DONE], no length, no last chunk\n",
    );
    for end in [Step::Close, Step::Reset] {
        let ran = run(vec![stream_head(), chunk(text.as_bytes()), end], &[]);
        assert_eq!((ran.code, &*ran.stdout), (7, "Hi\n"), "{}", ran.stderr);
        let report = "airx: incomplete: the answer broke off: ";
        assert!(ran.stderr.starts_with(report), "{}", ran.stderr);
    }
}

#[test]
fn a_complete_body_without_done_is_complete_where_the_model_said_stop() {
    run(stream([delta("Hi"), finish_frame("stop")]), &[]).is(0, "Hi\n", "");
    let text = delta("Hi") + &finish_frame("stop");
    run(http(200, "Content-Type: text/event-stream\r\n", &text), &[]).is(0, "Hi\n", "");
}

#[test]
fn done_without_a_finish_reason_exits_7() {
    run(stream([&delta("Hi"), DONE]), &[]).is(
        7,
        "Hi\n",
        "airx: incomplete: the answer ended without a finish_reason\n",
    );
}

#[test]
fn a_connection_that_stays_open_after_done_is_not_waited_for() {
    let text = delta("Hi") + &finish_frame("stop") + DONE;
    run(vec![stream_head(), chunk(text.as_bytes()), Step::Hold], &[]).is(0, "Hi\n", "");
}

#[test]
fn done_ends_a_stream_at_once_without_a_blank_line_after_it() {
    for done in ["data: [DONE]\n", "data:[DONE]\n", "data: [DONE]\r\n"] {
        let text = delta("Hi") + &finish_frame("stop") + done;
        // In one piece, and with the line's last byte in a second piece.
        for cut in [text.len(), text.len() - 1] {
            let (one, two) = text.split_at(cut);
            let mut play = vec![stream_head(), chunk(one.as_bytes())];
            play.extend((!two.is_empty()).then(|| chunk(two.as_bytes())));
            play.push(Step::Hold);
            run(play, &["--idle-timeout", "5s"]).is(0, "Hi\n", "");
        }
    }
}

#[test]
fn done_at_the_end_needs_no_end_of_its_line_however_the_connection_ends() {
    for done in ["data: [DONE]", "data:[DONE]", "data: [DONE]\n"] {
        let text = delta("Hi") + &finish_frame("stop") + done;
        run(unframed("text/event-stream", &text), &[]).is(0, "Hi\n", "");
        for end in [Step::Close, Step::Reset, Step::Hold] {
            let play = vec![stream_head(), chunk(text.as_bytes()), end];
            run(play, &["--idle-timeout", "300ms"]).is(0, "Hi\n", "");
        }
        run(stream([text]), &[]).is(0, "Hi\n", "");
    }
    let cut = delta("Hi") + &finish_frame("stop") + "data: [DONE";
    assert_eq!(run(unframed("text/event-stream", &cut), &[]).code, 7);
}

#[test]
fn what_follows_done_is_not_read() {
    let text = delta("Hi") + &finish_frame("stop") + DONE + "data: {broken\n\n";
    run(stream([text]), &[]).is(0, "Hi\n", "");
}

#[test]
fn what_was_printed_is_not_asked_for_again() {
    let server = Server::once(stream([delta("Hi")]));
    airx(["stream", "hi"]).at(&server).run().is(
        7,
        "Hi\n",
        "airx: incomplete: the answer ended without a finish_reason\n",
    );
}
