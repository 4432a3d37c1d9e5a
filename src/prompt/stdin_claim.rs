//! Finds the one source that reads standard input by name. Two readers would each get a
//! part of it.

use std::path::Path;

use super::Sources;
use crate::error::Failure;

/// The source that names standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// `-` among the words.
    Words,
    /// `-f -`.
    File,
    /// `-i -`.
    Image,
    /// `--messages -`.
    Messages,
    /// `-s @-`.
    System,
    /// Another option, in its written form.
    Elsewhere(&'static str),
}

impl Claim {
    /// The source; `None` if no source names standard input.
    pub(super) fn of(sources: &Sources) -> Result<Option<Self>, Failure> {
        if sources.session.as_deref().is_some_and(is_stdin) {
            return Err(Failure::usage("--session -: a session needs a file")
                .hint("name a file; --messages - reads earlier turns from standard input"));
        }
        let mut claims = Vec::new();
        let system = sources.system.as_deref().and_then(system_file);
        claims.extend(system.is_some_and(is_stdin).then_some(Self::System));
        let messages = sources.messages.as_deref();
        claims.extend(messages.is_some_and(is_stdin).then_some(Self::Messages));
        let words = sources.prompt.iter().filter(|word| *word == "-");
        claims.extend(words.map(|_| Self::Words));
        let files = sources.files.iter().filter(|path| is_stdin(path));
        claims.extend(files.map(|_| Self::File));
        let images = sources.images.iter().filter(|path| is_stdin(path));
        claims.extend(images.map(|_| Self::Image));
        claims.extend(sources.elsewhere.iter().map(|place| Self::Elsewhere(place)));
        match claims[..] {
            [] => Ok(None),
            [one] if sources.no_stdin && !sources.no_stdin_yields => Err(Failure::usage(format!(
                "{} reads standard input, which -n (--no-stdin, AIRX_NO_STDIN) forbids",
                one.place()
            ))
            .hint("leave out one of the two")),
            [one] => Ok(Some(one)),
            [first, second, ..] => Err(Failure::usage(format!(
                "standard input can be read only once, and both {} and {} read it",
                first.place(),
                second.place()
            ))
            .hint("write one of them to a file first")),
        }
    }

    fn place(self) -> &'static str {
        match self {
            Self::Words => "`-` in the prompt",
            Self::File => "`-f -`",
            Self::Image => "`-i -`",
            Self::Messages => "`--messages -`",
            Self::System => "`-s @-`",
            Self::Elsewhere(place) => place,
        }
    }
}

/// The file that a system text names: `@FILE`, but not the literal `@@`.
pub(super) fn system_file(text: &str) -> Option<&Path> {
    let file = text.strip_prefix('@')?;
    (!file.starts_with('@')).then(|| Path::new(file))
}

/// Whether `path` is `-` or another name of standard input. Opening such a name would read
/// a file from its start, and so twice.
pub fn is_stdin(path: &Path) -> bool {
    let device = |name| cfg!(unix) && path == Path::new(name);
    path == Path::new("-")
        || device("/dev/stdin")
        || device("/dev/fd/0")
        || device("/proc/self/fd/0")
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
        assert_eq!(Claim::of(&words(&["a", "b"])).unwrap(), None);
        assert_eq!(Claim::of(&words(&["a", "-"])).unwrap(), Some(Claim::Words));
        let failure = Claim::of(&words(&["-", "-"])).unwrap_err();
        assert!(failure.message.contains("read only once"));
        let both = Sources {
            system: Some("@-".into()),
            images: vec!["a.png".into(), "-".into()],
            ..words(&["a"])
        };
        let failure = Claim::of(&both).unwrap_err();
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
        let failure = Claim::of(&sources).unwrap_err();
        assert!(failure.message.contains("`-f -`"));
    }

    #[test]
    fn a_default_of_no_stdin_gives_way_to_a_dash() {
        let sources = Sources {
            no_stdin: true,
            no_stdin_yields: true,
            ..words(&["-"])
        };
        assert_eq!(Claim::of(&sources).unwrap(), Some(Claim::Words));
    }

    #[test]
    fn a_session_is_not_kept_in_standard_input() {
        let sources = Sources {
            session: Some("-".into()),
            ..words(&["a"])
        };
        assert_eq!(Claim::of(&sources).unwrap_err().exit(), 2);
    }

    #[test]
    fn two_at_signs_are_a_literal_one() {
        assert_eq!(system_file("@role.txt"), Some(Path::new("role.txt")));
        assert_eq!(system_file("@@role"), None);
        assert_eq!(system_file("role"), None);
    }
}
