//! The library's errors → failures. The chain of sources is searched, since the outer
//! error's kind is always `Other`.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustls::{CertificateError, InvalidMessage};
use url::Url;

use super::{BODY_LIMIT, HEADER_LIMIT, descriptors};
use crate::error::Failure;
use crate::exit::Class;
use crate::settings::{Connection, Proxy};

/// The values that the messages about a failed request name.
#[derive(Debug)]
pub(super) struct Limits {
    /// `host:port` of the server.
    server: String,
    /// `host:port` of the proxy.
    proxy: Option<String>,
    /// The base URL with http in place of https.
    plain: String,
    connect: Option<Duration>,
    total: Option<Duration>,
    /// It is a chat request, which could be streamed instead.
    chat: bool,
}

impl Limits {
    pub(super) fn of(connection: &Connection) -> Self {
        let url = &connection.endpoint.url;
        Self {
            server: place(url),
            proxy: connection.proxy.as_ref().map(Proxy::address),
            plain: plain(connection),
            connect: connection.timeouts.connect,
            total: connection.timeouts.total,
            chat: true,
        }
    }

    /// The names for a request for a file or a batch.
    pub(super) fn of_resource(mut self) -> Self {
        self.chat = false;
        self
    }
}

/// The base URL for a server that speaks plain http, with the option that allows it.
fn plain(connection: &Connection) -> String {
    let mut url = connection.endpoint.base();
    let port = url.port_or_known_default();
    // Neither fails for an https URL.
    let _ = url.set_scheme("http");
    let _ = url.set_port(port);
    let allow = if connection.endpoint.loopback {
        ""
    } else {
        " (with --allow-http)"
    };
    format!("{}{allow}", url.as_str().trim_end_matches('/'))
}

/// `host:port`, without user name and password.
fn place(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

/// The asynchronous runtime cannot be set up.
#[allow(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
pub(super) fn no_runtime(error: io::Error) -> Failure {
    if descriptors::is_exhausted(&error) {
        return descriptors::exhausted();
    }
    error.into()
}

/// The client cannot be set up.
pub(super) fn unbuilt(error: &reqwest::Error) -> Failure {
    if find::<io::Error>(error).is_some_and(descriptors::is_exhausted) {
        return descriptors::exhausted();
    }
    let what = format!("the HTTP client cannot be set up: {}", chain(error));
    Failure::new(Class::Internal, what)
}

/// A failure before the response's head: to connect, or a connection that was
/// closed or reset before any response byte.
pub(super) fn before_head(error: &reqwest::Error, limits: &Limits) -> Failure {
    let mut failure = failure_before_head(error, limits);
    failure.unsent = error.is_connect();
    failure
}

fn failure_before_head(error: &reqwest::Error, limits: &Limits) -> Failure {
    let server = &limits.server;
    if find::<io::Error>(error).is_some_and(descriptors::is_exhausted) {
        return descriptors::exhausted();
    }
    if error.is_timeout() {
        return if error.is_connect() {
            not_connected_in_time(limits)
        } else {
            timed_out(limits)
        };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return in_tls(tls, limits);
    }
    if error.is_connect() {
        return not_connected(&chain(error), limits);
    }
    let hyper = find::<hyper::Error>(error);
    if hyper.is_some_and(hyper::Error::is_parse_too_large) {
        let what = format!("the response of {server} has more than {HEADER_LIMIT} header lines");
        return Failure::new(Class::Incomplete, what);
    }
    if hyper.is_some_and(hyper::Error::is_parse) {
        let what = format!("{server} did not answer in HTTP: {}", chain(error));
        return Failure::new(Class::Incomplete, what);
    }
    if is_closed(error) {
        let what = format!("{server} closed the connection before any response");
        return Failure::new(Class::Network, what).retryable();
    }
    let what = format!("the request to {server} failed: {}", chain(error));
    Failure::new(Class::Network, what)
}

fn not_connected_in_time(limits: &Limits) -> Failure {
    let (server, within) = (&limits.server, shown(limits.connect));
    let what = format!("no connection to {server} within {within}");
    Failure::new(Class::Network, what)
        .hint("check the network, or raise --connect-timeout")
        .retryable()
}

fn not_connected(chain: &str, limits: &Limits) -> Failure {
    let server = &limits.server;
    if let Some(proxy) = &limits.proxy {
        return by_proxy(server, proxy, chain);
    }
    let hint = if chain.contains("dns error") {
        "the host's name cannot be resolved: check --base-url and the network"
    } else {
        "check --base-url, and that the server is running"
    };
    let what = format!("cannot connect to {server}: {chain}");
    Failure::new(Class::Network, what).hint(hint).retryable()
}

fn in_tls(error: &rustls::Error, limits: &Limits) -> Failure {
    let server = &limits.server;
    let failed = |why: &dyn std::fmt::Display| {
        Failure::new(Class::Network, format!("TLS with {server} failed: {why}"))
    };
    match error {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => no_tls(limits),
        // `openssl req -x509` makes such a certificate, and curl accepts it.
        rustls::Error::InvalidCertificate(CertificateError::Other(other))
            if other.to_string().contains("CaUsedAsEndEntity") =>
        {
            failed(&"its certificate is for an authority (CA:TRUE), not for a server").hint(
                "make a new one with -addext basicConstraints=critical,CA:FALSE, and name it \
                 with --cacert",
            )
        }
        rustls::Error::InvalidCertificate(_) => failed(error)
            .hint("the server's certificate is not trusted; name its authority with --cacert FILE"),
        _ => failed(error).retryable(),
    }
}

/// The server answered the TLS handshake in another protocol.
fn no_tls(limits: &Limits) -> Failure {
    let server = &limits.server;
    let what = format!("TLS with {server} failed: the server speaks plain http, not TLS");
    Failure::new(Class::Network, what).hint(format!("write the URL as {}", limits.plain))
}

/// Whether the connection, once made, was closed or reset before any response byte.
pub(super) fn is_closed(error: &reqwest::Error) -> bool {
    let closed = find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message);
    let reset = || find::<io::Error>(error).is_some_and(|error| is_reset(error.kind()));
    !error.is_connect() && (closed || reset())
}

/// A body over [`BODY_LIMIT`].
pub(crate) fn too_long() -> Failure {
    let limit = BODY_LIMIT >> 20;
    let message = format!("the response's body is longer than {limit} MiB");
    Failure::new(Class::Incomplete, message)
}

/// A failure of a proxy, or on the way to it. The library reports only whether the
/// proxy answered 407.
fn by_proxy(server: &str, proxy: &str, chain: &str) -> Failure {
    let unauthorized = chain.contains("authorization required");
    let why = if unauthorized {
        "it requires valid credentials (407)"
    } else if chain.contains("tunnel error: unsuccessful") {
        "it refuses the tunnel: its answer to CONNECT is not 200"
    } else if chain.contains("tunnel error: unexpected end of file") {
        "it closed the connection without an answer"
    } else {
        chain.trim_start_matches("tunnel error: failed to create underlying connection: ")
    };
    let message = format!("cannot connect to {server} through the proxy {proxy}: {why}");
    let failure = Failure::new(Class::Network, message).hint(
        "check the proxy (--proxy, HTTPS_PROXY, ALL_PROXY), its credentials, and whether it allows this host",
    );
    // A retry cannot correct wrong credentials, and it may lock the proxy's account.
    if unauthorized {
        failure
    } else {
        failure.retryable()
    }
}

/// What to do about a connection that was cut.
pub(crate) const CUT: &str = "the server, or a proxy before it, closed the connection: try again";

/// A failure after the response's head: the answer broke off, or took too long.
pub(super) fn in_body(error: &(dyn Error + 'static), limits: &Limits) -> Failure {
    if find::<reqwest::Error>(error).is_some_and(reqwest::Error::is_timeout) {
        return timed_out(limits);
    }
    // The outer errors only say what was attempted.
    let innermost = causes(error).last().unwrap_or(error);
    let message = format!("the answer broke off: {innermost}");
    Failure::new(Class::Incomplete, message).hint(CUT)
}

pub(super) fn timed_out(limits: &Limits) -> Failure {
    let within = shown(limits.total);
    Failure::new(
        Class::Network,
        format!("no complete answer within {within}"),
    )
    .hint(if limits.chat {
        "raise --timeout, or use airx stream"
    } else {
        "raise --timeout"
    })
}

/// A duration as people write it.
fn shown(limit: Option<Duration>) -> String {
    limit.map_or_else(
        || "the time allowed".to_owned(),
        |limit| format!("{} s", limit.as_secs_f64()),
    )
}

fn is_reset(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
    )
}

/// The errors of the chain, from outside to inside. An `io::Error` made of another error
/// hides that one from `source()`, so it is opened too.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        inner
            .map(|inner| inner as &(dyn Error + 'static))
            .or_else(|| error.source())
    })
}

/// The first error of type `E` in the chain.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// The chain's messages on one line, from outside to inside, without the layers
/// that only repeat or say that something failed.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut at = Some(error);
    while let Some(error) = at {
        // reqwest's own layer says "error sending request" and the URL.
        let text = if error.is::<reqwest::Error>() {
            String::new()
        } else {
            error.to_string()
        };
        let known = words.iter().any(|known| known.contains(&text));
        let vague = [
            "client error (Connect)",
            "client error (SendRequest)",
            "tcp connect error",
        ];
        if !known && !vague.contains(&text.as_str()) {
            words.retain(|known| !text.contains(known.as_str()));
            words.push(text);
        }
        at = error.source();
    }
    words.retain(|text| !text.is_empty());
    words.join(": ")
}
