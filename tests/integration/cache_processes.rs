//! `--cache` in many processes at the same time, some of them killed.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use crate::harness::cached::{cached, entries};
use crate::harness::items::{Items, contents, echo, numbers};
use crate::harness::{finish, folder, reply_body};

/// Questions that all processes ask in turn.
const QUESTIONS: usize = 6;

fn question(number: usize) -> String {
    format!("question {}", number % QUESTIONS)
}

/// The answer to a question: long, so that writing it takes some time.
fn answer(question: &str) -> String {
    format!("{question}! ").repeat(20_000)
}

/// The processes write and read the same files; a third of them is killed at a random time.
#[test]
fn fifty_processes_and_kills_leave_only_right_answers() {
    const RUNS: usize = 50;
    let cache = folder();
    let server = Items::answering(|text, _, _| (200, reply_body(&answer(text), "stop")));
    let ask = |number: usize, ttl: &str| {
        cached(&["chat", "-n", "-q", "--cache-ttl", ttl], cache.path())
            .arg(question(number))
            .of(&server)
    };
    let right = |number: usize| answer(&question(number)) + "\n";
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..3 {
        let mut runs: Vec<(usize, Child)> = (0..RUNS)
            .map(|number| {
                // With a ttl of 1 ms a run asks and writes again; with 0 an answer never expires.
                let ttl = if random.bool() { "1ms" } else { "0" };
                (number, ask(number, ttl).start())
            })
            .collect();
        random.shuffle(&mut runs);
        for (_, run) in &mut runs[..RUNS / 3] {
            // A random moment of its run, not a wait for something.
            std::thread::sleep(Duration::from_micros(random.u64(..8000)));
            run.kill().unwrap();
        }
        for (number, run) in runs {
            let ran = finish(run);
            if ran.signal.is_some() {
                assert!(right(number).starts_with(&ran.stdout), "{number}");
            } else {
                ran.is(0, &right(number), "");
            }
        }
    }
    // Each file of the folder is an answer. Runs ask for the answers that are missing.
    for number in 0..QUESTIONS {
        ask(number, "0").run().is(0, &right(number), "");
    }
    let before = server.requests().len();
    for number in 0..QUESTIONS {
        ask(number, "0").run().is(0, &right(number), "");
    }
    assert_eq!(server.requests().len(), before);
    no_file_is_torn(cache.path());
}

fn no_file_is_torn(cache: &Path) {
    let mut kept = 0;
    for path in entries(cache) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') {
            // The temporary file of a run that was killed.
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["response"]["status"], 200);
        kept += 1;
    }
    assert_eq!(kept, QUESTIONS);
}

#[test]
fn many_items_at_once_are_answered_from_one_folder() {
    let cache = folder();
    let server = echo();
    let run = |more: &[&str]| {
        cached(
            &["chat", "--each", "--format", "ndjson", "-c", "8"],
            cache.path(),
        )
        .args(more)
        .stdin(numbers(100))
        .of(&server)
        .run()
    };
    let first = run(&[]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let second = run(&["--max-cost", "1"]);
    assert_eq!(contents(&first.stdout), contents(&second.stdout));
    assert_eq!(server.requests().len(), 100);
    let done = second.stdout.lines().last().unwrap();
    assert!(done.contains("\"requests\":0,\"cached\":true"), "{done}");
}
