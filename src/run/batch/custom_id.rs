//! The id of a request in a batch: `airx-INDEX-HASH`. `batch fetch` reads index and hash from it.
//!
//! The hash is in base64url, which takes 43 characters instead of 64 hexadecimal digits. The
//! providers use this id as the request id, and their newer documents limit that to 64 characters.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

use crate::api::batch::INDEX_END;
use crate::digest::hex;

/// The id of the item with this index and with this request hash, in hexadecimal digits.
pub(super) fn make(index: u64, hash: &str) -> String {
    let bytes: Vec<u8> = hash
        .as_bytes()
        .chunks_exact(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    format!("airx-{index}-{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Index and hash of an id; none if airx did not make it.
pub(super) fn read(id: &str) -> Option<(u64, String)> {
    let (index, hash) = id.strip_prefix("airx-")?.split_once('-')?;
    let index: u64 = index.parse().ok()?;
    let bytes: [u8; 32] = BASE64_URL_SAFE_NO_PAD.decode(hash).ok()?.try_into().ok()?;
    let hex = hex(&bytes);
    let same = index < INDEX_END && id == make(index, &hex);
    same.then_some((index, hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_gives_back_what_it_was_made_of_and_a_stranger_nothing() {
        let hash = crate::digest::sha256(b"request");
        let id = make(49_999, &hash);
        assert_eq!(read(&id), Some((49_999, hash.clone())));
        assert!(make(99_999_999, &hash).len() < 60);
        for other in ["request-1", "airx-1-", "airx-x-y", "", &id[..50], "airx--1"] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(read(&id.replace("49999", "049999")), None);
    }
}
