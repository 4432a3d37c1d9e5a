//! Styled text → words that a line can break between.

use textwrap::core::Fragment;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::style::Style;

/// A word that is longer is passed on in parts.
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
    bytes: usize,
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
        self.bytes == 0
    }

    fn last(&self) -> Option<char> {
        self.spans
            .last()
            .and_then(|(text, _)| text.chars().next_back())
    }

    pub(super) fn push(&mut self, c: char, style: &Style) {
        let c = if c == GLUE { ' ' } else { c };
        self.bytes += c.len_utf8();
        match self.spans.last_mut() {
            Some((text, last)) if last == style => text.push(c),
            _ => self.spans.push((c.to_string(), style.clone())),
        }
    }

    /// Whether a line may break between it and `next`.
    pub(super) fn ends_before(&self, next: char) -> bool {
        let Some(last) = self.last() else {
            return false;
        };
        let wide = |c: char| c.width() == Some(2);
        self.bytes > WORD_MAX
            || ((wide(last) || wide(next))
                && next.width() != Some(0)
                && !NO_START.contains(next)
                && !NO_END.contains(last))
    }

    /// Whether it is punctuation that belongs to what is before it.
    pub(super) fn is_punctuation(&self) -> bool {
        let mut chars = self.spans.iter().flat_map(|(text, _)| text.chars());
        chars.all(|c| ".,;:!?。，；：！？".contains(c))
    }

    /// Cuts it into parts no wider than `width`.
    pub(super) fn cut(self, width: usize) -> Vec<Self> {
        if self.columns() <= width {
            return vec![self];
        }
        let mut parts = vec![Self::default()];
        for (text, style) in &self.spans {
            for c in text.chars() {
                let part = &parts[parts.len() - 1];
                if part.columns() + c.width().unwrap_or(0) > width && !part.is_empty() {
                    parts.push(Self::default());
                }
                if let Some(part) = parts.last_mut() {
                    part.push(c, style);
                }
            }
        }
        if let Some(last) = parts.last_mut() {
            last.spaces = self.spaces;
            last.space_style = self.space_style;
        }
        parts
    }
}

/// The words of a text that is complete.
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
