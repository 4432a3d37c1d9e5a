//! `airx chat` and `airx stream`.

use super::common::ordered_args;
use super::{Common, ManyArgs, PoolArgs, SplitArgs};

/// The arguments of `chat`.
#[derive(Debug)]
pub struct ChatArgs {
    pub many: ManyArgs,
    pub common: Common,
}

ordered_args!(
    ChatArgs { many: ManyArgs },
    "Print the answer when it is complete",
    "Send one request and print the answer when it is complete. airx also prints an answer that \
     was cut by a limit, and exits with 9.",
    short_help_without: [],
    hide: ["first_token_timeout", "idle_timeout"]
);

/// The arguments of `stream`.
#[derive(Debug)]
pub struct StreamArgs {
    pub split: SplitArgs,
    pub pool: PoolArgs,
    pub common: Common,
}

ordered_args!(
    StreamArgs {
        split: SplitArgs,
        pool: PoolArgs
    },
    "Print the answer as it is generated",
    "Send one request and print each piece of the answer as soon as it arrives. The exit code \
     says afterwards whether the answer is complete: 7 if it broke off, 9 if it was cut.",
    short_help_without: [],
    hide: []
);
