//! Settings of lower layers that do not apply to the command line at hand. airx ignores
//! them silently; on the command line, the same option is an error.

use crate::cli::{BatchAction, Command, Common, Format};

/// What the command line asks for.
#[derive(Debug, Clone, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub(super) struct Run {
    command: &'static str,
    each: bool,
    quiet: bool,
    verbose: bool,
    /// Whether a layer sets `extract`.
    pub(super) extract: bool,
    /// Whether `json` prints only parts of the value.
    parts: bool,
    /// Whether `json` prints each element as it arrives.
    elements: bool,
    /// The output format; set after the merge of the layers.
    pub(super) format: Option<Format>,
}

impl Run {
    /// A run of `command` without any options.
    pub(super) fn plain(command: &'static str) -> Self {
        Self {
            command,
            ..Self::default()
        }
    }

    pub(super) fn of(command: &Command) -> Self {
        match command {
            Command::Chat(args) => Self {
                each: args.many.each.each.is_some(),
                ..Self::common("chat", &args.common)
            },
            Command::Stream(args) => Self::common("stream", &args.common),
            Command::Tools(args) => Self {
                each: args.each.each.is_some(),
                ..Self::common("tools", &args.common)
            },
            Command::Json(args) => Self {
                each: args.many.each.each.is_some(),
                parts: args.answer.lines || !args.answer.select.is_empty(),
                elements: args.answer.stream,
                ..Self::common("json", &args.common)
            },
            Command::Batch(args) => match args.action {
                BatchAction::Fetch(_) => Self::plain("batch fetch"),
                _ => Self::plain("batch"),
            },
            _ => Self::default(),
        }
    }

    fn common(command: &'static str, common: &Common) -> Self {
        let output = &common.output;
        Self {
            command,
            quiet: output.quiet,
            verbose: output.verbose,
            extract: output.extract.is_some(),
            ..Self::default()
        }
    }

    /// Whether this value of a lower layer does not apply to the run.
    pub(super) fn ignores(&self, name: &str, value: &str) -> bool {
        let format = self.format.unwrap_or(Format::Text);
        let prose = !self.each && format == Format::Text && self.command != "json";
        match (self.command, name) {
            // `config show` and other commands without a run.
            ("", _) => false,
            ("batch", "accept" | "allow-empty" | "fallback")
            | (
                "batch" | "batch fetch",
                "first-token-timeout"
                | "idle-timeout"
                | "max-in-flight"
                | "budget"
                | "cache"
                | "cache-ttl"
                | "record"
                | "replay"
                | "extract"
                | "render"
                | "reasoning",
            ) => true,
            (_, "quiet") => self.verbose,
            (_, "verbose") => self.quiet,
            // --format json prints the server's body, which exists for one complete answer only.
            (_, "format") if self.each => value != "ndjson",
            (_, "format") if self.extract => value != "text",
            (_, "format") if self.elements => value == "json",
            (_, "extract") => !prose,
            (_, "render") => !prose || self.extract,
            (_, "reasoning") => self.each,
            (_, "pretty") => self.each || self.parts,
            _ => false,
        }
    }
}
