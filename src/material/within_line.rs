//! Borders within a long line: sentences, clauses, words, and then characters.

use unicode_segmentation::UnicodeSegmentation;

use super::{CHARACTER, CLAUSE, Rank, SENTENCE, WORD};

/// Bytes without a better border after which characters are borders.
const UNBROKEN: usize = 16;

/// Passes each border to `found`, in order. None is within a character as people see it,
/// such as a letter with its accents, an emoji of several code points, or CRLF.
pub(super) fn borders(text: &str, mut found: impl FnMut(usize, Rank)) {
    let (mut last, mut ended) = (0, None);
    for (at, character) in text.grapheme_indices(true) {
        let end = at + character.len();
        let first = character.chars().next().unwrap_or_default();
        let rank = match first {
            '。' | '！' | '？' | '…' => Some(SENTENCE),
            '，' | '、' | '；' | '：' | ',' | ';' => Some(CLAUSE),
            // The space after the end of a sentence.
            c if c.is_whitespace() => Some(ended.unwrap_or(WORD)),
            _ if end - last >= UNBROKEN => Some(CHARACTER),
            _ => None,
        };
        ended = match first {
            '.' | '!' | '?' => Some(SENTENCE),
            ':' => Some(CLAUSE),
            '"' | '\'' | ')' | '”' | '’' => ended,
            _ => None,
        };
        if let Some(rank) = rank.filter(|_| end < text.len()) {
            found(end, rank);
            last = end;
        }
    }
}
