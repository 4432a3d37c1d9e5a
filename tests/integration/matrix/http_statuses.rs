//! HTTP statuses and pages in place of an answer.

use super::case::{Fault, TEXT, complete, half, head, page, raw};
use crate::harness::http;

const HTML: &str = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

pub fn faults() -> Vec<Fault> {
    let mut faults: Vec<Fault> = [
        (200, 7),
        (206, 7),
        (300, 4),
        (304, 4),
        (308, 4),
        (400, 4),
        (401, 3),
        (402, 3),
        (403, 3),
        (404, 4),
        (407, 6),
        (408, 5),
        (413, 4),
        (429, 5),
        (434, 3),
        (451, 4),
        (499, 4),
        (500, 5),
        (502, 5),
        (503, 5),
        (504, 5),
        (599, 5),
        (600, 7),
        (999, 7),
    ]
    .into_iter()
    .map(|(status, code)| {
        Fault::new(&format!("a page of HTML as {status}"), code, move |_| {
            page(status, "text/html", if status == 304 { "" } else { HTML })
        })
    })
    .collect();
    faults.extend([
        Fault::new("an empty body", 7, |c| {
            raw(&format!("{}\r\nContent-Length: 0", head(c)), "")
        }),
        Fault::new("a blank body", 7, |c| {
            raw(&format!("{}\r\nContent-Length: 6", head(c)), " \n\r\n\t ")
        }),
        Fault::new("204", 7, |_| raw("HTTP/1.1 204 No Content", "")),
        Fault::harmless("206 with a complete answer", TEXT, |c| {
            raw(
                &format!(
                    "HTTP/1.1 206 Partial Content\r\nContent-Length: {}",
                    complete(c).len()
                ),
                &complete(c),
            )
        }),
        Fault::new("206 with half an answer", 7, |c| {
            raw(
                &format!(
                    "HTTP/1.1 206 Partial Content\r\nContent-Length: {}",
                    half(c).len()
                ),
                &half(c),
            )
        })
        .cut_stream(7),
        Fault::new("301 with a place", 4, |_| {
            http(301, "Location: https://elsewhere.example/v1\r\n", "")
        }),
        Fault::new("307 with a place that acts on terminals", 4, |_| {
            http(307, "Location: https://x/\u{9b}2J\u{202e}\u{85}\r\n", "")
        }),
        // An escape character is not valid in a response head.
        Fault::new("307 with an escape character in its place", 7, |_| {
            http(307, "Location: https://x/\u{1b}]52;c;eA==\r\n", "")
        }),
        Fault::new("308 to itself", 4, |_| {
            http(308, "Location: chat/completions\r\n", "")
        }),
        Fault::new("plain text", 7, |_| {
            page(200, "text/plain", "upstream connect error")
        }),
        Fault::new("a login page that is said to be JSON", 7, |c| {
            raw(
                &format!("{}\r\nContent-Length: {}", head(c), HTML.len()),
                HTML,
            )
        }),
    ]);
    faults
}
