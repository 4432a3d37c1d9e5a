//! What goes into a decision about a request and what comes out of it; neither
//! knows a socket.

use std::time::Duration;

use super::playback::Slot;
use super::reply::Reply;

/// What a request is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming<'a> {
    /// HTTP method.
    pub(super) method: &'a str,
    /// Path without the query.
    pub(super) path: &'a str,
    /// The query; empty where there is none.
    pub(super) query: &'a str,
    /// `Host` header, for the place of a redirect.
    pub(super) host: &'a str,
    /// `Authorization` header.
    pub(super) authorization: Option<&'a str>,
    /// `Content-Type` header.
    pub(super) content_type: Option<&'a str>,
    /// All of the body; nothing of one that is too long.
    pub(super) body: &'a [u8],
    /// The body was longer than the endpoint takes.
    pub(super) overlong: bool,
}

/// What becomes of a request.
#[derive(Debug)]
pub(super) struct Outcome {
    /// How long nothing is sent.
    pub(super) wait: Duration,
    /// What is done then.
    pub(super) then: Then,
    /// Held until the answer has been sent.
    pub(super) slot: Option<Slot>,
}

/// What is done with a connection.
#[derive(Debug, PartialEq)]
pub(super) enum Then {
    /// This is sent.
    Reply(Reply),
    /// Nothing, for ever.
    Hang,
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
}
