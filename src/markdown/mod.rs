//! Renders Markdown that arrives in pieces as styled lines for a terminal.
//!
//! pulldown-cmark finds the kind of each line (structure.rs); inline.rs and spans.rs read
//! the marks in its text. Plain words are shown at once, a span with marks when it is
//! complete, and a table or a displayed formula at its end. The beginning of a line is
//! held until its kind is certain. Markup that only a later line could decide, such as a
//! setext heading, is shown as it was written. So the output depends on the text and not
//! on how it was cut.
//!
//! The text must have no control characters but newlines and tabs.

mod dollars;
mod emphasis;
mod inline;
mod lines;
mod spans;
mod structure;
mod style;
mod table;

use inline::Inline;
use lines::{Lines, Span};
use structure::{Container, Leaf, Line, Structure};
use style::Style;
use table::Table;

pub use style::Styling;

/// The most bytes of a line that are held until it ends.
const LINE_MAX: usize = 64 * 1024;

const BULLETS: [&str; 3] = ["•", "◦", "▪"];
const RULE: usize = 40;

/// What the output can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Columns of the terminal; without them, lines are not wrapped.
    pub width: Option<usize>,
    pub styling: Styling,
    /// The terminal shows links (OSC 8).
    pub hyperlinks: bool,
}

/// Where in a line the next character is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At its beginning, which is held.
    Start,
    Text,
    /// In a line that is shown as it is.
    Raw,
}

/// Lines that may be a table.
#[derive(Debug)]
enum Rows {
    None,
    /// A row that is a header if a delimiter row follows.
    Header(String),
    Table(Box<Table>),
}

/// Renders one text.
#[derive(Debug)]
pub struct Renderer {
    options: Options,
    lines: Lines,
    inline: Inline,
    structure: Structure,
    place: Place,
    /// The line so far, while it is held.
    head: String,
    rows: Rows,
}

impl Renderer {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            lines: Lines::new(options),
            inline: Inline::new(options),
            structure: Structure::default(),
            place: Place::Start,
            head: String::new(),
            rows: Rows::None,
        }
    }

    /// Takes the next piece of the text and returns the output that is ready.
    pub fn push(&mut self, text: &str) -> String {
        for c in text.chars() {
            self.accept(c);
        }
        self.lines.take()
    }

    /// Ends the text and returns the rest of the output. The next piece begins another
    /// text. The output ends with a newline only if the text did.
    pub fn finish(&mut self) -> String {
        self.end_line(false);
        // The rows that are still held ended with a newline.
        self.end_rows(true);
        self.end_formula();
        self.lines.flush();
        let rest = self.lines.take();
        *self = Self::new(self.options);
        rest
    }

    fn accept(&mut self, c: char) {
        if c == '\n' {
            self.end_line(true);
            return;
        }
        match self.place {
            Place::Text => self.inline.push(c, &mut self.lines),
            Place::Raw => self
                .lines
                .put_raw(c.encode_utf8(&mut [0; 4]), &Style::none()),
            Place::Start => {
                self.head.push(c);
                self.start();
            }
        }
    }

    /// Begins the line as soon as it is certain that it is text.
    fn start(&mut self) {
        let waits = self.structure.in_fence() || self.inline.in_formula();
        if !waits && let Some(line) = self.structure.read_start(&self.head) {
            self.head.clear();
            self.begin(&line);
        } else if self.head.len() > LINE_MAX {
            self.end_rows(true);
            let head = std::mem::take(&mut self.head);
            self.lines.put_raw(&head, &Style::none());
            self.place = Place::Raw;
        }
    }

    /// Begins a line of text.
    fn begin(&mut self, line: &Line) {
        self.end_rows(true);
        self.open_line(line);
        self.place = Place::Text;
        let base = match line.leaf {
            Leaf::Heading(level) => self.heading(level),
            _ => Style::none(),
        };
        self.inline.begin(base);
        self.inline.push_all(&line.text, &mut self.lines);
    }

    /// Returns the style of a heading. Writes its `#` marks if styles cannot show the level.
    fn heading(&mut self, level: usize) -> Style {
        let marks = match self.options.styling {
            Styling::Plain => true,
            Styling::Shaped => level > 1,
            Styling::Coloured => false,
        };
        if marks {
            let marks = "#".repeat(level);
            self.lines.put_text(&marks, &Style::of(Style::DIM));
            self.lines.put(' ', &Style::none());
        }
        Style::of(match level {
            1 => Style::BOLD | Style::UNDERLINE | Style::MAGENTA,
            2 => Style::BOLD | Style::MAGENTA,
            3 => Style::BOLD,
            _ => Style::BOLD | Style::ITALIC,
        })
    }

    /// Ends the line. `newline`: a newline ended it, not the end of the text.
    fn end_line(&mut self, newline: bool) {
        match self.place {
            Place::Start => {
                let head = std::mem::take(&mut self.head);
                if newline || !head.is_empty() {
                    self.complete_line(&head, newline);
                }
            }
            Place::Text => self.end_text(newline),
            Place::Raw => self.end_raw(newline),
        }
    }

    fn end_raw(&mut self, newline: bool) {
        if newline {
            self.lines.newline();
        }
        self.place = Place::Start;
    }

    fn end_text(&mut self, newline: bool) {
        self.inline.end(newline, &mut self.lines);
        if self.inline.in_formula() {
            self.lines.flush();
            self.place = Place::Start;
        } else {
            self.end_raw(newline);
        }
    }

    /// Renders a line that was held to its end.
    fn complete_line(&mut self, source: &str, newline: bool) {
        if self.inline.in_formula() {
            let text = source.trim_start_matches([' ', '\t', '>']).trim_end();
            if !text.is_empty() {
                self.inline.push('\n', &mut self.lines);
                self.inline.push_all(text, &mut self.lines);
                self.end_text(newline);
                return;
            }
            self.end_formula();
            self.structure.end_paragraph();
        }
        let line = self.structure.read(source);
        match &line.leaf {
            Leaf::Text if line.text.starts_with('|') && line.opens_no_item() => {
                return self.row(&line, newline);
            }
            Leaf::Text | Leaf::Heading(_) => {
                self.begin(&line);
                return self.end_text(newline);
            }
            _ => {}
        }
        self.end_rows(true);
        self.open_line(&line);
        let dim = Style::of(Style::DIM);
        match &line.leaf {
            Leaf::Rule => {
                let width = self.lines.room().map_or(RULE, |room| room.min(RULE));
                self.lines.put_raw(&"─".repeat(width), &dim);
            }
            Leaf::Code => self
                .lines
                .put_raw(&["    ", &*line.text].concat(), &Style::none()),
            Leaf::FenceLine => self.lines.put_raw(&line.text, &Style::none()),
            Leaf::Fence(info) => {
                self.lines.put_raw("────", &dim);
                if !info.is_empty() {
                    self.lines.put_raw(" ", &Style::none());
                    self.lines.put_raw(info, &dim);
                }
            }
            Leaf::FenceEnd => self.lines.put_raw("────", &dim),
            _ => {}
        }
        self.end_raw(newline);
    }

    /// Writes the prefix of a line: the bars of quotes and the marks of items.
    fn open_line(&mut self, line: &Line) {
        self.structure.accept(line);
        let (mut first, margin) = self.margins(line.kept);
        if line.leaf == Leaf::Blank && line.opens_no_item() {
            let bar = first.iter().rposition(|(text, _)| text == "│");
            first.truncate(bar.map_or(0, |bar| bar + 1));
        }
        self.lines.begin(&first, margin);
    }

    /// Returns the prefix of a line, if its first `kept` containers were already open, and
    /// the prefix of further lines of its block.
    fn margins(&self, kept: usize) -> (Vec<Span>, Vec<Span>) {
        let (mut first, mut margin): (Vec<Span>, Vec<Span>) = (Vec::new(), Vec::new());
        let span = |text: &str, bits| (text.to_owned(), Style::of(bits));
        let mut bullets = BULLETS.into_iter().chain(std::iter::repeat(BULLETS[2]));
        for (at, container) in self.structure.containers.iter().enumerate() {
            let Container::Item { opening, done } = container else {
                let bar = [span("│", Style::DIM), span(" ", 0)];
                first.extend(bar.clone());
                margin.extend(bar);
                continue;
            };
            let bullet = bullets.next().unwrap_or_default();
            let mark = match done {
                _ if opening.trim().len() > 1 => opening.trim(),
                Some(true) => "☑",
                Some(false) => "☐",
                None => bullet,
            };
            let space = span(&" ".repeat(mark.chars().count() + 1), 0);
            first.push(if at < kept {
                space.clone()
            } else {
                span(&[mark, " "].concat(), 0)
            });
            margin.push(space);
        }
        (first, margin)
    }

    /// Takes a line that begins with `|`.
    fn row(&mut self, line: &Line, newline: bool) {
        if line.kept < self.structure.containers.len() || !line.opened.is_empty() {
            self.end_rows(true);
        }
        self.structure.accept(line);
        self.structure.end_paragraph();
        if let Rows::Table(table) = &mut self.rows {
            table.push(&line.text);
            if table.is_long() {
                self.put_rows(newline);
            }
        } else {
            self.lines.margin = self.margins(usize::MAX).1;
            let table = match &self.rows {
                Rows::Header(header) => {
                    Table::new(header, &line.text, self.lines.room(), self.options)
                }
                _ => None,
            };
            if let Some(table) = table {
                self.rows = Rows::Table(Box::new(table));
            } else {
                self.end_rows(true);
                self.rows = Rows::Header(line.text.clone());
            }
        }
        if !newline {
            self.end_rows(false);
        }
    }

    /// Ends a table and writes its held rows. `newline`: the last row ended with a newline.
    fn end_rows(&mut self, newline: bool) {
        self.put_rows(newline);
        self.rows = Rows::None;
    }

    fn put_rows(&mut self, newline: bool) {
        let (_, margin) = self.margins(usize::MAX);
        match &mut self.rows {
            Rows::None => return,
            Rows::Table(table) => {
                let lines = table.lines();
                if lines.is_empty() {
                    return;
                }
                self.lines.begin(&margin, margin.clone());
                self.lines.lines(&lines);
            }
            Rows::Header(row) => {
                self.lines.begin(&margin, margin.clone());
                self.inline.begin(Style::none());
                self.inline.push_all(row, &mut self.lines);
                self.inline.end(false, &mut self.lines);
            }
        }
        if newline {
            self.lines.newline();
        }
    }

    /// Shows a displayed formula that is held, because no further line belongs to it.
    fn end_formula(&mut self) {
        if self.inline.in_formula() {
            self.inline.end_formula(&mut self.lines);
            self.lines.newline();
        }
    }
}

/// Characters that a terminal acts on, or that are invisible.
fn is_invisible(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
