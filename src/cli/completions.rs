//! `airx completions`.

use clap::{Args, ValueEnum};

/// Print a shell's completion script, or install it
///
/// --install writes it to where the shell looks by itself: for Bash below
/// XDG_DATA_HOME (~/.local/share), bash-completion/completions/airx; for Fish
/// below XDG_CONFIG_HOME (~/.config), fish/completions/airx.fish; for Zsh below
/// XDG_DATA_HOME, zsh/site-functions/_airx, with the line for .zshrc where that
/// folder is not on $fpath yet. A file there that is not airx's own stays as it
/// is.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,

    /// Write the script to where the shell looks (bash, zsh, fish)
    #[arg(long, conflicts_with = "uninstall")]
    pub install: bool,

    /// Remove what --install has written
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
}
