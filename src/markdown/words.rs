//! A line of words to its end, and the formulas that stand on lines of their own.

use super::inline::Going;
use super::style::Style;
use super::{Place, Render};

impl Render {
    /// Puts the bars of the line's quotes, once.
    pub(super) fn bars(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            let inset = " ".repeat(self.inset);
            self.pen.put(&inset, Style::NONE);
            (0..self.quotes).for_each(|_| self.bar());
        }
    }

    /// Puts the bar of a quote.
    pub(super) fn bar(&mut self) {
        self.pen.put("│", Style::DIM);
        self.pen.put(" ", Style::NONE);
    }

    /// The rest of the line is words of this style.
    pub(super) fn words(&mut self, base: Style) {
        self.bars();
        self.place = Place::Text;
        self.inline.begin(base);
        let head = std::mem::take(&mut self.head);
        head.chars().for_each(|c| self.text(c));
    }

    /// A character of a line of words.
    pub(super) fn text(&mut self, c: char) {
        if let Some(tail) = &mut self.tail {
            if c == ' ' || c == '#' {
                tail.push(c);
                return;
            }
            let held = std::mem::take(tail);
            held.chars().for_each(|c| self.inline_push(c));
        }
        self.inline_push(c);
    }

    pub(super) fn inline_push(&mut self, c: char) {
        if let Some(rows) = self.inline.push(c, &mut self.pen) {
            self.rows(&rows);
        }
    }

    /// The line's end; a `newline` follows, or nothing at all.
    pub(super) fn finish(&mut self, newline: bool) {
        match self.place {
            Place::Text => {
                if let Some(tail) = self.tail.take()
                    && !(tail.starts_with(' ') && tail.contains('#') && !tail.contains("# #"))
                {
                    tail.chars().for_each(|c| self.inline_push(c));
                }
                match self.inline.end(newline, &mut self.pen) {
                    Ok(true) => {
                        self.place = Place::Formula;
                        return;
                    }
                    Ok(false) => {}
                    Err(rows) => self.rows(&rows),
                }
            }
            Place::Row => return self.end_row(newline),
            Place::Info => {
                self.open_fence();
                if self.place == Place::Text {
                    return self.finish(newline);
                }
            }
            Place::Formula => {
                let held = self.inline.abandon();
                self.pen.put(&held, Style::NONE);
            }
            Place::Start | Place::Code => {}
        }
        if newline {
            self.pen.newline();
        }
        self.next_line();
    }

    /// A character of a formula of several lines.
    pub(super) fn formula(&mut self, c: char) {
        let fresh = self.inline.is_fresh();
        match self.inline.formula(c) {
            Going::On => {}
            Going::Shown(rows) => {
                if !fresh {
                    self.pen.newline();
                    self.margin();
                }
                self.rows(&rows);
                self.place = Place::Text;
            }
            Going::Not(held) => {
                self.pen.put(&held, Style::NONE);
                self.inline.begin(Style::NONE);
                self.place = Place::Text;
                if held.ends_with('\n') {
                    self.open = false;
                    self.next_line();
                }
            }
        }
    }

    /// Puts the rows of a formula below each other.
    pub(super) fn rows(&mut self, rows: &[String]) {
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                self.pen.newline();
                self.margin();
            }
            self.pen.put("  ", Style::NONE);
            self.pen.put(row, Style::NONE);
        }
    }

    /// Begins a further line of what the line holds.
    pub(super) fn margin(&mut self) {
        self.begun = false;
        self.bars();
        let margin = " ".repeat(self.margin);
        self.pen.put(&margin, Style::NONE);
    }
}
