//! The completion scripts: the ones that clap_complete makes, and how the shells load all.

use airx::cli::{Cli, Shell};
use airx::completion::{VARIABLE, made_script};
use clap::{CommandFactory, ValueEnum};

use crate::{committed, run};

/// The shells, without `man`, which is not a script.
fn shells() -> impl Iterator<Item = Shell> {
    let all = Shell::value_variants().iter().copied();
    all.filter(|shell| *shell != Shell::Man)
}

#[test]
fn scripts_equal_what_the_library_makes() {
    committed("completions/_airx.ps1", &made_script(true));
    committed("completions/airx.elv", &made_script(false));
}

#[test]
fn each_script_asks_airx_by_its_name() {
    for shell in shells() {
        let script = airx::shell_install::script(shell).unwrap();
        assert!(script.contains(VARIABLE), "{shell:?}");
        let calls = ["command airx -- ", "& airx -- ", " airx -- "];
        assert!(calls.iter().any(|call| script.contains(call)), "{shell:?}");
        assert!(!script.contains("/airx"), "{shell:?}");
    }
}

#[test]
fn no_script_lists_what_airx_is_asked_for() {
    for shell in shells() {
        let script = airx::shell_install::script(shell).unwrap();
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(!script.contains(&format!(" {name} ")), "{shell:?} {name}");
        }
    }
}

#[test]
fn bash_loads_its_script_silently() {
    let script = "source completions/airx.bash\ncomplete -p airx | grep -o -e '-F _airx'\n";
    if let Some(printed) = run("bash", &["--noprofile", "--norc"], script) {
        assert_eq!(printed, "-F _airx\n");
    }
}

#[test]
fn zsh_loads_its_script_silently() {
    let script = "autoload -Uz compinit; compinit -D -u
        fpath=($PWD/completions $fpath); autoload -Uz _airx
        source completions/_airx
        echo $_comps[airx] ${+functions[_airx]}\n";
    if let Some(printed) = run("zsh", &["-f"], script) {
        assert_eq!(printed, "_airx 1\n");
    }
}

#[test]
fn fish_loads_its_script_silently() {
    let script =
        "source completions/airx.fish; complete --command airx | string length -q; and echo yes\n";
    if let Some(printed) = run("fish", &["--no-config"], script) {
        assert_eq!(printed, "yes\n");
    }
}
