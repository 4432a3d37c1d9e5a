//! `airx chat`.

use super::common::ordered_args;
use super::{Common, EachArgs, PoolArgs, SplitArgs};

/// The arguments of `chat`.
#[derive(Debug)]
pub struct ChatArgs {
    pub each: EachArgs,
    pub split: SplitArgs,
    pub pool: PoolArgs,
    pub common: Common,
}

ordered_args!(
    ChatArgs {
        each: EachArgs,
        split: SplitArgs,
        pool: PoolArgs
    },
    "Print the answer when it is complete",
    "Send one request and print the answer when it is complete. airx also prints an answer that \
     was cut by a limit, and exits with 9.",
    short_help_without: [],
    hide: ["first_token_timeout", "idle_timeout"]
);
