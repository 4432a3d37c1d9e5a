//! `airx stream`.

use clap::Args;

use super::Common;

/// Print the answer as it is generated
///
/// Each piece leaves as soon as it arrives. The exit code tells afterwards
/// whether the answer is complete: 7 where it broke off, 9 where it was cut.
#[derive(Debug, Args)]
pub struct StreamArgs {
    #[command(flatten)]
    pub common: Common,
}
