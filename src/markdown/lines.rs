//! Words → lines no wider than the terminal.

use textwrap::core::Fragment;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Options;
use super::style::{Pen, Style};

/// Text with its style, such as the bar of a quote.
pub(super) type Span = (String, Style);

/// Lines are not wrapped in fewer columns than this.
const NARROWEST: usize = 8;
/// Columns between the stops of tabs.
const TAB: usize = 8;

/// The most bytes of a word; a longer word is split.
const WORD_MAX: usize = 4096;

/// A space at which no line breaks. It is shown as a space.
pub(super) const GLUE: char = '\u{f8fd}';

/// Characters that no line begins with.
const NO_START: &str = "、，。．：；？！）」』】》〉〕”’…—～·％℃,.;:!?)]}%";
/// Characters that no line ends with.
const NO_END: &str = "（「『【《〈〔“‘([{";

/// A piece of text that is never broken, and the spaces after it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Word {
    pub(super) spans: Vec<(String, Style)>,
    pub(super) spaces: usize,
    pub(super) space_style: Style,
}

#[expect(clippy::cast_precision_loss, reason = "widths of words are small")]
impl Fragment for Word {
    fn width(&self) -> f64 {
        self.columns() as f64
    }

    fn whitespace_width(&self) -> f64 {
        self.spaces as f64
    }

    fn penalty_width(&self) -> f64 {
        0.0
    }
}

impl Word {
    /// How wide it is on a terminal, without the spaces after it.
    pub(super) fn columns(&self) -> usize {
        self.spans.iter().map(|(text, _)| text.width()).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub(super) fn push(&mut self, c: char, style: &Style) {
        let c = if c == GLUE { ' ' } else { c };
        match self.spans.last_mut() {
            Some((text, last)) if last == style => text.push(c),
            _ => self.spans.push((c.to_string(), style.clone())),
        }
    }

    /// Whether a line may break between it and `next`.
    pub(super) fn ends_before(&self, next: char) -> bool {
        let Some(last) = self
            .spans
            .last()
            .and_then(|(text, _)| text.chars().next_back())
        else {
            return false;
        };
        let bytes: usize = self.spans.iter().map(|(text, _)| text.len()).sum();
        let wide = |c: char| c.width() == Some(2);
        bytes > WORD_MAX
            || ((wide(last) || wide(next))
                && next.width() != Some(0)
                && !NO_START.contains(next)
                && !NO_END.contains(last))
    }

    /// Whether it is only punctuation, which belongs to the preceding text.
    pub(super) fn is_punctuation(&self) -> bool {
        let mut chars = self.spans.iter().flat_map(|(text, _)| text.chars());
        chars.all(|c| ".,;:!?。，；：！？".contains(c))
    }

    /// Cuts it into parts no wider than `width`.
    pub(super) fn cut(self, width: usize) -> Vec<Self> {
        if self.columns() <= width {
            return vec![self];
        }
        let (mut parts, mut part) = (Vec::new(), Self::default());
        for (text, style) in &self.spans {
            for c in text.chars() {
                if part.columns() + c.width().unwrap_or(0) > width && !part.is_empty() {
                    parts.push(std::mem::take(&mut part));
                }
                part.push(c, style);
            }
        }
        parts.push(Self {
            spans: part.spans,
            ..self
        });
        parts
    }
}

/// Splits a complete text into words.
pub(super) fn split(spans: &[(String, Style)]) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Word::default();
    for (text, style) in spans {
        for c in text.chars() {
            if c == ' ' || c == '\t' {
                word.spaces += 1;
                word.space_style = style.clone();
                continue;
            }
            if word.spaces > 0 || word.ends_before(c) {
                words.push(std::mem::take(&mut word));
            }
            word.push(c, style);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The lines that are being written.
#[derive(Debug)]
pub(super) struct Lines {
    pen: Pen,
    width: Option<usize>,
    /// The prefix of the block's further lines.
    pub(super) margin: Vec<Span>,
    column: usize,
    /// The line contains only the margin or a bullet.
    at_margin: bool,
    word: Word,
    /// Spaces and tabs before the next word.
    gap: String,
    gap_style: Style,
    /// The line contains a formula; only punctuation may follow it.
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
        self.margin = margin;
        self.put_margin(first);
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

    /// Puts the word that is held, and ends the current style.
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
        let indented = rows.iter().map(|row| match &**row {
            "" => Vec::new(),
            row => vec![(["  ", row].concat(), Style::none())],
        });
        self.lines(&indented.collect::<Vec<_>>());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let words = split(&[(text.to_owned(), Style::none())]);
        let text = |word: &Word| word.spans.iter().map(|(text, _)| &**text).collect();
        words.iter().map(text).collect()
    }

    #[test]
    fn words_end_at_spaces_and_between_ideographs() {
        assert_eq!(texts("well-known  a/b"), ["well-known", "a/b"]);
        assert_eq!(
            texts("中文，是“好”的a1"),
            ["中", "文，", "是", "“好”", "的", "a1"]
        );
    }

    #[test]
    fn a_word_is_cut_into_parts_of_a_width() {
        let word = split(&[("abcde".to_owned(), Style::none())]).remove(0);
        let widths: Vec<usize> = word.cut(2).iter().map(Word::columns).collect();
        assert_eq!(widths, [2, 2, 1]);
    }
}
