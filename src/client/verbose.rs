//! Reports an attempt for `--verbose`: both heads, and the file it was recorded in.

use super::transport::Transport;
use crate::cassette::Recorded;
use crate::event::{Level, Sink};
use crate::http::{self, Head, ResourceRequest};

pub(super) fn request(transport: &Transport, body: &[u8], streamed: bool, sink: &mut dyn Sink) {
    for line in http::chat_head(transport.connection(), streamed) {
        sink.note(Level::Verbose, &format_args!("> {line}"));
    }
    sink.note(
        Level::Verbose,
        &format_args!("> content-length: {}", body.len()),
    );
}

/// Reports the head of a request for a file or a batch.
pub(super) fn resource(transport: &Transport, request: &ResourceRequest<'_>, sink: &mut dyn Sink) {
    for line in http::resource_head(transport.connection(), request) {
        sink.note(Level::Verbose, &format_args!("> {line}"));
    }
}

pub(super) fn recorded(recorded: &Recorded, sink: &mut dyn Sink) {
    let file = &recorded.file;
    sink.note(Level::Verbose, &format_args!("* recorded in {file}"));
    if recorded.masked {
        let text = format!("{file} has its secrets masked: its replay will differ");
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
