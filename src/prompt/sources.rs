//! The sources of the messages. Finds the one source that reads standard input, because two readers
//! would each get a part of it.

use std::iter::repeat_n;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bytes::is_stdin;
use super::template::ItemFormat;
use crate::error::Failure;
use crate::material::Borders;

/// The sources of the messages, resolved from the settings.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Words of the prompt; `-` is standard input.
    pub prompt: Vec<String>,
    /// System message: `TEXT`, `@FILE`, or `@@` for a literal `@`.
    pub system: Option<String>,
    /// Text files; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Image files and URLs; `-` is standard input.
    pub images: Vec<PathBuf>,
    /// Earlier turns, a JSON array or NDJSON; `-` is standard input.
    pub messages: Option<PathBuf>,
    /// A conversation kept in a file.
    pub session: Option<PathBuf>,
    /// Other options that read standard input by name, as the user writes them.
    pub elsewhere: Vec<&'static str>,
    /// Standard input is not read.
    pub no_stdin: bool,
    /// Whether `no_stdin` is from the configuration, so that an option that names standard input
    /// overrides it.
    pub no_stdin_yields: bool,
    /// Replace bytes that are not UTF-8 instead of failing.
    pub lossy: bool,
    /// Input that was requested by name may be empty.
    pub allow_empty: bool,
    /// Longest silence of standard input that was not requested by name
    /// (`AIRX_STDIN_WAIT`); zero means no limit.
    pub stdin_wait: Duration,
    /// `--each`: one request for each item of this input.
    pub each: Option<ItemSource>,
    /// `--split`: cut a text that is too long at these borders.
    pub split: Option<Borders>,
}

/// The source of the items, resolved from the settings.
#[derive(Debug, Clone, Default)]
pub struct ItemSource {
    /// `--items`; `None` is standard input.
    pub file: Option<PathBuf>,
    /// `--each=FORMAT`.
    pub format: ItemFormat,
}

impl Sources {
    /// Returns the option that reads standard input by name, as the user writes it. Call this
    /// before reading any source.
    ///
    /// # Errors
    /// Exit 2: standard input is named twice, or by an option that cannot read it.
    pub fn stdin_reader(&self) -> Result<Option<&'static str>, Failure> {
        if self.session.as_deref().is_some_and(is_stdin) {
            return Err(Failure::usage("--session -: a session needs a file")
                .hint("name a file; --messages - reads earlier turns from standard input"));
        }
        let system = self.system.as_deref().and_then(system_file);
        let words = self.prompt.iter().filter(|word| *word == "-").count();
        let count = |paths: &[PathBuf]| paths.iter().filter(|path| is_stdin(path)).count();
        let named = [
            (usize::from(system.is_some_and(is_stdin)), "`-s @-`"),
            (count(self.messages.as_slice()), "`--messages -`"),
            (words, "`-` in the prompt"),
            (count(&self.files), "`-f -`"),
            (count(&self.images), "`-i -`"),
        ];
        let named = named
            .into_iter()
            .flat_map(|(count, option)| repeat_n(option, count));
        let readers: Vec<_> = named.chain(self.elsewhere.iter().copied()).collect();
        match readers[..] {
            [] => Ok(None),
            [one] if self.no_stdin && !self.no_stdin_yields => Err(Failure::usage(format!(
                "{one} reads standard input, which -n (--no-stdin, AIRX_NO_STDIN) forbids"
            ))
            .hint("leave out one of the two")),
            [one] => Ok(Some(one)),
            [first, second, ..] => Err(Failure::usage(format!(
                "standard input can be read only once, and both {first} and {second} read it"
            ))
            .hint("write one of them to a file first")),
        }
    }

    /// Whether there are words or text files.
    pub(super) fn has_text(&self) -> bool {
        !self.prompt.is_empty() || !self.files.is_empty()
    }
}

/// The file that a system text names: `@FILE`, but not the literal `@@`.
pub(super) fn system_file(text: &str) -> Option<&Path> {
    let file = text.strip_prefix('@')?;
    (!file.starts_with('@')).then(|| Path::new(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Sources {
        Sources {
            prompt: words.iter().map(|&word| word.into()).collect(),
            ..Sources::default()
        }
    }

    #[test]
    fn standard_input_can_be_given_once_over_all_places() {
        assert_eq!(words(&["a", "b"]).stdin_reader().unwrap(), None);
        assert_eq!(
            words(&["a", "-"]).stdin_reader().unwrap(),
            Some("`-` in the prompt")
        );
        let failure = words(&["-", "-"]).stdin_reader().unwrap_err();
        assert!(failure.message.contains("read only once"));
        let both = Sources {
            system: Some("@-".into()),
            images: vec!["a.png".into(), "-".into()],
            ..words(&["a"])
        };
        let failure = both.stdin_reader().unwrap_err();
        assert!(failure.message.contains("`-s @-` and `-i -`"));
        assert_eq!(failure.exit(), 2);
    }

    #[test]
    fn no_stdin_and_a_dash_exclude_each_other() {
        let sources = Sources {
            no_stdin: true,
            files: vec!["-".into()],
            ..words(&[])
        };
        let failure = sources.stdin_reader().unwrap_err();
        assert!(failure.message.contains("`-f -`"));
    }

    #[test]
    fn a_default_of_no_stdin_gives_way_to_a_dash() {
        let sources = Sources {
            no_stdin: true,
            no_stdin_yields: true,
            ..words(&["-"])
        };
        assert_eq!(sources.stdin_reader().unwrap(), Some("`-` in the prompt"));
    }

    #[test]
    fn a_session_is_not_kept_in_standard_input() {
        let sources = Sources {
            session: Some("-".into()),
            ..words(&["a"])
        };
        assert_eq!(sources.stdin_reader().unwrap_err().exit(), 2);
    }

    #[test]
    fn two_at_signs_are_a_literal_one() {
        assert_eq!(system_file("@role.txt"), Some(Path::new("role.txt")));
        assert_eq!(system_file("@@role"), None);
        assert_eq!(system_file("role"), None);
    }
}
