//! The completion scripts: made from the command line's types, and loaded by
//! the shells that they are for.

use airx::cli::{Cli, Shell};
use clap::{CommandFactory, ValueEnum};
use clap_complete::aot;

use crate::{committed, run};

fn generate(shell: Shell) -> (&'static str, String) {
    let (file, generator) = match shell {
        Shell::Bash => ("airx.bash", aot::Shell::Bash),
        Shell::Zsh => ("_airx", aot::Shell::Zsh),
        Shell::Fish => ("airx.fish", aot::Shell::Fish),
        Shell::PowerShell => ("_airx.ps1", aot::Shell::PowerShell),
        Shell::Elvish => ("airx.elv", aot::Shell::Elvish),
    };
    let mut program = Cli::command();
    // Subcommands are deferred: unbuilt they have no options to complete.
    program.build();
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut program, "airx", &mut script);
    (file, String::from_utf8(script).unwrap())
}

#[test]
fn completions_equal_what_the_command_line_makes() {
    for shell in Shell::value_variants() {
        let (file, script) = generate(*shell);
        assert!(
            script.contains("first-token-timeout"),
            "{file} lacks the commands' options"
        );
        committed(&format!("completions/{file}"), &script);
    }
}

#[test]
fn completions_name_every_command() {
    for shell in Shell::value_variants() {
        let printed = airx::commands::print::completions(*shell);
        for command in Cli::command().get_subcommands() {
            assert!(
                printed.contains(command.get_name()),
                "{shell:?} {}",
                command.get_name()
            );
        }
    }
}

#[test]
fn bash_loads_its_script_silently_and_completes_a_command() {
    let script = "source completions/airx.bash
        COMP_WORDS=(airx ch) COMP_CWORD=1 COMP_LINE='airx ch' COMP_POINT=7
        _airx airx ch airx; echo \"${COMPREPLY[*]}\"
        COMP_WORDS=(airx chat --first) COMP_CWORD=2
        _airx airx --first chat; echo \"${COMPREPLY[*]}\"\n";
    if let Some(printed) = run("bash", &["--noprofile", "--norc"], script) {
        assert_eq!(printed, "chat\n--first-token-timeout\n");
    }
}

#[test]
fn zsh_loads_its_script_silently() {
    let script = "autoload -Uz compinit; compinit -D -u
        fpath=($PWD/completions $fpath); autoload -Uz _airx
        source completions/_airx
        echo $_comps[airx] ${+functions[_airx_commands]}\n";
    if let Some(printed) = run("zsh", &["-f"], script) {
        assert_eq!(printed, "_airx 1\n");
    }
}

#[test]
fn fish_loads_its_script_silently_and_completes_a_command() {
    let script = "source completions/airx.fish
        complete --do-complete 'airx ch' | string split -f 1 \\t
        complete --do-complete 'airx chat --first' | string split -f 1 \\t\n";
    if let Some(printed) = run("fish", &["--no-config"], script) {
        assert_eq!(printed, "chat\n--first-token-timeout\n");
    }
}
