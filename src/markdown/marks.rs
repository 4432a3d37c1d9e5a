//! The text of a line, prepared for pulldown-cmark.
//!
//! CommonMark takes many things for markup that a model means literally, such as
//! globs and names with underscores, and it knows no LaTeX. So each formula, code
//! span, address and literal mark becomes a placeholder, which the parser takes for a
//! letter; every other mark is left to the parser.

use super::dollars::{self, Before, Dollars, Place};
use super::emphasis::{Run, Runs, dunder_name};
use super::words::GLUE;
use crate::math;

/// Before the first placeholder comes a letter, so that no line is taken for a list,
/// a quote or the like.
pub(super) const FIRST: char = '\u{f8ff}';
/// A letter next to a mark: it decides what CommonMark does with punctuation there.
pub(super) const LETTER: char = '\u{f8fe}';
const PLACEHOLDERS: u32 = 0xf_0000;
const PLACEHOLDERS_MAX: usize = 0xfff0;

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Atom {
    Text(String),
    Code {
        code: String,
        source: String,
    },
    Formula {
        source: String,
        tex: String,
        place: Place,
    },
}

/// Text for the parser, and what its placeholders stand for.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) shadow: String,
    atoms: Vec<Atom>,
    runs: Runs,
    /// Where something is open whose end may follow.
    open: Option<usize>,
}

/// What is around a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) before: Before,
    /// The next character of the line; `None` at its end.
    pub(super) next: Option<char>,
}

impl Around {
    pub(super) const LINE: Self = Self {
        before: Before {
            last: '\n',
            is_blank: true,
        },
        next: None,
    };
}

/// Whether a character may be a mark.
pub(super) fn is_special(c: char) -> bool {
    matches!(c, '\\' | '`' | '*' | '_' | '~' | '$' | '[' | '&' | '<') || is_reserved(c)
}

fn is_reserved(c: char) -> bool {
    matches!(c, FIRST | LETTER | GLUE) || u32::from(c) >= PLACEHOLDERS
}

impl Marks {
    pub(super) fn read(text: &str, around: Around) -> Self {
        let mut marks = Self::default();
        marks.shadow.push(FIRST);
        if !around.before.last.is_alphanumeric() {
            marks.shadow.push(' ');
        }
        marks.scan(text, around);
        marks.open = marks.open.into_iter().chain(marks.runs.first()).min();
        marks.finish();
        marks
    }

    /// Where the first mark is whose end may still follow.
    pub(super) fn open(&self) -> Option<usize> {
        self.open
    }

    /// What a character of the parser's text stands for.
    pub(super) fn atom(&self, placeholder: char) -> Option<&Atom> {
        let at = u32::from(placeholder).checked_sub(PLACEHOLDERS)?;
        self.atoms.get(usize::try_from(at).ok()?)
    }

    fn push(&mut self, atom: Atom) {
        let at = u32::try_from(self.atoms.len()).unwrap_or(u32::MAX);
        if self.atoms.len() < PLACEHOLDERS_MAX
            && let Some(placeholder) = char::from_u32(PLACEHOLDERS + at)
        {
            self.atoms.push(atom);
            self.shadow.push(placeholder);
        }
    }

    /// Adds text that is not a mark, and returns its length.
    fn text(&mut self, text: &str) -> usize {
        self.push(Atom::Text(text.to_owned()));
        text.len()
    }

    fn scan(&mut self, text: &str, around: Around) {
        let mut at = 0;
        let mut before = around.before;
        while at < text.len() {
            if self.open.is_some() && around.next.is_some() {
                // The text is read again when more of its line has arrived.
                return;
            }
            let rest = &text[at..];
            let Around { next, .. } = around;
            let length = self.mark(rest, at, Around { before, next });
            for c in rest[..length].chars() {
                before.is_blank &= c.is_whitespace();
                before.last = c;
            }
            at += length;
        }
    }

    /// Adds the next part of the text, which is at this place in all of it, and gives
    /// its length.
    fn mark(&mut self, rest: &str, at: usize, around: Around) -> usize {
        let Some(first) = rest.chars().next() else {
            return 0;
        };
        let last = around.before.last;
        match first {
            '\\' => self.backslash(rest, at, last),
            '`' => self.code(rest, at),
            '$' => self.dollars(rest, at, around),
            '*' | '_' | '~' => self.emphasis(rest, at, around),
            '[' => self.link(rest, at, around),
            ']' => self.text("]"),
            '&' => self.entity(rest),
            '<' => self.angle(rest),
            'h' if !last.is_alphanumeric() && is_address(rest) => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || "<>()\"'`*".contains(c) || !c.is_ascii());
                let length = end.unwrap_or(rest.len());
                self.text(&rest[..length])
            }
            c if is_reserved(c) || !(c.is_ascii() || c.is_alphanumeric() || c.is_whitespace()) => {
                // As a letter: `**“x”**` is bold between ideographs too.
                self.text(&rest[..c.len_utf8()])
            }
            c => {
                self.shadow.push(c);
                c.len_utf8()
            }
        }
    }

    fn leave_open(&mut self, at: usize) {
        self.open = Some(self.open.map_or(at, |open| open.min(at)));
    }

    fn backslash(&mut self, rest: &str, at: usize, last: char) -> usize {
        let Some(next) = rest[1..].chars().next() else {
            return self.text("\\");
        };
        if let Some(name) = environment(rest) {
            return self.environment(rest, name, at);
        }
        if next != '(' && next != '[' {
            if next.is_ascii_punctuation() {
                self.text(&rest[1..2]);
                return 2;
            }
            return self.text("\\");
        }
        let closer = if next == '(' { "\\)" } else { "\\]" };
        let Some(end) = rest[2..].find(closer) else {
            self.leave_open(at);
            return self.text(&rest[..2]);
        };
        let (tex, length) = (&rest[2..2 + end], end + 4);
        let quoted = "\"'".contains(last) && rest[length..].starts_with(last);
        if quoted || tex.trim().is_empty() {
            // A pattern such as "\[x\]".
            self.text(&rest[..length]);
        } else {
            let place = if next == '[' {
                Place::Block
            } else {
                Place::Inline
            };
            self.formula(&rest[..length], tex, place);
        }
        length
    }

    fn environment(&mut self, rest: &str, name: &str, at: usize) -> usize {
        let closer = format!("\\end{{{name}}}");
        let Some(end) = rest.find(&closer) else {
            self.leave_open(at);
            return self.text("\\");
        };
        let length = end + closer.len();
        self.formula(&rest[..length], &rest[..length], Place::Block);
        length
    }

    fn formula(&mut self, source: &str, tex: &str, place: Place) {
        self.push(Atom::Formula {
            source: source.to_owned(),
            tex: tex.to_owned(),
            place,
        });
    }

    fn code(&mut self, rest: &str, at: usize) -> usize {
        let run = |text: &str| text.len() - text.trim_start_matches('`').len();
        let length = run(rest);
        let mut end = length;
        while let Some(ahead) = rest[end..].find('`') {
            end += ahead;
            let closing = run(&rest[end..]);
            if closing == length {
                let inside = &rest[length..end];
                let bare = inside
                    .strip_prefix(' ')
                    .and_then(|inside| inside.strip_suffix(' '))
                    .filter(|bare| !bare.trim().is_empty());
                self.push(Atom::Code {
                    code: bare.unwrap_or(inside).to_owned(),
                    source: rest[..end + closing].to_owned(),
                });
                return end + closing;
            }
            end += closing;
        }
        self.leave_open(at);
        self.text(&rest[..length])
    }

    fn dollars(&mut self, rest: &str, at: usize, around: Around) -> usize {
        match dollars::read(rest, around.before, around.next) {
            Dollars::Formula(length, tex, place) => {
                self.formula(&rest[..length], tex, place);
                length
            }
            Dollars::Text(length) => self.text(&rest[..length]),
            Dollars::Open => {
                self.leave_open(at);
                let length = rest.len() - rest.trim_start_matches('$').len();
                self.text(&rest[..length])
            }
        }
    }

    fn emphasis(&mut self, rest: &str, at: usize, around: Around) -> usize {
        let run = Run::read(rest, around.before.last, around.next);
        if run.mark == '_'
            && run.length == 2
            && !run.before.is_alphanumeric()
            && let Some(length) = dunder_name(rest)
        {
            return self.text(&rest[..length]);
        }
        let left = if run.closes() {
            self.runs.close(run)
        } else {
            run.length
        };
        let closed = run.length - left;
        // For the parser, punctuation next to a mark decides what it can be.
        let helps = |c: char| c.is_ascii_punctuation() && run.mark != '_';
        if closed > 0 {
            if helps(run.before) {
                self.shadow.push(LETTER);
            }
            self.shadow.push_str(&rest[..closed]);
        }
        let remaining = run.shortened(left);
        if left > 0 && remaining.opens() {
            if closed > 0 {
                self.shadow.push(LETTER);
            }
            self.runs.push(remaining, left, at, self.shadow.len());
            self.shadow.push_str(&rest[closed..run.length]);
            if run.next.is_some_and(helps) {
                self.shadow.push(LETTER);
            }
        } else {
            for mark in rest[closed..run.length].chars() {
                self.shadow.extend(['\\', mark]);
            }
        }
        run.length
    }

    /// Makes text of the marks that have no partner.
    fn finish(&mut self) {
        for (at, count) in self.runs.unpaired() {
            for mark in (at..at + count).rev() {
                self.shadow.insert(mark, '\\');
            }
        }
    }

    /// `[text](address)`, where that looks like an address: `f[i](x)` is a call.
    fn link(&mut self, rest: &str, at: usize, around: Around) -> usize {
        let last = around.before.last;
        let Some(end) = bracketed(rest, '[', ']') else {
            self.leave_open(at);
            return self.text("[");
        };
        let follows = rest[end..].chars().next().or(around.next);
        let length = match follows {
            Some('(') if !last.is_ascii_alphanumeric() => bracketed(&rest[end..], '(', ')'),
            _ => {
                return self.text("[");
            }
        };
        let Some(length) = length else {
            self.leave_open(at);
            return self.text("[");
        };
        let address = rest[end + 1..end + length - 1].trim();
        let address = match address
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'))
        {
            Some((address, _)) => address,
            None => address.split_whitespace().next().unwrap_or_default(),
        };
        if !address.contains([':', '/', '.', '#']) {
            return self.text("[");
        }
        if last == '!' && self.shadow.ends_with('!') {
            self.shadow.pop();
        }
        self.shadow.push('[');
        let inside = Before {
            last: ' ',
            is_blank: false,
        };
        let mut inner = Self {
            atoms: std::mem::take(&mut self.atoms),
            ..Self::default()
        };
        let around = Around {
            before: inside,
            next: None,
        };
        inner.scan(&rest[1..end - 1], around);
        inner.finish();
        self.atoms = inner.atoms;
        self.shadow.push_str(&inner.shadow);
        self.shadow.push_str("](");
        self.text(address);
        self.shadow.push(')');
        end + length
    }

    /// An entity; one of a control character stays as it was written.
    fn entity(&mut self, rest: &str) -> usize {
        const LONGEST: usize = 10;
        let end = rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '#');
        let name = &rest[1..end.map_or(1, |end| end + 1)];
        if name.is_empty() || name.len() > LONGEST || !rest[1 + name.len()..].starts_with(';') {
            return self.text("&");
        }
        let number = name.strip_prefix('#').map(|digits| {
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            code.ok().and_then(char::from_u32)
        });
        let shown = match number {
            Some(number) => number.is_some_and(|c| !is_invisible(c)),
            None => !matches!(name, "NewLine" | "Tab" | "lrm" | "rlm" | "ZeroWidthSpace"),
        };
        if shown {
            self.shadow.push('&');
        } else {
            self.text("&");
        }
        1
    }

    /// `<http://…>`; every other tag is text.
    fn angle(&mut self, rest: &str) -> usize {
        let end = rest.find('>').filter(|_| is_address(&rest[1..]));
        match end {
            Some(end) if !rest[..end].contains(char::is_whitespace) => {
                self.text(&rest[1..end]);
                end + 1
            }
            _ => self.text("<"),
        }
    }
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// Characters that a terminal acts on, or that are invisible.
pub(super) fn is_invisible(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}')
}

/// The name of the LaTeX environment that begins here.
pub(super) fn environment(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix("\\begin{")?.split_once('}')?;
    math::is_environment(name).then_some(name)
}

/// The length of the brackets that `text` begins with.
fn bracketed(text: &str, open: char, close: char) -> Option<usize> {
    let (mut depth, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == open => depth += 1,
            c if c == close && depth == 1 => return Some(at + 1),
            c if c == close => depth -= 1,
            _ => {}
        }
    }
    None
}
