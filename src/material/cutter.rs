//! Fills parts with pieces of text between borders, and ends each at the best border of its
//! second half.

use std::collections::VecDeque;

use super::borders::{self, Rank, SOURCE, Span};
use crate::tokens;

/// A part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub(super) body: Span,
    pub(super) repeated: Repeated,
}

/// The lines that a part repeats if it begins in the middle of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Repeated {
    /// The line that names the file.
    pub(super) heading: Span,
    /// The header of the CSV, or of the diff's file.
    pub(super) header: Span,
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

/// Cuts a span of a text. It receives the borders in order.
pub(super) struct Cutter<'a> {
    text: &'a str,
    span: Span,
    /// The maximum size of a part, in hundredths of tokens.
    room: u64,
    /// The part that is being filled.
    part: Part,
    pieces: VecDeque<Piece>,
    /// The end of the last piece.
    end: usize,
    /// The size of the part so far, in hundredths of tokens.
    used: u64,
    /// The heading of the current source, and the header at the last border.
    repeated: Repeated,
    parts: Vec<Part>,
}

/// The text up to a border.
struct Piece {
    end: usize,
    /// The rank of the border at its end.
    rank: Rank,
    /// The size in hundredths of tokens.
    weight: u64,
    /// The lines that a part repeats if it begins at the end of this piece.
    repeated: Repeated,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(text: &'a str, span: Span, room: u64) -> Self {
        Self {
            text,
            span,
            room,
            part: Part {
                body: Span::new(span.start, span.start),
                repeated: Repeated::default(),
            },
            pieces: VecDeque::new(),
            end: span.start,
            used: 0,
            repeated: Repeated::default(),
            parts: Vec::new(),
        }
    }

    /// Starts a source at `at`, with this heading.
    pub(super) fn source(&mut self, at: usize, heading: Span) {
        self.border(at, SOURCE, Span::default());
        self.repeated.heading = heading;
    }

    /// Adds a border at `at`. A part that begins there or before the next border repeats `header`.
    pub(super) fn border(&mut self, at: usize, rank: Rank, header: Span) {
        if at > self.end && at < self.span.end {
            self.text_until(at);
            self.piece(at, rank, header);
        }
        self.repeated.header = header;
    }

    /// Ends the last part at the end of the span, and returns the parts.
    pub(super) fn finish(mut self) -> Vec<Part> {
        if self.end < self.span.end {
            self.text_until(self.span.end);
            self.piece(self.span.end, SOURCE, Span::default());
        }
        if let Some(last) = self.pieces.back() {
            self.part.body.end = last.end;
            self.parts.push(self.part);
        }
        self.parts
    }

    /// Adds borders within the text up to `end`, if it is over a quarter of the room.
    fn text_until(&mut self, end: usize) {
        let (text, start, header) = (self.text, self.end, self.repeated.header);
        if self.weight(Span::new(start, end)) > self.room / 4 {
            borders::within_line(&text[start..end], |at, rank| {
                self.piece(start + at, rank, header);
            });
        }
    }

    /// Adds the text up to `end`, which is a border of this rank.
    fn piece(&mut self, end: usize, rank: Rank, header: Span) {
        let heading = match rank {
            SOURCE => Span::default(),
            _ => self.repeated.heading,
        };
        let weight = self.weight(Span::new(self.end, end));
        self.pieces.push_back(Piece {
            end,
            rank,
            weight,
            repeated: Repeated { heading, header },
        });
        self.end = end;
        self.used += weight;
        while self.used > self.room && self.pieces.len() > 1 {
            self.end_part();
        }
    }

    /// Ends the part at the best border of its second half, before the last piece. The next
    /// part gets the rest.
    fn end_part(&mut self) {
        let last = self.pieces.len() - 1;
        let filled: u64 = self.pieces.range(..last).map(|piece| piece.weight).sum();
        let (mut sum, mut best, mut best_rank) = (0, 0, Rank::MAX);
        for (at, piece) in self.pieces.range(..last).enumerate() {
            sum += piece.weight;
            if sum >= filled / 2 && piece.rank <= best_rank {
                (best, best_rank) = (at, piece.rank);
            }
        }
        let Some(border) = self.pieces.drain(..=best).next_back() else {
            return;
        };
        self.part.body.end = border.end;
        self.parts.push(self.part);
        let Repeated { heading, header } = border.repeated;
        self.part = Part {
            body: Span::new(border.end, border.end),
            repeated: Repeated {
                heading: self.unless_long(heading),
                header: self.unless_long(header),
            },
        };
        let rest: u64 = self.pieces.iter().map(|piece| piece.weight).sum();
        let Repeated { heading, header } = self.part.repeated;
        self.used = self.weight(heading) + self.weight(header) + rest;
    }

    /// Returns an empty span for a header over a quarter of the room: it is not repeated.
    fn unless_long(&self, header: Span) -> Span {
        if self.weight(header) > self.room / 4 {
            return Span::default();
        }
        header
    }

    fn weight(&self, span: Span) -> u64 {
        tokens::hundredths(&self.text[span.start..span.end])
    }
}
