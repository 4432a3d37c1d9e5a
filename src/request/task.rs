//! What a command is asked to do by options of its own.

use std::path::Path;

use crate::cli::{self, JsonAnswer, OfferArgs, RunArgs};
use crate::schema::{self, Constrain, JsonFormat};

/// What a command asks a model for, by its own options.
#[derive(Debug)]
pub enum Task {
    /// An answer.
    Answer,
    /// Calls of tools.
    Tools(OfferArgs, RunArgs),
    /// JSON.
    Json(JsonAnswer),
}

impl Task {
    /// The files that it will read, each with its option for messages.
    pub fn files(&self) -> Vec<(&'static str, &Path)> {
        match self {
            Self::Answer => Vec::new(),
            Self::Tools(offer, _) => {
                let files = offer.tools.iter();
                files.map(|file| ("`-t -`", &**file)).collect()
            }
            Self::Json(answer) => {
                let schema = answer.schema.iter();
                schema
                    .map(|file| ("`--schema -`", Path::new(file)))
                    .collect()
            }
        }
    }

    /// Whether its answer is streamed.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Tools(offer, _) if offer.stream)
    }

    /// Its options, as far as they were given, that are for one answer alone.
    pub fn of_one(&self) -> Vec<&'static str> {
        let given = match self {
            Self::Answer => Vec::new(),
            Self::Tools(offer, run) => {
                vec![(offer.stream, "--stream"), (run.run && !run.yes, "--run")]
            }
            Self::Json(answer) => vec![
                (answer.stream, "--stream"),
                (answer.lines, "--lines"),
                (answer.pretty, "--pretty"),
                (!answer.select.is_empty(), "--select"),
            ],
        };
        given
            .into_iter()
            .filter_map(|(given, flag)| given.then_some(flag))
            .collect()
    }
}

/// The options of `json` about its answer.
pub fn json_options(args: JsonAnswer) -> schema::JsonOptions {
    let format = match args {
        _ if args.pretty => JsonFormat::Pretty,
        _ if args.lines => JsonFormat::Lines,
        _ if args.select.is_empty() => JsonFormat::Compact,
        _ => JsonFormat::Select(args.select),
    };
    schema::JsonOptions {
        schema: args.schema,
        fields: args.fields,
        format,
        stream: args.stream,
        constrain: match args.constrain {
            None | Some(cli::Constrain::Auto) => Constrain::Auto,
            Some(cli::Constrain::Always) => Constrain::Always,
            Some(cli::Constrain::Never) => Constrain::Never,
        },
        tries: args.tries.unwrap_or(schema::DEFAULT_TRIES),
    }
}
