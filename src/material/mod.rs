//! A long text and the parts that it is cut into. Each part fits a number of tokens, and begins and
//! ends at a natural border. The parts, joined, are the text.

mod borders;
mod cutter;
mod diff;

use borders::{Rank, Span};
use cutter::Cutter;
pub use cutter::Part;

use crate::tokens;

/// Where the text is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Borders {
    /// At the borders of the format that each source seems to have.
    #[default]
    Auto,
    /// At the files and hunks of a unified diff.
    Diff,
    /// At lines.
    Lines,
    /// At headings, paragraphs, lines and sentences.
    Paragraphs,
    /// At the elements of a JSON array, or at lines of JSON.
    Json,
}

/// Up to this number of parts are made about equally long, in this number of steps.
const EVEN: usize = 32;
const EVEN_STEPS: usize = 6;

/// One file, or standard input.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The offset of its heading, or of its text if it has no heading.
    pub start: usize,
    /// The offset of its text, after the line of its heading.
    pub text: usize,
}

/// The text, and the sources that it is made of.
#[derive(Debug, Default)]
pub struct Material {
    text: String,
    sources: Vec<Source>,
    borders: Borders,
}

impl Material {
    /// Takes the text. Its `sources` are in order, and the first one begins at 0.
    pub fn new(text: String, sources: Vec<Source>, borders: Borders) -> Self {
        Self {
            text,
            sources,
            borders,
        }
    }

    /// The complete text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The highest plausible number of its tokens.
    pub fn tokens(&self) -> u64 {
        tokens::hundredths(&self.text).div_ceil(100)
    }

    /// Cuts the text into parts of at most `room` tokens each, headers included. Only a single
    /// character or a header can be longer. If the parts are few, they have about the same size.
    pub fn parts(&self, room: u64) -> Vec<Part> {
        let all = Span::new(0, self.text.len());
        let (mut enough, mut too_few) = (room.saturating_mul(100), 0);
        let mut parts = self.cut(all, enough);
        if !(2..=EVEN).contains(&parts.len()) {
            return parts;
        }
        // With the smallest room that makes no more parts, no short part is left at the end.
        for _ in 0..EVEN_STEPS {
            let less = too_few + (enough - too_few) / 2;
            let even = self.cut(all, less);
            if even.len() > parts.len() {
                too_few = less;
            } else {
                (enough, parts) = (less, even);
            }
        }
        parts
    }

    /// Cuts a part in two near its middle; none if it is a single character.
    pub fn halves(&self, part: &Part) -> Option<[Part; 2]> {
        let half = tokens::hundredths(self.slice(part.body)) / 2;
        let pieces = self.cut(part.body, half);
        let (mut first, mut second) = (*pieces.first()?, *pieces.get(1)?);
        first.repeated = part.repeated;
        second.body.end = part.body.end;
        Some([first, second])
    }

    /// Returns the repeated headers of a part, followed by its text.
    pub fn part(&self, part: &Part) -> String {
        [part.repeated.heading, part.repeated.header, part.body]
            .map(|span| self.slice(span))
            .concat()
    }

    fn slice(&self, span: Span) -> &str {
        &self.text[span.start..span.end]
    }

    fn cut(&self, span: Span, room: u64) -> Vec<Part> {
        let mut cutter = Cutter::new(&self.text, span, room);
        for (at, source) in self.sources.iter().enumerate() {
            let next = self.sources.get(at + 1);
            let end = next.map_or(self.text.len(), |next| next.start);
            if end <= span.start || source.start >= span.end {
                continue;
            }
            cutter.source(source.start, Span::new(source.start, source.text));
            let text = Span::new(source.text, end);
            let mut found = |at, rank, header| {
                // A heading stays with its text.
                if at > text.start {
                    cutter.border(at, rank, header);
                }
            };
            self.find_borders(text, &mut found);
        }
        cutter.finish()
    }

    /// Passes each border of a source to `found`, in order: the offset, the rank, and the header to
    /// repeat if a part begins there.
    fn find_borders(&self, span: Span, found: &mut impl FnMut(usize, Rank, Span)) {
        let text = self.slice(span);
        let shifted = |from: Span| Span::new(from.start + span.start, from.end + span.start);
        let mut found = |at: usize, rank, header| found(at + span.start, rank, shifted(header));
        match self.borders {
            Borders::Diff => diff::borders(text, &mut found),
            Borders::Lines => borders::lines(text, &mut found),
            Borders::Paragraphs => borders::prose(text, &mut found),
            Borders::Json => borders::json(text, &mut found),
            Borders::Auto if diff::is_diff(text) => diff::borders(text, &mut found),
            Borders::Auto if borders::is_ndjson(text) => borders::lines(text, &mut found),
            Borders::Auto if borders::is_json(text) => borders::json(text, &mut found),
            Borders::Auto => match borders::csv_header(text) {
                Some(header) => borders::records(text, header, &mut found),
                None => borders::prose(text, &mut found),
            },
        }
    }
}

#[cfg(test)]
mod tests;
