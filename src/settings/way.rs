//! Connection options and configuration → where a run would go and whose key it
//! would send, for people to read. No key-command is run.

use std::path::Path;

use super::{endpoint, key, switch};
use crate::cli::ConnectionArgs;
use crate::config::{Config, KeySource, Value, variable};
use crate::error::Failure;
use crate::secret::Scrubber;

/// Where a run would go.
#[derive(Debug)]
pub struct Way<'a> {
    /// The whole URL, without user info.
    pub url: String,
    /// The key that would be sent there.
    pub key: Option<WayKey<'a>>,
}

/// Where the key comes from.
#[derive(Debug)]
pub enum WayKey<'a> {
    /// `--key-file`.
    Flag,
    /// A variable.
    Variable(&'static str),
    /// The configuration.
    Source(KeySource<'a>),
}

/// What a run with these options would do.
///
/// # Errors
/// A URL that cannot be used: exit 2; standard input is not read for a key.
pub fn way<'a>(
    args: &ConnectionArgs,
    config: Option<&'a Config>,
    scrubber: &mut Scrubber,
) -> Result<Way<'a>, Failure> {
    let entry = |name| config.and_then(|config| config.entry(name));
    let entry = |name| entry(name).map(|(entry, _)| &entry.value);
    let base = match (&args.base_url, variable("AIRX_BASE_URL")?) {
        (None, None) => match entry("base-url") {
            Some(Value::Text(base)) => Some(base.clone()),
            _ => None,
        },
        (base, _) => base.clone(),
    };
    let allow_http = args.allow_http
        || match variable("AIRX_ALLOW_HTTP")? {
            Some(_) => switch("AIRX_ALLOW_HTTP")?,
            None => entry("allow-http") == Some(&Value::Switch(true)),
        };
    let file = args.key_file.as_deref().map(|_| Path::new("/dev/null"));
    let mut keys = key::Keys::from_environment(file, scrubber, &mut Vec::new())?;
    keys.sources = config.into_iter().flat_map(Config::keys).collect();
    let (endpoint, _) = endpoint::resolve(base, keys.family(), allow_http, scrubber)?;
    let key = match keys.choose(&endpoint)? {
        Some(key::Chosen::General(_)) if file.is_some() => Some(WayKey::Flag),
        Some(key::Chosen::General(_)) => Some(WayKey::Variable("AIRX_API_KEY")),
        Some(key::Chosen::Own(provider, _)) => Some(WayKey::Variable(provider.key_variable())),
        Some(key::Chosen::Source(at)) => Some(WayKey::Source(keys.sources.swap_remove(at))),
        None => None,
    };
    let url = endpoint.url.to_string();
    Ok(Way { url, key })
}

/// The variable that the base comes from where neither an option nor the
/// configuration names one.
///
/// # Errors
/// A variable that is not UTF-8.
pub fn family_base(config: Option<&Config>) -> Result<Option<&'static str>, Failure> {
    let scrubber = &mut Scrubber::default();
    let mut keys = key::Keys::from_environment(None, scrubber, &mut Vec::new())?;
    keys.sources = config.into_iter().flat_map(Config::keys).collect();
    let Some(provider) = keys.family() else {
        return Ok(None);
    };
    let name = provider.base_variable();
    Ok(variable(name)?.map(|_| name))
}
