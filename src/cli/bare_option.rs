//! Options whose value follows `=` only: a word that was meant as the value is a word of the
//! prompt.

use std::ffi::{OsStr, OsString};

use clap::ValueEnum;

use super::{Each, InputArgs, Split};

/// The warning if the prompt begins with a value of an option that was given without one.
pub(super) fn warning(input: &InputArgs, arguments: &[OsString]) -> Option<String> {
    let word = input.prompt.first()?.to_str()?;
    let at = arguments.iter().position(|argument| argument == word)?;
    let before = &arguments[..at];
    if before.iter().any(|argument| argument == "--") {
        return None;
    }
    let given = |option: &str| before.iter().any(|argument| argument == OsStr::new(option));
    let options = [
        (&["--each"][..], values::<Each>()),
        (&["--split"], values::<Split>()),
        (
            &["--extract", "-x"],
            ["first", "all", "last"].map(str::to_owned).to_vec(),
        ),
    ];
    let (names, _) = options.iter().find(|(names, values)| {
        names.iter().any(|name| given(name)) && values.iter().any(|value| value == word)
    })?;
    let option = names.iter().find(|name| given(name))?;
    Some(format!(
        "`{word}` is a word of the prompt; for the option's value write {option}={word}"
    ))
}

fn values<T: ValueEnum>() -> Vec<String> {
    let values = T::value_variants().iter();
    let values = values.filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Parsed, parse, program};

    fn warned(words: &[&str]) -> Option<String> {
        let arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
        match parse(&mut program(), &arguments) {
            Parsed::Run(mut command) => command.input()?.warning.take(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_value_without_its_equals_sign_is_noticed() {
        for (words, meant) in [
            (&["chat", "--each", "csv", "Greet {x}"][..], "--each=csv"),
            (&["json", "--each", "-q", "files", "Sum"], "--each=files"),
            (&["tools", "--each", "json"], "--each=json"),
            (&["stream", "--split", "diff", "Review"], "--split=diff"),
            (&["chat", "-x", "all", "Write"], "-x=all"),
            (&["chat", "--extract", "last", "Write"], "--extract=last"),
        ] {
            let warning = warned(words).unwrap();
            assert!(warning.ends_with(&format!("write {meant}")), "{warning}");
        }
        assert_eq!(
            warned(&["chat", "--each", "csv", "Greet {x}"]).unwrap(),
            "`csv` is a word of the prompt; for the option's value write --each=csv"
        );
    }

    #[test]
    fn other_words_are_words() {
        for words in [
            &["chat", "--each=csv", "Greet {x}"][..],
            &["chat", "--each=csv", "json", "Greet"],
            &["chat", "--each", "Greet", "csv"],
            &["chat", "--each", "csv file {}"],
            &["chat", "--each", "--", "csv"],
            &["chat", "--each", "diff", "this"],
            &["chat", "csv", "--each"],
            &["chat", "csv"],
            &["models"],
        ] {
            assert_eq!(warned(words), None, "{words:?}");
        }
    }
}
