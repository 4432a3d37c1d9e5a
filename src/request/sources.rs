//! The options of `tools` → where its tools come from, and their limits.

use std::time::Duration;

use crate::cli::{OfferArgs, RunArgs};
use crate::tools::{Limits, Sources};

/// Longest time for one call, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What the options of `tools` say of its tools.
pub fn sources(offer: OfferArgs, run: RunArgs) -> Sources {
    let timeout = run.tool_timeout.unwrap_or(TIMEOUT);
    Sources {
        files: offer.tools,
        folders: offer.tools_dir,
        servers: offer.mcp,
        programs: run.exec,
        only: offer.only,
        retrieval: offer.retrieval.map(|id| (id, offer.retrieval_prompt)),
        runs: run.run,
        asks: run.run && !run.yes,
        limits: Limits {
            timeout: Some(timeout).filter(|timeout| !timeout.is_zero()),
            bytes: usize::try_from(run.tool_max_bytes).unwrap_or(usize::MAX),
            first_line: false,
        },
    }
}
