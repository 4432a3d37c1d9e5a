//! Lines of text that are placed side by side and above each other.

use unicode_width::UnicodeWidthStr;

/// A drawing of one or more lines. Blocks next to it are aligned with its line `base`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) lines: Vec<String>,
    pub(super) base: usize,
}

/// A delimiter in one line, and its pieces: top, middle, bottom, and between these.
const DELIMITERS: [(&str, [&str; 4]); 15] = [
    ("(", ["⎛", "⎜", "⎝", "⎜"]),
    (")", ["⎞", "⎟", "⎠", "⎟"]),
    ("[", ["⎡", "⎢", "⎣", "⎢"]),
    ("]", ["⎤", "⎥", "⎦", "⎥"]),
    ("{", ["⎧", "⎨", "⎩", "⎪"]),
    ("}", ["⎫", "⎬", "⎭", "⎪"]),
    ("|", ["│"; 4]),
    ("‖", ["║"; 4]),
    ("⟨", ["╱", "⟨", "╲", "│"]),
    ("⟩", ["╲", "⟩", "╱", "│"]),
    ("⌊", ["│", "│", "⌊", "│"]),
    ("⌋", ["│", "│", "⌋", "│"]),
    ("⌈", ["⌈", "│", "│", "│"]),
    ("⌉", ["⌉", "│", "│", "│"]),
    ("∣", ["│"; 4]),
];

impl Block {
    pub(super) fn line(text: String) -> Self {
        Self {
            lines: vec![text],
            base: 0,
        }
    }

    pub(super) fn height(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn width(&self) -> usize {
        let widths = self.lines.iter().map(|line| line.width());
        widths.max().unwrap_or(0)
    }

    /// Puts `right` on the right of it; their base lines meet.
    pub(super) fn join(self, right: Self) -> Self {
        if self.lines.is_empty() {
            return right;
        }
        let base = self.base.max(right.base);
        let below = (self.height() - self.base).max(right.height() - right.base);
        let (left_width, right_width) = (self.width(), right.width());
        let part = |block: &Self, at: usize, width: usize| {
            let line = (at + block.base).checked_sub(base);
            let line = line.and_then(|line| block.lines.get(line));
            pad(line.map_or("", String::as_str), width)
        };
        let lines = (0..base + below)
            .map(|at| part(&self, at, left_width) + &part(&right, at, right_width))
            .collect();
        Self { lines, base }
    }

    /// Encloses it in delimiters as high as it is; `""` draws none.
    pub(super) fn fenced(self, left: &str, right: &str, gap: &str) -> Self {
        let (open, close) = (Self::bar(left, &self), Self::bar(right, &self));
        let gap = |delimiter: &str| {
            let gap = if delimiter.is_empty() { "" } else { gap };
            Self::line(gap.to_owned())
        };
        let (before, after) = (gap(left), gap(right));
        open.join(before).join(self).join(after).join(close)
    }

    /// Puts blocks above each other, each centred. The base line is that of the
    /// block with the index `main`.
    pub(super) fn stacked(blocks: &[Self], main: usize) -> Self {
        let width = blocks.iter().map(Self::width).max().unwrap_or(0);
        let above: usize = blocks[..main].iter().map(Self::height).sum();
        let base = above + blocks[main].base;
        let centred = blocks.iter().flat_map(|block| {
            let left = " ".repeat((width - block.width()) / 2);
            let lines = block.lines.iter();
            lines.map(move |line| pad(&(left.clone() + line), width))
        });
        Self {
            lines: centred.collect(),
            base,
        }
    }

    /// A vertical bar next to a block of this height.
    pub(super) fn bar(delimiter: &str, like: &Self) -> Self {
        let lines = (0..like.height()).map(|at| piece(delimiter, at, like.height()));
        Self {
            lines: lines.collect(),
            base: like.base,
        }
    }
}

/// The part of a delimiter in line `at` of `height` lines.
fn piece(delimiter: &str, at: usize, height: usize) -> String {
    let known = DELIMITERS.iter().find(|(one, _)| *one == delimiter);
    let shown = match known {
        _ if height == 1 => delimiter,
        // A delimiter without pieces is placed in the middle line.
        None if at == height / 2 => delimiter,
        None => return " ".repeat(delimiter.width()),
        Some((_, [top, middle, bottom, between])) => match at {
            0 => top,
            at if at + 1 == height => bottom,
            at if at == height / 2 => middle,
            _ => between,
        },
    };
    shown.to_owned()
}

/// `text` with spaces up to `width` columns.
pub(super) fn pad(text: &str, width: usize) -> String {
    text.to_owned() + &" ".repeat(width.saturating_sub(text.width()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(lines: &[&str], base: usize) -> Block {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Block { lines, base }
    }

    #[test]
    fn blocks_meet_at_their_base_lines() {
        let tall = block(&["1", "22", "3"], 1);
        let joined = Block::line("a=".into()).join(tall);
        assert_eq!(joined, block(&["  1 ", "a=22", "  3 "], 1));
    }

    #[test]
    fn delimiters_span_all_lines() {
        let two = block(&["a", "b"], 0).fenced("{", "", " ");
        assert_eq!(two.lines, ["⎧ a", "⎩ b"]);
        let one = block(&["a"], 0).fenced("(", "]", "");
        assert_eq!(one.lines, ["(a]"]);
        let arrow = block(&["a", "b"], 0).fenced("↑", "⟩", "");
        assert_eq!(arrow.lines, [" a╲", "↑b╱"]);
    }
}
