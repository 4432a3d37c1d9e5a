//! The certificates that airx trusts over TLS, read from PEM.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr_iter, memmem};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::config::path_variable;
use crate::error::Failure;

/// Where distributions keep their bundle: Debian, Fedora, SUSE, Alpine and
/// macOS, FreeBSD.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// The roots to trust: `--cacert`, else those of the environment, else the system's bundle, else
/// those of the platform's store, else Mozilla's, which are part of airx.
pub(super) fn of(cacert: Option<&Path>) -> Result<RootCertStore, Failure> {
    if let Some(path) = cacert {
        return strict("--cacert", path).map_err(|failure| failure.about("cacert"));
    }
    if let Some(path) = path_variable("SSL_CERT_FILE") {
        return strict("SSL_CERT_FILE", &path);
    }
    let mut store = RootCertStore::empty();
    if path_variable("SSL_CERT_DIR").is_none() {
        // Only the bundle: its folder contains the same certificates in separate files, and reading
        // those doubles the cost of a short request.
        for bundle in BUNDLES {
            if let Ok(pem) = std::fs::read(bundle) {
                store.add_parsable_certificates(certificates(&pem));
                if !store.is_empty() {
                    return Ok(store);
                }
            }
        }
    }
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(store)
}

/// The roots of a file that the user named. A file without a certificate is an error.
fn strict(name: &str, path: &Path) -> Result<RootCertStore, Failure> {
    let place = format!("{name} {}", path.display());
    let pem = std::fs::read(path).map_err(|error| Failure::usage(format!("{place}: {error}")))?;
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates(&pem));
    if store.is_empty() {
        return Err(Failure::usage(format!(
            "{place}: it contains no certificate in PEM format"
        )));
    }
    Ok(store)
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// The certificates of a PEM file (RFC 7468). Parts that cannot be read are skipped.
///
/// The PEM reader of rustls decodes in constant time, which only private keys need. For a bundle of
/// 140 public certificates that takes a third of the time of a short request.
fn certificates(pem: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    let starts = memmem::find_iter(pem, BEGIN);
    starts.filter_map(|start| {
        let rest = &pem[start + BEGIN.len()..];
        let text = &rest[..memmem::find(rest, END)?];
        let mut base64 = Vec::with_capacity(text.len());
        let mut line = 0;
        // Looking at each byte for white space would take longer than decoding does.
        for end in memchr_iter(b'\n', text).chain([text.len()]) {
            base64.extend_from_slice(text[line..end].trim_ascii());
            line = end + 1;
        }
        STANDARD.decode(base64).ok().map(CertificateDer::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nAQID\nBAU=\n-----END CERTIFICATE-----\n";
    const DER: &[u8] = &[1, 2, 3, 4, 5];

    #[track_caller]
    fn check(pem: &str, expected: &[&[u8]]) {
        let found: Vec<_> = certificates(pem.as_bytes())
            .map(|certificate| certificate.to_vec())
            .collect();
        assert_eq!(found, expected, "{pem:?}");
    }

    #[test]
    fn certificates_are_found_among_other_things() {
        check(ONE, &[DER]);
        check(&ONE.replace('\n', "\r\n"), &[DER]);
        check(&format!("a root\n{ONE}# and more\n{ONE}"), &[DER, DER]);
        check(&ONE.replace("CERTIFICATE", "PRIVATE KEY"), &[]);
    }

    #[test]
    fn what_is_not_a_certificate_is_skipped() {
        check("", &[]);
        check("-----BEGIN CERTIFICATE-----\nAQID\n", &[]);
        check(&format!("{}{ONE}", ONE.replace("AQID", "A*ID")), &[DER]);
    }
}
