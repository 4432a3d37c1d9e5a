//! The next part of a line's text: a word, a span with its markers, a formula, or
//! that more must come before anybody can tell.

use super::dollars::dollars;
use super::emphasis::emphasis;
use super::marks::{code, entity, escape, image, link};

/// A part of a text, its length in bytes first.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// It depends on what follows.
    More,
    /// As it is.
    Plain(usize),
    /// This character in its place.
    Instead(usize, char),
    /// Code: its inside.
    Code(usize, &'a str),
    /// Text between markers.
    Span(usize, Kind, &'a str),
    /// A link or an image: its text, and where it leads.
    Link(usize, &'a str, &'a str),
    /// TeX, and whether it stands on lines of its own.
    Formula(usize, &'a str, bool),
}

/// What markers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Emphasis,
    Strong,
    Strike,
}

impl Step<'_> {
    /// How much of the text it is; none where more is needed.
    pub(super) fn length(&self) -> Option<usize> {
        match *self {
            Self::More => None,
            Self::Plain(length)
            | Self::Instead(length, _)
            | Self::Code(length, _)
            | Self::Span(length, ..)
            | Self::Link(length, ..)
            | Self::Formula(length, ..) => Some(length),
        }
    }
}

/// What stands before a part of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    /// The last character.
    pub(super) last: char,
    /// Nothing but space.
    pub(super) blank: bool,
    /// How much of `://` has come; with all of it an address goes on.
    address: usize,
}

impl Before {
    /// Nothing: a line begins.
    pub(super) const LINE: Self = Self {
        last: '\n',
        blank: true,
        address: 0,
    };

    /// `last` alone, in the middle of a line.
    pub(super) fn within(last: char) -> Self {
        Self {
            last,
            blank: false,
            address: 0,
        }
    }

    /// Whether an address goes on, in which `_` and `~` are letters.
    pub(super) fn is_address(self) -> bool {
        self.address == 3
    }

    /// Takes what has come since.
    pub(super) fn pass(&mut self, taken: &str) {
        for c in taken.chars() {
            let ends = c.is_whitespace() || "<>()\"'`*".contains(c) || !c.is_ascii();
            self.address = match (self.address, c) {
                (3, _) if !ends => 3,
                (1 | 2, '/') => self.address + 1,
                (_, ':') => 1,
                _ => 0,
            };
            self.last = c;
            self.blank &= c.is_whitespace();
        }
    }
}

/// Whether a character may be a marker or a part of one.
pub(super) fn is_special(c: char) -> bool {
    matches!(c, '\\' | '`' | '*' | '_' | '~' | '$' | '[' | '!' | '&')
}

/// The first part of `text`, which stands behind `before`; where `whole`, nothing
/// follows it.
pub(super) fn step(text: &str, before: Before, whole: bool) -> Step<'_> {
    let found = match text.as_bytes().first() {
        Some(b'\\') => escape(text, before.last, whole),
        Some(b'`') => code(text, whole),
        Some(b'*' | b'_' | b'~') => emphasis(text, before, whole),
        Some(b'$') => dollars(text, before, whole),
        Some(b'[') => link(text, before.last),
        Some(b'!') => image(text),
        Some(b'&') => entity(text),
        _ => Found::No(text.find(is_special).unwrap_or(text.len())),
    };
    match found {
        Found::Yes(step) => step,
        Found::No(length) => Step::Plain(length),
        Found::Yet(length) if whole => Step::Plain(length),
        Found::Yet(_) => Step::More,
    }
}

/// What a marker turned out to be.
pub(super) enum Found<'a> {
    Yes(Step<'a>),
    /// So much is no marker.
    No(usize),
    /// Not yet; so much is no marker where nothing follows.
    Yet(usize),
}

/// How often `mark` stands at the beginning.
pub(super) fn run(text: &str, mark: u8) -> usize {
    text.bytes().take_while(|byte| *byte == mark).count()
}

#[cfg(test)]
mod tests;
