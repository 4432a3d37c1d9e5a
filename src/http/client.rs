//! reqwest's clients as airx sets them up: HTTP/1.1, no redirects, no retries, its
//! own trust roots; and the headers of a request and a response.

use std::mem::ManuallyDrop;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    USER_AGENT,
};
use reqwest::{ClientBuilder, StatusCode, Version};
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{Builder, Runtime};

use super::{HEADER_LIMIT, Head, error, tls_roots};
use crate::error::Failure;
use crate::exit::Class;
use crate::settings::{Connection, Proxy};

/// How often a request is sent again at once because the server closed the idle
/// connection that it was to use. This does not count as a retry: the next connection
/// is a new one, or another idle one.
pub(super) const REUSED_MAX: usize = 2;

/// The number of task polls after which the runtime polls the sockets again. Each chunk of a stream
/// takes two; when no task is ready, the runtime polls the sockets in any case.
const TURNS_A_ROUND: u32 = 1024;

/// The type of a body.
pub(super) const JSON: &str = "application/json";

/// The settings that all clients share.
fn builder(connection: &Connection) -> Result<ClientBuilder, Failure> {
    let mut builder = ClientBuilder::new()
        .tls_backend_preconfigured(tls(connection)?)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .http1_max_headers(HEADER_LIMIT)
        .referer(false);
    if let Some(limit) = connection.timeouts.connect {
        builder = builder.connect_timeout(limit);
    }
    // The library reads the environment itself, but ignores values it cannot parse.
    builder = match &connection.proxy {
        Some(proxy) => builder.proxy(library_proxy(proxy)?),
        None => builder.no_proxy(),
    };
    Ok(builder)
}

/// The client for complete replies. Its own time-out, 30 s by default, is off.
pub(super) fn blocking(connection: &Connection) -> Result<reqwest::blocking::Client, Failure> {
    reqwest::blocking::ClientBuilder::from(builder(connection)?)
        .timeout(None)
        .build()
        .map_err(|error| error::unbuilt(&error))
}

/// The asynchronous client and the runtime that it lives on. Neither is ever dropped.
#[derive(Debug)]
pub(super) struct AsyncClient {
    pub(super) http: ManuallyDrop<reqwest::Client>,
    pub(super) runtime: ManuallyDrop<Runtime>,
}

impl AsyncClient {
    /// Builds a client that keeps at most `idle` connections for later requests.
    pub(super) fn new(connection: &Connection, idle: usize) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .event_interval(TURNS_A_ROUND)
            .build()
            .map_err(error::no_runtime)?;
        let http = builder(connection)?.pool_max_idle_per_host(idle).build();
        let http = http.map_err(|error| error::unbuilt(&error))?;
        Ok(Self {
            http: ManuallyDrop::new(http),
            runtime: ManuallyDrop::new(runtime),
        })
    }
}

pub(super) fn chat_headers(connection: &Connection, streamed: bool) -> HeaderMap {
    let accept = if streamed { "text/event-stream" } else { JSON };
    headers(connection, accept, Some(JSON))
}

/// The headers of a request. Headers with secret values are marked sensitive.
pub(super) fn headers(
    connection: &Connection,
    accept: &'static str,
    content_type: Option<&'static str>,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    let agent = concat!("airx/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if connection.endpoint.provider.is_some() {
        // Without this header the providers' error messages are Chinese; api.md §1.
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en-US,en"));
    }
    let key = connection.authorization();
    let key = key.map(|value| (AUTHORIZATION.as_str(), value));
    let own = connection.headers.iter();
    let own = own.map(|(name, value)| (name.as_str(), value));
    let mut replaced = Vec::new();
    for (name, value) in key.into_iter().chain(own) {
        // Both were checked when the settings were resolved.
        let value = HeaderValue::from_bytes(value.reveal().as_bytes());
        let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), value) else {
            continue;
        };
        value.set_sensitive(true);
        if replaced.contains(&name) {
            headers.append(name, value);
        } else {
            headers.insert(name.clone(), value);
            replaced.push(name);
        }
    }
    headers
}

/// The head of an asynchronous response.
pub(super) fn head(response: &reqwest::Response) -> Head {
    let (version, status) = (response.version(), response.status());
    head_of(version, status, response.headers(), response.remote_addr())
}

/// A response's head without the library's types.
pub(super) fn head_of(
    version: Version,
    status: StatusCode,
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
) -> Head {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    };
    Head {
        version: if version == Version::HTTP_10 {
            "HTTP/1.0"
        } else {
            "HTTP/1.1"
        },
        status: status.as_u16(),
        headers: headers.iter().map(pair).collect(),
        peer: peer.map(|peer| peer.to_string()),
        recording: None,
    }
}

/// The TLS set-up. If neither the server nor the proxy uses https, no root is read;
/// reqwest gets an empty store, so that it does not build its own.
fn tls(connection: &Connection) -> Result<ClientConfig, Failure> {
    let proxy = connection.proxy.as_ref();
    let needed = connection.endpoint.url.scheme() == "https"
        || proxy.is_some_and(|proxy| proxy.scheme == "https");
    let roots = if needed {
        tls_roots::of(connection.cacert.as_deref())?
    } else {
        RootCertStore::empty()
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(Class::Internal, format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Converts the proxy to the library's type.
fn library_proxy(proxy: &Proxy) -> Result<reqwest::Proxy, Failure> {
    let url = proxy.url();
    // reqwest parses the text again when the client is built. If it cannot parse the
    // proxy then, it connects without it.
    url.reveal()
        .parse::<hyper::Uri>()
        .map_err(|why| proxy.unusable(&why))?;
    reqwest::Proxy::all(url.reveal()).map_err(|why| proxy.unusable(&why.without_url()))
}
