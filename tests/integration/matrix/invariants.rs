//! The checks for every row of the matrix.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::case::{Command, Echoes, Fault, HEADER, KEY, MARKS};
use crate::harness::{Ran, event};

/// The most lines of standard error without `-v`: a rejected text, a warning, the
/// message and its hint.
const LINES: usize = 6;

/// Checks a row against its expected result and against the invariants.
pub fn keep(fault: &Fault, command: Command, format: &str, ran: &Ran) -> Result<(), String> {
    let end = fault.end(command);
    if ran.code != end.code {
        return Err(format!("the exit code is not {}", end.code));
    }
    match format {
        "text" if ran.stdout != end.text => {
            return Err(format!("standard output is not {:?}", end.text));
        }
        "ndjson" => events(command, end.code, &end.types, ran)?,
        "json" => bodies(command, ran)?,
        _ => {}
    }
    standard_error(fault, ran)?;
    secrets(fault, format, ran)?;
    for mark in MARKS {
        if ran.stdout.matches(mark).count() > 1 {
            return Err(format!("{mark} was printed twice"));
        }
    }
    Ok(())
}

fn events(command: Command, code: i32, types: &str, ran: &Ran) -> Result<(), String> {
    let events: Vec<Value> = ran.stdout.lines().map(event).collect();
    let seen: Vec<&str> = events.iter().filter_map(|e| e["type"].as_str()).collect();
    if seen.join(" ") != types {
        return Err(format!("the events are not {types}"));
    }
    let Some((last, before)) = events.split_last() else {
        // The row expects no events, since the output cannot be opened.
        return Ok(());
    };
    let terminal = |event: &Value| event["type"] == "done" || event["type"] == "error";
    if !terminal(last) || before.iter().any(terminal) {
        return Err("not one terminal event, at the end".into());
    }
    if last["type"] == "error" {
        if last["exit"] != code || last["class"] != class(code) {
            return Err(format!("the error event reports another end: {last}"));
        }
    } else if code != 0 {
        return Err("done, but not 0".into());
    }
    let start = before.first();
    if start.is_some_and(|start| start["command"] != command.name() || start["v"] != 1) {
        return Err(format!("the first event is {start:?}"));
    }
    Ok(())
}

/// The class of an exit code in the contract.
fn class(code: i32) -> &'static str {
    match code {
        2 => "usage",
        3 => "account",
        4 => "rejected",
        5 => "busy",
        6 => "network",
        7 => "incomplete",
        8 => "blocked",
        9 => "truncated",
        10 => "invalid",
        11 => "tool",
        _ => "?",
    }
}

/// Checks what `--format json` prints: lines of JSON, and nothing for a failed request,
/// except for a stream that had started and an answer that was cut.
fn bodies(command: Command, ran: &Ran) -> Result<(), String> {
    if !ran.stdout.is_empty() && !ran.stdout.ends_with('\n') {
        return Err("the last line has no end".into());
    }
    // Not as a `Value`: serde_json may refuse it as nested too deeply.
    let mut values = serde_json::Deserializer::from_str(&ran.stdout).into_iter::<IgnoredAny>();
    if values.any(|value| value.is_err()) {
        return Err("standard output is not JSON".into());
    }
    let may_print = match command {
        Command::Stream => true,
        Command::Chat => matches!(ran.code, 0 | 9),
        // A call whose arguments are not JSON is printed, and the run exits 10.
        Command::Tools => matches!(ran.code, 0 | 10),
        Command::Json => ran.code == 0,
    };
    if !may_print && !ran.stdout.is_empty() {
        return Err("a failed request printed something".into());
    }
    Ok(())
}

fn standard_error(fault: &Fault, ran: &Ran) -> Result<(), String> {
    let acts = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(c) = ran.stderr.chars().find(|c| acts(*c)) {
        return Err(format!("standard error holds {c:?}"));
    }
    for word in ["panicked", "RUST_BACKTRACE", "src/"] {
        if ran.stderr.contains(word) || ran.stdout.contains(word) {
            return Err(format!("it says {word}"));
        }
    }
    let verbose = fault.args.iter().any(|arg| arg == "-v");
    if !verbose && ran.stderr.lines().count() > LINES {
        return Err("standard error is long".into());
    }
    if (ran.code == 0) == ran.stderr.contains("airx: ") && !ran.stderr.contains("warning") {
        return Err("standard error and exit code disagree".into());
    }
    Ok(())
}

fn secrets(fault: &Fault, format: &str, ran: &Ran) -> Result<(), String> {
    let echoed = match fault.echoes {
        Echoes::Nowhere => false,
        Echoes::Bytes => format == "json",
        Echoes::Text => true,
    };
    let (id, secret) = KEY.split_once('.').unwrap();
    for text in [id, secret, HEADER] {
        if (!echoed && ran.stdout.contains(text)) || ran.stderr.contains(text) {
            return Err(format!("{text} is shown"));
        }
    }
    Ok(())
}
