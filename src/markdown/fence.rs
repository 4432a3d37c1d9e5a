//! Blocks of code between marks: their lines as they are, set off from the text.

use super::start::indent;
use super::style::Style;
use super::{LINE_MAX, Place, Render};

/// A block of code between marks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fence {
    mark: char,
    length: usize,
    /// Columns before the marks.
    indent: usize,
    pub(super) quotes: usize,
}

impl Render {
    /// A line inside a block of code.
    pub(super) fn within(&mut self, fence: Fence, whole: bool) {
        let text = self.head.trim();
        let closes = text.chars().all(|c| c == fence.mark);
        if closes && !whole && self.head.len() <= LINE_MAX {
            return;
        }
        if closes && whole && text.len() >= fence.length {
            self.head.clear();
            self.fence = None;
            self.open = false;
            self.edge(fence, "");
            return;
        }
        self.bars();
        let line = std::mem::take(&mut self.head);
        self.pen.put(&line, Style::NONE);
        self.place = Place::Code;
    }

    /// The line above or below a block of code.
    pub(super) fn edge(&mut self, fence: Fence, info: &str) {
        if !self.begun {
            self.bars();
            let indent = " ".repeat(fence.indent);
            self.pen.put(&indent, Style::NONE);
        }
        self.pen.put("────", Style::DIM);
        if !info.is_empty() {
            self.pen.put(" ", Style::NONE);
            self.pen.put(info, Style::DIM);
        }
        self.pen.turn(Style::NONE);
    }

    pub(super) fn open_fence(&mut self) {
        let (columns, bytes) = indent(&self.head);
        let text = &self.head[bytes..];
        let mark = text.chars().next().unwrap_or('`');
        let info = text.trim_start_matches(mark);
        let fence = Fence {
            mark,
            length: text.len() - info.len(),
            indent: columns,
            quotes: self.quotes,
        };
        let info = info.trim().to_owned();
        if mark == '`' && info.contains('`') {
            // Code within words.
            return self.words(Style::NONE);
        }
        self.edge(fence, &info);
        self.fence = Some(fence);
        self.open = false;
    }
}
