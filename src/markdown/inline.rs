//! The text of a line as it comes → styled text.
//!
//! Text is parsed in parts. A part ends at a space or an ideograph where no mark is
//! open, or at the end of the line; so the parts depend on the text alone and not on
//! how it was cut.

use std::sync::Arc;

use pulldown_cmark::{Event, Options as ParserOptions, Parser, Tag, TagEnd};

use super::dollars::{Before, Place};
use super::lines::{Lines, Span};
use super::marks::{self, Around, Atom, FIRST, LETTER, Marks};
use super::style::{Style, Styling};
use super::words::GLUE;
use super::{Options, address};
use crate::math;

/// Most of a line that is held for the end of a mark, in bytes.
const HELD_MAX: usize = 1024;
/// The same for a displayed formula.
const FORMULA_MAX: usize = 8 * 1024;
const SHORT: usize = 32;
/// Formulas in a sentence that are no longer are not wrapped, in characters.
const TOGETHER: usize = 28;

/// A part of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Text(String, Style),
    /// A formula on lines of its own: its LaTeX and its source.
    Display {
        tex: String,
        source: String,
    },
}

/// The text of a line, as far as it has come.
#[derive(Debug)]
pub(super) struct Inline {
    options: Options,
    base: Style,
    held: String,
    before: Before,
    /// `held` has a character that may be a mark.
    special: bool,
    /// A mark has come since it was last found that one is open.
    changed: bool,
}

impl Inline {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            base: Style::none(),
            held: String::new(),
            before: Around::LINE.before,
            special: false,
            changed: false,
        }
    }

    /// Begins a line, or continues it after a formula.
    pub(super) fn begin(&mut self, base: Style) {
        *self = Self {
            base,
            ..Self::new(self.options)
        };
    }

    pub(super) fn push(&mut self, c: char, lines: &mut Lines) {
        let border = c.is_whitespace() || (!c.is_ascii() && !marks::is_special(c));
        if border && !self.held.is_empty() && (!self.special || self.changed) {
            let marks = self.read(Some(c));
            match marks.open() {
                None => self.commit(&marks, lines),
                Some(open) => self.commit_words(open, lines),
            }
            self.changed = false;
        }
        if border && self.held.is_empty() {
            lines.put(c, &self.base);
            self.pass(c);
            return;
        }
        self.held.push(c);
        self.special |= marks::is_special(c);
        // In a short text, any word can show that a dollar is a price.
        self.changed |= c.is_ascii_punctuation() || self.held.len() <= SHORT;
        let most = if is_display(&self.held) {
            FORMULA_MAX
        } else {
            HELD_MAX
        };
        if self.held.len() > most {
            // The cut may be in an address.
            let hyperlinks = std::mem::take(&mut self.options.hyperlinks);
            let marks = self.read(None);
            self.commit(&marks, lines);
            self.options.hyperlinks = hyperlinks;
        }
    }

    /// Puts the words before a mark that is open.
    fn commit_words(&mut self, open: usize, lines: &mut Lines) {
        let Some(space) = self.held[..open].rfind(' ') else {
            return;
        };
        if self.before.is_blank && self.held.trim_start().starts_with("$$") {
            // The place of this formula depends on the rest of the line.
            return;
        }
        let rest = self.held.split_off(space);
        let marks = self.read(None);
        self.commit(&marks, lines);
        let mark = rest.trim_start_matches(' ');
        for c in rest[..rest.len() - mark.len()].chars() {
            lines.put(c, &self.base);
            self.pass(c);
        }
        mark.clone_into(&mut self.held);
        self.special = true;
    }

    fn read(&self, next: Option<char>) -> Marks {
        let before = self.before;
        Marks::read(&self.held, Around { before, next })
    }

    fn pass(&mut self, c: char) {
        self.before.is_blank &= c.is_whitespace();
        self.before.last = c;
    }

    /// Writes the held text.
    fn commit(&mut self, marks: &Marks, lines: &mut Lines) {
        let held = std::mem::take(&mut self.held);
        if self.special || (self.options.hyperlinks && held.contains("://")) {
            for piece in pieces(marks, &self.base, self.options) {
                put(&piece, &self.base, lines);
            }
        } else {
            lines.put_text(&held, &self.base);
        }
        held.chars().for_each(|c| self.pass(c));
        (self.special, self.changed) = (false, false);
    }

    /// Ends the line. Gives the source of a displayed formula that the next lines
    /// continue; `more` says that there are some.
    pub(super) fn end(&mut self, more: bool, lines: &mut Lines) -> Option<String> {
        if more && self.held.ends_with('\\') && !self.held.ends_with("\\\\") {
            // A hard break: the line ends as it does anyway.
            self.held.pop();
        }
        let open = self.read(Some('\n')).open().filter(|_| more);
        let formula = open.filter(|open| self.opens_display(*open));
        let formula = formula.map(|open| self.held.split_off(open));
        if !self.held.is_empty() {
            let marks = self.read(None);
            self.commit(&marks, lines);
        }
        formula
    }

    /// Whether a formula of several lines begins at this place of the held text.
    fn opens_display(&self, at: usize) -> bool {
        let (before, rest) = self.held.split_at(at);
        let is_blank = self.before.is_blank && before.trim().is_empty();
        if let Some(tex) = rest.strip_prefix("$$") {
            // `$$name = 1` in PHP has no command.
            return is_blank
                && (tex.trim().is_empty() || (tex.contains('\\') && !tex.contains('$')));
        }
        if let Some(tex) = rest.strip_prefix("\\[") {
            return is_blank || tex.trim().is_empty();
        }
        marks::environment(rest).is_some()
    }
}

fn is_display(held: &str) -> bool {
    held.starts_with("$$") || held.starts_with("\\[") || held.starts_with("\\begin{")
}

fn put(piece: &Piece, base: &Style, lines: &mut Lines) {
    match piece {
        Piece::Text(text, style) => lines.put_text(text, style),
        Piece::Display { tex, source } => {
            let room = lines.room().map(|room| room.saturating_sub(2));
            match math::block(tex, room) {
                Some(rows) if !rows.is_empty() => lines.rows(&rows),
                _ => lines.put_text(source, base),
            }
        }
    }
}

/// The text of a line or a cell that is complete, without displayed formulas.
pub(super) fn spans(text: &str, base: &Style, options: Options) -> Vec<Span> {
    let marks = Marks::read(text, Around::LINE);
    let span = |piece| match piece {
        Piece::Text(text, style) => (text, style),
        Piece::Display { tex, source } => (math::inline(&tex).unwrap_or(source), base.clone()),
    };
    pieces(&marks, base, options)
        .into_iter()
        .map(span)
        .collect()
}

/// The parsed pieces of prepared text.
fn pieces(marks: &Marks, base: &Style, options: Options) -> Vec<Piece> {
    let mut writer = Writer {
        marks,
        options,
        styles: vec![base.clone()],
        link: None,
        pieces: Vec::new(),
        at_start: true,
    };
    for event in Parser::new_ext(&marks.shadow, ParserOptions::ENABLE_STRIKETHROUGH) {
        writer.event(&event);
    }
    if !options.hyperlinks {
        return writer.pieces;
    }
    writer.pieces.into_iter().flat_map(with_links).collect()
}

/// A piece with its bare addresses as links. Code has none.
fn with_links(piece: Piece) -> Vec<Piece> {
    let Piece::Text(text, style) = &piece else {
        return vec![piece];
    };
    if style.link.is_some() || style.has(Style::CYAN) || !text.contains("://") {
        return vec![piece];
    }
    let parts = address::parts(text).into_iter();
    parts
        .map(|(part, is_address)| {
            let mut style = style.clone();
            style.link = is_address.then(|| Arc::from(part));
            Piece::Text(part.to_owned(), style)
        })
        .collect()
}

/// Builds pieces from the parser's events.
struct Writer<'a> {
    marks: &'a Marks,
    options: Options,
    styles: Vec<Style>,
    /// The address of the link that is open, and where its text begins.
    link: Option<(String, usize)>,
    pieces: Vec<Piece>,
    /// The letter before the text is still to come.
    at_start: bool,
}

impl Writer<'_> {
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(*tag),
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.text(text);
            }
            Event::SoftBreak | Event::HardBreak => self.put(" "),
            _ => {}
        }
    }

    fn style(&self) -> Style {
        self.styles.last().cloned().unwrap_or_default()
    }

    fn start(&mut self, tag: &Tag<'_>) {
        let style = self.style();
        match tag {
            Tag::Emphasis => self.styles.push(style.with(Style::ITALIC)),
            Tag::Strong => self.styles.push(style.with(Style::BOLD)),
            Tag::Strikethrough => {
                self.styles.push(style.with(Style::STRIKE));
                self.plain_strike();
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                let address: String = dest_url.chars().map(|c| self.source(c)).collect();
                let mut style = style.with(Style::UNDERLINE);
                if self.options.hyperlinks {
                    style.link = Some(Arc::from(&*address));
                }
                self.styles.push(style);
                self.link = Some((address, self.pieces.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strikethrough => {
                self.plain_strike();
                self.styles.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong => drop(self.styles.pop()),
            TagEnd::Link | TagEnd::Image => {
                self.styles.pop();
                if let Some((address, from)) = self.link.take() {
                    self.end_link(&address, from);
                }
            }
            _ => {}
        }
    }

    /// Shows where a link leads, if its text does not and the terminal has no links.
    fn end_link(&mut self, address: &str, from: usize) {
        let text: String = self.pieces[from..]
            .iter()
            .map(|piece| match piece {
                Piece::Text(text, _) => &**text,
                Piece::Display { source, .. } => source,
            })
            .collect();
        let same = text == address || address.strip_prefix("mailto:") == Some(&text);
        if text.is_empty() {
            self.put(&["(", address, ")"].concat());
        } else if !same && !self.options.hyperlinks {
            self.put(&[" (", address, ")"].concat());
        }
    }

    /// Without styles, the marks alone say that text is struck out.
    fn plain_strike(&mut self) {
        if self.options.styling == Styling::Plain {
            self.put("~~");
        }
    }

    fn source(&self, c: char) -> String {
        match self.marks.atom(c) {
            Some(Atom::Text(text)) => text.clone(),
            Some(Atom::Code { source, .. } | Atom::Formula { source, .. }) => source.clone(),
            None => c.to_string(),
        }
    }

    fn text(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match self.marks.atom(c) {
                Some(Atom::Text(text)) => self.put(&text.clone()),
                Some(Atom::Code { code, source }) => self.code(&code.clone(), &source.clone()),
                Some(Atom::Formula { source, tex, place }) => {
                    let (source, tex) = (source.clone(), tex.clone());
                    self.formula(source, tex, *place);
                }
                None if c == FIRST && std::mem::take(&mut self.at_start) => {
                    chars.next_if(|c| *c == ' ');
                }
                None if c == LETTER || c == FIRST => {}
                // Only an entity can have put it here.
                None if marks::is_invisible(c) => {}
                None => self.put(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn put(&mut self, text: &str) {
        let style = self.style();
        match self.pieces.last_mut() {
            Some(Piece::Text(known, last)) if *last == style => known.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned(), style)),
        }
    }

    fn code(&mut self, code: &str, source: &str) {
        // Without colours, only the marks distinguish code from text.
        let coloured = self.options.styling == Styling::Coloured;
        let style = self.style().with(Style::CYAN);
        self.styles.push(style);
        self.put(if coloured { code } else { source });
        self.styles.pop();
    }

    /// A displayed formula in a sentence stays there if it is one line.
    fn formula(&mut self, source: String, tex: String, place: Place) {
        let is_tall = || math::block(&tex, None).is_some_and(|rows| rows.len() > 1);
        match place {
            Place::Block => self.pieces.push(Piece::Display { tex, source }),
            Place::Sentence if is_tall() => self.pieces.push(Piece::Display { tex, source }),
            _ => match math::inline(&tex) {
                // A short formula stays on one line.
                Some(shown) if shown.chars().count() <= TOGETHER => {
                    self.put(&shown.replace(' ', &GLUE.to_string()));
                }
                Some(shown) => self.put(&shown),
                None => self.put(&source),
            },
        }
    }
}
