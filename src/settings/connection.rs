//! The settings of the connection: server, key, time-outs, and the folder of exchanges.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use super::api_key::{self, Keys};
use super::budget::{self, Budget};
use super::endpoint::{self, Endpoint};
use super::merge::Merged;
use super::proxy::{self, Proxy};
use super::{defaults, headers};
use crate::cli::ConnectionArgs;
use crate::error::{Failure, Origin};
use crate::secret::{Scrubber, Secret};

/// The settings of the connection.
#[derive(Debug)]
pub struct Connection {
    /// Where the request goes.
    pub endpoint: Endpoint,
    /// The key.
    pub authorization: Authorization,
    /// Headers of `--header`.
    pub headers: Vec<(String, Secret)>,
    /// The proxy that requests go through.
    pub proxy: Option<Proxy>,
    /// `--cacert`.
    pub cacert: Option<PathBuf>,
    /// The time-outs.
    pub timeouts: Timeouts,
    /// `--retries`.
    pub retries: u32,
    /// `--max-in-flight`; `None` means no limit.
    pub max_in_flight: Option<NonZeroU32>,
    /// `--budget`.
    pub budget: Option<Budget>,
    /// `--record`, `--replay` or `--cache`.
    pub cassette: Option<Cassette>,
}

/// The `Authorization` header, other than one of `--header`.
#[derive(Debug)]
pub enum Authorization {
    /// airx adds no such header.
    None,
    /// The value of the header.
    Known(Secret),
    /// There is no key, or it cannot be used; the failure says why.
    Missing(Failure),
    /// A `key-command` prints the key. It runs once, before the first request: with `--cache`,
    /// the run may need no request.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
        /// The setting, for messages.
        name: String,
        /// The header, or why there is none.
        header: OnceLock<Result<Secret, Failure>>,
    },
}

/// The timeouts; `None` means no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeouts {
    /// For a connection: resolving, TCP, TLS, a proxy's answer.
    pub connect: Option<Duration>,
    /// From a streamed request to its first token.
    pub first_token: Option<Duration>,
    /// Between two reads of a stream after its first token.
    pub idle: Option<Duration>,
    /// For one answer with all its retries.
    pub total: Option<Duration>,
}

/// A folder of exchanges.
#[derive(Debug)]
pub enum Cassette {
    /// Records every exchange there, without secrets.
    Record(PathBuf, Scrubber),
    /// Replays answers from there, without network and key.
    Replay(PathBuf),
    /// Uses the folder's answers that are younger than this, and keeps new ones. An exchange that
    /// contains a secret is not kept.
    Cache(PathBuf, Option<Duration>, Scrubber),
}

/// The prefix of the header's value.
const BEARER: &str = "Bearer ";

impl Connection {
    /// The `Authorization` header, if it is known.
    pub fn authorization(&self) -> Option<&Secret> {
        match &self.authorization {
            Authorization::Known(header) => Some(header),
            Authorization::Command { header, .. } => header.get()?.as_ref().ok(),
            Authorization::None | Authorization::Missing(_) => None,
        }
    }

    /// The `Authorization` header, which identifies the account; empty without one.
    pub fn credentials(&self) -> &str {
        let header = self.headers.iter().find(|header| is_authorization(header));
        let header = header.map(|(_, value)| value);
        let known = self.authorization().or(header);
        known.map(Secret::reveal).unwrap_or_default()
    }

    /// Makes sure that the key is known before a request is sent. Returns the key if a key-command
    /// printed it: the caller must hide it from now on. `say` gets each line of the command's
    /// standard error.
    ///
    /// # Errors
    /// There is no key, or it cannot be used: exit 3.
    pub fn require_key(&self, say: &mut dyn FnMut(&str)) -> Result<Option<&str>, Failure> {
        match &self.authorization {
            Authorization::None | Authorization::Known(_) => Ok(None),
            Authorization::Missing(failure) => Err(failure.clone()),
            Authorization::Command {
                words,
                name,
                header,
            } => {
                let header = header.get_or_init(|| {
                    let key = api_key::of_command(words, name, &mut Scrubber::default(), say)?;
                    Ok(Secret::new(format!("{BEARER}{}", key.reveal())))
                });
                let header = header.as_ref().map_err(Clone::clone)?.reveal();
                Ok(header.strip_prefix(BEARER))
            }
        }
    }

    /// Whether answers are taken from a cache, so that a run may need no key.
    pub(super) fn caches(&self) -> bool {
        matches!(self.cassette, Some(Cassette::Cache(..)))
    }
}

/// What [`super::resolve`] needs in addition to the options.
#[allow(missing_debug_implementations, reason = "it holds a function")]
pub struct With<'a, 's> {
    /// Where the settings come from, and the configuration's keys.
    pub merged: &'a Merged,
    /// Registers every secret before a message can contain it.
    pub scrubber: &'a mut Scrubber,
    /// Gets each line that a key-command writes to standard error. Without it no command runs, and
    /// its key is assumed to exist.
    pub say: Option<&'a mut (dyn FnMut(&str) + 's)>,
}

/// Resolves the merged options of the connection.
pub(super) fn resolve(
    args: &mut ConnectionArgs,
    with: With<'_, '_>,
    warnings: &mut Vec<String>,
) -> Result<Connection, Failure> {
    let With {
        merged,
        scrubber,
        say,
    } = with;
    let mut cassette = cassette(args, merged)?;
    let replays = matches!(cassette, Some(Cassette::Replay(_)));
    let caches = matches!(cassette, Some(Cassette::Cache(..)));
    let keys = Keys::new(args.key_file.as_deref(), merged.config.as_ref(), scrubber)?;
    let headers = headers::read(&args.header, scrubber)?;
    let resolved = endpoint::resolve(args, merged, &keys, scrubber)?;
    let proxy = proxy::resolve(args.proxy.take(), &resolved.endpoint, scrubber)?;
    let authorization = if headers.iter().any(is_authorization) {
        // The header of `--header` contains the key.
        Authorization::None
    } else if caches
        && say.is_some()
        && let Some((words, name)) = resolved.command()
    {
        Authorization::Command {
            words: words.to_vec(),
            name: name.to_owned(),
            header: OnceLock::new(),
        }
    } else {
        let say = say.filter(|_| !replays);
        match resolved.authorization(scrubber, warnings, say) {
            Ok(header) => header.map_or(Authorization::None, Authorization::Known),
            // A replay needs no key.
            Err(_) if replays => Authorization::None,
            Err(failure) => Authorization::Missing(failure),
        }
    };
    let max_in_flight = args.max_in_flight.unwrap_or(defaults::MAX_IN_FLIGHT);
    let budget = budget::resolve(args.budget.as_deref(), merged)?;
    if let Some(Cassette::Record(_, secrets) | Cassette::Cache(_, _, secrets)) = &mut cassette {
        secrets.clone_from(scrubber);
    }
    Ok(Connection {
        endpoint: resolved.endpoint,
        authorization,
        headers,
        proxy,
        cacert: args.cacert.clone(),
        timeouts: timeouts(args),
        retries: args.retries.unwrap_or(defaults::RETRIES),
        // A replay has no requests in flight.
        max_in_flight: NonZeroU32::new(max_in_flight).filter(|_| !replays),
        // A replay costs nothing.
        budget: budget.filter(|_| !replays),
        cassette,
    })
}

fn is_authorization((name, _): &(String, Secret)) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

/// Longer limits count as no limit: they would overflow the clock.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

fn timeouts(args: &ConnectionArgs) -> Timeouts {
    let limit = |option: Option<Duration>, default| {
        Some(option.unwrap_or(default)).filter(|limit| !limit.is_zero() && *limit < FOREVER)
    };
    Timeouts {
        connect: limit(args.connect_timeout, defaults::CONNECT_TIMEOUT),
        first_token: limit(args.first_token_timeout, defaults::FIRST_TOKEN_TIMEOUT),
        idle: limit(args.idle_timeout, defaults::IDLE_TIMEOUT),
        total: limit(args.timeout, defaults::TIMEOUT),
    }
}

/// The folder that the options name, without the secrets. `--record` and `--replay` switch the
/// cache off: a recording contains every exchange, and a replay uses nothing else.
fn cassette(args: &mut ConnectionArgs, merged: &Merged) -> Result<Option<Cassette>, Failure> {
    let (record, replay, cache) = (args.record.take(), args.replay.take(), args.cache.take());
    let ttl_is_given = *merged.origin("cache-ttl") == Origin::Option("cache-ttl");
    if cache.is_none() && ttl_is_given {
        return Err(Failure::usage("--cache-ttl needs --cache DIR")
            .about("cache-ttl")
            .hint("add --cache DIR, or set AIRX_CACHE: the folder that keeps the answers"));
    }
    // An empty name means no cache.
    let cache = cache.filter(|folder| !folder.as_os_str().is_empty());
    let ttl = args.cache_ttl.filter(|ttl| !ttl.is_zero());
    let none = Scrubber::default;
    match (record, replay) {
        (Some(_), Some(_)) => Err(Failure::usage(
            "--record (AIRX_RECORD) and --replay (AIRX_REPLAY) exclude each other",
        )),
        (Some(folder), None) => Ok(Some(Cassette::Record(folder, none()))),
        (None, Some(folder)) => Ok(Some(Cassette::Replay(folder))),
        (None, None) => Ok(cache.map(|folder| Cassette::Cache(folder, ttl, none()))),
    }
}
