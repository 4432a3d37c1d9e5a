//! The proxy of the settings → reqwest's.

use std::fmt::Display;

use crate::error::Failure;
use crate::settings::Proxy;

/// The library's proxy.
///
/// # Errors
/// The library could not use it: exit 2.
pub(super) fn of(proxy: &Proxy) -> Result<reqwest::Proxy, Failure> {
    let url = proxy.url();
    let unusable =
        |why: &dyn Display| Failure::usage(format!("{} is not a usable URL: {why}", proxy.origin));
    // reqwest parses the text again when the client is built. If it cannot parse the
    // proxy then, it connects without it.
    url.reveal()
        .parse::<hyper::Uri>()
        .map_err(|why| unusable(&why))?;
    reqwest::Proxy::all(url.reveal()).map_err(|why| unusable(&why.without_url()))
}
