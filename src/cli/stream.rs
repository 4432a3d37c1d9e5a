//! `airx stream`.

use clap::Args;

use super::Common;

/// Print the answer as it is generated
///
/// Send one request and print each piece of the answer as soon as it arrives. The exit code
/// says afterwards whether the answer is complete: 7 if it broke off, 9 if it was cut.
#[derive(Debug, Args)]
pub struct StreamArgs {
    #[command(flatten)]
    pub common: Common,
}
