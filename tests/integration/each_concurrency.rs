//! `--each`: the number of requests in flight, the order of the results, and what ends a
//! run early.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::json;

use crate::harness::items::{Items, contents, echo, echoes, numbers, refusal, results, timeless};
use crate::harness::watch::{Watch, terminal};
use crate::harness::{airx, file, finish, folder, reply_body};

#[test]
fn as_many_are_in_flight_as_was_asked_for() {
    for (args, expected) in [
        (&["-c", "4"][..], 4),
        (&[], 5),
        (&["--tier", "v1"], 30),
        (&["-m", "GLM-4-Plus"], 50),
        (&["-m", "llama"], 2),
        (&["-c", "1"], 1),
    ] {
        let server = echo().hold();
        let child = airx(["chat", "--each"]).args(args).of(&server);
        let child = std::thread::spawn(|| child.stdin(numbers(60)).run());
        // The server answers only after this number of requests: with fewer the test would
        // hang.
        server.await_requests(expected);
        server.release_all();
        let ran = child.join().unwrap();
        assert_eq!(
            (ran.code, results(&ran.stdout).len()),
            (0, 60),
            "{}",
            ran.stderr
        );
        assert_eq!(server.most(), expected, "{args:?}");
    }
}

#[test]
fn results_leave_in_input_order_unless_they_need_not() {
    for (args, expected) in [
        (&["-c", "3"][..], [(0, "0!"), (1, "1!"), (2, "2!")]),
        (
            &["-c", "3", "--unordered"],
            [(2, "2!"), (1, "1!"), (0, "0!")],
        ),
    ] {
        let server = echo().hold();
        let mut child = airx(["chat", "--each", "-v"])
            .args(args)
            .of(&server)
            .start();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(numbers(3).as_bytes()).unwrap();
        drop(stdin);
        let out = Watch::new(child.stdout.take().unwrap());
        let err = Watch::new(child.stderr.take().unwrap());
        server.await_requests(3);
        for last in ["2", "1", "0"] {
            server.release(last);
            err.until(&format!("item {last}: * the attempt took"));
            if args.len() == 3 {
                out.until(&format!("\"content\":\"{last}!\""));
            }
        }
        assert_eq!(finish(child).code, 0);
        assert_eq!(contents(&out.all()), echoes(expected));
    }
}

#[test]
fn a_result_leaves_before_the_next_line_has_come() {
    let server = echo();
    let mut child = airx(["chat", "--each"]).of(&server).start();
    let mut stdin = child.stdin.take().unwrap();
    let out = Watch::new(child.stdout.take().unwrap());
    for word in ["one", "two"] {
        writeln!(stdin, "{word}").unwrap();
        out.until(&format!("\"content\":\"{word}!\""));
    }
    drop(stdin);
    assert_eq!(finish(child).code, 0);
}

#[test]
fn an_item_that_takes_long_does_not_let_results_pile_up() {
    let server = echo().hold();
    let mut child = airx(["chat", "--each", "-c", "2"]).of(&server).start();
    let mut stdin = child.stdin.take().unwrap();
    let out = Watch::new(child.stdout.take().unwrap());
    let feed = std::thread::spawn(move || stdin.write_all(numbers(100).as_bytes()));
    for number in 1..100 {
        server.release(&number.to_string());
    }
    // The run starts at most eight items per request in flight, including the slow one.
    server.await_requests(16);
    assert_eq!(out.so_far(), "");
    server.release("0");
    feed.join().unwrap().unwrap();
    assert_eq!(finish(child).code, 0);
    let lines = contents(&out.all());
    let expected = (0..100).map(|number| (number, format!("{number}!")));
    assert!(lines.into_iter().eq(expected));
    let asked = server.texts();
    assert!(
        asked[..16]
            .iter()
            .all(|text| text.parse::<u32>().unwrap() < 16),
        "{asked:?}"
    );
}

#[test]
fn a_rate_limit_makes_them_fewer_and_fails_none() {
    for refused in ["1302", ""] {
        let server = Items::answering(move |text, _, together| {
            if together > 2 {
                return (429, refusal(refused));
            }
            (200, reply_body(&format!("{text}!"), "stop"))
        });
        let server = server.hold();
        let child = airx(["chat", "--each", "-c", "16", "-v"]).of(&server);
        let child = std::thread::spawn(|| child.stdin(numbers(40)).run());
        server.await_requests(16);
        server.release_all();
        let ran = child.join().unwrap();
        let expected = (0..40).map(|number| (number, format!("{number}!")));
        let in_order = contents(&ran.stdout).into_iter().eq(expected);
        assert!(in_order, "{}", ran.stdout);
        assert_eq!(ran.code, 0);
        let lowered = "* rate limit: 8 requests in flight at most from now on";
        assert!(ran.stderr.contains(lowered), "{}", ran.stderr);
    }
    // A single request at a time is retried only as often as --retries allows.
    let server = Items::answering(|_, _, _| (429, refusal("1302")));
    let ran = airx(["chat", "--each", "-c", "1", "--retries", "1"])
        .stdin("a\n")
        .of(&server)
        .run();
    assert_eq!(
        (ran.code, contents(&ran.stdout)),
        (12, echoes([(0, "busy")]))
    );
    assert_eq!(server.texts().len(), 2);
    let none = airx(["chat", "--each", "-c", "3", "--retries", "0"])
        .stdin("a\nb\n")
        .of(&server)
        .run();
    assert_eq!(contents(&none.stdout), echoes([(0, "busy"), (1, "busy")]));
}

#[test]
fn the_account_ends_the_run_and_what_is_in_flight_is_printed() {
    let server = Items::answering(|text, _, _| match text {
        "1" => (429, refusal("1113")),
        _ => (200, reply_body(&format!("{text}!"), "stop")),
    })
    .hold();
    let mut child = airx(["chat", "--each", "-c", "3", "--unordered"])
        .of(&server)
        .start();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(numbers(50).as_bytes()).unwrap();
    let out = Watch::new(child.stdout.take().unwrap());
    server.await_requests(3);
    server.release("1");
    // No further item starts in its place.
    out.until("\"class\":\"account\"");
    server.release_all();
    let ran = finish(child);
    let mut report = contents(&out.all());
    report.sort();
    assert_eq!(report, echoes([(0, "0!"), (1, "account"), (2, "2!")]));
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("airx: account: "), "{}", ran.stderr);
    assert_eq!(server.texts().len(), 3);
}

#[test]
fn other_failures_are_their_items_own() {
    let server = Items::answering(|text, _, _| match text {
        "1" => (400, refusal("1261")),
        "2" => (200, reply_body("", "sensitive")),
        _ => (200, reply_body(&format!("{text}!"), "stop")),
    });
    let ran = airx(["chat", "--each"]).stdin(numbers(4)).of(&server).run();
    assert_eq!(
        contents(&ran.stdout),
        echoes([(0, "0!"), (1, "rejected"), (2, "blocked"), (3, "3!")])
    );
    assert_eq!(ran.code, 12);
    let failed = &results(&ran.stdout)[1]["error"];
    assert_eq!(
        (&failed["code"], &failed["http_status"]),
        (&json!("1261"), &json!(400))
    );
}

#[test]
fn nothing_starts_that_could_cost_too_much() {
    // The upper bound of an item is 50 tokens of answer and one token per byte of the
    // request: 0.0013 to 0.0015 CNY. It really costs 0.00003 CNY.
    let run = |server: &Items, amount: &str, concurrency: &str| {
        airx([
            "chat",
            "--each",
            "--max-tokens",
            "50",
            "--max-cost",
            amount,
            "-c",
            concurrency,
        ])
        .stdin(numbers(9))
        .of(server)
        .run()
    };
    let server = echo();
    let ran = run(&server, "0.0001", "1");
    assert_eq!((ran.code, &*ran.stdout, server.texts().len()), (12, "", 0));
    assert_eq!(
        timeless(&ran),
        "airx: partial: --max-cost 0.0001 CNY: this item alone may cost 0.00146 CNY\nhint: lower --max-tokens, or raise --max-cost\n"
    );
    // The limit has room for one item at a time, not for two.
    let ran = run(&server, "0.002", "4");
    assert_eq!(
        (ran.code, results(&ran.stdout).len(), server.most()),
        (0, 9, 1),
        "{}",
        ran.stderr
    );
    // The cost of earlier items reduces the room for the next one.
    let ran = run(&server, "0.00150", "1");
    let count = results(&ran.stdout).len();
    assert!(
        ran.code == 12 && (1..9).contains(&count),
        "{}: {}",
        ran.code,
        ran.stdout
    );
    assert!(ran.stderr.contains(" is spent\n"), "{}", ran.stderr);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let server = echo();
    let mut child = airx(["chat", "--each"]).of(&server).start();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "one").unwrap();
    // The input is still open, but the run does not wait for its end.
    finish(child).is(0, "", "");
    drop(stdin);
}

#[test]
fn a_person_sees_how_far_it_is_and_then_a_summary() {
    let folder = folder();
    let items = file(&folder, "items", "a\nb\nc\nd\n");
    let server = echo().hold();
    let (screen, side) = terminal();
    let mut columns = rustix::termios::tcgetwinsize(&side).unwrap();
    columns.ws_col = 100;
    rustix::termios::tcsetwinsize(&side, columns).unwrap();
    let child = airx(["chat", "--each", "-c", "2", "--items"])
        .env("TERM", "xterm")
        .args([items])
        .stdin_from(Stdio::null())
        .stderr_to(side)
        .of(&server)
        .start();
    screen.until("0 done, 0 failed, 2 in flight");
    server.release("a");
    screen.until("1 done, 0 failed, 2 in flight, 3 tokens, 0.00003 CNY, 0:");
    server.release_all();
    assert_eq!(finish(child).code, 0);
    let all = screen.all();
    assert!(
        all.contains("airx: 4 done, 0 failed, 12 tokens, 0.00012 CNY, "),
        "{all:?}"
    );
}

#[test]
fn control_characters_are_shown_on_a_terminal() {
    let server = Items::answering(|_, _, _| (200, reply_body("a\u{9b}b\u{202e}", "stop")));
    let (screen, side) = terminal();
    let child = airx(["chat", "--each", "-q"])
        .stdin("x\n")
        .stdout_to(side)
        .of(&server);
    assert_eq!(child.run().code, 0);
    assert!(screen.all().contains("\"content\":\"a<U+009B>b<U+202E>\""));
}

#[test]
fn no_more_are_in_flight_than_all_runs_together_may_have() {
    let (server, slots) = (echo().hold(), folder());
    let run = |items: &'static str| {
        let run = airx(["chat", "--each", "-c", "6", "--max-in-flight", "2", "-q"]);
        let run = run.env("XDG_RUNTIME_DIR", slots.path()).of(&server);
        std::thread::spawn(move || run.stdin(items).run())
    };
    let runs = [run("a\nb\nc\nd\n"), run("e\nf\ng\n")];
    server.await_requests(2);
    server.release_all();
    for run in runs {
        assert_eq!(run.join().unwrap().code, 0);
    }
    assert_eq!((server.texts().len(), server.most()), (7, 2));
}

#[test]
fn a_retry_is_the_items_own_and_others_go_on() {
    let server = Items::answering(|text, times, _| match (text, times) {
        ("a", 1) => (500, "{}".to_owned()),
        _ => (200, reply_body(&format!("{text}!"), "stop")),
    });
    let ran = airx(["chat", "--each", "--format", "ndjson", "-q"])
        .stdin("a\nb\n")
        .of(&server)
        .run();
    // There is no retry event, since it could not name its item. The item's `requests`
    // counts the retry.
    assert_eq!(ran.types(), ["start", "result", "result", "done"]);
    let requests: Vec<_> = results(&ran.stdout)
        .iter()
        .map(|line| line["requests"].clone())
        .collect();
    assert_eq!(requests, [json!(2), json!(1)]);
}

#[test]
fn the_time_out_is_each_items_own() {
    let server = echo().hold();
    let child = airx([
        "chat",
        "--each",
        "-c",
        "2",
        "--timeout",
        "300ms",
        "--unordered",
    ])
    .of(&server);
    let child = std::thread::spawn(|| child.stdin("a\nb\nc\n").run());
    server.await_requests(2);
    server.release("b");
    server.release("c");
    let ran = child.join().unwrap();
    server.release_all();
    let mut report = contents(&ran.stdout);
    report.sort();
    assert_eq!(
        (ran.code, report),
        (12, echoes([(0, "network"), (1, "b!"), (2, "c!")]))
    );
}

/// The input is a hundred times larger than what a run keeps in memory.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_number_of_items() {
    let long = "x".repeat(100_000);
    let server = Items::answering(move |_, _, _| (200, reply_body(&long, "stop"))).hold();
    let mut child = airx(["chat", "--each", "-c", "4"]).of(&server).start();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for number in 0..600 {
        server.release(&number.to_string());
    }
    stdin.write_all(numbers(601).as_bytes()).unwrap();
    assert_eq!(lines.by_ref().take(600).map(Result::unwrap).count(), 600);
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    server.release_all();
    drop(stdin);
    assert_eq!(lines.count(), 1);
    assert_eq!(finish(child).code, 0);
    assert!(peak < 40_000, "{peak} kB");
}
