//! The settings for tools and for the answer, from the options of `tools` and `json`.

use crate::cli::{self, JsonAnswer, OfferArgs, RunArgs};
use crate::schema::{self, Constrain, JsonFormat};
use crate::settings::defaults;
use crate::tools::{Limits, ToolSources};

/// Where the tools come from, and their limits.
pub fn tool_sources(offer: OfferArgs, run: RunArgs) -> ToolSources {
    let timeout = run.tool_timeout.unwrap_or(defaults::TOOL_TIMEOUT);
    ToolSources {
        files: offer.tools,
        folders: offer.tools_dir,
        servers: offer.mcp,
        commands: run.exec,
        only: offer.only,
        retrieval: offer.retrieval.map(|id| (id, offer.retrieval_prompt)),
        run: run.run,
        ask: run.run && !run.yes,
        limits: Limits {
            timeout: Some(timeout).filter(|timeout| !timeout.is_zero()),
            bytes: usize::try_from(run.tool_max_bytes.unwrap_or(defaults::TOOL_MAX_BYTES))
                .unwrap_or(usize::MAX),
            first_line: false,
        },
    }
}

/// The schema of the answer of `json`, and its output format.
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
