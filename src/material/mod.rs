//! A long text and the parts that it is cut into. The parts fit a number of tokens, begin
//! and end at natural borders, and make up the text again when they are joined.

mod csv;
mod cutter;
mod diff;
mod json;
mod prose;
mod within_line;

use cutter::Cutter;

use crate::tokens;

/// Where the text is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Borders {
    /// By what each source looks like.
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

/// A range of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// How good a border is: the lowest is the best.
type Rank = u8;

/// Between two files.
const SOURCE: Rank = 0;
/// The best border inside a file; each kind of text has its own up to [`LINE`].
const BEST: Rank = 1;
const LINE: Rank = 7;
const SENTENCE: Rank = 8;
const CLAUSE: Rank = 9;
const WORD: Rank = 10;
const CHARACTER: Rank = 11;

/// So many parts are made about equally long, in so many steps.
const EVEN: usize = 32;
const EVEN_STEPS: usize = 6;

/// One file, or standard input.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Where it begins: its heading, or its text.
    pub start: usize,
    /// Where its text begins, after the line of its heading.
    pub text: usize,
}

/// The text, and the sources that it is made of.
#[derive(Debug, Default)]
pub struct Material {
    text: String,
    sources: Vec<Source>,
    borders: Borders,
}

/// A part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    body: Span,
    /// The line that names the file, if the part begins in the middle of one.
    heading: Span,
    /// The header of the CSV, or of the diff's file, in whose middle the part begins.
    header: Span,
}

impl Part {
    /// The first byte of the part in the text.
    pub fn offset(&self) -> usize {
        self.body.start
    }

    /// Its length in bytes, without repeated headers.
    pub fn bytes(&self) -> usize {
        self.body.end - self.body.start
    }
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

    /// Cuts the text into parts of at most `room` tokens each, headers included. Only a
    /// single character or a header can be longer. Few parts have about the same size.
    pub fn parts(&self, room: u64) -> Vec<Part> {
        let all = Span::new(0, self.text.len());
        let (mut enough, mut too_few) = (room.saturating_mul(100), 0);
        let mut parts = self.cut(all, enough);
        if !(2..=EVEN).contains(&parts.len()) {
            return parts;
        }
        // The least room that makes no more parts leaves no short one at the end.
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
        let (first, second) = (pieces.first()?, pieces.get(1)?);
        let first = Part {
            heading: part.heading,
            header: part.header,
            ..*first
        };
        let rest = Span::new(second.body.start, part.body.end);
        Some([
            first,
            Part {
                body: rest,
                ..*second
            },
        ])
    }

    /// The text of a part, after its repeated headers.
    pub fn part(&self, part: &Part) -> String {
        [part.heading, part.header, part.body]
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

    /// Passes each border of a source to `found`, in order: where it is, how good it is, and
    /// the header to repeat if a part begins there.
    fn find_borders(&self, span: Span, found: &mut impl FnMut(usize, Rank, Span)) {
        let text = self.slice(span);
        let shifted = |from: Span| Span::new(from.start + span.start, from.end + span.start);
        let mut found = |at: usize, rank, header| found(at + span.start, rank, shifted(header));
        match self.borders {
            Borders::Diff => diff::borders(text, &mut found),
            Borders::Lines => lines(text, &mut found),
            Borders::Paragraphs => prose::borders(text, &mut found),
            Borders::Json => json::borders(text, &mut found),
            Borders::Auto if diff::is_diff(text) => diff::borders(text, &mut found),
            Borders::Auto if json::is_ndjson(text) => lines(text, &mut found),
            Borders::Auto if json::is_json(text) => json::borders(text, &mut found),
            Borders::Auto => match csv::header(text) {
                Some(header) => csv::borders(text, header, &mut found),
                None => prose::borders(text, &mut found),
            },
        }
    }
}

/// The lines of a text, each with its offset and its line end.
fn lines_at(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line)
    })
}

/// Each line is a border.
fn lines(text: &str, found: &mut impl FnMut(usize, Rank, Span)) {
    for (at, _) in lines_at(text) {
        found(at, BEST, Span::default());
    }
}

#[cfg(test)]
mod tests;
