//! Connections that end before the response head, and invalid heads.

use super::case::{Fault, TEXT, bytes, complete, head, page, raw};
use crate::harness::{Play, Step};

pub fn faults() -> Vec<Fault> {
    let mut faults = connections();
    faults.extend(broken());
    faults.extend(odd());
    faults
}

fn connections() -> Vec<Fault> {
    let mut refused = Fault::plays_of("a connection that is refused", 6, |_| Vec::new());
    refused.refused = true;
    vec![
        refused,
        Fault::new("closed before a byte", 6, |_| vec![Step::Close]),
        Fault::new("reset before a byte", 6, |_| vec![Step::Reset]),
        // hyper does not report whether there was a byte.
        Fault::new("closed in the status line", 6, |_| bytes("HTTP/1.1 2")),
        Fault::new("closed in the head", 6, |_| {
            bytes("HTTP/1.1 200 OK\r\nContent-Ty")
        }),
    ]
}

/// Bytes without end, a MiB at a time, and then silence.
fn endless(started: &str, line: &str) -> Play {
    let piece = line.repeat((1 << 20) / line.len());
    let mut play = vec![Step::Send(started.into())];
    play.extend((0..16).map(|_| Step::Send(piece.clone().into())));
    play.push(Step::Hold);
    play
}

fn broken() -> Vec<Fault> {
    let garbage = |name: &str, sent: &'static [u8]| Fault::new(name, 7, move |_| bytes(sent));
    vec![
        garbage(
            "random bytes",
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\xff\xfe",
        ),
        garbage("another protocol's greeting", b"SSH-2.0-OpenSSH_9.2p1\r\n"),
        garbage("a mail server", b"220 mail.example ESMTP\r\n"),
        garbage("a TLS alert", b"\x15\x03\x03\0\x02\x02\x28"),
        garbage("a status that is no number", b"HTTP/1.1 OK\r\n\r\n"),
        garbage("a status of two digits", b"HTTP/1.1 99 X\r\n\r\n"),
        garbage("a status of four digits", b"HTTP/1.1 2000 X\r\n\r\n"),
        garbage("status 000", b"HTTP/1.1 000 X\r\n\r\n"),
        garbage(
            "a header without a colon",
            b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
        ),
        garbage("a header without a name", b"HTTP/1.1 200 OK\r\n: x\r\n\r\n"),
        garbage(
            "a space in a header's name",
            b"HTTP/1.1 200 OK\r\nA B: x\r\n\r\n",
        ),
        garbage(
            "NUL in a header's value",
            b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
        ),
        garbage(
            "a folded header",
            b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n{}",
        ),
        Fault::new("headers without end", 7, |_| {
            endless("HTTP/1.1 200 OK\r\n", "X-More: 1\r\n")
        }),
        Fault::new("a header line without end", 7, |_| {
            endless("HTTP/1.1 200 OK\r\nX-Long: ", "x")
        }),
        Fault::new("a status line without end", 7, |_| {
            endless("HTTP/1.1 200 ", "O")
        }),
        Fault::new("more headers than a head has", 7, |c| {
            raw(
                &format!("{}{}", head(c), "\r\nX-More: 1".repeat(200)),
                &complete(c),
            )
        }),
    ]
}

fn coded(coding: &'static str) -> Fault {
    Fault::new(
        &format!("Content-Encoding: {coding}, unasked"),
        7,
        move |_| {
            let body = "\u{1f}\u{8b}\u{8}\0\0\0\0\0";
            raw(
                &format!(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}",
                    body.len()
                ),
                body,
            )
        },
    )
}

/// A header that changes nothing.
fn header(name: &str, header: &'static str) -> Fault {
    Fault::harmless(name, TEXT, move |c| {
        raw(
            &format!(
                "{}\r\n{header}\r\nContent-Length: {}",
                head(c),
                complete(c).len()
            ),
            &complete(c),
        )
    })
}

fn odd() -> Vec<Fault> {
    let mut faults: Vec<Fault> = ["gzip", "deflate", "br", "zstd", "x-\u{1b}[2J"]
        .map(coded)
        .into();
    faults.extend([
        header("Content-Encoding: identity", "Content-Encoding: identity"),
        header("Content-Encoding: Identity", "Content-Encoding: Identity"),
        header("a wrong charset", "X: 1; charset=iso-8859-1"),
        header(
            "escape sequences in a header",
            "X-Odd: \u{9b}2J \u{202e} \u{85}",
        ),
        header("the same with -v", "X-Odd: \u{9b}2J \u{202e} \u{85}").args(&["-v"]),
        header("a cookie", "Set-Cookie: a=b"),
        header("Retry-After next to an answer", "Retry-After: 86400"),
        Fault::harmless("a status line without a reason", TEXT, |c| {
            raw(
                &format!("HTTP/1.1 200\r\nContent-Length: {}", complete(c).len()),
                &complete(c),
            )
        }),
        Fault::harmless("line ends without CR", TEXT, |c| {
            bytes(format!(
                "HTTP/1.1 200 OK\nContent-Length: {}\n\n{}",
                complete(c).len(),
                complete(c)
            ))
        }),
        Fault::harmless("no content type", TEXT, |c| {
            raw(
                &format!("HTTP/1.1 200 OK\r\nContent-Length: {}", complete(c).len()),
                &complete(c),
            )
        }),
        Fault::harmless("a content type that lies", TEXT, |c| {
            page(200, "image/png", &complete(c))
        }),
        Fault::harmless("a second answer after the first", TEXT, |c| {
            let one = format!(
                "{}\r\nContent-Length: {}\r\n\r\n{}",
                head(c),
                complete(c).len(),
                complete(c)
            );
            bytes(one.repeat(2))
        }),
    ]);
    faults
}
