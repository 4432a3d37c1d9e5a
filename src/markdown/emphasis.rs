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

#[derive(Debug, Clone, Copy)]
struct Open {
    mark: char,
    /// How many of its marks are not closed.
    left: usize,
    /// Where it is in the text.
    at: usize,
    /// Where it is in the text for the parser.
    shadow: usize,
    before_slash: bool,
}

/// The runs that are open, and marks that turned out to have no partner.
#[derive(Debug, Default)]
pub(super) struct Runs {
    open: Vec<Open>,
    /// Places in the text for the parser, and how many marks are there.
    unpaired: Vec<(usize, usize)>,
}

impl Runs {
    /// Opens `left` marks of a run.
    pub(super) fn push(&mut self, run: Run, left: usize, at: usize, shadow: usize) {
        self.open.push(Open {
            mark: run.mark,
            left,
            at,
            shadow,
            before_slash: run.next == Some('/'),
        });
    }

    /// Where the first run is that is open.
    pub(super) fn first(&self) -> Option<usize> {
        self.open.first().map(|open| open.at)
    }

    /// Closes what `run` can, the nearest first, and says how many of its marks are
    /// left over.
    pub(super) fn close(&mut self, run: Run) -> usize {
        let mut left = run.length;
        while let Some(at) = self
            .open
            .iter()
            .rposition(|open| open.mark == run.mark && pairs(*open, run, left))
        {
            self.drop_after(at + 1);
            let open = &mut self.open[at].left;
            let marks = match (*open, left) {
                (1, _) | (_, 1) | (3, 3..) => 1,
                _ => 2,
            };
            left -= marks;
            *open -= marks;
            if *open == 0 {
                self.open.pop();
            }
        }
        left
    }

    fn drop_after(&mut self, length: usize) {
        let dropped = self.open.drain(length..);
        self.unpaired
            .extend(dropped.map(|open| (open.shadow, open.left)));
    }

    /// The marks that have no partner at the end of the text, the last first.
    pub(super) fn unpaired(&mut self) -> Vec<(usize, usize)> {
        self.drop_after(0);
        let mut unpaired = std::mem::take(&mut self.unpaired);
        unpaired.sort_unstable_by(|one, other| other.cmp(one));
        unpaired
    }
}

/// Whether `left` marks of a run close some of those that are open.
fn pairs(open: Open, run: Run, left: usize) -> bool {
    let folder = open.before_slash && run.before == '/';
    !folder
        && match open.left {
            1 => left == 1 || left == 3,
            2 => left >= 2,
            _ => left > 0,
        }
}

/// The length of what programs write between `__`: `__init__`, `__FILE__`.
pub(super) fn dunder_name(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("__")?;
    let end = inside.find("__").filter(|end| *end > 0)?;
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    inside[..end].chars().all(letters).then_some(end + 4)
}
