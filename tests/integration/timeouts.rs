//! The time-outs: connect, first token, idle, total.

use std::time::Duration;

use crate::harness::{
    DONE, Play, Ran, Server, Step, airx, chunk, delta, finish_frame, http, last_chunk, reply,
    stream_head, stream_of, together,
};

fn run(command: &str, play: Play, args: &[&str]) -> Ran {
    let server = Server::once(play);
    airx([command, "hi"]).args(args).at(&server).run()
}

/// A stream of these chunks, and then silence.
fn silent<B: AsRef<[u8]>>(chunks: impl IntoIterator<Item = B>) -> Play {
    let mut play = vec![stream_head()];
    play.extend(chunks.into_iter().map(|bytes| chunk(bytes.as_ref())));
    play.push(Step::Hold);
    play
}

#[test]
fn a_stream_without_a_first_token_exits_6_even_if_it_sends_something_else() {
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let plays = [
        vec![Step::Hold],
        silent::<&str>([]),
        silent([": ping\n\n"]),
        silent([role]),
    ];
    together(plays, |play| {
        run("stream", play, &["--first-token-timeout", "300ms"]).is(
            6,
            "",
            "airx: network: no first token within 0.3 s\nhint: raise --first-token-timeout\n",
        );
    });
}

#[test]
fn a_stream_that_falls_silent_exits_6_with_what_came() {
    run(
        "stream",
        silent([delta("Hi")]),
        &["--idle-timeout", "300ms"],
    )
    .is(
        6,
        "Hi\n",
        "airx: network: the stream has been silent for 0.3 s\nhint: raise --idle-timeout\n",
    );
    let reasoning = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
    let args = ["--idle-timeout", "300ms", "--first-token-timeout", "20s"];
    run("stream", silent([reasoning]), &args).is(
        6,
        "",
        "airx: network: the stream has been silent for 0.3 s\nhint: raise --idle-timeout\n",
    );
}

#[test]
fn the_idle_clock_does_not_run_before_the_first_token() {
    let pause = Duration::from_millis(400);
    let play = vec![
        Step::Pause(pause),
        stream_head(),
        Step::Pause(pause),
        chunk((delta("Hi") + &finish_frame("stop") + DONE).as_bytes()),
        last_chunk(),
    ];
    run("stream", play, &["--idle-timeout", "200ms"]).is(0, "Hi\n", "");
}

#[test]
fn a_ping_restarts_the_idle_clock() {
    let pause = || Step::Pause(Duration::from_millis(600));
    let play = vec![
        stream_head(),
        chunk(delta("Hi").as_bytes()),
        pause(),
        chunk(b": ping\n\n"),
        pause(),
        chunk(b": ping\n\n"),
        pause(),
        chunk((finish_frame("stop") + DONE).as_bytes()),
        last_chunk(),
    ];
    run("stream", play, &["--idle-timeout", "1500ms"]).is(0, "Hi\n", "");
}

#[test]
fn a_ping_does_not_restart_the_first_token_clock() {
    let ping = || chunk(b": ping\n\n");
    let pause = || Step::Pause(Duration::from_millis(200));
    let play = vec![
        stream_head(),
        ping(),
        pause(),
        ping(),
        pause(),
        ping(),
        pause(),
        ping(),
        Step::Hold,
    ];
    let server = Server::once(play);
    airx(["stream", "--first-token-timeout", "500ms", "hi"])
        .at(&server)
        .run()
        .is(
            6,
            "",
            "airx: network: no first token within 0.5 s\nhint: raise --first-token-timeout\n",
        );
}

#[test]
fn the_time_out_bounds_an_answer_wherever_it_stalls() {
    let head = Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"choi".to_vec());
    together([vec![Step::Hold], vec![head, Step::Hold]], |play| {
        run("chat", play, &["--timeout", "300ms"]).is(
            6,
            "",
            "airx: network: no complete answer within 0.3 s\nhint: raise --timeout, or use airx stream\n",
        );
    });
    together(
        [(vec![Step::Hold], ""), (silent([delta("Hi")]), "Hi\n")],
        |(play, stdout)| {
            run("stream", play, &["--timeout", "1s"]).is(
                6,
                stdout,
                "airx: network: no complete answer within 1 s\nhint: raise --timeout\n",
            );
        },
    );
}

#[test]
fn a_stream_that_never_pauses_is_bounded_too() {
    let mut play = vec![stream_head()];
    for _ in 0..400 {
        play.extend([
            chunk(delta("a").as_bytes()),
            Step::Pause(Duration::from_millis(5)),
        ]);
    }
    play.push(Step::Hold);
    let ran = run("stream", play, &["--timeout", "1s"]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with('a') && ran.stdout.len() < 400,
        "{}",
        ran.stdout
    );
}

#[test]
fn the_time_out_is_for_all_tries_together() {
    let busy = || http(503, "Retry-After: 0\r\n", "");
    let server = Server::play([busy(), busy(), vec![Step::Hold]]);
    airx(["chat", "--timeout", "1s", "hi"]).at(&server).run().is(
        6,
        "",
        "airx: network: no complete answer within 1 s\nhint: raise --timeout, or use airx stream\n",
    );
}

#[test]
fn a_refusal_whose_body_stalls_is_classed_by_its_status() {
    together(["chat", "stream"], |command| {
        let head = b"HTTP/1.1 401 X\r\nContent-Length: 100\r\n\r\n{\"err".to_vec();
        let ran = run(
            command,
            vec![Step::Send(head), Step::Hold],
            &["--timeout", "1s"],
        );
        assert_eq!((ran.code, &*ran.stdout), (3, ""), "{}", ran.stderr);
    });
}

#[test]
fn a_connection_that_is_never_made_exits_6() {
    // A server that does not answer the TLS handshake.
    let server = Server::play([]);
    together(["chat", "stream"], |command| {
        let stderr = format!(
            "airx: network: no connection to {} within 0.3 s\nhint: check the network, or raise --connect-timeout\n",
            server.address()
        );
        airx([
            command,
            "--retries",
            "0",
            "--connect-timeout",
            "300ms",
            "hi",
        ])
        .env("AIRX_BASE_URL", format!("https://{}", server.address()))
        .run()
        .is(6, "", &stderr);
    });
}

#[test]
fn a_connection_that_was_not_made_in_time_is_tried_again() {
    let server = Server::play([]);
    let args = [
        "chat",
        "--retries",
        "1",
        "--connect-timeout",
        "200ms",
        "--format",
        "ndjson",
        "hi",
    ];
    let ran = airx(args)
        .env("AIRX_BASE_URL", format!("https://{}", server.address()))
        .run();
    assert_eq!(
        (ran.code, ran.types().join(" ")),
        (6, "start retry error".into())
    );
}

#[test]
fn zero_is_no_limit_and_a_life_time_is_no_defect() {
    for limit in ["0", "99999999999999", "9999999999999999999", "5000000h"] {
        let flags = [
            "--timeout",
            "--connect-timeout",
            "--first-token-timeout",
            "--idle-timeout",
        ];
        let args = flags.map(|flag| format!("{flag}={limit}"));
        for (command, play) in [("chat", reply("Hi")), ("stream", stream_of(["Hi"]))] {
            let server = Server::once(play);
            let ran = airx([command, "hi"]).args(&args).at(&server).run();
            ran.is(0, "Hi\n", "");
        }
    }
}

#[test]
fn a_time_out_is_not_retried() {
    let server = Server::once(vec![Step::Hold]);
    let args = [
        "stream",
        "--first-token-timeout",
        "200ms",
        "--format",
        "ndjson",
        "hi",
    ];
    let ran = airx(args).at(&server).run();
    assert_eq!((ran.code, ran.types().join(" ")), (6, "start error".into()));
}
