//! `--record`, `--replay` or `--cache`: the folder of exchanges that a run uses.

use std::path::PathBuf;
use std::time::Duration;

use super::merge::Merged;
use crate::cli::ConnectionArgs;
use crate::error::{Failure, Origin};
use crate::secret::Scrubber;

/// A folder of exchanges.
#[derive(Debug)]
pub enum Cassette {
    /// Records every exchange there, without secrets.
    Record(PathBuf, Scrubber),
    /// Replays answers from there, without network and key.
    Replay(PathBuf),
    /// Takes answers from there that are younger than this, and keeps new ones. What holds
    /// a secret is not kept.
    Cache(PathBuf, Option<Duration>, Scrubber),
}

impl Cassette {
    /// The same with the secrets of the settings, which are known later.
    pub(super) fn hiding(self, secrets: &Scrubber) -> Self {
        match self {
            Self::Record(folder, _) => Self::Record(folder, secrets.clone()),
            Self::Replay(folder) => Self::Replay(folder),
            Self::Cache(folder, ttl, _) => Self::Cache(folder, ttl, secrets.clone()),
        }
    }
}

/// The folder that the options name. `--record` and `--replay` switch the cache off: a
/// recording holds every exchange, and a replay uses nothing else.
///
/// # Errors
/// The options exclude each other: exit 2.
pub(super) fn resolve(
    args: &mut ConnectionArgs,
    merged: &Merged,
) -> Result<Option<Cassette>, Failure> {
    let (record, replay, cache) = (args.record.take(), args.replay.take(), args.cache.take());
    let ttl_is_given = *merged.origin("cache-ttl") == Origin::Option("cache-ttl");
    if cache.is_none() && ttl_is_given {
        return Err(Failure::usage("--cache-ttl needs --cache DIR")
            .about("cache-ttl")
            .hint("add --cache DIR, or set AIRX_CACHE: the folder that keeps the answers"));
    }
    // An empty name is no cache.
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
