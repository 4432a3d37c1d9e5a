//! A displayed formula that is written on several lines.

use super::marks;
use crate::math;

/// Most bytes of a formula that wait for its end.
const HELD_MAX: usize = 8 * 1024;

/// A displayed formula whose end has not come.
#[derive(Debug)]
pub(super) struct Display {
    closer: String,
    source: String,
}

/// What a further line did.
pub(super) enum Found {
    /// The formula continues.
    More,
    /// It has ended; this text follows in the line.
    End(String),
    /// It is not a formula: the line does not belong to it.
    Broken,
}

impl Display {
    /// A formula of which `source` has come, from its opening mark to the end of the
    /// line.
    pub(super) fn new(source: String) -> Self {
        let closer = match marks::environment(&source) {
            Some(name) => format!("\\end{{{name}}}"),
            None if source.starts_with('$') => "$$".to_owned(),
            None => "\\]".to_owned(),
        };
        Self { closer, source }
    }

    /// Takes a line, without the marks of quotes.
    pub(super) fn push(&mut self, line: &str) -> Found {
        let bare = line.trim_start_matches([' ', '\t', '>']);
        if bare.trim().is_empty() || self.source.len() + bare.len() > HELD_MAX {
            return Found::Broken;
        }
        self.source.push('\n');
        let Some(end) = self.find_closer(bare) else {
            self.source.push_str(bare);
            return Found::More;
        };
        let end = end + self.closer.len();
        self.source.push_str(&bare[..end]);
        Found::End(bare[end..].trim_end().to_owned())
    }

    fn find_closer(&self, line: &str) -> Option<usize> {
        let mut ends = line.match_indices(&self.closer);
        let end = ends.find(|(at, _)| self.closer != "$$" || !line[..*at].ends_with('\\'));
        end.map(|(at, _)| at)
    }

    /// The formula, if it can be laid out.
    pub(super) fn rows(&self, room: Option<usize>) -> Option<Vec<String>> {
        let tex = if self.closer.starts_with("\\end") {
            &*self.source
        } else {
            &self.source[2..self.source.len() - 2]
        };
        let rows = math::block(tex, room).filter(|_| tex.contains(char::is_alphanumeric));
        rows.filter(|rows| !rows.is_empty())
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }
}
