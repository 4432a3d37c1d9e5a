//! Options, environment, configuration and defaults → [`Settings`], resolved once.
//!
//! [`merge()`] fills the options from the layers below them; [`resolve`] checks them and
//! finds the server, the key and the proxy. Nothing later reads the environment or an
//! option.

mod api_key;
mod budget;
mod connection;
pub mod defaults;
mod endpoint;
mod headers;
mod ignored;
mod merge;
pub mod provider;
mod proxy;

use std::path::Path;

use crate::cli::{self, Common, ConnectionArgs, Each, EachArgs, OnOff};
use crate::config::variable;
use crate::error::{Failure, Origin};
use crate::prompt::{self, ItemFormat, ItemSource, Sources};
use crate::secret::Scrubber;

pub use api_key::{KeyOrigin, of_environment, unusable};
pub use budget::{Budget, Period, resolve as resolve_budget};
pub use connection::{Authorization, Cassette, Connection, Timeouts, With};
pub use endpoint::{Endpoint, ResolvedEndpoint};
pub use merge::{AllOptions, Merged, Setting, merge, merge_all, merge_file};
pub use provider::Provider;
pub use proxy::Proxy;

use api_key::Keys;

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
}

impl Settings {
    /// Checks that there is a key if the endpoint needs one, or that an answer may come from the
    /// cache. Call it after all other checks, and not in a dry run.
    ///
    /// # Errors
    /// There is neither: exit 3.
    pub fn require_key(&self) -> Result<(), Failure> {
        match &self.connection.authorization {
            Authorization::Missing(failure) if !self.connection.caches() => Err(failure.clone()),
            _ => Ok(()),
        }
    }
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
    let mut elsewhere = from_stdin(&common.connection, files);
    let each = each.and_then(item_source);
    let items = each.as_ref().map(|items| items.file.as_deref());
    if items.is_some_and(|file| file.is_none_or(prompt::is_stdin)) {
        elsewhere.push("`--each`");
    }
    let mut sources = input_sources(common, elsewhere, with.merged)?;
    sources.each = each;
    sources.stdin_reader()?;
    let model = common.request.model.take();
    let fallback = std::mem::take(&mut common.request.fallback);
    are_named("model", model.as_slice())?;
    are_named("fallback", &fallback)?;
    let connection = connection::resolve(&mut common.connection, with, &mut warnings)?;
    let thinking = common.request.thinking.map(|switch| switch == OnOff::On);
    let (model, thinking) = if let Some(model) = model {
        (model, thinking)
    } else {
        let (model, default) = defaults::model(connection.endpoint.provider);
        (model.to_owned(), thinking.or(default))
    };
    // The file's `fallback` may contain the model of the command line.
    let mut others = Vec::new();
    for name in fallback {
        if name != model && !others.contains(&name) {
            others.push(name);
        }
    }
    Ok(Settings {
        connection,
        model,
        fallback: others,
        thinking,
        sources,
        warnings,
    })
}

/// Fails if a model's name is empty, or if one name contains several.
fn are_named(option: &'static str, models: &[String]) -> Result<(), Failure> {
    if models.iter().any(|model| model.trim().is_empty()) {
        return Err(Failure::usage("the model's name is empty")
            .about(option)
            .hint("airx models lists the known models"));
    }
    // Check this now, not when the first model is down.
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

/// The options that read standard input for something other than the messages.
fn from_stdin(args: &ConnectionArgs, files: &[(&'static str, &Path)]) -> Vec<&'static str> {
    let named = |path: &Path, option| prompt::is_stdin(path).then_some(option);
    let key = args.key_file.iter().map(|path| (&**path, "`--key-file -`"));
    // `--cacert -` does not mean standard input; only its other names do.
    let cacert = args.cacert.iter().filter(|path| **path != Path::new("-"));
    let cacert = cacert.map(|path| (&**path, "`--cacert /dev/stdin`"));
    let header = args.header.iter().filter_map(|flag| flag.strip_prefix('@'));
    let header = header.map(|path| (Path::new(path), "`--header @-`"));
    let files = files.iter().map(|&(option, path)| (path, option));
    let all = key.chain(cacert).chain(header).chain(files);
    all.filter_map(|(path, option)| named(path, option))
        .collect()
}

fn input_sources(
    common: &mut Common,
    elsewhere: Vec<&'static str>,
    merged: &Merged,
) -> Result<Sources, Failure> {
    let input = &mut common.input;
    let stdin_wait = match variable("AIRX_STDIN_WAIT")? {
        Some(text) => cli::duration(&text)
            .map_err(|why| Failure::usage(format!("AIRX_STDIN_WAIT={text:?}: {why}")))?,
        None => defaults::STDIN_WAIT,
    };
    let prompt = prompt::arguments("the prompt", &input.prompt, input.lossy)?;
    let system = input.system.take();
    let system = prompt::arguments("-s", system.as_slice(), input.lossy)?.pop();
    Ok(Sources {
        prompt,
        system,
        files: std::mem::take(&mut input.file),
        images: std::mem::take(&mut input.image),
        messages: input.messages.take(),
        session: input.session.take(),
        elsewhere,
        no_stdin: input.no_stdin,
        no_stdin_yields: matches!(merged.origin("no-stdin"), Origin::File(_)),
        lossy: input.lossy,
        allow_empty: input.allow_empty_input,
        stdin_wait,
        each: None,
        split: None,
    })
}

/// Where the items of `--each` come from.
fn item_source(args: &EachArgs) -> Option<ItemSource> {
    args.each.map(|each| ItemSource {
        file: args.items.clone(),
        format: match each {
            Each::Lines => ItemFormat::Lines,
            Each::Json => ItemFormat::Json,
            Each::Csv => ItemFormat::Csv,
            Each::Null => ItemFormat::Null,
            Each::Files => ItemFormat::Files,
        },
    })
}

/// Returns where a run with these options would go, and where its key would come from. Reads and
/// starts nothing.
///
/// # Errors
/// A URL that cannot be used: exit 2.
pub fn resolve_endpoint<'a>(
    args: &'a ConnectionArgs,
    merged: &'a Merged,
    scrubber: &mut Scrubber,
) -> Result<ResolvedEndpoint<'a>, Failure> {
    let keys = Keys::new(args.key_file.as_deref(), merged.config.as_ref(), scrubber)?;
    endpoint::resolve(args, merged, &keys, scrubber)
}
