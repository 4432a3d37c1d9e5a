//! What the options say of where the input comes from.

use std::path::Path;

use super::defaults::STDIN_WAIT;
use super::merge::Merged;
use crate::cli::{Common, ConnectionArgs, Each, EachArgs};
use crate::config::variable;
use crate::error::{Failure, Origin};
use crate::prompt::{self, ItemFormat, ItemSource, Sources};

/// The options that name standard input and are no part of the messages.
pub(super) fn from_stdin(
    args: &ConnectionArgs,
    files: &[(&'static str, &Path)],
) -> Vec<&'static str> {
    let named = |path: &Path, option| prompt::is_stdin(path).then_some(option);
    let key = args.key_file.iter().map(|path| (&**path, "`--key-file -`"));
    // It has no `-`, only the other names.
    let cacert = args.cacert.iter().filter(|path| **path != Path::new("-"));
    let cacert = cacert.map(|path| (&**path, "`--cacert /dev/stdin`"));
    let header = args.header.iter().filter_map(|flag| flag.strip_prefix('@'));
    let header = header.map(|path| (Path::new(path), "`--header @-`"));
    let files = files.iter().map(|&(option, path)| (path, option));
    let all = key.chain(cacert).chain(header).chain(files);
    all.filter_map(|(path, option)| named(path, option))
        .collect()
}

pub(super) fn sources(
    common: &mut Common,
    elsewhere: Vec<&'static str>,
    merged: &Merged,
) -> Result<Sources, Failure> {
    let input = &mut common.input;
    let stdin_wait = match variable("AIRX_STDIN_WAIT")? {
        Some(text) => crate::cli::duration(&text)
            .map_err(|why| Failure::usage(format!("AIRX_STDIN_WAIT={text:?}: {why}")))?,
        None => STDIN_WAIT,
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
pub(super) fn many(args: &EachArgs) -> Option<ItemSource> {
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
