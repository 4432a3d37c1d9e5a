//! `airx completions`.

use clap::{Args, ValueEnum};

/// Print a shell's completion script, or install it
///
/// The scripts ask airx itself at the moment of TAB. It knows the models and profiles of the
/// configuration file and the tools in the --tools files on the line. It sends nothing.
///
/// --install writes the script to the place where the shell looks for it, says whether a new
/// shell will complete, and prints the lines that are missing if not. For bash the place is
/// bash-completion/completions/airx below XDG_DATA_HOME (~/.local/share); for zsh
/// zsh/site-functions/_airx in the same folder; for fish fish/completions/airx.fish below
/// XDG_CONFIG_HOME (~/.config); for man the manual pages, below XDG_DATA_HOME in man. airx
/// does not replace a file there that it has not written.
#[derive(Debug, Args)]
#[group(skip)]
pub struct CompletionsArgs {
    /// Shell, or `man` for the manual pages
    pub shell: Shell,

    /// Write the script to where the shell looks (bash, zsh, fish, man)
    #[arg(long, conflicts_with = "uninstall")]
    pub install: bool,

    /// Remove what --install wrote
    #[arg(long)]
    pub uninstall: bool,
}

/// The shells that completions are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
    /// PowerShell
    #[value(name = "powershell")]
    PowerShell,
    /// Elvish
    Elvish,
    /// The manual pages
    Man,
}
