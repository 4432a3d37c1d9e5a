//! The options that `chat`, `stream`, `tools` and `json` share, in the order of the help.

use clap::{Args, Command};

use super::{ConnectionArgs, FileArgs, InputArgs, OutputArgs, RequestArgs};

/// The prompt and every shared option.
#[derive(Debug, Default, Args)]
#[group(skip)]
pub struct Common {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub request: RequestArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub file: FileArgs,
}

/// Adds the shared options, with a command's own between Output and Connection: the help
/// shows options in the order in which they are added.
pub(super) fn with_own_options(command: Command, own: fn(Command) -> Command) -> Command {
    let command = InputArgs::augment_args(command);
    let command = RequestArgs::augment_args(command);
    let command = own(OutputArgs::augment_args(command));
    FileArgs::augment_args(ConnectionArgs::augment_args(command))
}

/// Implements clap's traits for a command whose own options stand between the shared ones.
/// The texts are its help: a summary, and what the long help adds. The short help leaves out
/// some of the shared options.
macro_rules! ordered_args {
    (
        $args:ident { $($field:ident: $own:ident),+ },
        $summary:literal,
        $more:literal,
        short_help_without: [$($hidden:literal),*],
        hide: [$($unused:literal),*]
    ) => {
        impl clap::Args for $args {
            fn augment_args(command: clap::Command) -> clap::Command {
                super::common::with_own_options(command, |command| {
                    $(let command = $own::augment_args(command);)+
                    command
                })
                $(.mut_arg($hidden, |arg| arg.hide_short_help(true)))*
                $(.mut_arg($unused, |arg| arg.hide(true)))*
                .about($summary)
                .long_about(concat!($summary, "\n\n", $more))
            }

            fn augment_args_for_update(command: clap::Command) -> clap::Command {
                Self::augment_args(command)
            }
        }

        impl clap::FromArgMatches for $args {
            fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
                Self::from_arg_matches_mut(&mut matches.clone())
            }

            fn from_arg_matches_mut(matches: &mut clap::ArgMatches) -> Result<Self, clap::Error> {
                Ok(Self {
                    $($field: clap::FromArgMatches::from_arg_matches_mut(matches)?,)+
                    common: clap::FromArgMatches::from_arg_matches_mut(matches)?,
                })
            }

            fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

pub(super) use ordered_args;
