//! Texts that must agree: examples and the command line, the README and the exit codes,
//! the topics and their names.

use std::path::Path;

use airx::cli::Cli;
use airx::exit::TABLE;
use airx::help::ENVIRONMENT;
use airx::help::page::examples;
use clap::{CommandFactory, Parser};

/// The words of each `airx` command in a shell line.
fn commands(line: &str) -> Vec<Vec<String>> {
    let words = shlex::split(line).unwrap();
    let parts = words.split(|word| {
        ["|", "||", "&&", "do", "done", "if", "then"].contains(&word.as_str())
            || word.ends_with(';')
    });
    parts
        .filter(|part| part.first().is_some_and(|word| word == "airx"))
        .map(|part| {
            let redirected = part
                .iter()
                .position(|word| [">", ">>", "<"].contains(&word.as_str()));
            part[..redirected.unwrap_or(part.len())].to_vec()
        })
        .collect()
}

#[test]
fn every_example_is_taken_by_the_command_line() {
    let mut program = Cli::command();
    program.build();
    let commands_of_airx = program.get_subcommands().map(clap::Command::get_name);
    let mut count = 0;
    for command in ["airx"].into_iter().chain(commands_of_airx) {
        let examples = examples(command);
        assert!(examples.len() >= 3, "{command}");
        for example in &examples {
            let commands = commands(example.line);
            assert!(!commands.is_empty(), "{}", example.line);
            for words in commands {
                if let Err(error) = Cli::try_parse_from(&words) {
                    panic!("{}\n{error}", example.line);
                }
            }
        }
        count += examples.len();
    }
    // Every example is under the name of a real command.
    let all = include_str!("../../src/help/examples.txt");
    assert_eq!(
        count,
        all.lines().filter(|line| line.starts_with("# ")).count()
    );
}

#[test]
fn no_variable_is_reported_twice() {
    let mut names: Vec<&str> = ENVIRONMENT.iter().map(|variable| variable.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ENVIRONMENT.len());
}

/// The README's table, between its markers.
fn readme_table() -> String {
    let rows = TABLE
        .iter()
        .map(|row| format!("| {} | `{}` | {} |\n", row.code, row.name, row.when));
    "| code | class | when |\n|---|---|---|\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn the_readme_lists_the_exit_codes() {
    const OPEN: &str = "<!-- exit-codes -->\n";
    const CLOSE: &str = "<!-- /exit-codes -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    if !path.exists() {
        return;
    }
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme
        .split_once(OPEN)
        .expect("README.md has no <!-- exit-codes -->");
    let (_, after) = rest
        .split_once(CLOSE)
        .expect("README.md has no <!-- /exit-codes -->");
    crate::committed(
        "README.md",
        &format!("{before}{OPEN}{}{CLOSE}{after}", readme_table()),
    );
}
