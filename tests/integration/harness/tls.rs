//! A TLS server and its certificate authority, made for each test.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::{Play, Server, Wire, file};

/// A certificate authority of the test's own.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // Two authorities must not have the same name.
        let name = format!("authority of {:?}", std::time::SystemTime::now());
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        Self { issuer }
    }

    /// Its certificate as a PEM file in `folder`.
    pub fn pem(&self, folder: &TempDir) -> PathBuf {
        file(folder, "ca.pem", self.issuer.pem())
    }

    /// A server with a certificate of this authority for `host`.
    pub fn server(&self, host: &str, plays: impl IntoIterator<Item = Play>) -> Server {
        self.server_with(host, |_| {}, plays)
    }

    /// The same, with changes to the certificate before it is signed.
    pub fn server_with(
        &self,
        host: &str,
        alter: impl FnOnce(&mut CertificateParams),
        plays: impl IntoIterator<Item = Play>,
    ) -> Server {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        alter(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        Server::speaking(plays, move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            StreamOwned::new(connection, stream)
        })
    }
}

impl Wire for StreamOwned<ServerConnection, TcpStream> {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}
