//! Styles → the escape sequences that set them, and no more of those than needed.

use unicode_width::UnicodeWidthStr;

/// How much a reader's output can show beside characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Characters alone: `TERM=dumb`.
    Plain,
    /// Bold, italic and underlined: `NO_COLOR`.
    Shaped,
    /// Colours too.
    Coloured,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style(u8);

/// Each style with its number in an escape sequence; of two colours the last holds.
const CODES: [(Style, &str); 7] = [
    (Style::BOLD, "1"),
    (Style::DIM, "2"),
    (Style::ITALIC, "3"),
    (Style::UNDERLINE, "4"),
    (Style::STRIKE, "9"),
    (Style::MAGENTA, "35"),
    (Style::CYAN, "36"),
];

impl Style {
    pub(super) const NONE: Self = Self(0);
    pub(super) const BOLD: Self = Self(1);
    pub(super) const DIM: Self = Self(2);
    pub(super) const ITALIC: Self = Self(4);
    pub(super) const UNDERLINE: Self = Self(8);
    pub(super) const STRIKE: Self = Self(16);
    pub(super) const MAGENTA: Self = Self(32);
    pub(super) const CYAN: Self = Self(64);

    /// Both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What of it can be shown.
    const fn on(self, paint: Paint) -> Self {
        match paint {
            Paint::Plain => Self::NONE,
            Paint::Shaped => Self(self.0 & 31),
            Paint::Coloured => self,
        }
    }
}

/// Where rendered text is put: it knows which style is in force.
#[derive(Debug)]
pub(super) struct Pen {
    pub(super) paint: Paint,
    out: String,
    now: Style,
    /// The last character that was put.
    last: char,
}

impl Pen {
    pub(super) fn new(paint: Paint) -> Self {
        Self {
            paint,
            out: String::new(),
            now: Style::NONE,
            last: '\n',
        }
    }

    /// Whether it writes no escape sequence at all.
    pub(super) fn is_plain(&self) -> bool {
        self.paint == Paint::Plain
    }

    /// Puts `text`; its lines end without a style.
    pub(super) fn put(&mut self, text: &str, style: Style) {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.newline();
            }
            if let Some(last) = line.chars().next_back() {
                self.turn(style);
                self.out.push_str(line);
                self.last = last;
            }
        }
    }

    pub(super) fn newline(&mut self) {
        self.turn(Style::NONE);
        self.out.push('\n');
        self.last = '\n';
    }

    /// Puts `style` in force.
    pub(super) fn turn(&mut self, style: Style) {
        let style = style.on(self.paint);
        if style == self.now {
            return;
        }
        let mut codes = Vec::new();
        let mut from = self.now;
        if !style.has(from) {
            codes.push("0");
            from = Style::NONE;
        }
        let added = CODES.iter();
        let added = added.filter(|(one, _)| style.has(*one) && !from.has(*one));
        codes.extend(added.map(|(_, code)| *code));
        self.out.push_str("\u{1b}[");
        self.out.push_str(&codes.join(";"));
        self.out.push('m');
        self.now = style;
    }

    /// Whether what was put ends its line.
    pub(super) fn at_start(&self) -> bool {
        self.last == '\n'
    }

    /// What has been put since the last time.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// Hands over what has been put since the last time.
    pub(super) fn drain_to(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.out.as_bytes());
        self.out.clear();
    }
}

/// The columns that a text takes, its escape sequences aside.
pub(super) fn width(text: &str) -> usize {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('m').map_or("", |(_, text)| text));
    first.width() + rest.map(UnicodeWidthStr::width).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_is_set_once_and_closed_before_a_line_ends() {
        let mut pen = Pen::new(Paint::Coloured);
        pen.put("a", Style::BOLD);
        pen.put("b", Style::BOLD);
        pen.put("c", Style::BOLD.and(Style::CYAN));
        pen.put("d\ne", Style::BOLD);
        pen.turn(Style::NONE);
        assert_eq!(
            pen.take(),
            "\u{1b}[1mab\u{1b}[36mc\u{1b}[0;1md\u{1b}[0m\n\u{1b}[1me\u{1b}[0m"
        );
    }

    #[test]
    fn no_colour_leaves_the_shape_and_plain_leaves_nothing() {
        for (paint, expected) in [
            (Paint::Shaped, "\u{1b}[1ma\u{1b}[0mb"),
            (Paint::Plain, "ab"),
        ] {
            let mut pen = Pen::new(paint);
            pen.put("a", Style::BOLD.and(Style::MAGENTA));
            pen.put("b", Style::CYAN);
            assert_eq!(pen.take(), expected);
        }
    }

    #[test]
    fn width_counts_columns_and_no_escapes() {
        assert_eq!(width("\u{1b}[1m中文\u{1b}[0mab"), 6);
        assert_eq!(width("x̂"), 1);
    }
}
