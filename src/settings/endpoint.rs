//! The base URL → where the request goes, and whose host that is.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::provider::Provider;
use crate::config::variable;
use crate::error::Failure;
use crate::secret::Scrubber;

const EXAMPLE: &str = "https://open.bigmodel.cn/api/paas/v4";

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
    /// The base URL.
    pub fn base(&self) -> Url {
        self.beside("", &[])
    }

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

/// A URL that may have been meant by a text without a scheme.
fn with_scheme(text: &str, scrubber: &mut Scrubber) -> String {
    let url = Url::parse(&format!("http://{text}"));
    let Some(mut url) = url.ok().filter(|_| !text.starts_with('/')) else {
        return format!("it like {EXAMPLE}");
    };
    scrubber.hide_user_info(url.username(), url.password().unwrap_or_default());
    // Neither fails for an http URL.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if !is_loopback(&url) {
        let _ = url.set_scheme("https");
    }
    url.as_str().trim_end_matches('/').to_owned()
}

/// Parses a URL and takes its user info out. The text is never shown: it may
/// hold a password.
fn parse(
    name: &str,
    text: &str,
    schemes: &[&str],
    scrubber: &mut Scrubber,
) -> Result<(Url, UserInfo), Failure> {
    let wrong = |why: &str| Failure::usage(format!("{name} is not a usable URL: {why}"));
    let text = text.trim();
    if !text.contains("://") {
        let what = "it does not begin with http:// or https://";
        return Err(wrong(what).hint(format!("write {}", with_scheme(text, scrubber))));
    }
    let mut url = Url::parse(text)
        .map_err(|why| wrong(&why.to_string()).hint(format!("write it like {EXAMPLE}")))?;
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
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let meant = (decoded(&user), decoded(&password));
    Ok((url, Some(meant)))
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
