//! `*`, `_` and `~~`: which of them are markers, and which belong to globs, products
//! and names of programs.

/// A run of one mark, and the characters around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) mark: char,
    pub(super) length: usize,
    pub(super) before: char,
    pub(super) next: Option<char>,
    /// The character after the next one.
    further: Option<char>,
}

impl Run {
    /// The run that `text` begins with; `after` follows the text.
    pub(super) fn read(text: &str, before: char, after: Option<char>) -> Self {
        let mark = text.chars().next().unwrap_or('*');
        let length = text.len() - text.trim_start_matches(mark).len();
        let mut following = text[length..].chars().chain(after);
        Self {
            mark,
            length,
            before,
            next: following.next(),
            further: following.next(),
        }
    }

    /// The last `length` marks of it.
    pub(super) fn shortened(self, length: usize) -> Self {
        let before = if length < self.length {
            self.mark
        } else {
            self.before
        };
        Self {
            length,
            before,
            ..self
        }
    }

    fn is_star(&self) -> bool {
        self.mark == '*' && self.length == 1
    }

    /// Whether it is a wildcard: `src/*`, `*.rs`, `COUNT(*)`, `'*'`.
    fn is_glob(&self) -> bool {
        let bracketed = matches!(
            (self.before, self.next),
            ('(', Some(')'))
                | ('[', Some(']'))
                | ('{', Some('}'))
                | ('<', Some('>'))
                | ('"', Some('"'))
                | ('\'', Some('\''))
        );
        let suffix =
            self.next == Some('.') && self.further.is_some_and(|next| next.is_ascii_alphabetic());
        let path = self.before == '/' || (self.length == 1 && self.next == Some('/'));
        self.mark == '*' && (bracketed || (self.is_star() && (path || suffix)))
    }

    pub(super) fn opens(&self) -> bool {
        let Some(next) = self.next.filter(|next| !next.is_whitespace()) else {
            return false;
        };
        // 2*3*4 and 2**n stay products and powers, snake_case a name.
        let joined = match self.mark {
            '_' => self.before.is_alphanumeric(),
            _ => self.before.is_ascii_alphanumeric(),
        };
        let lengths = if self.mark == '~' { 2..=2 } else { 1..=3 };
        // `.*`, `[a-z]*[0-9]*`, `(a)*, b` and `src/**`.
        let pattern = (self.is_star() && (".])}".contains(self.before) || ")]},;:".contains(next)))
            || (self.mark == '*' && self.before == '/');
        lengths.contains(&self.length) && !joined && !pattern && !self.is_glob()
    }

    pub(super) fn closes(&self) -> bool {
        let joined = self
            .next
            .is_some_and(|next| match (self.mark, self.length) {
                ('_', _) => next.is_alphanumeric(),
                (_, 1) => next.is_ascii_alphanumeric(),
                _ => self.before.is_ascii_punctuation() && next.is_ascii_alphanumeric(),
            });
        !self.before.is_whitespace() && !joined && !self.is_glob()
    }
}

/// A run that may be closed.
#[derive(Debug)]
pub(super) struct OpenRun {
    /// Its length is the number of marks that are not closed.
    pub(super) run: Run,
    /// Where it is in the text.
    pub(super) at: usize,
    /// The index of the piece that contains its marks.
    pub(super) piece: usize,
}

impl OpenRun {
    /// The number of its marks that the remaining `left` marks of `run` close.
    pub(super) fn closed_by(&self, run: Run, left: usize) -> Option<usize> {
        let folder = self.run.next == Some('/') && run.before == '/';
        if folder || self.run.mark != run.mark {
            return None;
        }
        match (self.run.length, left) {
            (1, 1 | 3) | (3, 1 | 3..) => Some(1),
            (2, 2..) | (3, 2) => Some(2),
            _ => None,
        }
    }
}

/// The length of a name of a program at the start of `text`: `__init__`, `__FILE__`.
pub(super) fn dunder_name(text: &str, before: char) -> Option<usize> {
    if before.is_alphanumeric() {
        return None;
    }
    let inside = text
        .strip_prefix("__")
        .filter(|inside| !inside.starts_with('_'))?;
    let end = inside.find("__")?;
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    inside[..end].chars().all(letters).then_some(end + 4)
}
