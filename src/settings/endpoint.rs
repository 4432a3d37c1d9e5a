//! Finds the server from the base URL, and the provider that it belongs to.

use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::api_key::{KeyOrigin, Keys};
use super::merge::Merged;
use super::provider::Provider;
use crate::cli::ConnectionArgs;
use crate::config::{KeyFrom, variable};
use crate::error::{Failure, Origin};
use crate::models::PriceList;
use crate::secret::{Scrubber, Secret};

const EXAMPLE: &str = "https://open.bigmodel.cn/api/paas/v4";

/// The path of the chat, below the base.
const CHAT: &str = "/chat/completions";

/// Where requests go.
#[derive(Debug)]
pub struct Endpoint {
    /// The complete URL, including `/chat/completions`, without user info.
    pub url: Url,
    /// The provider, if the host is a provider's.
    pub provider: Option<Provider>,
    /// Whether the host is this machine: then no proxy is used, and plain http is allowed.
    pub loopback: bool,
}

impl Endpoint {
    /// The base URL.
    pub fn base(&self) -> Url {
        self.resource_url("", &[])
    }

    /// The price list of the server.
    pub fn price_list(&self) -> PriceList {
        Provider::price_list(self.provider)
    }

    /// The URL of another resource of the server: `path` replaces `/chat/completions`, and
    /// `query` is appended to the base URL's query.
    pub fn resource_url(&self, path: &str, query: &[(&str, &str)]) -> Url {
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

/// User name and password of a URL, percent-decoded.
type UserInfo = Option<(String, String)>;

/// The server that a run asks, and where its key comes from.
#[derive(Debug)]
pub struct ResolvedEndpoint<'a> {
    /// The server.
    pub endpoint: Endpoint,
    /// Where the base URL comes from.
    pub origin: Origin,
    /// Where the key comes from; `None` without a key for this server.
    pub key: Option<KeyOrigin<'a>>,
    user_info: UserInfo,
    /// The failure if there is no key and the server needs one, as only a provider's server does.
    missing: Option<Failure>,
}

impl ResolvedEndpoint<'_> {
    /// The program that prints the key, and the setting that names it.
    pub(super) fn command(&self) -> Option<(&[String], &str)> {
        match &self.key {
            Some(KeyOrigin::Config(source)) => match source.from {
                KeyFrom::Command(words) => Some((words, &source.name)),
                KeyFrom::File(_) => None,
            },
            _ => None,
        }
    }

    /// The `Authorization` header. `scrubber`, `warnings` and `say` are for reading the key.
    ///
    /// # Errors
    /// The key cannot be used, or a provider's server needs one and there is none: exit 3.
    pub(super) fn authorization(
        &self,
        scrubber: &mut Scrubber,
        warnings: &mut Vec<String>,
        say: Option<&mut (dyn FnMut(&str) + '_)>,
    ) -> Result<Option<Secret>, Failure> {
        if let Some(origin) = &self.key {
            let key = origin.read(scrubber, warnings, say)?;
            return Ok(Some(Secret::new(format!("Bearer {}", key.reveal()))));
        }
        if let Some((user, password)) = &self.user_info {
            let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
            return Ok(Some(Secret::new(format!("Basic {credentials}"))));
        }
        self.missing.clone().map_or(Ok(None), Err)
    }
}

/// Finds the server: the merged base URL, or the base URL of the key's provider.
pub(super) fn resolve<'a>(
    args: &ConnectionArgs,
    merged: &Merged,
    keys: &Keys<'a>,
    scrubber: &mut Scrubber,
) -> Result<ResolvedEndpoint<'a>, Failure> {
    let (name, base, origin) = match &args.base_url {
        Some(base) => {
            let origin = merged.origin("base-url").clone();
            let name = match origin {
                Origin::Variable(name) => name,
                _ => "--base-url",
            };
            (name, base.clone(), origin)
        }
        None => of_family(keys.family())?,
    };
    let (endpoint, user_info) = parse_base(name, &base, args.allow_http, scrubber)
        .map_err(|failure| failure.about("base-url"))?;
    let key = keys.choose(&endpoint.url, endpoint.provider)?;
    let provider = endpoint.provider.filter(|_| key.is_none());
    Ok(ResolvedEndpoint {
        missing: provider.map(|provider| keys.missing(&endpoint.url, provider)),
        key,
        endpoint,
        origin,
        user_info,
    })
}

/// Reads a base URL; `name` is its option or variable.
fn parse_base(
    name: &str,
    base: &str,
    allow_http: bool,
    scrubber: &mut Scrubber,
) -> Result<(Endpoint, UserInfo), Failure> {
    let (mut url, user_info) = parse(name, base, scrubber)?;
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let path = format!("{}{CHAT}", path.strip_suffix(CHAT).unwrap_or(path));
    url.set_path(&path);
    let loopback = is_loopback(&url);
    if url.scheme() == "http" && !loopback && !allow_http {
        return Err(Failure::usage(format!(
            "{name}: plain http to {} would show the key and the prompt to the network",
            url.host_str().unwrap_or_default()
        ))
        .hint("use https, or allow it with --allow-http (AIRX_ALLOW_HTTP=1)"));
    }
    let endpoint = Endpoint {
        provider: Provider::of(&url)?,
        url,
        loopback,
    };
    Ok((endpoint, user_info))
}

/// The base URL of the provider that the key belongs to; without a key, that of the first provider.
fn of_family(family: Option<Provider>) -> Result<(&'static str, String, Origin), Failure> {
    if let Some(name) = family.map(Provider::base_variable)
        && let Some(base) = variable(name)?
    {
        return Ok((name, base, Origin::Variable(name)));
    }
    let base = family.unwrap_or(Provider::BigModel).base_url();
    Ok(("the default base URL", base.to_owned(), Origin::Default))
}

/// Guesses the intended URL of a text without a scheme.
fn with_scheme(text: &str, scrubber: &mut Scrubber) -> String {
    let url = Url::parse(&format!("http://{text}"));
    let Some(mut url) = url.ok().filter(|_| !text.starts_with('/')) else {
        return format!("it like {EXAMPLE}");
    };
    take_user_info(&mut url, scrubber);
    if !is_loopback(&url) {
        // Never fails for an http URL.
        let _ = url.set_scheme("https");
    }
    url.as_str().trim_end_matches('/').to_owned()
}

/// Parses a URL and removes its user info. The text is never shown, because it may contain a
/// password.
fn parse(name: &str, text: &str, scrubber: &mut Scrubber) -> Result<(Url, UserInfo), Failure> {
    let wrong = |why: &str| Failure::usage(format!("{name} is not a usable URL: {why}"));
    let text = text.trim();
    if !text.contains("://") {
        let what = "it does not begin with http:// or https://";
        return Err(wrong(what).hint(format!("write {}", with_scheme(text, scrubber))));
    }
    let mut url = Url::parse(text)
        .map_err(|why| wrong(&why.to_string()).hint(format!("write it like {EXAMPLE}")))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(wrong("its scheme is none of http, https"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("it names no host"));
    }
    let user_info = take_user_info(&mut url, scrubber);
    Ok((url, user_info))
}

/// Removes the user info from a URL with a host, and hides it.
fn take_user_info(url: &mut Url, scrubber: &mut Scrubber) -> UserInfo {
    let user = url.username().to_owned();
    let password = url.password().unwrap_or_default().to_owned();
    if user.is_empty() && password.is_empty() {
        return None;
    }
    scrubber.hide_user_info(&user, &password);
    // Neither fails for a URL with a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decoded(&user), decoded(&password)))
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
