//! Emphasis: which runs of `*`, `_` and `~~` are markers, and which of them pair.

use super::dollars::dollars;
use super::marks::{code, escape};
use super::span::{Before, Found, Kind, Step, run};

/// Most of a text that is looked through for a span's end: as much as a line holds,
/// so that a long cell of openers takes no longer.
const SPAN_MAX: usize = 1024 + 4;

/// A run of one mark, and what stands around it.
struct Run {
    mark: u8,
    length: usize,
    before: char,
    next: Option<char>,
    /// Behind the next one.
    further: Option<char>,
}

impl Run {
    /// The run that `text` begins with.
    fn of(text: &str, before: char) -> Self {
        let mark = text.as_bytes()[0];
        let length = run(text, mark);
        let mut behind = text[length..].chars();
        Self {
            mark,
            length,
            before,
            next: behind.next(),
            further: behind.next(),
        }
    }

    /// Whether enough has come to tell what it is.
    fn is_known(&self) -> bool {
        match self.next {
            None => false,
            Some('.') => !self.is_star() || self.further.is_some(),
            Some(_) => true,
        }
    }

    fn is_star(&self) -> bool {
        self.mark == b'*' && self.length == 1
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
        let named = || {
            self.next == Some('.') && self.further.is_some_and(|next| next.is_ascii_alphabetic())
        };
        let path = || self.before == '/' || (self.length == 1 && self.next == Some('/'));
        self.mark == b'*' && (bracketed || (self.is_star() && (path() || named())))
    }

    fn opens(&self) -> bool {
        let Some(next) = self.next.filter(|next| !next.is_whitespace()) else {
            return false;
        };
        // 2*3*4 and 2**n stay products and powers, snake_case a name.
        let joined = match self.mark {
            b'_' => self.before.is_alphanumeric(),
            _ => self.before.is_ascii_alphanumeric(),
        };
        let lengths = if self.mark == b'~' { 2..=2 } else { 1..=3 };
        // `.*`, `[a-z]*[0-9]*`, `(a)*, b` and `src/**`.
        let behind = (self.is_star() && (".])}".contains(self.before) || ")]},;:".contains(next)))
            || (self.mark == b'*' && self.before == '/');
        lengths.contains(&self.length) && !joined && !behind && !self.is_glob()
    }

    fn closes(&self) -> bool {
        let joined = self
            .next
            .is_some_and(|next| match (self.mark, self.length) {
                (b'_', _) => next.is_alphanumeric(),
                (_, 1) => next.is_ascii_alphanumeric(),
                _ => self.before.is_ascii_punctuation() && next.is_ascii_alphanumeric(),
            });
        !self.before.is_whitespace() && !joined && !self.is_glob()
    }
}

pub(super) fn emphasis(text: &str, before: Before, whole: bool) -> Found<'_> {
    let run = Run::of(text, before.last);
    if !whole && !run.is_known() {
        return Found::Yet(run.length);
    }
    if !run.opens() || (run.mark != b'*' && before.is_address()) {
        return Found::No(run.length);
    }
    let (at, need) = match closer(text, &run, whole) {
        Ok(found) => found,
        Err(left) => return Found::Yet(left),
    };
    let inner = &text[need..at];
    if (run.mark == b'_' && need == 2 && is_name(inner))
        || (inner.starts_with('/') && inner.ends_with('/'))
    {
        return Found::No(at + need);
    }
    let kind = match (run.mark, need) {
        (b'~', _) => Kind::Strike,
        (_, 1) => Kind::Emphasis,
        _ => Kind::Strong,
    };
    Found::Yes(Step::Span(at + need, kind, inner))
}

/// What programs have between `__`: `__init__`, `__FILE__`.
fn is_name(inner: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !inner.starts_with('_') && inner.chars().all(letters)
}

/// Where the marks stand that close the span that `first` opens, and how many they
/// are, code and formulas passed over; else how many marks of `first` are none.
/// A run that closes pairs with the nearest that is open.
fn closer(text: &str, first: &Run, whole: bool) -> Result<(usize, usize), usize> {
    let mut open = vec![first.length];
    let (mut at, mut formulas) = (first.length, true);
    let mut before = ' ';
    while at < text.len() && at <= SPAN_MAX {
        let rest = &text[at..];
        let byte = rest.as_bytes()[0];
        let length = match byte {
            _ if byte == first.mark => {
                let run = Run::of(rest, before);
                if !whole && !run.is_known() {
                    break;
                }
                let left = if run.closes() {
                    match close(&mut open, run.length) {
                        Ok((skipped, need)) => return Ok((at + skipped, need)),
                        Err(left) => left,
                    }
                } else {
                    run.length
                };
                if left > 0 && run.opens() {
                    open.push(left);
                }
                run.length
            }
            b'`' => match code(rest, whole) {
                Found::Yes(step) => step.length().unwrap_or(1),
                Found::Yet(_) if !whole => break,
                Found::No(length) | Found::Yet(length) => length,
            },
            b'\\' | b'$' if formulas => {
                let found = match byte {
                    b'$' => dollars(rest, Before::within(before), whole),
                    _ => escape(rest, before, whole),
                };
                match found {
                    Found::Yes(step) => step.length().unwrap_or(1),
                    Found::No(length) => length,
                    Found::Yet(length) => {
                        // None of those that follow can be closed either.
                        formulas = false;
                        length
                    }
                }
            }
            b'\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        before = rest[..length].chars().next_back().unwrap_or(' ');
        at += length;
    }
    Err(open[0])
}

/// Closes what `length` marks can of the `open` runs, the nearest first. Where that is
/// the last of the first one: how many marks are others', and how many its own;
/// else how many are left.
fn close(open: &mut Vec<usize>, length: usize) -> Result<(usize, usize), usize> {
    let mut left = length;
    while let Some(at) = open.iter().rposition(|run| pairs(*run, left)) {
        open.truncate(at + 1);
        let need = match (open[at], left) {
            (1, _) | (_, 1) | (3, 3..) => 1,
            _ => 2,
        };
        left -= need;
        open[at] -= need;
        if open[at] > 0 {
            continue;
        }
        if at == 0 {
            return Ok((length - left - need, need));
        }
        open.pop();
    }
    Err(left)
}

/// Whether `left` marks close any of an open run of this length.
fn pairs(run: usize, left: usize) -> bool {
    match run {
        1 => left == 1 || left == 3,
        2 => left >= 2,
        _ => left > 0,
    }
}
