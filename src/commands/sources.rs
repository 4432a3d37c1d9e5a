//! The options of `tools` → where its tools come from, and their limits.

use std::time::Duration;

use super::{Expect, Purpose};
use crate::cli::{OfferArgs, RunArgs};
use crate::toolbox::{Limits, Sources};

/// Longest time for one call, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What `tools` is for, and where its tools come from. A `dry` run asks for
/// nothing.
pub fn tools(offer: OfferArgs, run: RunArgs, dry: bool) -> (Purpose, Sources) {
    let purpose = Purpose::Answer(Expect::Calls {
        required: offer.require_call,
        streamed: offer.stream,
        rounds: run.run.then_some(run.rounds),
    });
    let timeout = run.tool_timeout.unwrap_or(TIMEOUT);
    let sources = Sources {
        files: offer.tools,
        folders: offer.tools_dir,
        servers: offer.mcp,
        programs: run.exec,
        retrieval: offer.retrieval.map(|id| (id, offer.retrieval_prompt)),
        runs: run.run,
        asks: run.run && !run.yes && !dry,
        limits: Limits {
            timeout: Some(timeout).filter(|timeout| !timeout.is_zero()),
            bytes: usize::try_from(run.tool_max_bytes).unwrap_or(usize::MAX),
        },
    };
    (purpose, sources)
}
