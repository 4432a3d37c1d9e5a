//! Turns the text of a line into styled words while it arrives.
//!
//! Text is read in parts. A part ends at a space or an ideograph where no mark is open,
//! or at the end of the line; so the parts depend on the text alone and not on how it
//! was cut. A displayed formula may have several lines.

use super::Options;
use super::dollars::{Around, Place};
use super::lines::{GLUE, Lines, Span};
use super::spans::{Piece, Reader, environment};
use super::style::Style;
use crate::math;

/// The most bytes of a line that are held for the end of a mark.
const HELD_MAX: usize = 1024;
/// The same for a displayed formula.
const FORMULA_MAX: usize = 8 * 1024;
const SHORT: usize = 32;
/// The most characters of a formula in a sentence that is not wrapped.
const TOGETHER: usize = 28;

/// The text of a line, as far as it has arrived.
#[derive(Debug)]
pub(super) struct Inline {
    options: Options,
    base: Style,
    held: String,
    /// What is before the held text.
    around: Around,
    /// A mark in the held text may have been closed since the text was last read.
    changed: bool,
    /// The lines of a displayed formula are held.
    in_formula: bool,
}

impl Inline {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            base: Style::none(),
            held: String::new(),
            around: Around::LINE,
            changed: false,
            in_formula: false,
        }
    }

    /// Begins a line.
    pub(super) fn begin(&mut self, base: Style) {
        *self = Self {
            base,
            ..Self::new(self.options)
        };
    }

    fn in_heading(&self) -> bool {
        self.base != Style::none()
    }

    pub(super) fn in_formula(&self) -> bool {
        self.in_formula
    }

    pub(super) fn push(&mut self, c: char, lines: &mut Lines) {
        // The end of a heading may close it: `# Title ##`.
        let closing = self.in_heading() && self.held.trim_matches([' ', '#']).is_empty();
        let border = (c.is_whitespace() && !closing) || !c.is_ascii();
        if border && self.changed {
            match self.open(Some(c)) {
                None => self.commit(lines),
                Some(open) => self.commit_before(open, lines),
            }
            self.changed = false;
        }
        if border && self.held.is_empty() {
            lines.put(c, &self.base);
            self.around.pass(c);
            return;
        }
        self.held.push(c);
        // In a short text, any word can show that a dollar is a price.
        self.changed |= c.is_ascii_punctuation() || self.held.len() <= SHORT;
        let display = ["$$", "\\[", "\\begin{"];
        let most = if display.iter().any(|mark| self.held.starts_with(mark)) {
            FORMULA_MAX
        } else {
            HELD_MAX
        };
        if self.held.len() > most {
            // The cut may be inside an address, so make no link.
            let hyperlinks = std::mem::take(&mut self.options.hyperlinks);
            self.commit(lines);
            self.options.hyperlinks = hyperlinks;
        }
    }

    pub(super) fn push_all(&mut self, text: &str, lines: &mut Lines) {
        text.chars().for_each(|c| self.push(c, lines));
    }

    /// The index of the first mark in the held text that is not closed.
    fn open(&self, next: Option<char>) -> Option<usize> {
        let around = Around {
            next,
            ..self.around
        };
        Reader::read(&self.held, around, &self.base, self.options).open()
    }

    /// Puts the text before a mark that is open.
    fn commit_before(&mut self, open: usize, lines: &mut Lines) {
        // The place of a formula at the beginning depends on the rest of the line.
        let first = self.around.is_blank && self.held.trim_start().starts_with("$$");
        if open == 0 || first {
            return;
        }
        let rest = self.held.split_off(open);
        self.commit(lines);
        self.held = rest;
    }

    /// Puts the held text; marks that are open are text.
    fn commit(&mut self, lines: &mut Lines) {
        let held = std::mem::take(&mut self.held);
        let reader = Reader::read(&held, self.around, &self.base, self.options);
        for piece in reader.pieces {
            put(&piece, &self.base, lines);
        }
        held.chars().for_each(|c| self.around.pass(c));
        (self.changed, self.in_formula) = (false, false);
    }

    /// Ends the line. If `more` lines follow, a displayed formula that is not closed is
    /// held for them.
    pub(super) fn end(&mut self, more: bool, lines: &mut Lines) {
        if more && !self.in_formula && self.held.ends_with('\\') && !self.held.ends_with("\\\\") {
            // A hard break: the line breaks here anyway, so drop the mark.
            self.held.pop();
        }
        let text = self.held.trim_end().trim_end_matches('#');
        let before = text.chars().next_back().unwrap_or(self.around.last);
        if self.in_heading() && before.is_whitespace() {
            self.held.truncate(text.len());
        }
        let next = (!self.in_formula).then_some('\n');
        match self.open(next).filter(|open| self.opens_display(*open)) {
            Some(open) if more => {
                let formula = self.held.split_off(open);
                self.commit(lines);
                (self.held, self.in_formula) = (formula, true);
                self.base = Style::none();
            }
            Some(_) if self.in_formula => self.end_formula(lines),
            _ => self.commit(lines),
        }
    }

    /// Shows a formula without an end as it was written.
    pub(super) fn end_formula(&mut self, lines: &mut Lines) {
        lines.put_text(&std::mem::take(&mut self.held), &self.base);
        self.in_formula = false;
    }

    /// Whether a formula of several lines begins at index `at` of the held text.
    fn opens_display(&self, at: usize) -> bool {
        if self.in_formula {
            return at == 0;
        }
        let (before, rest) = self.held.split_at(at);
        let is_blank = self.around.is_blank && before.trim().is_empty();
        if let Some(tex) = rest.strip_prefix("$$") {
            // `$$name = 1` in PHP has no command.
            return is_blank
                && (tex.trim().is_empty() || (tex.contains('\\') && !tex.contains('$')));
        }
        if let Some(tex) = rest.strip_prefix("\\[") {
            return is_blank || tex.trim().is_empty();
        }
        environment(rest).is_some()
    }
}

fn put(piece: &Piece, base: &Style, lines: &mut Lines) {
    let Some((tex, place)) = &piece.formula else {
        return lines.put_text(&piece.text, &piece.style);
    };
    let is_tall = || math::block(tex, None).is_some_and(|rows| rows.len() > 1);
    // A displayed formula in a sentence stays there if it is one line.
    if *place == Place::Inline || (*place == Place::Sentence && !is_tall()) {
        return lines.put_text(&in_line(tex, &piece.text), &piece.style);
    }
    let room = lines.room().map(|room| room.saturating_sub(2));
    match math::block(tex, room) {
        Some(rows) if !rows.is_empty() => lines.rows(&rows),
        _ => lines.put_text(&piece.text, base),
    }
}

/// Draws a formula as part of a sentence. A short formula is not wrapped.
fn in_line(tex: &str, source: &str) -> String {
    match math::inline(tex) {
        Some(shown) if shown.chars().count() <= TOGETHER => shown.replace(' ', &GLUE.to_string()),
        Some(shown) => shown,
        None => source.to_owned(),
    }
}

/// Styles the complete text of a line or a cell. All formulas are drawn in one line.
pub(super) fn spans(text: &str, base: &Style, options: Options) -> Vec<Span> {
    let span = |piece: Piece| match &piece.formula {
        Some((tex, _)) => (in_line(tex, &piece.text), piece.style),
        None => (piece.text, piece.style),
    };
    let reader = Reader::read(text, Around::LINE, base, options);
    reader.pieces.into_iter().map(span).collect()
}
