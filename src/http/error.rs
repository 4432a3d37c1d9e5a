//! The library's errors → failures. The chain of sources is searched, since the outer
//! error's kind is always `Other`.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustls::{CertificateError, InvalidMessage};

use super::{HEADER_LIMIT, descriptors};
use crate::error::Failure;
use crate::exit::Class;
use crate::settings::Connection;

/// A request that failed, for the messages about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    connection: &'a Connection,
    /// What to do if there was no answer in time.
    when_late: &'static str,
}

impl<'a> Target<'a> {
    pub(super) fn chat(connection: &'a Connection) -> Self {
        Self {
            connection,
            when_late: "raise --timeout, or use airx stream",
        }
    }

    /// A file or a batch, which cannot be streamed.
    pub(super) fn resource(connection: &'a Connection) -> Self {
        Self {
            connection,
            when_late: "raise --timeout",
        }
    }

    /// `host:port` of the server, without user name and password.
    fn server(self) -> String {
        let url = &self.connection.endpoint.url;
        let port = url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", url.host_str().unwrap_or_default())
    }

    /// The base URL for a server that speaks plain http, with the option that allows it.
    fn plain_url(self) -> String {
        let endpoint = &self.connection.endpoint;
        let mut url = endpoint.base();
        let port = url.port_or_known_default();
        // Neither fails for an https URL.
        let _ = url.set_scheme("http");
        let _ = url.set_port(port);
        let allow = if endpoint.loopback {
            ""
        } else {
            " (with --allow-http)"
        };
        format!("{}{allow}", url.as_str().trim_end_matches('/'))
    }

    /// A failure before the response's head: to connect, or a connection that was
    /// closed or reset before any response byte.
    pub(super) fn before_head(self, error: &reqwest::Error) -> Failure {
        Failure {
            unsent: error.is_connect(),
            ..self.failed_before_head(error)
        }
    }

    fn failed_before_head(self, error: &reqwest::Error) -> Failure {
        let server = self.server();
        if find::<io::Error>(error).is_some_and(descriptors::is_exhausted) {
            return descriptors::exhausted();
        }
        if error.is_timeout() {
            return if error.is_connect() {
                self.not_connected_in_time()
            } else {
                self.timed_out()
            };
        }
        if let Some(tls) = find::<rustls::Error>(error) {
            return self.in_tls(tls);
        }
        if error.is_connect() {
            return self.not_connected(&chain(error));
        }
        let hyper = find::<hyper::Error>(error);
        if hyper.is_some_and(hyper::Error::is_parse_too_large) {
            let what =
                format!("the response of {server} has more than {HEADER_LIMIT} header lines");
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

    fn not_connected_in_time(self) -> Failure {
        let (server, within) = (self.server(), shown(self.connection.timeouts.connect));
        let what = format!("no connection to {server} within {within}");
        Failure::new(Class::Network, what)
            .hint("check the network, or raise --connect-timeout")
            .retryable()
    }

    fn not_connected(self, chain: &str) -> Failure {
        let server = self.server();
        if let Some(proxy) = &self.connection.proxy {
            return by_proxy(&server, &proxy.address(), chain);
        }
        let hint = if chain.contains("dns error") {
            "the host's name cannot be resolved: check --base-url and the network"
        } else {
            "check --base-url, and that the server is running"
        };
        let what = format!("cannot connect to {server}: {chain}");
        Failure::new(Class::Network, what).hint(hint).retryable()
    }

    fn in_tls(self, error: &rustls::Error) -> Failure {
        let failed = |why: &dyn std::fmt::Display| {
            let what = format!("TLS with {} failed: {why}", self.server());
            Failure::new(Class::Network, what)
        };
        match error {
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                failed(&"the server speaks plain http, not TLS")
                    .hint(format!("write the URL as {}", self.plain_url()))
            }
            // `openssl req -x509` makes such a certificate, and curl accepts it.
            rustls::Error::InvalidCertificate(CertificateError::Other(other))
                if other.to_string().contains("CaUsedAsEndEntity") =>
            {
                failed(&"its certificate is for an authority (CA:TRUE), not for a server").hint(
                    "make a new one with -addext basicConstraints=critical,CA:FALSE, and name it \
                     with --cacert",
                )
            }
            rustls::Error::InvalidCertificate(_) => failed(error).hint(
                "the server's certificate is not trusted; name its authority with --cacert FILE",
            ),
            _ => failed(error).retryable(),
        }
    }

    /// A failure after the response's head: the answer broke off, or took too long.
    pub(super) fn in_body(self, error: &(dyn Error + 'static)) -> Failure {
        if find::<reqwest::Error>(error).is_some_and(reqwest::Error::is_timeout) {
            return self.timed_out();
        }
        // The outer errors only say what was attempted.
        let innermost = causes(error).last().unwrap_or(error);
        let message = format!("the answer broke off: {innermost}");
        Failure::new(Class::Incomplete, message).hint(CUT)
    }

    pub(super) fn timed_out(self) -> Failure {
        let within = shown(self.connection.timeouts.total);
        let what = format!("no complete answer within {within}");
        Failure::new(Class::Network, what).hint(self.when_late)
    }
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

/// Whether the connection, once made, was closed or reset before any response byte.
pub(super) fn is_closed(error: &reqwest::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    const RESET: [ErrorKind; 4] = [
        ConnectionReset,
        ConnectionAborted,
        BrokenPipe,
        UnexpectedEof,
    ];
    let closed = find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message);
    let reset = || find::<io::Error>(error).is_some_and(|error| RESET.contains(&error.kind()));
    !error.is_connect() && (closed || reset())
}

/// A body with more bytes than this limit.
pub(crate) fn too_long(limit: u64) -> Failure {
    let mib = limit >> 20;
    let message = format!("the response's body is longer than {mib} MiB");
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

/// A duration as people write it.
fn shown(limit: Option<Duration>) -> String {
    match limit {
        Some(limit) => format!("{} s", limit.as_secs_f64()),
        None => "the time allowed".to_owned(),
    }
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
    const VAGUE: [&str; 3] = [
        "client error (Connect)",
        "client error (SendRequest)",
        "tcp connect error",
    ];
    let mut words: Vec<String> = Vec::new();
    let layers = std::iter::successors(Some(error), |&error| error.source());
    // reqwest's own layer says "error sending request" and the URL.
    for layer in layers.filter(|layer| !layer.is::<reqwest::Error>()) {
        let text = layer.to_string();
        let known = words.iter().any(|known| known.contains(&text));
        if !known && !VAGUE.contains(&text.as_str()) {
            words.retain(|known| !text.contains(known.as_str()));
            words.push(text);
        }
    }
    words.join(": ")
}
