//! Fills parts with pieces of text between borders, and ends each at the best border of its
//! second half.

use std::collections::VecDeque;

use super::{Part, Rank, SOURCE, Span, within_line};
use crate::tokens;

/// Cuts a span of a text. It receives the borders in order.
pub(super) struct Cutter<'a> {
    text: &'a str,
    span: Span,
    /// Hundredths of tokens that a part may have.
    room: u64,
    /// The part that is being filled.
    part: Part,
    pieces: VecDeque<Piece>,
    /// The end of the last piece.
    end: usize,
    /// Hundredths of tokens of the part so far.
    used: u64,
    /// The heading of the current source, and the header at the last border.
    heading: Span,
    header: Span,
    parts: Vec<Part>,
}

/// The text up to a border.
struct Piece {
    end: usize,
    /// How good the border at its end is.
    rank: Rank,
    /// Hundredths of tokens.
    weight: u64,
    /// What is repeated in front of a part that begins at its end.
    heading: Span,
    header: Span,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(text: &'a str, span: Span, room: u64) -> Self {
        Self {
            text,
            span,
            room,
            part: Part {
                body: Span::new(span.start, span.start),
                heading: Span::default(),
                header: Span::default(),
            },
            pieces: VecDeque::new(),
            end: span.start,
            used: 0,
            heading: Span::default(),
            header: Span::default(),
            parts: Vec::new(),
        }
    }

    /// A source begins at `at`, with this heading.
    pub(super) fn source(&mut self, at: usize, heading: Span) {
        self.border(at, SOURCE, Span::default());
        self.heading = heading;
    }

    /// There is a border at `at`. A part that begins there or before the next border
    /// repeats `header`.
    pub(super) fn border(&mut self, at: usize, rank: Rank, header: Span) {
        if at > self.end && at < self.span.end {
            self.text_until(at);
            self.piece(at, rank, header);
        }
        self.header = header;
    }

    /// Ends the last part where the span ends.
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

    /// Finds more borders in a text that fills much of a part.
    fn text_until(&mut self, end: usize) {
        let (text, start, header) = (self.text, self.end, self.header);
        if self.weight(Span::new(start, end)) > self.room / 4 {
            within_line::borders(&text[start..end], |at, rank| {
                self.piece(start + at, rank, header);
            });
        }
    }

    /// Adds the text up to `end`, where there is a border of this rank.
    fn piece(&mut self, end: usize, rank: Rank, header: Span) {
        let heading = if rank == SOURCE {
            Span::default()
        } else {
            self.heading
        };
        let weight = self.weight(Span::new(self.end, end));
        self.pieces.push_back(Piece {
            end,
            rank,
            weight,
            heading,
            header,
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
        let filled: u64 = self
            .pieces
            .iter()
            .take(last)
            .map(|piece| piece.weight)
            .sum();
        let (mut sum, mut best, mut best_rank) = (0, 0, Rank::MAX);
        for (at, piece) in self.pieces.iter().enumerate().take(last) {
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
        self.part = Part {
            body: Span::new(border.end, border.end),
            heading: self.unless_long(border.heading),
            header: self.unless_long(border.header),
        };
        let rest: u64 = self.pieces.iter().map(|piece| piece.weight).sum();
        self.used = self.weight(self.part.heading) + self.weight(self.part.header) + rest;
    }

    /// A header that would fill much of a part is not repeated.
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
