//! Options, environment, configuration and defaults → [`Settings`], resolved once.
//!
//! [`merge()`] fills the options from the layers below them; [`resolve`] checks them and
//! finds the server, the key and the proxy. Nothing later reads the environment or an
//! option.

mod api_key;
mod budget;
mod cassette;
pub mod defaults;
mod deferred_key;
mod endpoint;
mod fill;
mod headers;
mod ignored;
mod key_command;
mod merge;
pub mod provider;
mod proxy;
mod sources;

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::{Common, ConnectionArgs, EachArgs, OnOff};
use crate::error::Failure;
use crate::prompt::{self, ItemSource, Sources};
use crate::secret::{Scrubber, Secret};

pub use api_key::{KeyOrigin, of_environment, unusable};
pub use budget::{Budget, Period, resolve as resolve_budget};
pub use cassette::Cassette;
pub use deferred_key::DeferredKey;
pub use endpoint::{Endpoint, ResolvedEndpoint};
pub use fill::{AllOptions, merge, merge_all, merge_file};
pub use merge::{Merged, Setting};
pub use provider::Provider;
pub use proxy::Proxy;

use api_key::{KeyReader, Keys};

/// The settings of the connection.
#[derive(Debug)]
pub struct Connection {
    /// Where the request goes.
    pub endpoint: Endpoint,
    /// Value of the `Authorization` header.
    pub authorization: Option<Secret>,
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
    /// With `--cache`: the key of the first request that the cache does not answer, if it
    /// is not known yet.
    pub deferred_key: Option<DeferredKey>,
}

impl Connection {
    /// The `Authorization` header, which identifies the account; empty without one.
    pub fn credentials(&self) -> &str {
        let header = self.headers.iter().find(|header| is_authorization(header));
        let header = header.map(|(_, value)| value);
        let known = self.authorization().or(header);
        known.map(Secret::reveal).unwrap_or_default()
    }
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

/// The command line's options, resolved.
#[derive(Debug)]
pub struct Settings {
    /// The connection.
    pub connection: Connection,
    /// The model to ask.
    pub model: String,
    /// `--fallback`: the models to ask in its place, in order.
    pub fallback: Vec<String>,
    /// `--thinking`.
    pub thinking: Option<bool>,
    /// Where the messages come from.
    pub sources: Sources,
    /// Warnings to print before anything is sent.
    pub warnings: Vec<String>,
    /// The failure for a missing key. airx reports it after all other checks, and not in a
    /// dry run.
    pub keyless: Option<Failure>,
}

/// Longer limits count as no limit: they would overflow the clock.
impl Settings {
    /// The key that the endpoint needs is there.
    ///
    /// # Errors
    /// It is not: exit 3.
    pub fn require_key(&mut self) -> Result<(), Failure> {
        self.keyless.take().map_or(Ok(()), Err)
    }
}

const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// What [`resolve`] needs in addition to the options.
#[allow(missing_debug_implementations, reason = "it holds a function")]
pub struct With<'a, 's> {
    /// Where the settings come from, and the configuration's keys.
    pub merged: &'a Merged,
    /// Registers every secret before a message can contain it.
    pub scrubber: &'a mut Scrubber,
    /// Takes what a key-command writes to standard error, line by line. Without it no
    /// command runs, and its key counts as there.
    pub say: Option<&'a mut (dyn FnMut(&str) + 's)>,
}

/// Resolves the merged options. `files` are those that the command itself will read, each
/// with its option.
///
/// # Errors
/// A value that cannot be used: exit 2; a key that cannot be used: exit 3.
pub fn resolve(
    common: &mut Common,
    each: Option<&EachArgs>,
    files: &[(&'static str, &Path)],
    with: With<'_, '_>,
) -> Result<Settings, Failure> {
    let mut warnings: Vec<_> = common.input.warning.take().into_iter().collect();
    let mut elsewhere = sources::from_stdin(&common.connection, files);
    let each = each.and_then(sources::many);
    let reads = |many: &ItemSource| many.file.as_deref().is_none_or(prompt::is_stdin);
    elsewhere.extend(each.as_ref().filter(|many| reads(many)).map(|_| "`--each`"));
    let mut sources = sources::sources(common, elsewhere, with.merged)?;
    sources.each = each;
    sources.stdin_reader()?;
    let model = common.request.model.take();
    let mut fallback = std::mem::take(&mut common.request.fallback);
    are_named("model", model.as_slice())?;
    are_named("fallback", &fallback)?;
    let (connection, keyless) = connection(&mut common.connection, with, &mut warnings)?;
    let thinking = common.request.thinking.map(|switch| switch == OnOff::On);
    let (model, thinking) = if let Some(model) = model {
        (model, thinking)
    } else {
        let (model, default) = defaults::model(connection.endpoint.provider);
        (model.to_owned(), thinking.or(default))
    };
    // The file may name the model of the command line.
    let mut seen = HashSet::from([model.clone()]);
    fallback.retain(|name| seen.insert(name.clone()));
    Ok(Settings {
        connection,
        model,
        fallback,
        thinking,
        sources,
        warnings,
        keyless,
    })
}

/// Refuses models without a name, and several names in one.
fn are_named(option: &'static str, models: &[String]) -> Result<(), Failure> {
    if models.iter().any(|model| model.trim().is_empty()) {
        return Err(Failure::usage("the model's name is empty")
            .about(option)
            .hint("airx models lists the known models"));
    }
    // Found out now, and not when the first model is down.
    let list = models.iter().find(|model| model.contains([',', ' ']));
    let Some(list) = list.filter(|_| option == "fallback") else {
        return Ok(());
    };
    Err(
        Failure::usage(format!("--fallback {list}: not the name of one model"))
            .about(option)
            .hint("repeat --fallback for each model; in the configuration write an array"),
    )
}

fn connection(
    args: &mut ConnectionArgs,
    with: With<'_, '_>,
    warnings: &mut Vec<String>,
) -> Result<(Connection, Option<Failure>), Failure> {
    let With {
        merged,
        scrubber,
        say,
    } = with;
    let cassette = cassette::resolve(args, merged)?;
    let replays = matches!(cassette, Some(Cassette::Replay(_)));
    let caches = matches!(cassette, Some(Cassette::Cache(..)));
    let keys = Keys::new(args.key_file.as_deref(), merged.config.as_ref(), scrubber)?;
    let headers = headers::read(&args.header, scrubber)?;
    let resolved = endpoint::resolve(args, merged, &keys, scrubber)?;
    let proxy = proxy::resolve(args.proxy.take(), &resolved.endpoint, scrubber)?;
    let by_header = headers.iter().any(is_authorization);
    let command = resolved
        .command()
        .filter(|_| caches && !by_header && say.is_some());
    let (authorization, keyless) = if by_header {
        // The header is the key.
        (None, None)
    } else {
        let reader = KeyReader {
            scrubber,
            warnings,
            say: say.filter(|_| !replays && command.is_none()),
        };
        match resolved.authorization(&keys, reader) {
            // A recording needs no key.
            Err(_) if replays => (None, None),
            Ok(authorization) => (authorization, None),
            Err(keyless) => (None, Some(keyless)),
        }
    };
    // With a cache the key is needed only for a request that is sent.
    let (deferred_key, keyless) = match keyless {
        Some(failure) if caches => (Some(DeferredKey::Missing(failure)), None),
        keyless => (command.map(DeferredKey::command), keyless),
    };
    let max_in_flight = args.max_in_flight.unwrap_or(defaults::MAX_IN_FLIGHT);
    let budget = budget::resolve(args.budget.as_deref(), merged)?;
    let connection = Connection {
        endpoint: resolved.endpoint,
        authorization,
        headers,
        proxy,
        cacert: args.cacert.clone(),
        timeouts: timeouts(args),
        retries: args.retries.unwrap_or(defaults::RETRIES),
        // A recording's requests are not in flight.
        max_in_flight: NonZeroU32::new(max_in_flight).filter(|_| !replays),
        // A recording costs nothing.
        budget: budget.filter(|_| !replays),
        cassette: cassette.map(|cassette| cassette.hiding(scrubber)),
        deferred_key,
    };
    Ok((connection, keyless))
}

/// Where a run with these options would go, and where its key would come from. Nothing is
/// read or started.
///
/// # Errors
/// A URL that cannot be used: exit 2.
pub fn resolve_endpoint<T>(
    args: &ConnectionArgs,
    merged: &Merged,
    scrubber: &mut Scrubber,
    see: impl FnOnce(&ResolvedEndpoint<'_>) -> T,
) -> Result<T, Failure> {
    let keys = Keys::new(args.key_file.as_deref(), merged.config.as_ref(), scrubber)?;
    let resolved = endpoint::resolve(args, merged, &keys, scrubber)?;
    Ok(see(&resolved))
}

fn is_authorization((name, _): &(String, Secret)) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

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
