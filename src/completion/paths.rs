//! Where a word is a path. bash, zsh and fish complete paths better than airx could: they
//! know quotes, `~` and the user's settings. airx tells them where one belongs.

use std::ffi::{OsStr, OsString};

use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};

/// Who lists paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paths {
    /// The shell: the candidate only marks the place.
    Marked,
    /// airx, for shells whose script only takes candidates.
    Listed,
}

/// What the shell is to complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// The name of a program.
    Program,
}

impl Place {
    /// The word for it in the answers to the scripts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::File => "files",
            Self::Folder => "folders",
            Self::Program => "commands",
        }
    }

    /// The place that a candidate marks. Its value is what stands before the path.
    pub(super) fn of(candidate: &CompletionCandidate) -> Option<Self> {
        let tag = candidate.get_tag()?.to_string();
        let all = [Self::File, Self::Folder, Self::Program];
        all.into_iter().find(|place| tag == place.tag())
    }

    fn tag(self) -> String {
        format!("place: {}", self.name())
    }

    fn mark(self, before: &str) -> CompletionCandidate {
        CompletionCandidate::new(before).tag(Some(self.tag().into()))
    }

    /// The completer of such a value, which stands after `before`, as in `@FILE`; after
    /// nothing too, if that is empty.
    pub(super) fn completer(self, before: &'static str, paths: Paths) -> ArgValueCompleter {
        ArgValueCompleter::new(move |current: &OsStr| {
            let Some(path) = after(current, before) else {
                return Vec::new();
            };
            match (paths, self) {
                (Paths::Marked, _) => vec![self.mark(before)],
                (Paths::Listed, Self::File) => listed(&PathCompleter::any(), &path, before),
                (Paths::Listed, Self::Folder) => listed(&PathCompleter::dir(), &path, before),
                (Paths::Listed, Self::Program) => Vec::new(),
            }
        })
    }
}

fn after(current: &OsStr, before: &str) -> Option<OsString> {
    if before.is_empty() {
        return Some(current.to_owned());
    }
    current.to_str()?.strip_prefix(before).map(OsString::from)
}

fn listed(completer: &PathCompleter, path: &OsStr, before: &str) -> Vec<CompletionCandidate> {
    let found = completer.complete(path).into_iter();
    found
        .map(|candidate| candidate.add_prefix(before))
        .collect()
}
