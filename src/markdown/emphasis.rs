//! `*`, `_` and `~~`: which of them are markers, and which belong to globs, products
//! and names of programs.

/// A run of one mark, and what is around it.
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

    fn is_star(&self) -> bool {
        self.mark == '*' && self.length == 1
    }

    /// A star that stands for names or for everything: `src/*`, `*.rs`, `COUNT(*)`, `'*'`.
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

/// The runs that are open, each with its mark, what is left of its length, and where
/// it is.
#[derive(Debug, Default)]
pub(super) struct OpenRuns(Vec<(char, usize, usize)>);

impl OpenRuns {
    /// Opens a run of this many marks.
    pub(super) fn push(&mut self, mark: char, length: usize, at: usize) {
        self.0.push((mark, length, at));
    }

    /// Where the first run is that is open.
    pub(super) fn first(&self) -> Option<usize> {
        self.0.first().map(|(_, _, at)| *at)
    }

    /// Closes what `run` can, the nearest first, and says how many of its marks are
    /// left over.
    pub(super) fn close(&mut self, run: Run) -> usize {
        let mut left = run.length;
        let pairs = |open: usize, left: usize| match open {
            1 => left == 1 || left == 3,
            2 => left >= 2,
            _ => left > 0,
        };
        while let Some(at) = self
            .0
            .iter()
            .rposition(|(mark, open, _)| *mark == run.mark && pairs(*open, left))
        {
            self.0.truncate(at + 1);
            let open = &mut self.0[at].1;
            let marks = match (*open, left) {
                (1, _) | (_, 1) | (3, 3..) => 1,
                _ => 2,
            };
            left -= marks;
            *open -= marks;
            if *open == 0 {
                self.0.pop();
            }
        }
        left
    }
}

/// The length of what programs write between `__`: `__init__`, `__FILE__`.
pub(super) fn dunder_name(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("__")?;
    let end = inside.find("__").filter(|end| *end > 0)?;
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    inside[..end].chars().all(letters).then_some(end + 4)
}
