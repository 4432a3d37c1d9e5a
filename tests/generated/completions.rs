//! The completion scripts: made from the command line's types, and loaded by
//! the shells that they are for.

use airx::cli::{Cli, Shell};
use clap::{ArgGroup, Command, CommandFactory, ValueEnum};
use clap_complete::aot;

use crate::{committed, run};

/// The shells; the manual pages are no script.
fn shells() -> impl Iterator<Item = Shell> {
    let all = Shell::value_variants().iter().copied();
    all.filter(|shell| *shell != Shell::Man)
}

fn generate(shell: Shell) -> (&'static str, String) {
    let (file, generator) = match shell {
        Shell::Bash => ("airx.bash", aot::Shell::Bash),
        Shell::Zsh => ("_airx", aot::Shell::Zsh),
        Shell::Fish => ("airx.fish", aot::Shell::Fish),
        Shell::PowerShell => ("_airx.ps1", aot::Shell::PowerShell),
        Shell::Elvish => ("airx.elv", aot::Shell::Elvish),
        Shell::Man => unreachable!("no script"),
    };
    let mut program = Cli::command();
    // Subcommands are deferred: unbuilt they have no options to complete.
    program.build();
    program = shown(program);
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut program, "airx", &mut script);
    (file, String::from_utf8(script).unwrap())
}

/// A command without the options that help hides: the generators offer those too.
fn shown(mut command: Command) -> Command {
    let inner: Vec<String> = command
        .get_subcommands()
        .map(|inner| inner.get_name().to_owned())
        .collect();
    for name in inner {
        command = command.mut_subcommand(name, shown);
    }
    if command.get_arguments().all(|option| !option.is_hide_set()) {
        return command;
    }
    let options = command
        .get_arguments()
        .filter(|option| !option.is_hide_set());
    let about = command.get_about().cloned().unwrap_or_default();
    let mut shown = Command::new(&*command.get_name().to_owned().leak())
        .about(about)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .version(env!("CARGO_PKG_VERSION"))
        .args(options);
    // Another option may name it as one that it excludes.
    for option in command
        .get_arguments()
        .filter(|option| option.is_hide_set())
    {
        shown = shown.group(ArgGroup::new(option.get_id()));
    }
    if let Some(name) = command.get_bin_name() {
        shown = shown.bin_name(name);
    }
    shown
}

#[test]
fn no_completion_offers_what_help_hides() {
    let (_, script) = generate(Shell::Bash);
    let (_, status) = script
        .split_once("airx__subcmd__batch__subcmd__status)\n")
        .unwrap();
    let options = status.lines().next().unwrap();
    assert!(
        options.contains("--timeout") && !options.contains("--replay"),
        "{options}"
    );
}

#[test]
fn completions_equal_what_the_command_line_makes() {
    for shell in shells() {
        let (file, script) = generate(shell);
        assert!(
            script.contains("first-token-timeout"),
            "{file} lacks the commands' options"
        );
        committed(&format!("completions/{file}"), &script);
    }
}

#[test]
fn completions_name_every_command() {
    for shell in shells() {
        let printed = airx::shell_install::script(shell).unwrap();
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
        COMP_WORDS=(airx stream --first) COMP_CWORD=2
        _airx airx --first stream; echo \"${COMPREPLY[*]}\"\n";
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
        complete --do-complete 'airx stream --first' | string split -f 1 \\t\n";
    if let Some(printed) = run("fish", &["--no-config"], script) {
        assert_eq!(printed, "chat\n--first-token-timeout\n");
    }
}
