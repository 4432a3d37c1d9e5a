//! What `--verbose` tells of an attempt: both heads, and where it was kept.

use crate::event::{Level, Sink};
use crate::http::{Call, Head, Kept, Transport};

pub(super) fn request(transport: &Transport, body: &[u8], streamed: bool, sink: &mut dyn Sink) {
    for line in transport.request_head(streamed) {
        sink.note(Level::Verbose, &format_args!("> {line}"));
    }
    sink.note(
        Level::Verbose,
        &format_args!("> content-length: {}", body.len()),
    );
}

/// The same of a request beside the chat.
pub(super) fn call(transport: &Transport, call: &Call<'_>, sink: &mut dyn Sink) {
    for line in transport.call_head(call) {
        sink.note(Level::Verbose, &format_args!("> {line}"));
    }
}

pub(super) fn recording(kept: &Kept, sink: &mut dyn Sink) {
    let file = &kept.file;
    sink.note(Level::Verbose, &format_args!("* recorded in {file}"));
    if kept.masked {
        let text = format!("{file} lacks what must not be shown: its replay will differ");
        sink.note(Level::Warning, &text);
    }
}

pub(super) fn response(head: &Head, sink: &mut dyn Sink) {
    if let Some(peer) = &head.peer {
        sink.note(Level::Verbose, &format_args!("* connected to {peer}"));
    }
    if let Some(file) = &head.recording {
        sink.note(Level::Verbose, &format_args!("* replayed from {file}"));
    }
    sink.note(
        Level::Verbose,
        &format_args!("< {} {} {}", head.version, head.status, head.reason),
    );
    for (name, value) in &head.headers {
        sink.note(Level::Verbose, &format_args!("< {name}: {value}"));
    }
}
