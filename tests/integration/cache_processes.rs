//! `--cache` in many processes at the same time, some of them killed.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use crate::harness::cached::{cached, entries};
use crate::harness::items::{contents, echo, numbers};
use crate::harness::{finish, folder};

/// Questions that all processes ask in turn.
const QUESTIONS: usize = 6;

fn question(number: usize) -> String {
    format!("question {} {}", number % QUESTIONS, "long ".repeat(2000))
}

/// The processes write and read the same files; a third of them is killed at some time.
#[test]
fn fifty_processes_and_kills_leave_only_right_answers() {
    const RUNS: usize = 50;
    let cache = folder();
    let server = echo();
    let ask = |number: usize, ttl: &str| {
        // A ttl of no time makes each run write.
        cached(&["chat", "-n", "-q", "--cache-ttl", ttl], cache.path())
            .arg(question(number))
            .of(&server)
    };
    let random = fastrand::Rng::with_seed(7);
    check(RUNS, random, |number, write| {
        ask(number, if write { "1ms" } else { "0" }).start()
    });
    // Whatever is in the folder now is an answer, or is no file of the cache.
    for number in 0..QUESTIONS {
        let answer = format!("{}!\n", question(number));
        ask(number, "0").run().is(0, &answer, "");
    }
    let before = server.requests().len();
    for number in 0..QUESTIONS {
        let answer = format!("{}!\n", question(number));
        ask(number, "0").run().is(0, &answer, "");
    }
    assert_eq!(server.requests().len(), before);
    no_file_is_torn(cache.path());
}

fn check(runs: usize, mut random: fastrand::Rng, start: impl Fn(usize, bool) -> Child) {
    for _ in 0..3 {
        let runs: Vec<(usize, Child, bool)> = (0..runs)
            .map(|number| (number, start(number, random.bool()), random.u8(..3) == 0))
            .collect();
        for (number, mut run, killed) in runs {
            if killed {
                // A random moment of the run, not a wait for something.
                std::thread::sleep(Duration::from_micros(random.u64(..3000)));
                run.kill().unwrap();
            }
            let ran = finish(run);
            let answer = format!("{}!\n", question(number));
            if killed && ran.signal.is_some() {
                assert!(answer.starts_with(&ran.stdout), "{}", ran.stdout);
            } else {
                ran.is(0, &answer, "");
            }
        }
    }
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
