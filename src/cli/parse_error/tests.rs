//! What a user reads about a command line that is wrong.

use super::*;

fn failure(words: &[&str]) -> Failure {
    let arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
    let error = refusal(arguments.iter().map(|word| &**word)).unwrap();
    parse_error(&error, &arguments)
}

fn hint(words: &[&str]) -> String {
    failure(words).hint.unwrap_or_default()
}

#[test]
fn an_option_of_another_tool_finds_its_place_here() {
    for (names, expected) in ELSEWHERE {
        let names = names.split(' ').filter(|name| !name.starts_with("--item"));
        for name in names.filter(|name| *name != "--stream") {
            assert_eq!(hint(&["stream", name]), *expected);
        }
    }
    assert!(hint(&["chat", "--stream"]).contains("airx stream"));
    assert!(hint(&["json", "--json"]).contains("airx json -- '--json'"));
}

#[test]
fn an_option_that_needs_another_one_names_it() {
    for (words, message) in [
        (
            &["chat", "--max-cost", "1", "hi"][..],
            "--max-cost needs --each or --split",
        ),
        (
            &["chat", "hi", "--max-cost=1"],
            "--max-cost needs --each or --split",
        ),
        (&["chat", "-c", "4", "hi"], "-c needs --each or --split"),
        (
            &["tools", "--concurrency", "4"],
            "--concurrency needs --each",
        ),
        (
            &["chat", "--merge", "concat", "hi"],
            "--merge needs --split",
        ),
        (&["chat", "--items", "f", "hi"], "--items needs --each"),
        (
            &["chat", "--resume", "hi"],
            "--resume needs --each and --output",
        ),
        (&["chat", "--resume", "-o", "f"], "--resume needs --each"),
        (
            &["chat", "-q", "--each", "--resume"],
            "--resume needs --output",
        ),
        (&["tools", "--yes"], "--yes needs --run"),
        (
            &["tools", "--retrieval-prompt", "p"],
            "--retrieval-prompt needs --retrieval",
        ),
        (&["json", "--stream", "hi"], "--stream needs --lines"),
        (&["completions"], "airx completions needs SHELL"),
    ] {
        assert_eq!(failure(words).message, message);
    }
    assert_eq!(
        hint(&["chat", "--max-cost", "1", "hi"]),
        "to limit what one request may cost: --budget AMOUNT/PERIOD"
    );
}

#[test]
fn a_negative_number_is_a_value_and_no_option() {
    let failure = failure(&["chat", "--max-tokens", "-1", "hi"]);
    assert_eq!(failure.message, "--max-tokens: -1 is too small: 0 or more");
    assert_eq!(
        hint(&["chat", "--stop", "-1", "hi"]),
        "as the value of --stop: --stop=-1"
    );
    let timeout = &["chat", "--timeout", "-1", "hi"];
    assert!(super::tests::failure(timeout).message.contains("24h, 30d"));
    assert!(hint(&["chat", "-1"]).contains("airx chat -- '-1'"));
}

#[test]
fn a_command_of_the_mock_without_two_dashes_is_shown_with_them() {
    let failure = failure(&["mock", "--port", "0", "airx", "chat", "say hi"]);
    assert_eq!(failure.message, "unexpected argument 'airx'");
    assert_eq!(
        failure.hint.as_deref(),
        Some("put -- before the command: airx mock --port 0 -- airx chat 'say hi'")
    );
    assert_eq!(hint(&["models", "x"]), "see airx help models");
}

/// What is said of `--OPTION=VALUE`, and clap's own words; none if it is accepted.
fn said(command: &str, option: &str, value: &str) -> Option<(Option<String>, String)> {
    let option = format!("--{option}={value}");
    let error = Cli::command()
        .try_get_matches_from(["airx", command, &option])
        .err()?;
    let is_about_the_value = error.kind() == ErrorKind::ValueValidation;
    is_about_the_value.then(|| (wrong_number(&error), error.to_string()))
}

#[test]
fn a_wrong_number_is_reported_in_plain_words() {
    for (option, value, expected) in [
        (
            "max-tokens",
            "abc",
            "--max-tokens: 'abc' is not a whole number",
        ),
        (
            "max-tokens",
            "1.5",
            "--max-tokens: '1.5' is not a whole number",
        ),
        ("max-tokens", "", "--max-tokens: '' is not a whole number"),
        (
            "max-tokens",
            "-1",
            "--max-tokens: -1 is too small: 0 or more",
        ),
        ("temperature", "hot", "--temperature: 'hot' is not a number"),
        (
            "concurrency",
            "0",
            "--concurrency: 0 is too small: 1 to 1000",
        ),
        (
            "concurrency",
            "-3",
            "--concurrency: -3 is too small: 1 to 1000",
        ),
        (
            "concurrency",
            "1001",
            "--concurrency: 1001 is too large: 1 to 1000",
        ),
        (
            "retries",
            "5000000000",
            "--retries: 5000000000 is too large: 0 to 4294967295",
        ),
    ] {
        let (words, clap) = said("chat", option, value).unwrap();
        assert_eq!(words.as_deref(), Some(expected), "{clap}");
    }
    let (words, clap) = said("tools", "tool-max-bytes", "0").unwrap();
    assert_eq!(
        words.as_deref(),
        Some("--tool-max-bytes: 0 is too small: 1 or more"),
        "{clap}"
    );
}

#[test]
fn no_option_reports_a_number_in_rusts_words() {
    let mut program = Cli::command();
    program.build();
    for command in program.get_subcommands().filter(|it| !it.has_subcommands()) {
        for option in command.get_arguments().filter_map(clap::Arg::get_long) {
            for value in ["abc", "-1", "0", "", "1e99", "99999999999999999999999"] {
                let Some((words, clap)) = said(command.get_name(), option, value) else {
                    continue;
                };
                let reported = words.unwrap_or(clap);
                for rust in ["digit", "literal", "too large to fit", " is not in ", ".."] {
                    assert!(!reported.contains(rust), "{reported}");
                }
            }
        }
    }
}

#[test]
fn a_misspelled_kind_of_fail_is_answered_with_the_nearest_one() {
    assert_eq!(hint(&["mock", "--fail", "stal"]), "did you mean 'stall'?");
    assert_eq!(
        hint(&["mock", "--fail", "stal:0.5@files"]),
        "did you mean 'stall'?"
    );
    assert_eq!(hint(&["mock", "--fail", "explode"]), "see airx help mock");
}
