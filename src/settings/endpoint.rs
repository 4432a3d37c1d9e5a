//! The base URL → where the request goes, and whose host that is.

use url::{Host, Url};

use super::provider::Provider;
use crate::config::variable;
use crate::error::Failure;
use crate::secret::{Scrubber, percent_decoded};

/// The path of the chat, below the base.
const CHAT: &str = "/chat/completions";

/// Where requests go.
#[derive(Debug)]
pub struct Endpoint {
    /// The whole URL, `/chat/completions` included, without user info.
    pub url: Url,
    /// The provider whose host it is.
    pub provider: Option<Provider>,
    /// It is this machine: never by a proxy, plain http allowed.
    pub loopback: bool,
}

impl Endpoint {
    /// The URL of another resource of the server: its path stands where that of the
    /// chat does, its query behind the base's own.
    pub fn beside(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        let base = url.path().strip_suffix(CHAT).unwrap_or_default();
        let path = format!("{base}{path}");
        url.set_path(&path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// User name and password of a URL, as they are meant: not percent-encoded.
pub(super) type UserInfo = Option<(String, String)>;

/// Resolves the base URL: `flag`, the environment, else the key's family.
pub(super) fn resolve(
    flag: Option<String>,
    family: Option<Provider>,
    allow_http: bool,
    scrubber: &mut Scrubber,
) -> Result<(Endpoint, UserInfo), Failure> {
    let (name, base) = match flag {
        Some(base) => ("--base-url", base),
        None => match variable("AIRX_BASE_URL")? {
            Some(base) => ("AIRX_BASE_URL", base),
            None => of_family(family)?,
        },
    };
    let (mut url, user_info) = parse(name, &base, &["http", "https"], scrubber)?;
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    if path.ends_with(CHAT) {
        let path = path.to_owned();
        url.set_path(&path);
    } else {
        let path = format!("{path}{CHAT}");
        url.set_path(&path);
    }
    let loopback = is_loopback(&url);
    if url.scheme() == "http" && !loopback && !allow_http {
        return Err(Failure::usage(format!(
            "{name}: plain http to {} would show the key and the prompt to the network",
            url.host_str().unwrap_or_default()
        ))
        .hint("use https, or allow it with --allow-http (AIRX_ALLOW_HTTP=1)"));
    }
    let mut provider = None;
    for candidate in Provider::ALL {
        if provider.is_none() && candidate.owns(&url)? {
            provider = Some(candidate);
        }
    }
    Ok((
        Endpoint {
            url,
            provider,
            loopback,
        },
        user_info,
    ))
}

/// The base of the family whose key is used; BigModel's without one.
fn of_family(family: Option<Provider>) -> Result<(&'static str, String), Failure> {
    let Some(provider) = family else {
        return Ok((
            "the default base URL",
            Provider::BigModel.base_url().to_owned(),
        ));
    };
    let name = provider.base_variable();
    Ok((
        name,
        variable(name)?.unwrap_or_else(|| provider.base_url().to_owned()),
    ))
}

/// Parses a URL and takes its user info out. The text is never shown: it may
/// hold a password.
fn parse(
    name: &str,
    text: &str,
    schemes: &[&str],
    scrubber: &mut Scrubber,
) -> Result<(Url, UserInfo), Failure> {
    let example = "https://open.bigmodel.cn/api/paas/v4";
    let wrong = |why: &str| Failure::usage(format!("{name} is not a usable URL: {why}"));
    let mut url = Url::parse(text.trim())
        .map_err(|why| wrong(&why.to_string()).hint(format!("write it whole, like {example}")))?;
    if !schemes.contains(&url.scheme()) {
        return Err(wrong(&format!(
            "its scheme is none of {}",
            schemes.join(", ")
        )));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("it names no host"));
    }
    let (user, password) = (
        url.username().to_owned(),
        url.password().unwrap_or_default().to_owned(),
    );
    if user.is_empty() && password.is_empty() {
        return Ok((url, None));
    }
    scrubber.hide_user_info(&user, &password);
    // Fails only for URLs without a host, which were refused above.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let meant = (percent_decoded(&user), percent_decoded(&password));
    Ok((url, Some(meant)))
}

/// A proxy, as `name` gives it: a URL, or `host:port` as curl takes it. Its user
/// info stays in it.
pub(super) fn proxy(name: &str, text: &str, scrubber: &mut Scrubber) -> Result<Url, Failure> {
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    parse(
        name,
        &whole,
        &["http", "https", "socks5", "socks5h", "socks4", "socks4a"],
        scrubber,
    )?;
    Url::parse(&whole).map_err(|why| Failure::usage(format!("{name} is not a usable URL: {why}")))
}

/// Refuses a proxy of the environment that cannot be used: the HTTP client
/// would go past it in silence.
pub(super) fn check_proxy(url: &Url, scrubber: &mut Scrubber) -> Result<(), Failure> {
    let own = match url.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    for name in own.into_iter().chain(["ALL_PROXY", "all_proxy"]) {
        let Some(text) = variable(name)? else {
            continue;
        };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::usage(format!(
                "{name} is not a usable URL: it holds a character that must be percent-encoded"
            )));
        }
        return proxy(name, &text, scrubber).map(drop);
    }
    Ok(())
}

/// Hides what the environment's proxies hold.
pub(super) fn hide_proxies(scrubber: &mut Scrubber) {
    for name in [
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "HTTP_PROXY",
        "http_proxy",
    ] {
        let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else {
            continue;
        };
        let value = value.to_string_lossy();
        let whole = if value.contains("://") {
            value.into_owned()
        } else {
            format!("http://{value}")
        };
        if let Ok(url) = Url::parse(&whole) {
            scrubber.hide_user_info(url.username(), url.password().unwrap_or_default());
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
