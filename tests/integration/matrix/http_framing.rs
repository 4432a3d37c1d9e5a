//! HTTP lengths, chunks and trailers that are wrong or rare.

use super::case::Command::Stream;
use super::case::{Command, Fault, TEXT, bytes, complete, half, head, raw};
use crate::harness::{Play, Step, delta, finish_frame};

pub fn faults() -> Vec<Fault> {
    [lengths(), chunks(), versions()]
        .into_iter()
        .flatten()
        .collect()
}

fn with(command: Command, headers: &str, body: &str) -> Play {
    raw(&format!("{}\r\n{headers}", head(command)), body)
}

fn chunked(command: Command, body: &str) -> Play {
    with(command, "Transfer-Encoding: chunked", body)
}

/// Half an answer in a chunk, and then these bytes.
fn half_and(command: Command, then: &str) -> Play {
    let half = half(command);
    chunked(command, &format!("{:x}\r\n{half}\r\n{then}", half.len()))
}

/// A stream of a complete answer without its end.
fn undone(command: Command) -> String {
    match command {
        Stream => delta("Mark1 ") + &finish_frame("stop"),
        _ => half(command),
    }
}

fn lengths() -> Vec<Fault> {
    let length = |text: &'static str| {
        Fault::new(&format!("Content-Length: {text}"), 7, move |c| {
            with(c, &format!("Content-Length: {text}"), &complete(c))
        })
    };
    vec![
        Fault::harmless(
            "a length that is too long, and a complete answer",
            TEXT,
            |c| with(c, "Content-Length: 9999", &complete(c)),
        ),
        Fault::new("a length that is too long, and half an answer", 7, |c| {
            with(c, "Content-Length: 9999", &half(c))
        })
        .cut_stream(7),
        Fault::new("a length that is too short", 7, |c| {
            with(
                c,
                &format!("Content-Length: {}", half(c).len()),
                &(half(c) + &complete(c)),
            )
        })
        .cut_stream(7),
        Fault::new("two lengths", 7, |c| {
            with(c, "Content-Length: 9\r\nContent-Length: 8", &complete(c))
        }),
        Fault::harmless("the same length twice", TEXT, |c| {
            let length = format!("Content-Length: {}", complete(c).len());
            with(c, &format!("{length}\r\n{length}"), &complete(c))
        }),
        length("-5"),
        length("18446744073709551616"),
        length("0x10"),
        length("ten"),
        length("+5"),
        Fault::new("a reset after half an answer", 7, |c| {
            let text = format!("{}\r\nContent-Length: 9999\r\n\r\n{}", head(c), half(c));
            // The pause lets airx read the bytes before the reset discards them.
            vec![
                Step::Send(text.into()),
                Step::Pause(std::time::Duration::from_millis(400)),
                Step::Reset,
            ]
        })
        .cut_stream(7),
        Fault::harmless("no length, and a complete answer", TEXT, |c| {
            raw(&head(c), &complete(c))
        }),
        Fault::new("no length, and half an answer", 7, |c| {
            raw(&head(c), &half(c))
        })
        .cut_stream(7),
        Fault::new("no length, and an answer without its end", 7, |c| {
            raw(&head(c), &undone(c))
        })
        .cut_stream(7),
        Fault::new(
            "another transfer coding, and an answer without its end",
            7,
            |c| with(c, "Transfer-Encoding: identity", &undone(c)),
        )
        .cut_stream(7),
        Fault::new(
            "a transfer coding and a length, and an answer without its end",
            7,
            |c| {
                let length = undone(c).len();
                with(
                    c,
                    &format!("Transfer-Encoding: x-gzip\r\nContent-Length: {length}"),
                    &undone(c),
                )
            },
        )
        .cut_stream(7),
    ]
}

fn chunks() -> Vec<Fault> {
    let broken = |name: &str, then: &'static str| {
        Fault::new(name, 7, move |c| half_and(c, then)).cut_stream(7)
    };
    let complete_and = |name: &str, then: fn() -> String| {
        Fault::harmless(name, TEXT, move |c| {
            let complete = complete(c);
            chunked(
                c,
                &format!("{:x}\r\n{complete}\r\n{}", complete.len(), then()),
            )
        })
    };
    vec![
        broken("no last chunk", ""),
        broken("a negative chunk size", "-5\r\nabcde\r\n0\r\n\r\n"),
        broken("a chunk size that overflows", "fffffffffffffffff\r\nx"),
        broken("a chunk size that no body has", "ffffffffffffffff\r\nx"),
        broken("a chunk size that is no number", "zz\r\nxx\r\n0\r\n\r\n"),
        broken("a chunk without a size", "\r\n0\r\n\r\n"),
        broken(
            "a chunk that is shorter than its size",
            "ff\r\nabc\r\n0\r\n\r\n",
        ),
        broken(
            "a chunk that is longer than its size",
            "1\r\nabc\r\n0\r\n\r\n",
        ),
        broken("a last chunk that comes too early", "0\r\n\r\n"),
        Fault::new("a first chunk size that is no number", 7, |c| {
            chunked(c, "zz\r\n")
        }),
        Fault::new("a chunk extension without end", 7, |c| {
            chunked(c, &format!("5;{}", "x".repeat(1 << 20)))
        }),
        complete_and("a chunk extension", || "0;name=value\r\n\r\n".into()),
        complete_and("no last chunk after a complete answer", String::new),
        complete_and("trailers", || {
            "0\r\nX-Trailer: 1\r\nX-Other: 2\r\n\r\n".into()
        }),
        complete_and("a trailer that has no colon", || {
            "0\r\nnonsense\r\n\r\n".into()
        }),
        complete_and("trailers without end", || {
            format!(
                "0\r\n{}",
                format!("X-T: {}\r\n", "x".repeat(1000)).repeat(1000)
            )
        }),
    ]
}

fn versions() -> Vec<Fault> {
    vec![
        Fault::harmless("HTTP/1.0 with a length", TEXT, |c| {
            raw(
                &format!("HTTP/1.0 200 OK\r\nContent-Length: {}", complete(c).len()),
                &complete(c),
            )
        }),
        Fault::harmless("HTTP/1.0 without a length", TEXT, |c| {
            raw("HTTP/1.0 200 OK", &complete(c))
        }),
        Fault::new("HTTP/1.0 without a length, and half an answer", 7, |c| {
            raw("HTTP/1.0 200 OK", &half(c))
        })
        .cut_stream(7),
        Fault::new("HTTP/0.9: a body without a head", 7, |c| bytes(complete(c))),
        Fault::new("HTTP/2.0 in the status line", 7, |c| {
            raw("HTTP/2.0 200 OK", &complete(c))
        }),
        Fault::new("HTTP/1.2 in the status line", 7, |c| {
            raw("HTTP/1.2 200 OK", &complete(c))
        }),
        Fault::new("the settings of HTTP/2", 7, |_| {
            bytes(*b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64")
        }),
        Fault::new("the preface of HTTP/2", 7, |_| {
            bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        }),
        Fault::harmless("100 before the answer", TEXT, |c| {
            bytes(format!(
                "HTTP/1.1 100 Continue\r\n\r\n{}\r\nContent-Length: {}\r\n\r\n{}",
                head(c),
                complete(c).len(),
                complete(c)
            ))
        }),
        Fault::harmless("early hints before the answer", TEXT, |c| {
            let early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(50);
            bytes(format!(
                "{early}{}\r\nContent-Length: {}\r\n\r\n{}",
                head(c),
                complete(c).len(),
                complete(c)
            ))
        }),
        Fault::new("101 and another protocol", 7, |_| {
            raw(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket",
                "\x01\x02",
            )
        }),
        Fault::new("101 without a word on the protocol", 7, |_| {
            raw("HTTP/1.1 101 Switching Protocols", "")
        }),
    ]
}
