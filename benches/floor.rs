//! The HTTP library of airx alone, to compare its time with that of airx for the same
//! request: `floor URL BODY` posts BODY by `reqwest::blocking`, set up as in airx, and
//! copies the response to standard output. `benches/compare` runs it next to airx.

use std::io::{Write, copy, stdout};
use std::sync::Arc;

use anyhow::Context;
use reqwest::blocking::Client;
use rustls::{ClientConfig, RootCertStore};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().context("no URL")?;
    let body = arguments.next().context("no body")?;
    // The URL is not https, but a TLS configuration is required. It trusts no root.
    let tls =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .timeout(None)
        .build()?;
    let request = client.post(url).header("content-type", "application/json");
    let mut response = request.body(body).send()?;
    let mut out = stdout().lock();
    copy(&mut response, &mut out)?;
    out.flush()?;
    // Like airx, exit without freeing the memory first.
    std::process::exit(0)
}
