//! `--budget` over many processes: they send exactly the requests that fit, even if some
//! processes are killed.

use std::process::Child;

use serde_json::Value;
use tempfile::TempDir;

use crate::budget::{chat, files, month, run, tokens};
use crate::harness::items::Items;
use crate::harness::watch::Watch;
use crate::harness::{
    Airx, Server, Step, airx, chunk, delta, finish, finish_frame, folder, gated, last_chunk, reply,
    reply_body, stream_head,
};

const RUNS: usize = 50;

/// The most that a run of [`chat`] may cost, in tokens of 0.00001 CNY: one token per byte of
/// the request, and 50 for the answer.
fn bound() -> usize {
    let dry = airx(["chat", "-n", "--max-tokens", "50", "hi", "--dry-run"])
        .nowhere()
        .run();
    dry.stdout.trim_end().len() + 50
}

/// A budget of this number of tokens.
fn budget(tokens: usize) -> String {
    format!("0.{tokens:05}/month")
}

/// A server whose answers report this usage.
fn answering(usage: Value) -> Items {
    let mut body: Value = serde_json::from_str(&reply_body("x", "stop")).unwrap();
    body["usage"] = usage;
    let body = body.to_string();
    Items::answering(move |_, _, _| (200, body.clone()))
}

fn started(run: Airx) -> Child {
    run.stdin_from(std::process::Stdio::null()).start()
}

/// Starts all runs, and returns how many were answered and how many exited 3.
fn outcome(runs: Vec<Child>) -> (usize, usize) {
    let codes: Vec<i32> = runs.into_iter().map(|run| finish(run).code).collect();
    let count = |code: i32| codes.iter().filter(|known| **known == code).count();
    (count(0), count(3))
}

#[track_caller]
fn nothing_is_left(state: &TempDir) {
    assert_eq!(files(state), ["budget-CNY.json", "budget.lock"]);
}

#[test]
fn of_50_processes_with_a_budget_for_10_answers_10_send_a_request() {
    let state = folder();
    // The server reports no usage, so each request counts at its upper bound.
    let server = answering(Value::Null).hold();
    let bound = bound();
    let budget = budget(11 * bound - 1);
    let runs: Vec<Child> = (0..RUNS)
        .map(|_| started(chat(&budget, &state).of(&server)))
        .collect();
    server.await_requests(10);
    assert_eq!(tokens(&month(&state), "reserved"), 10 * bound);
    server.release_all();
    assert_eq!(outcome(runs), (10, 40));
    assert_eq!((server.texts().len(), server.most()), (10, 10));
    let month = month(&state);
    assert_eq!(
        (tokens(&month, "spent"), tokens(&month, "reserved")),
        (10 * bound, 0)
    );
    nothing_is_left(&state);
}

#[test]
fn a_request_waits_while_those_in_flight_may_leave_room_for_it() {
    let state = folder();
    // Room for one at a time, and for ten after each other.
    let server = answering(serde_json::json!({
        "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3,
    }));
    let bound = bound();
    let budget = budget(bound + 9 * 3);
    let runs: Vec<Child> = (0..RUNS)
        .map(|_| started(chat(&budget, &state).of(&server)))
        .collect();
    assert_eq!(outcome(runs), (10, 40));
    assert_eq!((server.texts().len(), server.most()), (10, 1));
    assert_eq!(tokens(&month(&state), "spent"), 30);
    nothing_is_left(&state);
}

#[test]
fn a_wait_ends_after_the_timeout() {
    let state = folder();
    let server = Server::once(gated(reply("Hello")));
    let bound = bound();
    let budget = budget(2 * bound - 1);
    let holder = started(chat(&budget, &state).at(&server));
    server.await_requests(1);
    let ran = chat(&budget, &state)
        .args(["--timeout", "300ms"])
        .nowhere()
        .run();
    assert_eq!((ran.code, &*ran.stdout), (3, ""));
    let report = format!(
        "airx: account: --budget {budget} is used up: 0 CNY is spent, 0.00{bound:03} is reserved by \
         requests in flight, and this request may cost 0.00{bound:03}\nhint: the budget is free again at "
    );
    assert!(ran.stderr.starts_with(&report), "{}", ran.stderr);
    server.open_gate();
    assert_eq!(finish(holder).code, 0);
}

#[test]
fn the_reservation_of_a_killed_process_is_dropped_by_the_next_run() {
    let state = folder();
    let holds = || vec![Step::Hold];
    let server = Server::play([holds(), holds(), reply("Hello"), reply("Hello")]);
    let bound = bound();
    let budget = budget(2 * bound);
    let holders: Vec<Child> = (0..2)
        .map(|_| started(chat(&budget, &state).at(&server)))
        .collect();
    server.await_requests(2);
    let mut waiting = started(chat(&budget, &state).arg("-v").at(&server));
    let report = Watch::new(waiting.stderr.take().unwrap());
    report.until(&format!(
        "* waiting for requests in flight (--budget {budget})"
    ));
    assert_eq!(tokens(&month(&state), "reserved"), 2 * bound);
    for mut holder in holders {
        holder.kill().unwrap();
        holder.wait().unwrap();
    }
    // The killed processes cannot settle their reservations: this run or the next one
    // drops both.
    finish(waiting).is(0, "Hello\n", "");
    chat(&budget, &state).at(&server).run().is(0, "Hello\n", "");
    let month = month(&state);
    assert_eq!(
        (tokens(&month, "spent"), tokens(&month, "reserved")),
        (6, 0)
    );
    nothing_is_left(&state);
}

#[test]
fn a_stopped_process_keeps_its_reservation() {
    use rustix::process::Signal;
    let state = folder();
    let server = Server::play([gated(reply("Hello"))]);
    let bound = bound();
    let holder = started(chat("1/month", &state).at(&server));
    server.await_requests(1);
    crate::harness::signals::send(&holder, Signal::STOP);
    assert_eq!(tokens(&month(&state), "reserved"), bound);
    crate::harness::signals::send(&holder, Signal::CONT);
    server.open_gate();
    assert_eq!(finish(holder).code, 0);
    assert_eq!(tokens(&month(&state), "spent"), 3);
}

#[test]
fn a_run_that_a_signal_ends_counts_what_it_may_cost() {
    use rustix::process::Signal;
    let bound = bound();
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let state = folder();
        let server = Server::once(vec![Step::Hold]);
        let run = started(chat("1/month", &state).at(&server));
        server.await_requests(1);
        crate::harness::signals::send(&run, signal);
        assert_eq!(finish(run).code, code);
        assert_eq!(tokens(&month(&state), "spent"), bound);
        nothing_is_left(&state);
    }
}

#[test]
fn items_in_flight_when_a_second_sigint_ends_the_run_count_what_they_may_cost() {
    use rustix::process::Signal;
    let state = folder();
    let server = answering(Value::Null).hold();
    let each = ["chat", "--each", "-c", "4", "--max-tokens", "50"];
    let mut run = run(each, &state)
        .args(["--budget", "1/month"])
        .of(&server)
        .start();
    std::io::Write::write_all(&mut run.stdin.take().unwrap(), &b"hi\n".repeat(9)).unwrap();
    server.await_requests(4);
    let report = Watch::new(run.stderr.take().unwrap());
    crate::harness::signals::send(&run, Signal::INT);
    report.until("SIGINT");
    crate::harness::signals::send(&run, Signal::INT);
    assert_eq!(finish(run).code, 130);
    assert_eq!(tokens(&month(&state), "spent"), 4 * bound());
    nothing_is_left(&state);
}

#[test]
fn a_reader_that_closes_the_pipe_does_not_make_an_answer_free() {
    let state = folder();
    // The last frame reports no usage. So the cost is unknown, whether the run notices the
    // closed pipe at the second delta or at the end.
    let finish_frame = finish_frame("stop");
    let (end, _) = finish_frame.split_once(",\"usage\"").unwrap();
    let end = format!("{end}}}\n\ndata: [DONE]\n\n");
    let play = vec![
        stream_head(),
        chunk(delta("Hello").as_bytes()),
        Step::Gate,
        chunk(delta("Hello").as_bytes()),
        chunk(end.as_bytes()),
        last_chunk(),
    ];
    let server = Server::once(play);
    let arguments = ["stream", "-n", "--max-tokens", "50", "hi"];
    let budget = ["--budget", "1/month"];
    let mut run = started(run(arguments, &state).args(budget).at(&server));
    let mut first = [0; 5];
    let mut pipe = run.stdout.take().unwrap();
    std::io::Read::read_exact(&mut pipe, &mut first).unwrap();
    drop(pipe);
    server.open_gate();
    finish(run).is(0, "", "");
    let bound = server.requests()[0].body.len() + 50;
    assert_eq!(tokens(&month(&state), "spent"), bound);
}
