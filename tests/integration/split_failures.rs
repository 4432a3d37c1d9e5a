//! Failures of `--split`: a part that is too long, a part that fails, a cost limit, a signal.

use serde_json::json;

use crate::harness::items::{Items, refusal};
use crate::harness::{airx, bash, file, finish, folder, reply_body};
use crate::split::{config, lines, numbered, part, small};

/// A server that refuses a part of more than 450 bytes, with its own kind of answer.
fn short(refused: impl Fn() -> (u16, String) + Send + Sync + 'static) -> Items {
    Items::answering(move |text, _, _| match part(text) {
        Some((_, _, text)) if text.len() > 450 => refused(),
        Some((number, ..)) => (200, reply_body(&format!("<{number}>"), "stop")),
        None => (200, reply_body("merged", "stop")),
    })
}

#[test]
fn a_part_that_the_server_finds_too_long_is_cut_again() {
    let error = |code: u16, body: serde_json::Value| (code, json!({ "error": body }).to_string());
    let servers = [
        short(|| (400, refusal("1261"))),
        short(move || {
            error(
                400,
                json!({"code": "context_length_exceeded", "message": "no"}),
            )
        }),
        short(move || {
            error(
                400,
                json!({"code": 400, "type": "exceed_context_size_error", "message": "the request exceeds the available context size, try increasing it"}),
            )
        }),
        short(move || {
            error(
                400,
                json!({"code": 400, "type": "BadRequestError", "message": "This model's maximum context length is 512 tokens."}),
            )
        }),
        short(|| (200, reply_body("cut", "model_context_window_exceeded"))),
    ];
    for server in servers {
        let folder = config();
        let args = ["chat", "--split", "Sum up", "--format", "ndjson"];
        let ran = small(&folder, args).stdin(lines(200)).of(&server).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        let events = ran.events();
        let parts: Vec<_> = events
            .iter()
            .filter(|event| event["type"] == "part")
            .collect();
        let mut offset = 0;
        for (index, event) in parts.iter().enumerate() {
            assert_eq!(
                (&event["index"], &event["offset"]),
                (&json!(index), &json!(offset))
            );
            assert!(event["bytes"].as_u64().unwrap() <= 450);
            offset += event["bytes"].as_u64().unwrap();
        }
        assert_eq!(offset, lines(200).trim_end().len() as u64);
        assert_eq!(parts.last().unwrap()["count"], parts.len());
        // The number of parts grew during the run.
        assert!(parts[0]["count"].as_u64().unwrap() < parts.len() as u64);
    }
}

#[test]
fn verbose_says_that_a_part_is_cut_again() {
    let (folder, server) = (config(), short(|| (400, refusal("1261"))));
    let args = ["chat", "--split", "Sum up", "-v", "-c", "1"];
    let ran = small(&folder, args).stdin(lines(40)).of(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "merged\n"));
    let note = "* part 1 of 2 is cut in two and sent again: rejected: ";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);
}

#[test]
fn a_character_that_is_too_long_ends_the_run() {
    let (folder, server) = (config(), short(|| (400, refusal("1261"))));
    let server = Items::answering({
        drop(server);
        |_, _, _| (400, refusal("1261"))
    });
    let ran = small(&folder, ["chat", "--split", "Sum up"])
        .stdin(lines(40))
        .of(&server)
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""));
    assert!(
        ran.stderr.starts_with("airx: rejected: part "),
        "{}",
        ran.stderr
    );
}

#[test]
fn parts_that_the_mock_refuses_as_too_long_are_cut_until_it_takes_them() {
    let folder = folder();
    let text = file(&folder, "text", lines(3000));
    for command in [
        "chat",
        "stream",
        "chat --merge concat",
        "json --fields '[{name}]'",
    ] {
        let script = format!(
            "airx mock --fail context:0.3 -- airx {command} -c 1 --split 'List the risks' < {}",
            text.display()
        );
        let ran = bash(&script).env("HOME", folder.path()).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{command}");
        assert!(!ran.stdout.is_empty(), "{command}");
    }
}

#[test]
fn one_part_that_fails_ends_the_run_with_its_class_and_nothing_is_printed() {
    for (status, body, code, report) in [
        (401, refusal("1002"), 3, "account: part 2 of "),
        (400, refusal("1210"), 4, "rejected: part 2 of "),
        (500, refusal("1200"), 5, "busy: part 2 of "),
        (400, refusal("1301"), 8, "blocked: part 2 of "),
        (200, reply_body("cut", "length"), 9, "truncated: part 2 of "),
        (
            200,
            reply_body("cut", "sensitive"),
            8,
            "blocked: part 2 of ",
        ),
    ] {
        for args in [&[][..], &["--merge", "concat"]] {
            let (folder, body) = (config(), body.clone());
            let server = Items::answering(move |text, _, _| match part(text) {
                Some((2, ..)) => (status, body.clone()),
                _ => (200, reply_body("answer", "stop")),
            });
            let run = small(
                &folder,
                ["chat", "--split", "Sum up", "--retries", "0", "-c", "1"],
            );
            let ran = run.args(args).stdin(lines(60)).of(&server).run();
            assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{report}");
            assert!(
                ran.stderr.starts_with(&format!("airx: {report}")),
                "{}",
                ran.stderr
            );
            assert_eq!(server.texts().len(), 2);
        }
    }
}

#[test]
fn a_busy_server_is_asked_again_for_the_part() {
    let folder = config();
    let server = Items::answering(|text, times, _| match part(text) {
        Some((2, ..)) if times == 1 => (500, refusal("1200")),
        Some((number, ..)) => (200, reply_body(&format!("<{number}>"), "stop")),
        None => (200, reply_body("merged", "stop")),
    });
    let run = small(&folder, ["chat", "--split", "Sum up"]).stdin(lines(55));
    run.of(&server).run().is(0, "merged\n", "");
}

#[test]
fn a_rejected_json_answer_is_shown_and_named_with_its_part() {
    let folder = config();
    let server = Items::answering(|_, _, _| (200, reply_body("no JSON", "stop")));
    let args = [
        "json", "--split", "--fields", "[int]", "Extract", "--tries", "1", "-c", "1",
    ];
    let ran = small(&folder, args).stdin(lines(40)).of(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (10, ""));
    assert!(
        ran.stderr.starts_with(
            "no JSON\nairx: invalid: part 1 of 3: the answer is not the JSON asked for"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn max_cost_that_would_be_exceeded_ends_the_run_and_nothing_is_printed() {
    // The upper bound of a request here is about 0.01 CNY; it really costs 0.00005.
    for (limit, requests) in [("0.00001", 0), ("0.01", 1)] {
        let folder = config();
        let server = Items::answering(|_, _, _| {
            let body =
                json!({"choices": [{"finish_reason": "stop", "message": {"content": "answer"}}]});
            (200, body.to_string())
        });
        let args = [
            "chat",
            "--split",
            "Sum up",
            "--max-tokens",
            "100",
            "--max-cost",
            limit,
        ];
        let ran = small(&folder, args).stdin(lines(60)).of(&server).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (12, ""), "{limit}");
        let report =
            format!("airx: partial: --max-cost {limit} CNY: the next request could exceed it; ");
        let (warning, ran_out) = ran.stderr.split_once('\n').unwrap();
        let over = format!(" CNY, which is over --max-cost {limit} CNY");
        assert!(
            warning.starts_with("airx: warning: the run may cost 0.0"),
            "{warning}"
        );
        assert!(warning.ends_with(&over), "{warning}");
        assert!(ran_out.starts_with(&report), "{ran_out}");
        let hint =
            " is spent\nhint: raise --max-cost or lower --max-tokens; --dry-run estimates the cost";
        let keeps = match requests {
            0 => "",
            _ => {
                "; --cache DIR keeps the answers to parts, so that the next run pays only for the rest"
            }
        };
        assert!(ran_out.ends_with(&format!("{hint}{keeps}\n")), "{ran_out}");
        assert_eq!(server.texts().len(), requests, "{limit}");
    }
    // The limit also covers the merging request, and a run of a single request.
    let (folder, server) = (config(), numbered());
    let run = |text: String| {
        let args = [
            "chat",
            "--split",
            "Sum up",
            "--max-tokens",
            "100",
            "--max-cost",
            "0.0001",
        ];
        small(&folder, args).stdin(text).of(&server).run()
    };
    let ran = run("short".to_owned());
    assert_eq!((ran.code, server.texts().len()), (12, 0), "{}", ran.stderr);
}

#[test]
fn enough_money_lets_all_parts_and_the_merging_through() {
    let (folder, server) = (config(), numbered());
    let args = [
        "chat",
        "--split",
        "Sum up",
        "--max-tokens",
        "100",
        "--max-cost",
        "0.05",
    ];
    let run = small(&folder, args).stdin(lines(60));
    run.of(&server).run().is(0, "merged\n", "");
}

/// Answers like [`numbered`], but with a high usage.
fn dear() -> Items {
    Items::answering(|text, _, _| {
        let answer = part(text).map_or("merged".to_owned(), |(number, ..)| format!("<{number}>"));
        let usage = json!({"prompt_tokens": 300, "completion_tokens": 100, "total_tokens": 400});
        let choice = json!({"finish_reason": "stop", "message": {"content": answer}});
        (
            200,
            json!({"choices": [choice], "usage": usage}).to_string(),
        )
    })
}

#[test]
fn a_run_that_ran_out_of_money_goes_on_with_the_answers_in_the_cache() {
    for (limit, more, code) in [
        (["--max-cost", "0.02"], ["--max-cost", "0.2"], 12),
        (["--budget", "0.02/month"], ["--budget", "0.2/month"], 3),
    ] {
        let (folder, state, cache) = (config(), crate::harness::folder(), crate::harness::folder());
        let server = dear();
        let run = |limit: [&str; 2], cached: bool| {
            let args = [
                "chat",
                "--split",
                "Sum up",
                "--max-tokens",
                "100",
                "-c",
                "1",
                "-q",
            ];
            let mut run = small(&folder, args)
                .args(limit)
                .env("XDG_STATE_HOME", state.path());
            if cached {
                run = run.arg("--cache").arg(cache.path());
            }
            run.stdin(lines(100)).of(&server).run()
        };
        let ran = run(limit, true);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (code, ""),
            "{}",
            ran.stderr
        );
        let keeps = "; --cache keeps the answers so far: the next run pays only for the rest\n";
        assert!(ran.stderr.ends_with(keeps), "{}", ran.stderr);
        let paid = server.texts();
        assert!(paid.len() > 1, "{}", paid.len());

        run(more, true).is(0, "merged\n", "");
        let mut texts = server.texts();
        let (_, _, last) = part(&texts[paid.len()]).unwrap();
        assert!(!paid.iter().any(|text| text.ends_with(last)));
        let all = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all, "a part was asked for twice");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_prints_nothing_of_the_answer() {
    let (folder, server) = (config(), numbered().hold());
    let child = small(&folder, ["chat", "--split", "Sum up", "-f"])
        .arg(file(&folder, "text", lines(60)))
        .stdin_from(std::process::Stdio::null())
        .of(&server)
        .start();
    server.await_requests(2);
    crate::harness::signals::send(&child, rustix::process::Signal::INT);
    finish(child).is(130, "", "airx: signal: ended by SIGINT\n");
}

#[cfg(unix)]
#[test]
fn progress_is_shown_on_a_terminal_and_gone_at_the_end() {
    let (folder, server) = (config(), numbered().hold());
    let (screen, side) = crate::harness::watch::terminal();
    let child = small(&folder, ["chat", "--split", "Sum up", "-f"])
        .arg(file(&folder, "text", lines(55)))
        .env("TERM", "xterm")
        .stdin_from(std::process::Stdio::null())
        .stderr_to(side)
        .of(&server)
        .start();
    screen.until("0 of 3 parts answered, 2 in flight");
    server.await_requests(2);
    let first = server
        .texts()
        .into_iter()
        .find(|text| text.contains(" part 1 of "));
    server.release(&first.unwrap());
    screen.until("1 of 3 parts answered, 2 in flight, 3 tokens");
    server.release_all();
    let ran = finish(child);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "merged\n"));
    assert!(!screen.all().ends_with("parts answered"));
}

#[test]
fn empty_input_that_was_asked_for_is_refused() {
    let folder = folder();
    let empty = file(&folder, "empty", "");
    airx(["chat", "-n", "--split", "Sum up", "-f", empty.to_str().unwrap()])
        .nowhere()
        .run()
        .is(
            2,
            "",
            &format!("airx: usage: {} is empty: nothing was sent\nhint: did the command that writes it fail? --allow-empty-input sends the request without it\n", empty.display()),
        );
}
