//! Words → lines no wider than the terminal.

use unicode_width::UnicodeWidthStr;

use super::Options;
use super::style::{Pen, Style};
use super::words::Word;

/// Text with its style, such as the bar of a quote.
pub(super) type Span = (String, Style);

/// Lines are not wrapped in fewer columns than this.
const NARROWEST: usize = 8;
/// Columns between the stops of tabs.
const TAB: usize = 8;

/// The lines that are being written.
#[derive(Debug)]
pub(super) struct Lines {
    pen: Pen,
    width: Option<usize>,
    /// The prefix of the block's further lines.
    margin: Vec<Span>,
    column: usize,
    /// Nothing but the margin or a bullet is in the line.
    at_margin: bool,
    word: Word,
    /// Spaces and tabs before the next word.
    gap: String,
    gap_style: Style,
    /// The line holds a formula; only punctuation may follow it.
    after_rows: bool,
}

impl Lines {
    pub(super) fn new(options: Options) -> Self {
        Self {
            pen: Pen::new(options.styling),
            width: options.width,
            margin: Vec::new(),
            column: 0,
            at_margin: true,
            word: Word::default(),
            gap: String::new(),
            gap_style: Style::none(),
            after_rows: false,
        }
    }

    pub(super) fn take(&mut self) -> String {
        self.pen.take()
    }

    /// Begins a line with `first`; further lines of the block begin with `margin`.
    pub(super) fn begin(&mut self, first: &[Span], margin: Vec<Span>) {
        self.set_margin(margin);
        self.put_margin(first);
    }

    pub(super) fn set_margin(&mut self, margin: Vec<Span>) {
        self.margin = margin;
    }

    fn put_margin(&mut self, margin: &[Span]) {
        self.column = 0;
        for (text, style) in margin {
            self.pen.put(text, style);
            self.column += text.width();
        }
        self.at_margin = true;
        self.gap.clear();
        self.after_rows = false;
    }

    /// Columns that are left for text after the margin, if lines are wrapped.
    pub(super) fn room(&self) -> Option<usize> {
        let margin: usize = self.margin.iter().map(|(text, _)| text.width()).sum();
        let width = self.width?;
        Some(width.saturating_sub(margin).max(NARROWEST))
    }

    /// Adds a character of running text.
    pub(super) fn put(&mut self, c: char, style: &Style) {
        if c == '\n' {
            self.flush();
            self.wrap();
            return;
        }
        if c == ' ' || c == '\t' {
            self.place_word();
            self.gap.push(c);
            self.gap_style = style.clone();
            return;
        }
        if self.word.ends_before(c) {
            self.place_word();
        }
        self.word.push(c, style);
    }

    pub(super) fn put_text(&mut self, text: &str, style: &Style) {
        text.chars().for_each(|c| self.put(c, style));
    }

    /// Puts the word on this line or, where it does not fit, on the next.
    fn place_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let gap = std::mem::take(&mut self.gap);
        let start = gap.chars().fold(self.column, |column, c| match c {
            '\t' => (column / TAB + 1) * TAB,
            _ => column + 1,
        });
        let columns = word.columns();
        let full = self
            .width
            .is_some_and(|width| start + columns > width.max(NARROWEST));
        let breaks = if self.after_rows {
            !word.is_punctuation()
        } else {
            full && !self.at_margin
        };
        if breaks {
            self.wrap();
        } else if !self.after_rows {
            self.pen.put(&gap, &self.gap_style);
            self.column = start;
        }
        for (text, style) in &word.spans {
            self.pen.put(text, style);
        }
        self.column += columns;
        self.at_margin = false;
    }

    /// Continues on a new line of the same block.
    pub(super) fn wrap(&mut self) {
        self.pen.newline();
        let margin = std::mem::take(&mut self.margin);
        self.put_margin(&margin);
        self.margin = margin;
    }

    /// Puts all that is held of the line.
    pub(super) fn flush(&mut self) {
        self.place_word();
        self.pen.turn(&Style::none());
    }

    pub(super) fn newline(&mut self) {
        self.flush();
        self.pen.newline();
        self.put_margin(&[]);
    }

    /// Adds text that is not wrapped.
    pub(super) fn put_raw(&mut self, text: &str, style: &Style) {
        self.flush();
        self.pen.put(text, style);
        self.pen.turn(&Style::none());
        self.at_margin = false;
    }

    /// Puts the rows of a formula on lines of their own.
    pub(super) fn rows(&mut self, rows: &[String]) {
        self.flush();
        if !self.at_margin {
            self.wrap();
        }
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                self.wrap();
            }
            if !row.is_empty() {
                self.pen.put("  ", &Style::none());
                self.pen.put(row, &Style::none());
            }
        }
        self.at_margin = false;
        self.after_rows = true;
    }

    /// Puts further lines of a block, each after the margin.
    pub(super) fn lines(&mut self, lines: &[Vec<Span>]) {
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                self.wrap();
            }
            for (text, style) in line {
                self.pen.put(text, style);
            }
            self.pen.turn(&Style::none());
        }
        self.at_margin = false;
    }
}
