//! `--render`: Markdown and TeX, in pieces as they come → what a terminal shows of
//! them. Each character is taken alone, so that the output does not depend on how
//! the text was cut.
//!
//! What can be shown leaves at once. Held back is the beginning of a line until
//! its kind is known (start.rs), a possible marker until its span is whole or the
//! line ends (inline.rs), a table until it ends (table.rs) and a formula until it
//! is closed (formula.rs). What is held and turns out to be nothing is put as it
//! came.

mod command;
mod dollars;
mod emphasis;
mod fence;
mod formula;
mod fraction;
mod inline;
mod line;
mod marks;
mod matrix;
mod names;
mod rows;
mod script;
mod span;
mod start;
mod style;
mod table;
mod tex;
mod words;

use fence::Fence;
use inline::Inline;
use rows::Row;
use start::{Context, Mark, Start, indent, start};
use style::{Pen, Style};
use table::Table;

pub use style::Paint;

/// Most of a line that is held for its end, where it is a row or opens a block.
const LINE_MAX: usize = 64 * 1024;

/// Most marks of quotes and items before the words of a line.
const NESTED_MAX: usize = 16;

/// Where in a line the next character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where it is not known what the line is.
    Start,
    /// In words.
    Text,
    /// In code.
    Code,
    /// In a row of a table, which is held.
    Row,
    /// Behind the marks that open a block of code.
    Info,
    /// In a formula of several lines, which is held.
    Formula,
}

/// The state of the rendering between pieces.
#[derive(Debug)]
pub(super) struct Render {
    pen: Pen,
    inline: Inline,
    place: Place,
    /// The line so far, where it is held.
    head: String,
    /// Marks of quotes that the line has.
    quotes: usize,
    /// Columns before the first of them.
    inset: usize,
    /// Marks of items that it has.
    nested: usize,
    /// The bars of its quotes have been put, or a mark of an item.
    begun: bool,
    /// Columns before its text.
    margin: usize,
    /// The columns in which the items' texts begin that the line is in.
    lists: Vec<usize>,
    /// The line before was text: an indented one goes on with it.
    open: bool,
    /// A heading's `#` and spaces that may be its end.
    tail: Option<String>,
    fence: Option<Fence>,
    /// A row that the next line may make a table's header.
    header: Option<Row>,
    table: Option<(Row, Table)>,
}

impl Render {
    pub(super) fn new(paint: Paint) -> Self {
        Self::with(Pen::new(paint))
    }

    fn with(pen: Pen) -> Self {
        Self {
            pen,
            inline: Inline::new(),
            place: Place::Start,
            head: String::new(),
            quotes: 0,
            inset: 0,
            nested: 0,
            begun: false,
            margin: 0,
            lists: Vec::new(),
            open: false,
            tail: None,
            fence: None,
            header: None,
            table: None,
        }
    }

    /// Takes the next piece of the text, in which nothing is left that a terminal
    /// acts on, and puts what can be shown behind `out`.
    pub(super) fn push(&mut self, piece: &str, out: &mut Vec<u8>) {
        for c in piece.chars() {
            self.take(c);
        }
        self.pen.drain_to(out);
    }

    /// The text's end: what is held is put, and every style closed. What comes next
    /// is a text of its own.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if self.place == Place::Start && !self.head.is_empty() {
            self.decide(true);
        }
        // A row that is whole has its line's end with it.
        let newline = self.place != Place::Row;
        self.finish(false);
        self.end_table(newline);
        self.pen.turn(Style::NONE);
        self.pen.drain_to(out);
        let paint = self.pen.paint;
        *self = Self::with(std::mem::replace(&mut self.pen, Pen::new(paint)));
    }

    /// Whether what was put ends its line, or is nothing.
    pub(super) fn at_start(&self) -> bool {
        self.pen.at_start()
    }

    fn take(&mut self, c: char) {
        match (self.place, c) {
            (Place::Formula, c) => self.formula(c),
            (place, '\n') => {
                if place == Place::Start {
                    self.decide(true);
                }
                self.finish(true);
            }
            (Place::Start, c) => {
                self.head.push(c);
                self.decide(false);
            }
            (Place::Text, c) => self.text(c),
            (Place::Code, c) => self.pen.put(c.encode_utf8(&mut [0; 4]), Style::NONE),
            (Place::Row | Place::Info, c) => {
                self.head.push(c);
                if self.head.len() > LINE_MAX {
                    self.end_table(true);
                    self.words(Style::NONE);
                }
            }
        }
    }

    /// Finds out what the line is, as soon as it can be known; `whole` is all of it.
    fn decide(&mut self, whole: bool) {
        while self.place == Place::Start {
            if let Some(fence) = self.fence
                && self.quotes >= fence.quotes
            {
                self.within(fence, whole);
                return;
            }
            let kind = start(&self.head, self.context(), whole);
            match kind {
                Start::More => return,
                Start::Quote(_) | Start::Item(..) if self.quotes + self.nested >= NESTED_MAX => {
                    self.end_table(true);
                    self.line(Start::Text);
                    return;
                }
                Start::Quote(length) => {
                    if self.quotes == 0 && !self.begun {
                        self.inset = indent(&self.head).0;
                    }
                    self.head.drain(..length);
                    self.quotes += 1;
                    if self.begun {
                        // Behind an item's mark.
                        self.bar();
                    }
                    continue;
                }
                _ if self.fence.is_some() => {
                    // Its quote has ended, and the block with it.
                    self.fence = None;
                    continue;
                }
                Start::Row if self.begun => {}
                Start::Row => {
                    self.place = Place::Row;
                    return;
                }
                _ => self.end_table(true),
            }
            if !self.line(kind) {
                return;
            }
        }
    }

    fn context(&self) -> Context {
        let (columns, _) = indent(&self.head);
        let nested = self.lists.iter().rev().find(|column| **column <= columns);
        let from = nested.copied().unwrap_or(0) + 4;
        Context {
            code: (!self.open && !self.begun).then_some(from),
        }
    }

    fn next_line(&mut self) {
        self.place = Place::Start;
        self.head.clear();
        self.quotes = 0;
        self.inset = 0;
        self.nested = 0;
        self.begun = false;
        self.margin = 0;
    }
}

#[cfg(test)]
mod tests;
