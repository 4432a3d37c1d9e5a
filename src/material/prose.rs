//! Borders of prose, Markdown and source code: headings, paragraphs, lines.

use super::{BEST, LINE, Rank, Span, lines_at};

/// The deepest level of headings; deeper ones count like these.
const HEADINGS: u8 = 3;
/// A line without indent after a blank line: a paragraph, or a function of source code.
const PARAGRAPH: Rank = BEST + HEADINGS;
/// A line after a blank line, but indented or in a fenced block.
const BLOCK: Rank = PARAGRAPH + 1;

/// Passes each border to `found`, in order.
pub(super) fn borders(text: &str, found: &mut impl FnMut(usize, Rank, Span)) {
    let mut fence: Option<&str> = None;
    let mut after_blank = true;
    for (at, line) in lines_at(text) {
        let words = line.trim();
        let rank = if !after_blank || words.is_empty() {
            LINE
        } else if fence.is_some() || line.starts_with([' ', '\t']) {
            BLOCK
        } else {
            heading(words).unwrap_or(PARAGRAPH)
        };
        found(at, rank, Span::default());
        after_blank = words.is_empty();
        let mut marks = ["```", "~~~"].into_iter();
        fence = match fence {
            Some(mark) if words.starts_with(mark) => None,
            Some(mark) => Some(mark),
            None => marks.find(|mark| words.starts_with(mark)),
        };
    }
}

/// The rank of a Markdown heading.
fn heading(line: &str) -> Option<Rank> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let is_heading = (1..=6).contains(&level) && line[level..].starts_with(' ');
    let level = u8::try_from(level).unwrap_or(HEADINGS).min(HEADINGS);
    is_heading.then(|| BEST + level - 1)
}
