//! The fault matrix: every fault × `chat`, `stream`, `tools`, `json` × their formats. A
//! row is a run of the binary. Each fault has its exit code, standard output and events;
//! [`invariants`] are checked for every row.

#![allow(
    clippy::single_match_else,
    reason = "a table's arms are read in one way"
)]

mod case;
mod control_characters;
mod finish_reasons;
mod http_framing;
mod http_statuses;
mod invariants;
mod memory;
mod odd_json;
mod response_heads;
mod retries;
mod server_errors;
mod sse_frames;
mod timeouts;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::{Server, airx};
use case::{Command, Fault, HEADER, KEY};
use invariants::keep;

/// The formats of a command: `tools` and `json` print bodies as `chat` does.
fn formats(command: Command) -> &'static [&'static str] {
    match command {
        Command::Chat | Command::Stream => &["text", "ndjson", "json"],
        Command::Tools | Command::Json => &["text", "ndjson"],
    }
}

fn rows(faults: &[Fault]) -> Vec<(&Fault, Command, &'static str)> {
    faults
        .iter()
        .flat_map(|fault| Command::ALL.map(|command| (fault, command)))
        .flat_map(|(fault, command)| {
            let formats = formats(command).iter();
            formats.map(move |format| (fault, command, *format))
        })
        .collect()
}

/// The number of rows that run at the same time: mostly they wait.
const AT_A_TIME: usize = 8;

fn faults() -> Vec<Fault> {
    [
        finish_reasons::faults(),
        sse_frames::faults(),
        http_framing::faults(),
        response_heads::faults(),
        http_statuses::faults(),
        server_errors::faults(),
        retries::faults(),
        control_characters::faults(),
        odd_json::faults(),
        timeouts::faults(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Runs the binary once and returns what is wrong.
fn row(fault: &Fault, command: Command, format: &str) -> Result<(), String> {
    let server = Server::play(fault.plays(command));
    let base = if fault.refused {
        "http://127.0.0.1:1/v1".to_owned()
    } else {
        server.base()
    };
    let ran = airx([command.name(), "-n", "--format", format])
        .args(["--header", &format!("X-Own: {HEADER}")])
        .args(&fault.args)
        .args(fault.once(command))
        .arg("hi")
        .env("AIRX_BASE_URL", base)
        .env("AIRX_API_KEY", KEY)
        .run();
    let kept = keep(fault, command, format, &ran);
    let report = kept.map_err(|why| {
        format!(
            "{} × {} × {format}: {why}\nexit {}\n--- standard output\n{}\n--- standard error\n{}\n",
            fault.name,
            command.name(),
            ran.code,
            shown(&ran.stdout),
            shown(&ran.stderr)
        )
    });
    let asked = server.requests().len();
    // The harness would fail the thread without naming the row.
    let left = server.forget();
    report.and_then(|()| match left {
        0 => Ok(()),
        left => Err(format!(
            "{} × {}: {asked} requests were made, {left} more expected",
            fault.name,
            command.name()
        )),
    })
}

fn shown(text: &str) -> String {
    text.chars().take(2000).collect::<String>()
}

#[test]
fn every_fault_ends_as_the_contract_says_in_every_command_and_format() {
    let faults = faults();
    let rows = rows(&faults);
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some((fault, command, format)) =
                    rows.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    if let Err(why) = row(fault, *command, format) {
                        wrong.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "{} of {} rows:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_readme_reports_how_many_faults_and_rows_there_are() {
    let readme = include_str!("../../../docs/reliability.md");
    let table = readme
        .split_once("<!-- reliability -->")
        .and_then(|(_, rest)| rest.split_once("<!-- /reliability -->"))
        .expect("the marks")
        .0;
    let faults = faults();
    let (faults, rows) = (faults.len(), rows(&faults).len());
    let properties = include_str!("../../property/main.rs");
    let properties = properties.matches("#[test]").count();
    for count in [
        format!("| {faults} faults in {rows} runs |"),
        format!("| {properties} properties |"),
    ] {
        assert!(table.contains(&count), "{count} is not in {table}");
    }
}
