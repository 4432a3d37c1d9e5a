//! Styles → the escape sequences that set them.

use std::fmt::Write;
use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What the output can show besides characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Styling {
    /// Characters only: `TERM=dumb`.
    Plain,
    /// Bold, italic and underlined, but no colours: `NO_COLOR`.
    Shaped,
    /// Colours too.
    Coloured,
}

/// How a piece of text looks, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Style {
    bits: u8,
    pub(super) link: Option<Arc<str>>,
}

const CODES: [(u8, &str); 7] = [
    (Style::BOLD, "1"),
    (Style::DIM, "2"),
    (Style::ITALIC, "3"),
    (Style::UNDERLINE, "4"),
    (Style::STRIKE, "9"),
    (Style::MAGENTA, "35"),
    (Style::CYAN, "36"),
];
const COLOURS: u8 = Style::MAGENTA | Style::CYAN;

impl Style {
    pub(super) const BOLD: u8 = 1;
    pub(super) const DIM: u8 = 2;
    pub(super) const ITALIC: u8 = 4;
    pub(super) const UNDERLINE: u8 = 8;
    pub(super) const STRIKE: u8 = 16;
    pub(super) const MAGENTA: u8 = 32;
    pub(super) const CYAN: u8 = 64;

    pub(super) const fn none() -> Self {
        Self::of(0)
    }

    pub(super) const fn of(bits: u8) -> Self {
        Self { bits, link: None }
    }

    pub(super) fn with(&self, bits: u8) -> Self {
        Self {
            bits: self.bits | bits,
            link: self.link.clone(),
        }
    }

    fn bits_on(&self, styling: Styling) -> u8 {
        match styling {
            Styling::Plain => 0,
            Styling::Shaped => self.bits & !COLOURS,
            Styling::Coloured => self.bits,
        }
    }
}

/// Collects styled text. Every style ends before its line does.
#[derive(Debug)]
pub(super) struct Pen {
    styling: Styling,
    out: String,
    bits: u8,
    link: Option<Arc<str>>,
}

impl Pen {
    pub(super) fn new(styling: Styling) -> Self {
        Self {
            styling,
            out: String::new(),
            bits: 0,
            link: None,
        }
    }

    /// Adds text of one line.
    pub(super) fn put(&mut self, text: &str, style: &Style) {
        if !text.is_empty() {
            self.turn(style);
            self.out.push_str(text);
        }
    }

    pub(super) fn newline(&mut self) {
        self.turn(&Style::none());
        self.out.push('\n');
    }

    /// Writes the escape sequences from the current style to this one.
    pub(super) fn turn(&mut self, style: &Style) {
        let bits = style.bits_on(self.styling);
        if bits != self.bits {
            let mut codes = Vec::new();
            let mut from = self.bits;
            if from & !bits != 0 {
                codes.push("0");
                from = 0;
            }
            let added = CODES.iter().filter(|(bit, _)| bits & !from & bit != 0);
            codes.extend(added.map(|(_, code)| *code));
            let _ = write!(self.out, "\u{1b}[{}m", codes.join(";"));
            self.bits = bits;
        }
        if style.link != self.link {
            let address = style.link.as_deref().unwrap_or_default();
            let _ = write!(
                self.out,
                "\u{1b}]8;;{}\u{1b}\\",
                utf8_percent_encode(address, ENCODED)
            );
            self.link.clone_from(&style.link);
        }
    }

    /// Returns the output since the last call.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }
}

/// The characters that are percent-encoded in an address in OSC 8, besides those outside
/// of ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_is_set_once_and_ends_before_its_line() {
        let mut pen = Pen::new(Styling::Coloured);
        let bold = Style::of(Style::BOLD);
        pen.put("a", &bold);
        pen.put("b", &bold);
        pen.put("c", &bold.with(Style::CYAN));
        pen.put("d", &bold);
        pen.newline();
        assert_eq!(pen.take(), "\u{1b}[1mab\u{1b}[36mc\u{1b}[0;1md\u{1b}[0m\n");
    }

    #[test]
    fn no_colour_leaves_the_shape_and_plain_leaves_nothing() {
        for (styling, expected) in [
            (Styling::Shaped, "\u{1b}[1ma\u{1b}[0mb"),
            (Styling::Plain, "ab"),
        ] {
            let mut pen = Pen::new(styling);
            pen.put("a", &Style::of(Style::BOLD | Style::MAGENTA));
            pen.put("b", &Style::of(Style::CYAN));
            assert_eq!(pen.take(), expected);
        }
    }

    #[test]
    fn a_link_is_closed_before_the_line_ends_and_its_address_is_ascii() {
        let mut pen = Pen::new(Styling::Plain);
        let mut style = Style::none();
        style.link = Some("http://a.b/é \u{1b}".into());
        pen.put("x", &style);
        pen.newline();
        assert_eq!(
            pen.take(),
            "\u{1b}]8;;http://a.b/%C3%A9%20%1B\u{1b}\\x\u{1b}]8;;\u{1b}\\\n"
        );
    }
}
