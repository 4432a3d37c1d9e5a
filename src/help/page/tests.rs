//! Pages and tables as they are printed.

use clap::CommandFactory;

use super::*;
use crate::cli::Cli;

#[test]
fn help_of_a_command_and_its_help_flag_say_the_same() {
    for command in ["chat", "stream", "tools", "json", "models", "completions"] {
        let arguments = ["airx", command, "--help"];
        let clap_text = Cli::command()
            .try_get_matches_from(arguments)
            .unwrap_err()
            .to_string();
        let flag = help_flag(&clap_text, &arguments[1..]);
        assert_eq!(flag, help(&[command]).unwrap());
        assert!(flag.contains("\nExit codes:\n    0  ok "), "{flag}");
        assert_eq!(help_flag(&clap_text, &[command, "-h"]), clap_text);
    }
    let arguments = ["airx", "batch", "wait", "--help"];
    let clap_text = Cli::command().try_get_matches_from(arguments).unwrap_err();
    let flag = help_flag(&clap_text.to_string(), &arguments[1..]);
    assert_eq!(flag, help(&["batch", "wait"]).unwrap());
    let clap_text = Cli::command()
        .try_get_matches_from(["airx", "--help"])
        .unwrap_err()
        .to_string();
    assert_eq!(
        help_flag(&clap_text, &["--help"]),
        help::<&str>(&[]).unwrap()
    );
}

#[test]
fn an_unknown_subject_names_what_there_is() {
    let failure = help(&["evnets"]).unwrap_err();
    assert_eq!(failure.exit(), 2);
    let hint = failure.hint.unwrap();
    assert!(hint.contains("chat, stream"), "{hint}");
    assert!(hint.contains("topics: events, exit-codes"), "{hint}");
}

#[test]
fn every_command_has_help_examples_and_every_topic_a_text() {
    let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    for command in Cli::command().get_subcommands() {
        if topics.contains(&command.get_name()) {
            // The topic goes before; --help is the command's.
            assert!(footer(Some(command.get_name())).matches("\n  # ").count() >= 3);
            continue;
        }
        let text = help(&[command.get_name()]).unwrap();
        assert!(text.matches("\n  # ").count() >= 3, "{text}");
    }
    for topic in TOPICS {
        let text = help(&[topic.name]).unwrap();
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
    }
}
