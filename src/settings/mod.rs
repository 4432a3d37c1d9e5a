//! Flags, environment, configuration and built-in values → [`Settings`], resolved
//! once: the configuration's defaults stand among the flags already, but for its
//! keys. What comes out is checked and typed; nothing later reads the environment
//! or parses a flag.

mod endpoint;
mod headers;
mod key;
mod key_command;
pub mod provider;
mod proxy;
mod sources;
mod way;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::{Common, ConnectionArgs, EachArgs, OnOff};
use crate::config::{Config, path_variable, variable};
use crate::error::Failure;
use crate::models;
use crate::prompt::{self, ItemSource, Sources};
use crate::secret::{Scrubber, Secret};

pub use endpoint::Endpoint;
pub use key::{of_environment, unusable};
pub use provider::Provider;
pub use proxy::Proxy;
pub use way::{Way, WayKey, family_base, way};

/// Everything that the way to the server needs.
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
    /// `--max-in-flight`; none is no limit.
    pub max_in_flight: Option<NonZeroU32>,
    /// `--record` or `--replay`.
    pub cassette: Option<Cassette>,
}

/// A folder of recorded exchanges.
#[derive(Debug)]
pub enum Cassette {
    /// Every exchange is kept there, without what is hidden.
    Record(PathBuf, Scrubber),
    /// Answers come from there; the network and the key are not needed.
    Replay(PathBuf),
}

impl Connection {
    /// What the server knows the account by; empty without a key.
    pub fn credentials(&self) -> &str {
        let header = self.headers.iter().find(|header| is_authorization(header));
        let header = header.map(|(_, value)| value);
        let known = self.authorization.as_ref().or(header);
        known.map(Secret::reveal).unwrap_or_default()
    }
}

/// How long things may take; none is for ever.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For a connection: resolving, TCP, TLS, a proxy's answer.
    pub connect: Option<Duration>,
    /// From a streamed request to its first token.
    pub first_token: Option<Duration>,
    /// Between two reads of a stream once it has begun.
    pub idle: Option<Duration>,
    /// For one answer with all its retries.
    pub total: Option<Duration>,
}

/// The command line's options, resolved.
#[derive(Debug)]
pub struct Settings {
    /// The way to the server.
    pub connection: Connection,
    /// The model to ask.
    pub model: String,
    /// `--thinking`.
    pub thinking: Option<bool>,
    /// Where the messages come from.
    pub sources: Sources,
    /// What the user should know before anything is sent.
    pub warnings: Vec<String>,
    /// The endpoint needs a key and there is none: told once everything else
    /// was found right, and never for a dry run.
    pub keyless: Option<Failure>,
}

const CONNECT: Duration = Duration::from_secs(8);
const FIRST_TOKEN: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(60);
const TOTAL: Duration = Duration::from_secs(300);
const RETRIES: u32 = 3;
/// What is longer is no limit: it would pass the end of the clock.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
const STDIN_WAIT: Duration = Duration::from_secs(60);

/// What the settings are resolved with, beside the options.
#[allow(missing_debug_implementations, reason = "it holds a function")]
pub struct With<'a, 's> {
    /// Where the configuration's keys are.
    pub config: Option<&'a Config>,
    /// Every secret that is met goes here before it can stand in a message.
    pub scrubber: &'a mut Scrubber,
    /// Takes what a key-command says on standard error, line by line; without it
    /// none is run, and the key that it would print is taken to be there.
    pub say: Option<&'a mut (dyn FnMut(&str) + 's)>,
}

/// Resolves the options, with those of `--each`; `files` are those that the command
/// itself will read, each with its option.
///
/// # Errors
/// A value that cannot be used: exit 2; no usable key: exit 3.
pub fn resolve(
    common: &mut Common,
    each: Option<&EachArgs>,
    files: &[(&'static str, &Path)],
    with: With<'_, '_>,
) -> Result<Settings, Failure> {
    let mut warnings = Vec::new();
    let mut elsewhere = sources::from_stdin(&common.connection, files);
    let each = each.and_then(sources::many);
    let reads = |many: &ItemSource| many.file.as_deref().is_none_or(prompt::is_stdin);
    elsewhere.extend(each.as_ref().filter(|many| reads(many)).map(|_| "`--each`"));
    let mut sources = sources::sources(common, elsewhere, with.config)?;
    sources.each = each;
    prompt::check(&sources)?;
    let model = match common.request.model.take() {
        Some(model) => model,
        None => variable("AIRX_MODEL")?.unwrap_or_else(|| models::DEFAULT.to_owned()),
    };
    if model.trim().is_empty() {
        return Err(
            Failure::usage("the model's name is empty").hint("airx models lists the known ones")
        );
    }
    let (connection, keyless) = connection(&mut common.connection, with, &mut warnings)?;
    let thinking = common.request.thinking.map(|switch| switch == OnOff::On);
    Ok(Settings {
        connection,
        model,
        thinking,
        sources,
        warnings,
        keyless,
    })
}

fn connection(
    args: &mut ConnectionArgs,
    with: With<'_, '_>,
    warnings: &mut Vec<String>,
) -> Result<(Connection, Option<Failure>), Failure> {
    let With {
        config,
        scrubber,
        say,
    } = with;
    let (record, replay) = folders(args)?;
    let mut keys = key::Keys::from_environment(args.key_file.as_deref(), scrubber, warnings)?;
    keys.sources = config.into_iter().flat_map(Config::keys).collect();
    let headers = headers::read(&args.header, scrubber)?;
    let allow_http = args.allow_http || switch("AIRX_ALLOW_HTTP")?;
    let (endpoint, user_info) =
        endpoint::resolve(args.base_url.take(), keys.family(), allow_http, scrubber)?;
    let proxy = proxy::resolve(args.proxy.take(), &endpoint, scrubber)?;
    // What is replayed is not in flight.
    let max_in_flight = max_in_flight(args.max_in_flight)?.filter(|_| replay.is_none());
    let own = headers.iter().any(is_authorization);
    let (authorization, keyless) = if own {
        // The header is the key.
        (None, None)
    } else {
        let asked = key::Asked {
            scrubber,
            warnings,
            say: say.filter(|_| replay.is_none()),
        };
        match keys.authorization(&endpoint, user_info, asked) {
            // A recording needs none.
            Err(_) if replay.is_some() => (None, None),
            Ok(authorization) => (authorization, None),
            Err(keyless) => (None, Some(keyless)),
        }
    };
    let connection = Connection {
        endpoint,
        authorization,
        headers,
        proxy,
        cacert: args.cacert.take(),
        timeouts: timeouts(args),
        retries: args.retries.unwrap_or(RETRIES),
        max_in_flight,
        cassette: record
            .map(|folder| Cassette::Record(folder, scrubber.clone()))
            .or(replay.map(Cassette::Replay)),
    };
    Ok((connection, keyless))
}

fn is_authorization((name, _): &(String, Secret)) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

fn timeouts(args: &ConnectionArgs) -> Timeouts {
    let limit = |flag: Option<Duration>, otherwise| {
        Some(flag.unwrap_or(otherwise)).filter(|limit| !limit.is_zero() && *limit < FOREVER)
    };
    Timeouts {
        connect: limit(args.connect_timeout, CONNECT),
        first_token: limit(args.first_token_timeout, FIRST_TOKEN),
        idle: limit(args.idle_timeout, IDLE),
        total: limit(args.timeout, TOTAL),
    }
}

/// The folders of `--record` and `--replay`, of which one may be given.
fn folders(args: &mut ConnectionArgs) -> Result<(Option<PathBuf>, Option<PathBuf>), Failure> {
    let (record, replay) = (
        folder(args.record.take(), "AIRX_RECORD"),
        folder(args.replay.take(), "AIRX_REPLAY"),
    );
    if record.is_some() && replay.is_some() {
        return Err(Failure::usage(
            "--record (AIRX_RECORD) and --replay (AIRX_REPLAY) exclude each other",
        ));
    }
    Ok((record, replay))
}

/// A folder's option, else its variable.
fn folder(flag: Option<PathBuf>, name: &str) -> Option<PathBuf> {
    flag.or_else(|| path_variable(name))
}

/// `--max-in-flight`, else the environment's; 0 is no limit.
fn max_in_flight(flag: Option<u32>) -> Result<Option<NonZeroU32>, Failure> {
    const NAME: &str = "AIRX_MAX_IN_FLIGHT";
    let limit = match (flag, variable(NAME)?) {
        (Some(limit), _) => limit,
        (None, Some(text)) => text.parse().map_err(|_| {
            Failure::usage(format!(
                "{NAME}={text:?}: write a whole number, 0 for no limit"
            ))
        })?,
        (None, None) => 0,
    };
    Ok(NonZeroU32::new(limit))
}

/// A variable that is on or off.
fn switch(name: &str) -> Result<bool, Failure> {
    match variable(name)?.as_deref() {
        None | Some("0" | "false" | "no" | "off") => Ok(false),
        Some("1" | "true" | "yes" | "on") => Ok(true),
        Some(other) => Err(Failure::usage(format!("{name}={other:?}: write 1 or 0"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::find;

    #[test]
    fn the_defaults_that_are_told_are_those_that_hold() {
        let told = |name: &str| find(name).unwrap().default;
        let duration = |name: &str| crate::cli::duration(told(name));
        assert_eq!(duration("connect-timeout"), Ok(CONNECT));
        assert_eq!(duration("first-token-timeout"), Ok(FIRST_TOKEN));
        assert_eq!(duration("idle-timeout"), Ok(IDLE));
        assert_eq!(duration("timeout"), Ok(TOTAL));
        assert_eq!(told("retries"), RETRIES.to_string());
        assert_eq!(told("model"), models::DEFAULT);
    }
}
