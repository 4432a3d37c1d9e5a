//! The text of a line as it comes → styled text. What may be a marker is held
//! until it is known to be one: with its span, and never beyond its line.

use super::formula;
use super::span::{Before, Kind, Step, is_special, step};
use super::style::{Pen, Style};

/// Most of a line that is held for the end of a span, in bytes.
const HELD_MAX: usize = 1024;
/// So much of a marker and what follows tells most that is no span.
const SHORT: usize = 24;
/// Most that is held for the end of a formula of several lines.
const FORMULA_MAX: usize = 8 * 1024;

/// The text of a line, as far as it has come.
#[derive(Debug)]
pub(super) struct Inline {
    /// From the first marker on whose meaning is not known.
    held: String,
    /// What stands before it.
    before: Before,
    /// The style of the line.
    pub(super) base: Style,
}

/// What became of a formula of several lines.
pub(super) enum Going {
    On,
    Shown(Vec<String>),
    /// It is none; what was held is here as it came.
    Not(String),
}

impl Inline {
    pub(super) fn new() -> Self {
        Self {
            held: String::new(),
            before: Before::LINE,
            base: Style::NONE,
        }
    }

    /// Begins a line.
    pub(super) fn begin(&mut self, base: Style) {
        *self = Self {
            base,
            ..Self::new()
        };
    }

    /// Takes the next character of the line. Gives the rows of a formula that is
    /// all the line has held so far.
    pub(super) fn push(&mut self, c: char, pen: &mut Pen) -> Option<Vec<String>> {
        if self.held.is_empty() && !is_special(c) {
            let mut bytes = [0; 4];
            let text = c.encode_utf8(&mut bytes);
            pen.put(text, self.base);
            self.before.pass(text);
            return None;
        }
        let last = self.held.chars().next_back();
        self.held.push(c);
        if self.held.len() > HELD_MAX {
            self.settle(true, pen)
        } else if last.is_none_or(|last| self.tells(last, c)) {
            self.settle(false, pen)
        } else {
            None
        }
    }

    /// Whether `c` behind `last` may tell what the first marker means. Else all that
    /// is held would be looked through again for each character.
    fn tells(&self, last: char, c: char) -> bool {
        let short = self.held.len() <= SHORT;
        match self.held.chars().next() {
            Some('`') => last == '`' && c != '`',
            Some(mark @ ('*' | '_' | '~')) => {
                let held = &self.held[..self.held.len() - c.len_utf8()];
                // A star before a dot and a letter is none.
                let held = held.strip_suffix('.').unwrap_or(held);
                held.ends_with(mark) && c != mark
            }
            // The end of a word behind it counts too.
            Some('$') => short || self.held.bytes().rev().take(5).any(|byte| byte == b'$'),
            Some('[' | '!') => c == ')' || last == ']' || last == '!',
            Some('\\') => short || c == ')' || c == ']',
            _ => true,
        }
    }

    /// The line's end. Whether a formula goes on in the next line.
    pub(super) fn end(&mut self, more: bool, pen: &mut Pen) -> Result<bool, Vec<String>> {
        if more && self.held == "\\" {
            // A hard break: the line ends as it does anyway.
            self.held.clear();
        }
        let rows = self.settle(false, pen);
        if let Some(rows) = rows {
            return Err(rows);
        }
        if more && self.opens() {
            self.held.push('\n');
            return Ok(true);
        }
        match self.settle(true, pen) {
            Some(rows) => Err(rows),
            None => Ok(false),
        }
    }

    /// Whether what is held begins a formula of several lines.
    fn opens(&self) -> bool {
        let fresh = self.before.blank;
        if let Some(tex) = self.held.strip_prefix("$$") {
            // A formula that has begun here has a command; `$$name = 1` has none.
            let begun = tex.contains('\\') && !tex.contains('$');
            return fresh && (begun || tex.trim().is_empty());
        }
        let tex = self.held.strip_prefix("\\[");
        tex.is_some_and(|tex| fresh || tex.trim().is_empty())
    }

    /// Whether nothing stands before what is held.
    pub(super) fn is_fresh(&self) -> bool {
        self.before.blank
    }

    /// Takes the next character of a formula of several lines.
    pub(super) fn formula(&mut self, c: char) -> Going {
        self.held.push(c);
        let body = &self.held[2..];
        let closer = if self.held.starts_with('$') {
            "$$"
        } else {
            "\\]"
        };
        if let Some(tex) = body.strip_suffix(closer)
            && !(closer == "$$" && tex.ends_with('\\'))
        {
            let shown = tex.contains(char::is_alphanumeric);
            if let Some(rows) = formula::rows(&bare(tex)).filter(|_| shown) {
                self.held.clear();
                self.before.pass(closer);
                return Going::Shown(rows);
            }
            return Going::Not(std::mem::take(&mut self.held));
        }
        let blank = |body: &str| {
            let line = body[..body.len() - 1].rsplit('\n').next();
            line.is_some_and(|line| line.trim().is_empty())
        };
        if (c == '\n' && blank(body)) || self.held.len() > FORMULA_MAX {
            return Going::Not(std::mem::take(&mut self.held));
        }
        Going::On
    }

    /// What is held of a formula that lacks its end.
    pub(super) fn abandon(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Puts whatever of what is held is known; where `whole`, no more comes.
    fn settle(&mut self, whole: bool, pen: &mut Pen) -> Option<Vec<String>> {
        let held = std::mem::take(&mut self.held);
        let (mut rest, mut rows) = (&*held, None);
        while !rest.is_empty() {
            let step = step(rest, self.before, whole);
            let Some(length) = step.length() else { break };
            let (taken, tail) = rest.split_at(length);
            match &step {
                Step::Formula(_, tex, true) if self.before.blank && tail.is_empty() => {
                    rows = formula::rows(tex);
                    if rows.is_none() {
                        pen.put(taken, self.base);
                    }
                }
                step => put(step, taken, self.base, pen),
            }
            self.before.pass(taken);
            rest = tail;
        }
        self.held.push_str(rest);
        rows
    }
}

/// The lines of a formula without the marks of a quote.
fn bare(tex: &str) -> String {
    let lines = tex
        .lines()
        .map(|line| line.trim_start_matches([' ', '\t', '>']));
    lines.collect::<Vec<_>>().join("\n")
}

/// Puts a whole text.
pub(super) fn write(text: &str, style: Style, pen: &mut Pen) {
    let (mut rest, mut before) = (text, Before::LINE);
    while !rest.is_empty() {
        let step = step(rest, before, true);
        let (taken, tail) = rest.split_at(step.length().unwrap_or(rest.len()));
        put(&step, taken, style, pen);
        before.pass(taken);
        rest = tail;
    }
}

fn put(step: &Step<'_>, taken: &str, base: Style, pen: &mut Pen) {
    let plain = pen.is_plain();
    match *step {
        Step::More | Step::Plain(_) => pen.put(taken, base),
        Step::Instead(_, c) => pen.put(c.encode_utf8(&mut [0; 4]), base),
        Step::Code(_, code) => {
            // Without a colour the marks alone tell code from words.
            let coloured = pen.paint == super::style::Paint::Coloured;
            let shown = if coloured { code } else { taken };
            pen.put(shown, base.and(Style::CYAN));
        }
        Step::Span(_, Kind::Strike, _) if plain => pen.put(taken, base),
        Step::Span(_, kind, inner) => {
            let own = match kind {
                Kind::Emphasis => Style::ITALIC,
                Kind::Strong => Style::BOLD,
                Kind::Strike => Style::STRIKE,
            };
            write(inner, base.and(own), pen);
        }
        Step::Link(_, text, to) => {
            write(text, base.and(Style::UNDERLINE), pen);
            if to != text && to.strip_prefix("mailto:") != Some(text) {
                let gap = if text.is_empty() { "(" } else { " (" };
                pen.put(gap, base);
                pen.put(to, base);
                pen.put(")", base);
            }
        }
        Step::Formula(_, tex, _) => match formula::line(tex) {
            Some(shown) => pen.put(&shown, base),
            None => pen.put(taken, base),
        },
    }
    pen.turn(base);
}
