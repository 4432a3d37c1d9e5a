//! `airx json`.

use clap::{Args, ValueEnum};

use super::{Common, EachArgs};

/// Ask for JSON and print nothing but valid JSON
///
/// The answer is parsed strictly, one surrounding code fence being tolerated,
/// and held against --schema or --fields. A wrong one, a duplicate member too,
/// is sent back with what is wrong, up to --tries; then airx exits 10 with
/// nothing on standard output. Digits of numbers and the order of members are
/// kept. Arrays and objects may stand 127 levels deep in one another; what is
/// deeper is a wrong answer.
///
/// The schema goes into the system message, behind --system. Models follow a
/// flat schema with a few described fields best.
#[derive(Debug, Args)]
pub struct JsonArgs {
    #[command(flatten)]
    pub answer: JsonAnswer,
    #[command(flatten)]
    pub each: EachArgs,
    #[command(flatten)]
    pub common: Common,
}

/// What the answer has to be, and how it is printed.
#[derive(Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct JsonAnswer {
    /// JSON Schema that the answer must fit: JSON, or the file that it is in
    ///
    /// `-` is standard input.
    /// Draft 2020-12, 2019-09, 7, 6 or 4, as its $schema says, 2020-12 without
    /// one. Formats are asserted. $ref leads to a place inside the schema;
    /// nothing is ever fetched.
    #[arg(long, value_name = "FILE|JSON", conflicts_with = "fields")]
    pub schema: Option<String>,

    /// The same in short: 'name, age int, tags [str]: what they mean'
    ///
    /// Fields are NAME TYPE: DESCRIPTION, separated by commas. TYPE is str (also
    /// where there is none), int, float, bool, [TYPE], {FIELDS} or words a|b|c;
    /// NAME? is a field that may be missing. '[{FIELDS}]' asks for an array.
    /// What holds one of , : ? | [ ] { } or a space (but descriptions) stands in
    /// double quotes. No other fields are allowed. --dry-run shows the schema.
    #[arg(long, value_name = "FIELDS")]
    pub fields: Option<String>,

    /// Have the server hold the answer to the schema [default: auto]
    ///
    /// The schema is sent as response_format json_schema; it stays in the system message
    /// and is checked here too. BigModel and Z.ai do not know it: `auto` sends it to
    /// other servers only, and without it for the rest of the run where the server
    /// answers 400 or 422. `never` asks for a json_object only.
    #[arg(long, value_name = "auto|always|never", hide_possible_values = true)]
    pub constrain: Option<Constrain>,

    /// Most requests for one valid answer, all within --timeout [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub tries: Option<u32>,

    /// Print indented instead of compact
    #[arg(long, conflicts_with_all = ["select", "lines"])]
    pub pretty: bool,

    /// Print what this JSON Pointer names, strings raw, one a line (repeat)
    ///
    /// A pointer that finds nothing exits 10. Without a schema it is a reason
    /// to ask again. Example: --select /items/0/name
    #[arg(long, value_name = "/POINTER", value_parser = pointer, action = clap::ArgAction::Append, conflicts_with = "lines")]
    pub select: Vec<String>,

    /// Print an array's elements, one a line
    #[arg(long)]
    pub lines: bool,

    /// With --lines: print each element as soon as it is complete and valid
    ///
    /// Once an element is printed no other answer is asked for: where a later
    /// one is not valid, airx exits 10.
    #[arg(long, requires = "lines")]
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
