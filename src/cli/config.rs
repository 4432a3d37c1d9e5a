//! `airx config`, and the options by which every command finds the file.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ConnectionArgs, ModelsFormat, RequestArgs};

/// Which configuration file is read, and which of its profiles.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Configuration")]
pub struct FileArgs {
    /// Configuration file [default: ~/.config/airx/config.toml; AIRX_CONFIG]
    ///
    /// The default file is below XDG_CONFIG_HOME if that is set, and may be missing. /dev/null
    /// means no configuration. See airx help config.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub config: Option<PathBuf>,

    /// Use this profile of the file [AIRX_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Show the settings and their origin, or check the configuration file
///
/// show prints what a run with the same options, environment and file would use: each setting
/// that is set, its value, and the option, the variable, the profile or the line of the file
/// that it comes from; --all prints the defaults, too. It shows where a key comes from, never
/// the key, and runs no key-command. check reads the file with every profile and prints all
/// errors in it. path prints where the file is, or would be. About the file: airx help config.
#[derive(Debug, Args)]
#[group(skip)]
pub struct ConfigArgs {
    /// What to do
    pub action: ConfigAction,

    /// check: the file to check, instead of the one that a run reads
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
    /// Print the settings and their origin
    Show,
    /// Check the file
    Check,
    /// Print where the file is, or would be
    Path,
}
