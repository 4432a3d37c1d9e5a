//! `airx json`.

use clap::{Args, ValueEnum};

use super::common::ordered_args;
use super::{Common, ManyArgs};

/// The arguments of `json`.
#[derive(Debug)]
pub struct JsonArgs {
    pub answer: JsonAnswer,
    pub many: ManyArgs,
    pub common: Common,
}

ordered_args!(
    JsonArgs {
        answer: JsonAnswer,
        many: ManyArgs
    },
    "Ask for JSON and print nothing but valid JSON",
    "Parse the answer strictly (one code fence around it is accepted) and check it against \
     --schema or --fields. A wrong answer is sent back with its errors, up to --tries requests \
     in all; then airx exits 10 and prints nothing on standard output. The digits of numbers \
     and the order of members are kept. A duplicate member is an error, and so are arrays and \
     objects that are nested more than 127 levels deep.\n\n\
     The schema goes into the system message, after --system. Models follow a flat schema with \
     a few described fields best.",
    short_help_without: ["image", "session", "temperature", "extract", "render", "usage", "dry_run", "max_tokens", "key_file"],
    hide: []
);

/// What the answer must be, and how it is printed.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "JSON")]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub struct JsonAnswer {
    /// JSON Schema of the answer: a file, `-`, or the JSON itself
    ///
    /// Draft 2020-12, 2019-09, 7, 6 or 4, by its $schema; 2020-12 without one. Formats are
    /// checked. $ref must lead to a place inside the schema; nothing is fetched.
    #[arg(long, value_name = "FILE|JSON", conflicts_with = "fields")]
    pub schema: Option<String>,

    /// A schema in short: 'name, age int, tags [str]'
    ///
    /// Fields are NAME TYPE: DESCRIPTION, separated by commas. TYPE is str (the default), int,
    /// float, bool, [TYPE], {FIELDS}, or words a|b|c. NAME? may be missing. '[{FIELDS}]' asks
    /// for an array. Put what contains one of , : ? | [ ] { } or a space into double quotes,
    /// except for descriptions. Other fields are not allowed. --dry-run shows the schema.
    #[arg(long, value_name = "FIELDS")]
    pub fields: Option<String>,

    /// Let the server hold the answer to the schema [default: auto]
    ///
    /// WHEN is auto, always or never. The schema is sent as response_format json_schema; it
    /// stays in the system message and is checked here, too. `auto` sends it to servers other
    /// than BigModel and Z.ai, which do not know it; if a server answers 400 or 422, the rest
    /// of the run goes without it. `never` asks for a json_object.
    #[arg(
        long,
        value_name = "WHEN",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub constrain: Option<Constrain>,

    /// Send N requests at most for a valid answer [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100), hide_short_help = true)]
    pub tries: Option<u32>,

    /// Print indented JSON
    #[arg(long, conflicts_with_all = ["select", "lines"])]
    pub pretty: bool,

    /// Print the value at this JSON Pointer, strings raw (repeat)
    ///
    /// One value a line. A pointer that finds nothing exits 10; without a schema, airx asks
    /// again first. Example: --select /items/0/name
    #[arg(long, value_name = "/POINTER", value_parser = pointer, conflicts_with = "lines")]
    pub select: Vec<String>,

    /// Print the elements of an array, one a line
    #[arg(long)]
    pub lines: bool,

    /// With --lines: print each element as soon as it is valid
    ///
    /// Once an element is printed, airx asks for no other answer: if a later element is not
    /// valid, it exits 10.
    #[arg(long, requires = "lines", hide_short_help = true)]
    pub stream: bool,
}

/// `--constrain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Constrain {
    /// At servers other than the two providers, unless they refuse it
    Auto,
    /// At every server
    Always,
    /// At none: response_format is json_object
    Never,
}

/// A JSON Pointer, RFC 6901.
fn pointer(text: &str) -> Result<String, String> {
    if !text.is_empty() && !text.starts_with('/') {
        return Err("a JSON Pointer begins with a slash, as in /items/0/name".to_owned());
    }
    let escaped = |rest: &str| rest.starts_with(['0', '1']);
    if !text.split('~').skip(1).all(escaped) {
        return Err("in a JSON Pointer ~ is written ~0, and / in a name ~1".to_owned());
    }
    Ok(text.to_owned())
}
