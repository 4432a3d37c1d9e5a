//! The words for a number that an option does not take. clap reports Rust's own.

use std::error::Error;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

use clap::error::ContextKind;

use super::parse_error::word;

/// What is wrong with the number that this error is about; none if it is about none.
pub(super) fn wrong_number(error: &clap::Error) -> Option<String> {
    let option = word(error, ContextKind::InvalidArg)?;
    let value = word(error, ContextKind::InvalidValue)?;
    let why = why(&value, error.source()?)?;
    let option = option.split(' ').next().unwrap_or_default();
    Some(format!("{option}: {why}"))
}

fn why(value: &str, source: &(dyn Error + 'static)) -> Option<String> {
    if source.is::<ParseFloatError>() {
        return Some(format!("'{value}' is not a number"));
    }
    if let Some(error) = source.downcast_ref::<ParseIntError>() {
        let digits = value.strip_prefix('-').unwrap_or_default();
        let is_negative = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        return Some(match error.kind() {
            IntErrorKind::PosOverflow => format!("{value} is too large"),
            _ if is_negative => format!("{value} is too small: 0 or more"),
            _ => format!("'{value}' is not a whole number"),
        });
    }
    // "0 is not in 1..=1000"
    let text = source.to_string();
    let (number, range) = text.split_once(" is not in ")?;
    let (low, high) = range.split_once("..")?;
    let high = high.trim_start_matches('=');
    let (number, least, most): (i128, i128, i128) =
        (number.parse().ok()?, low.parse().ok()?, high.parse().ok()?);
    let what = if number < least {
        "too small"
    } else {
        "too large"
    };
    Some(if most >= i64::MAX.into() {
        format!("{value} is {what}: {low} or more")
    } else {
        format!("{value} is {what}: {low} to {high}")
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;
    use crate::cli::Cli;

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
}
