//! The proxy that requests go through: from `--proxy` or the environment, read the
//! way curl reads it. A proxy that cannot be used is an error, never ignored.

use std::fmt::Display;
use std::net::IpAddr;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Host, Url};

use super::endpoint::Endpoint;
use crate::config::variable;
use crate::error::Failure;
use crate::secret::{Scrubber, Secret};

const SCHEMES: [&str; 6] = ["http", "https", "socks5", "socks5h", "socks4", "socks4a"];

/// The origin of a proxy that the option names.
const OPTION: &str = "--proxy";

const ALL: [&str; 2] = ["all_proxy", "ALL_PROXY"];

/// A proxy.
#[derive(Debug)]
pub struct Proxy {
    /// The option or variable that names it.
    pub origin: &'static str,
    /// One of http, https, socks5, socks5h, socks4 and socks4a.
    pub scheme: &'static str,
    /// ASCII; an IPv6 address is in brackets.
    host: String,
    port: u16,
    /// User name and password, decoded.
    user_info: Option<(Secret, Secret)>,
}

impl Proxy {
    /// The failure of a proxy that cannot be used. The text is not shown, because it may contain a
    /// password.
    pub fn unusable(&self, why: &dyn Display) -> Failure {
        let failure = Failure::usage(format!("{} is not a usable URL: {why}", self.origin));
        if self.origin == OPTION {
            failure.about("proxy")
        } else {
            failure
        }
    }

    /// `host:port`, for messages.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The URL, with the user info. All characters of the user info except letters and digits are
    /// percent-encoded, so that every parser of URLs accepts it.
    pub fn url(&self) -> Secret {
        let encoded =
            |secret: &Secret| utf8_percent_encode(secret.reveal(), NON_ALPHANUMERIC).to_string();
        let user_info = self
            .user_info
            .as_ref()
            .map(|(user, password)| format!("{}:{}@", encoded(user), encoded(password)));
        let user_info = user_info.unwrap_or_default();
        Secret::new(format!("{}://{user_info}{}", self.scheme, self.address()))
    }
}

/// The proxy for this endpoint: `flag`, else the environment's, unless the host is
/// this machine or `NO_PROXY` names it.
pub(super) fn resolve(
    flag: Option<String>,
    endpoint: &Endpoint,
    scrubber: &mut Scrubber,
) -> Result<Option<Proxy>, Failure> {
    for name in ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"]
        .iter()
        .chain(&ALL)
    {
        if let Some(text) = std::env::var_os(name) {
            hide_user_info(&text.to_string_lossy(), scrubber);
        }
    }
    let flag = flag
        .map(|text| parse(OPTION, &text, scrubber))
        .transpose()
        .map_err(|failure| failure.about("proxy"))?;
    if endpoint.loopback || is_bypassed(&endpoint.url)? {
        return Ok(None);
    }
    match flag {
        Some(proxy) => Ok(Some(proxy)),
        None => from_environment(endpoint.url.scheme(), scrubber),
    }
}

/// Whether `NO_PROXY` names the host of `url`.
fn is_bypassed(url: &Url) -> Result<bool, Failure> {
    let list = match variable("no_proxy")? {
        Some(list) => Some(list),
        None => variable("NO_PROXY")?,
    };
    let (Some(list), Some(host)) = (list, url.host()) else {
        return Ok(false);
    };
    Ok(names_host(&list, &host))
}

/// Whether a list as in `NO_PROXY` names the host. Its entries are separated by commas or white
/// space; each is `*`, a domain (which includes its subdomains), an IP address, or a range of
/// addresses.
fn names_host(list: &str, host: &Host<&str>) -> bool {
    let entries = list
        .split(|character: char| character == ',' || character.is_whitespace())
        .filter(|entry| !entry.is_empty());
    let matches = |entry: &str| match *host {
        Host::Domain(name) => is_within(name, entry),
        Host::Ipv4(address) => covers(entry, address.into()),
        Host::Ipv6(address) => covers(entry, address.into()),
    };
    entries
        .into_iter()
        .any(|entry| entry == "*" || matches(entry))
}

fn is_within(name: &str, domain: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let subdomain = name
        .strip_suffix(&domain)
        .is_some_and(|rest| rest.ends_with('.'));
    !domain.is_empty() && (name == domain || subdomain)
}

/// Whether `range` is this address, or an `ADDRESS/BITS` that contains it.
fn covers(range: &str, address: IpAddr) -> bool {
    let (network, bits) = match range.split_once('/') {
        Some((network, bits)) => (network, bits.parse().ok()),
        None => (range, Some(128)),
    };
    let network = network.trim_start_matches('[').trim_end_matches(']');
    let (Ok(network), Some(bits)) = (network.parse::<IpAddr>(), bits) else {
        return false;
    };
    let differing = match (network, address) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => return false,
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    differing >= longest.min(bits)
}

fn from_environment(scheme: &str, scrubber: &mut Scrubber) -> Result<Option<Proxy>, Failure> {
    let own = match scheme {
        "https" => ["https_proxy", "HTTPS_PROXY"],
        // A CGI program's caller sets HTTP_PROXY by sending the header "Proxy".
        _ if std::env::var_os("REQUEST_METHOD").is_some() => ["http_proxy", "http_proxy"],
        _ => ["http_proxy", "HTTP_PROXY"],
    };
    for name in own.into_iter().chain(ALL) {
        if let Some(text) = variable(name)? {
            return parse(name, &text, scrubber).map(Some);
        }
    }
    Ok(None)
}

/// Parses a proxy as curl does: the scheme may be missing, a path is ignored, and user name and
/// password may contain any character except a space, `/`, `?`, `#` and `@`, percent-encoded or
/// not. The text is never shown, because it may contain a password.
fn parse(origin: &'static str, text: &str, scrubber: &mut Scrubber) -> Result<Proxy, Failure> {
    let wrong = |why: &str| {
        Failure::usage(format!("{origin} is not a usable URL: {why}")).hint(
            "write it like http://NAME:PASS@HOST:3128, with special characters percent-encoded",
        )
    };
    let text = text.trim();
    hide_user_info(text, scrubber);
    if text
        .chars()
        .any(|character| character == ' ' || character.is_control())
    {
        return Err(wrong("it contains a blank or a control character"));
    }
    let (scheme, rest) = split_scheme(text).ok_or_else(|| wrong("too many slashes"))?;
    let lower = scheme.to_ascii_lowercase();
    let Some(scheme) = SCHEMES.into_iter().find(|known| *known == lower) else {
        return Err(wrong(&format!(
            "its scheme is none of {}",
            SCHEMES.join(", ")
        )));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user_info, place) = match authority.split_once('@') {
        Some((_, place)) if place.contains('@') => {
            return Err(wrong(
                "it contains more than one @: write %40 for an @ in the password",
            ));
        }
        Some((user_info, place)) => (decoded(user_info).map_err(wrong)?, place),
        None => (None, authority),
    };
    let (host, port) = split_port(place).ok_or_else(|| wrong("its port is not a number"))?;
    let host = host_of(host).map_err(|why| wrong(&why))?;
    let default = if scheme == "https" { 443 } else { 1080 };
    Ok(Proxy {
        origin,
        scheme,
        host,
        port: port.unwrap_or(default),
        user_info,
    })
}

/// Splits off the scheme; without one it is http. `http:/host` counts as `http://host`, since curl
/// accepts one to three slashes. `None` for more.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    match text.split_once(":/") {
        Some((scheme, rest)) if is_scheme(scheme) => {
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            (!rest.starts_with('/')).then_some((scheme, rest))
        }
        _ => Some(("http", text)),
    }
}

/// User name and password, decoded; `None` if both are empty.
fn decoded(user_info: &str) -> Result<Option<(Secret, Secret)>, &'static str> {
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let decode = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        let decoded = decoded.map_err(|_| "its user info is not UTF-8")?;
        if decoded.contains(char::is_control) {
            return Err("its user info contains a control character");
        }
        Ok(Secret::new(decoded.into_owned()))
    };
    let (user, password) = (decode(user)?, decode(password)?);
    let empty = user.reveal().is_empty() && password.reveal().is_empty();
    Ok((!empty).then_some((user, password)))
}

/// Host and port; `None` if the port is not a number.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let host_end = place.rfind(']').map_or(0, |bracket| bracket + 1);
    let (host, port) = match place[host_end..].find(':') {
        Some(colon) => (&place[..host_end + colon], &place[host_end + colon + 1..]),
        None => (place, ""),
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match port {
        "" => Some((host, None)),
        digits => digits.parse().ok().map(|port| (host, Some(port))),
    }
}

/// The host in ASCII, checked.
fn host_of(host: &str) -> Result<String, String> {
    if host.is_empty() {
        return Err("it names no host".to_owned());
    }
    let plain = |character: char| {
        !character.is_ascii() || character.is_ascii_alphanumeric() || "-._".contains(character)
    };
    let is_address = host.starts_with('[') && host.ends_with(']');
    if !is_address && !host.chars().all(plain) {
        return Err("its host contains a character that is not allowed".to_owned());
    }
    let url = Url::parse(&format!("http://{host}/")).map_err(|why| why.to_string())?;
    Ok(url.host_str().unwrap_or_default().to_owned())
}

/// Hides everything that may be a user name and password: the text before the last `@`.
fn hide_user_info(text: &str, scrubber: &mut Scrubber) {
    let Some((before, _)) = text.rsplit_once('@') else {
        return;
    };
    let user_info = split_scheme(before).map_or(before, |(_, rest)| rest);
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    scrubber.hide_user_info(user, password);
}

#[cfg(test)]
mod tests;
