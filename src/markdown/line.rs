//! What a line's beginning stands for, put in its place.

use super::{Mark, Place, Render, Start, Style, indent};

/// The bullets of items within items.
const BULLETS: [&str; 3] = ["•", "◦", "▪"];
const RULE: usize = 40;

impl Render {
    /// Puts what `kind` says of the line. Whether more is to be found out about it.
    pub(super) fn line(&mut self, kind: Start) -> bool {
        let (columns, bytes) = indent(&self.head);
        match kind {
            Start::Item(indent, mark, length) => {
                self.item(indent, &mark, length);
                return true;
            }
            Start::Blank => {
                if self.quotes > 0 && !self.begun {
                    let inset = " ".repeat(self.inset);
                    self.pen.put(&inset, Style::NONE);
                    let bars = "│ ".repeat(self.quotes);
                    self.pen.put(bars.trim_end(), Style::DIM);
                    self.begun = true;
                }
                self.open &= self.begun && self.quotes == 0;
                self.space(bytes);
            }
            Start::Heading(level, length) => self.heading(level, length, bytes),
            Start::Rule => {
                self.bars();
                self.pen.put(&"─".repeat(RULE), Style::DIM);
                self.head.clear();
                self.open = false;
            }
            Start::Fence(..) => self.place = Place::Info,
            Start::Code => {
                self.bars();
                let line = std::mem::take(&mut self.head);
                self.pen.put(&line, Style::NONE);
                self.place = Place::Code;
            }
            Start::More | Start::Quote(_) | Start::Row | Start::Text => {
                if !self.open {
                    self.leave(columns);
                }
                self.space(bytes);
                if !self.begun || self.margin == 0 {
                    self.margin = columns;
                }
                self.open = true;
                self.words(Style::NONE);
            }
        }
        false
    }

    /// Puts the space that the line begins with as it is.
    fn space(&mut self, bytes: usize) {
        let rest = self.head.split_off(bytes);
        let space = std::mem::replace(&mut self.head, rest);
        if !space.is_empty() {
            self.bars();
            self.pen.put(&space, Style::NONE);
        }
    }

    /// The items whose text begins further in have ended.
    fn leave(&mut self, columns: usize) {
        if !self.begun {
            while self.lists.last().is_some_and(|column| *column > columns) {
                self.lists.pop();
            }
        }
    }

    fn heading(&mut self, level: usize, length: usize, bytes: usize) {
        if !self.open {
            self.leave(0);
        }
        self.open = false;
        let rest = self.head.split_off(length);
        let marks = std::mem::replace(&mut self.head, rest);
        self.bars();
        if self.pen.is_plain() {
            self.pen.put(&marks[bytes..], Style::NONE);
        }
        let own = match level {
            1 => Style::UNDERLINE.and(Style::MAGENTA),
            2 => Style::MAGENTA,
            3 => Style::NONE,
            _ => Style::ITALIC,
        };
        let text = self.head.trim_start().to_owned();
        self.head = text;
        self.tail = Some(String::new());
        self.words(Style::BOLD.and(own));
    }

    fn item(&mut self, columns: usize, mark: &Mark, length: usize) {
        let nested = self.begun && self.margin > 0;
        let at = if nested {
            self.margin + columns
        } else {
            columns
        };
        while self.lists.last().is_some_and(|column| *column > at) {
            self.lists.pop();
        }
        let (_, bytes) = indent(&self.head);
        self.space(bytes);
        self.bars();
        let bullet = BULLETS[self.lists.len().min(BULLETS.len() - 1)];
        let shown = match mark {
            Mark::Bullet => bullet.to_owned(),
            Mark::Task(false) => "☐".to_owned(),
            Mark::Task(true) => "☑".to_owned(),
            Mark::Number(number) => number.clone(),
        };
        self.head.drain(..length - bytes);
        self.pen.put(&shown, Style::NONE);
        self.pen.put(" ", Style::NONE);
        self.margin = at + shown.chars().count() + 1;
        self.nested += 1;
        self.lists.push(self.margin);
        self.open = true;
    }
}
