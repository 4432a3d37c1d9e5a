//! airx asks for approval of a call on the controlling terminal of the run.

use std::fs::File;
use std::io::Write;

use serde_json::json;

use crate::harness::toolbench::{CITY, bench, calls, results};
use crate::harness::watch::{Watch, terminal_pair};
use crate::harness::{self, Airx, Server, finish, reply};

/// `airx tools … --run hi` in its own session: without a controlling terminal, or with
/// this one, which is also its standard input.
fn in_session(folder: &tempfile::TempDir, terminal: Option<File>) -> Airx {
    let own = if terminal.is_some() {
        &["--ctty"][..]
    } else {
        &[]
    };
    let airx = [
        crate::harness::program(),
        "tools",
        "-n",
        "-t",
        "t",
        "--exec",
        "f=cat",
        "--exec",
        "g=echo g",
        "--run",
        "hi",
    ];
    let run = harness::run("setsid", own.iter().chain(&airx)).within(folder.path());
    match terminal {
        Some(side) => run.stdin_from(side),
        None => run,
    }
}

#[test]
fn without_a_terminal_run_needs_yes() {
    let folder = bench();
    in_session(&folder, None).nowhere().run().is(
        2,
        "",
        "airx: usage: --run: there is no terminal on which to ask for each call\nhint: --yes runs them without asking\n",
    );
}

/// Runs one call of f with these arguments and this answer of the user. Returns what the
/// terminal showed, and the result that the model got.
#[track_caller]
fn answered(arguments: &str, answer: &str) -> (String, String) {
    let folder = bench();
    let server = Server::play([calls("", &[("f", arguments)]), reply("done")]);
    let (mut screen, side) = terminal_pair();
    let shown = Watch::new(screen.try_clone().unwrap());
    let child = in_session(&folder, Some(side)).at(&server).start();
    shown.until("[y/N] ");
    screen.write_all(answer.as_bytes()).unwrap();
    finish(child).is(0, "done\n", "");
    let report = results(&server.requests()).remove(0);
    (shown.so_far(), report)
}

#[test]
fn a_yes_runs_the_call() {
    for yes in ["y\n", "Yes\n"] {
        let (shown, report) = answered(CITY, yes);
        assert!(
            shown.starts_with(
                "airx: the model calls f\n  {\"city\":\"Nanjing\"}\n  runs: cat\nrun f? [y/N] "
            ),
            "{shown:?}"
        );
        assert_eq!(report, CITY);
    }
}

#[test]
fn anything_else_is_a_no_that_is_reported_to_the_model() {
    for no in ["n\n", "\n", "yesterday\n", "\u{4}"] {
        assert_eq!(
            answered(CITY, no).1,
            "error: the user does not allow this call"
        );
    }
}

#[test]
fn control_characters_in_a_call_are_shown() {
    // JSON itself escapes C0; the other characters would reach the terminal.
    let arguments = json!({"city": "\u{202e}gnp.exe\u{9b}2J\u{7f}\u{1b}[2J"}).to_string();
    let (shown, report) = answered(&arguments, "y\n");
    assert!(
        shown.contains("\"<U+202E>gnp.exe<U+009B>2J␡\\u001b[2J\""),
        "{shown:?}"
    );
    assert_eq!(report, arguments);
}

#[test]
fn characters_that_cannot_be_seen_are_shown_by_their_numbers() {
    let hidden = [
        '\u{ad}',
        '\u{61c}',
        '\u{180e}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2060}',
        '\u{2064}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e007f}',
        '\u{e0100}',
    ];
    let arguments = json!({"city": hidden.iter().collect::<String>()}).to_string();
    let (shown, report) = answered(&arguments, "y\n");
    for c in hidden {
        let number = format!("<U+{:04X}>", u32::from(c));
        assert!(shown.contains(&number), "{number} in {shown:?}");
        assert!(!shown.contains(c), "{number} in {shown:?}");
    }
    assert_eq!(report, arguments);
    // Letters, marks and emoji stay as they are.
    let arguments = json!({"city": "naïve नमस्ते 南京 🙂"}).to_string();
    assert!(answered(&arguments, "n\n").0.contains(&arguments));
}

#[test]
fn arguments_that_fill_the_screen_are_cut_with_their_length() {
    let arguments = json!({"city": "x".repeat(60_000)}).to_string();
    let (shown, report) = answered(&arguments, "y\n");
    let end = "x\n  [cut here: 2000 of 60011 characters are shown]\n  runs: cat\nrun f? [y/N] ";
    let shown = shown.replace("\r\n", "\n");
    assert!(shown.contains(end), "{shown:?}");
    assert!(!shown.contains(&"x".repeat(2000)));
    assert_eq!(report, arguments);
}

#[test]
fn each_call_is_asked_for() {
    let folder = bench();
    let server = Server::play([calls("", &[("f", CITY), ("g", "{}")]), reply("done")]);
    let (mut screen, side) = terminal_pair();
    let shown = Watch::new(screen.try_clone().unwrap());
    let child = in_session(&folder, Some(side)).at(&server).start();
    shown.until("run f? [y/N] ");
    screen.write_all(b"n\n").unwrap();
    shown.until("run g? [y/N] ");
    screen.write_all(b"y\n").unwrap();
    finish(child).is(0, "done\n", "");
    assert_eq!(
        results(&server.requests()),
        ["error: the user does not allow this call", "g"]
    );
}

#[test]
fn calls_that_cannot_run_are_not_asked_for() {
    let folder = bench();
    let server = Server::play([calls("", &[("f", "{}"), ("rm", "{}")]), reply("done")]);
    let (_screen, side) = terminal_pair();
    in_session(&folder, Some(side))
        .at(&server)
        .run()
        .is(0, "done\n", "");
}
