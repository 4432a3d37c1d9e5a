//! Which failures are retried.

use super::case::Command::{Chat, Json, Stream, Tools};
use super::case::{Command, Fault, TEXT, answer, bytes, half, head, page};
use crate::harness::{Play, Step, delta, http, json, stream, wire};

/// The first request gets `bad`, the second a good answer.
fn retried(name: &str, bad: impl Fn(Command) -> Play + Send + Sync + 'static) -> Fault {
    let mut fault = Fault::plays_of(name, 0, move |c| vec![bad(c), answer(c, TEXT, "stop")])
        .args(&["--retries", "1"]);
    for command in [Chat, Stream, Tools, Json] {
        let types = match command {
            Json => "start retry value done",
            _ => "start retry delta done",
        };
        fault = fault.on(command, 0, &(command.content(TEXT) + "\n"), types);
    }
    fault
}

pub fn faults() -> Vec<Fault> {
    vec![
        retried("busy, then an answer", |_| {
            http(
                429,
                "Retry-After: 0\r\n",
                r#"{"error":{"code":"1302","message":"slow down"}}"#,
            )
        }),
        retried("an empty body, then an answer", |_| {
            page(200, "application/json", "")
        }),
        retried("a reset, then an answer", |_| vec![Step::Reset]),
        Fault::plays_of("broken off in the middle, then an answer", 0, |c| match c {
            // After a part was printed, the request is not repeated.
            Stream => vec![stream([delta("Mark1 ")])],
            _ => vec![
                bytes(format!(
                    "{}\r\nContent-Length: 9999\r\n\r\n{}",
                    head(c),
                    half(c)
                )),
                answer(c, TEXT, "stop"),
            ],
        })
        .args(&["--retries", "1"])
        .on(Chat, 0, &format!("{TEXT}\n"), "start retry delta done")
        .cut_stream(7)
        .on(Tools, 0, &format!("{TEXT}\n"), "start retry delta done")
        .on(Json, 0, &format!("\"{TEXT}\"\n"), "start retry value done"),
        Fault::new("a used-up balance is not asked again", 3, |_| {
            json(429, &wire("error_429_1113.json"))
        })
        .args(&["--retries", "3"]),
        Fault::new("a wait longer than the time allowed", 5, |_| {
            http(503, "Retry-After: 86400\r\n", "")
        })
        .args(&["--retries", "3"]),
        Fault::new("a wait that no clock can hold", 5, |_| {
            http(503, "Retry-After: 18446744073709551615\r\n", "")
        })
        .args(&["--retries", "3"]),
    ]
}
