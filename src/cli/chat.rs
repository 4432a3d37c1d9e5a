//! `airx chat`.

use clap::Args;

use super::{Common, EachArgs};

/// Print the answer when it is complete
///
/// One request that is not streamed. Nothing is printed unless the whole answer
/// has come; one that was cut by a limit is printed and exits 9.
#[derive(Debug, Args)]
pub struct ChatArgs {
    #[command(flatten)]
    pub each: EachArgs,
    #[command(flatten)]
    pub common: Common,
}
