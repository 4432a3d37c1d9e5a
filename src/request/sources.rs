//! The options of `tools` → where its tools come from, and their limits.

use crate::cli::{OfferArgs, RunArgs};
use crate::settings::defaults;
use crate::tools::{Limits, ToolSources};

/// What the options of `tools` say of its tools.
pub fn sources(offer: OfferArgs, run: RunArgs) -> ToolSources {
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
