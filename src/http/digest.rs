//! SHA-256, of the library that does TLS: names that tell nothing of what they
//! were made from need no library of their own.

use std::fmt::Write as _;

use rustls::SupportedCipherSuite;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;

/// The digest of `bytes` as 64 hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    let common = match TLS13_AES_128_GCM_SHA256 {
        SupportedCipherSuite::Tls13(suite) => &suite.common,
        SupportedCipherSuite::Tls12(suite) => &suite.common,
    };
    let mut digits = String::with_capacity(64);
    for byte in common.hash_provider.hash(bytes).as_ref() {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn it_is_sha_256() {
        assert_eq!(
            digest(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
