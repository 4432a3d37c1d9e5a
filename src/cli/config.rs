//! `airx config`, and the options by which every command finds the file.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ConnectionArgs, ModelsFormat, RequestArgs};

/// Which configuration file is read, and which of its profiles.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Configuration")]
pub struct FileArgs {
    /// Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]
    ///
    /// Below XDG_CONFIG_HOME where that is set. The default need not be there;
    /// /dev/null is a file without settings. See airx help config.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Settings of this profile, over the file's others [AIRX_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Show each setting and where it comes from, or check the configuration file
///
/// show tells what a run with the same options, environment and file would use:
/// each setting, its value, and the flag, the variable, the profile or the line
/// of the file that it comes from. Of keys it tells where they are, never what
/// they are, and it runs no key-command. check looks through the whole file,
/// every profile, and prints what is wrong. The file itself: airx help config.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do
    pub action: ConfigAction,

    /// check: the file, in place of the one that a run would read
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub path: Option<PathBuf>,

    /// show: list the settings that have their defaults, too
    #[arg(long)]
    pub all: bool,

    /// show: how to print the settings
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ModelsFormat,

    #[command(flatten)]
    pub file: FileArgs,
    #[command(flatten)]
    pub request: RequestArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// What `config` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfigAction {
    /// Each setting, its value, and where it comes from
    Show,
    /// The whole file held against what airx takes
    Check,
    /// Where the file is, or would be
    Path,
}
