//! Splits the text of a line into styled pieces.
//!
//! CommonMark reads many things as markup that a model means literally, such as globs
//! and names with underscores. It does not pair marks next to Chinese punctuation, and
//! it has no LaTeX. So marks are read here, by the rules of emphasis.rs and dollars.rs;
//! pulldown-cmark decodes the entities.

use std::sync::Arc;

use pulldown_cmark::{Event, Parser};

use super::dollars::{self, Around, Dollars, Place};
use super::emphasis::{OpenRun, Run, dunder_name};
use super::style::{Style, Styling};
use super::{Options, is_invisible};
use crate::math;

/// A part of a line in one style.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// What is shown; for a formula, its source.
    pub(super) text: String,
    pub(super) style: Style,
    /// The LaTeX of a formula, and where it is placed.
    pub(super) formula: Option<(String, Place)>,
}

/// Reads a text from left to right.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    options: Options,
    base: &'a Style,
    pub(super) pieces: Vec<Piece>,
    /// The number of complete pieces. No text is added to them.
    sealed: usize,
    /// Runs of `*`, `_` and `~~` that are not closed so far.
    runs: Vec<OpenRun>,
    /// The index of the first other mark that is not closed.
    unclosed: Option<usize>,
}

impl<'a> Reader<'a> {
    /// Reads a text. If more of its line follows, reading stops at a mark that is not
    /// closed, since the text is read again when more has arrived.
    pub(super) fn read(text: &str, around: Around, base: &'a Style, options: Options) -> Self {
        let mut reader = Self {
            options,
            base,
            pieces: Vec::new(),
            sealed: 0,
            runs: Vec::new(),
            unclosed: None,
        };
        let (mut at, mut around) = (0, around);
        while at < text.len() && (reader.unclosed.is_none() || around.next.is_none()) {
            let rest = &text[at..];
            let length = reader.mark(rest, at, around);
            rest[..length].chars().for_each(|c| around.pass(c));
            at += length;
        }
        reader
    }

    /// The index of the first mark that is not closed.
    pub(super) fn open(&self) -> Option<usize> {
        let run = self.runs.first().map(|run| run.at);
        self.unclosed.into_iter().chain(run).min()
    }

    /// Adds the first mark or character of `rest` and returns its length in bytes. `at` is
    /// the index of `rest` in the text.
    fn mark(&mut self, rest: &str, at: usize, around: Around) -> usize {
        let Some(first) = rest.chars().next() else {
            return 0;
        };
        match first {
            '\\' => self.backslash(rest, at, around.last),
            '`' => self.code(rest, at),
            '$' => self.dollars(rest, at, around),
            '*' | '_' | '~' => self.emphasis(rest, at, around),
            '[' => self.link(rest, at, around),
            '!' if rest[1..].starts_with('[') => self.link(rest, at, around),
            '&' => self.entity(rest),
            '<' => self.angle(rest),
            'h' if !around.last.is_ascii_alphanumeric() => self.address(rest),
            c => self.text(&rest[..c.len_utf8()]),
        }
    }

    fn add(&mut self, text: &str, style: Style, formula: Option<(String, Place)>) {
        let text = text.to_owned();
        self.pieces.push(Piece {
            text,
            style,
            formula,
        });
        self.sealed = self.pieces.len();
    }

    /// Adds text that is not a mark, and returns its length in bytes.
    fn text(&mut self, text: &str) -> usize {
        if let Some(last) = self.pieces[self.sealed..].last_mut() {
            last.text.push_str(text);
        } else {
            self.add(text, self.base.clone(), None);
            self.sealed -= 1;
        }
        text.len()
    }

    /// Adds a mark that is not closed as text, and returns its length.
    fn leave_open(&mut self, mark: &str, at: usize) -> usize {
        self.unclosed.get_or_insert(at);
        self.text(mark)
    }

    fn formula(&mut self, source: &str, tex: &str, place: Place) -> usize {
        let formula = Some((tex.to_owned(), place));
        self.add(source, self.base.clone(), formula);
        source.len()
    }

    fn backslash(&mut self, rest: &str, at: usize, last: char) -> usize {
        if let Some(name) = environment(rest) {
            let closer = format!("\\end{{{name}}}");
            let Some(end) = rest.find(&closer) else {
                return self.leave_open("\\", at);
            };
            let source = &rest[..end + closer.len()];
            return self.formula(source, source, Place::Block);
        }
        let (closer, place) = match rest[1..].chars().next() {
            Some('(') => ("\\)", Place::Inline),
            Some('[') => ("\\]", Place::Block),
            Some(next) if next.is_ascii_punctuation() => {
                self.text(&rest[1..2]);
                return 2;
            }
            _ => return self.text("\\"),
        };
        let Some(end) = rest[2..].find(closer) else {
            return self.leave_open(&rest[..2], at);
        };
        let (tex, length) = (&rest[2..2 + end], end + 4);
        let quoted = "\"'".contains(last) && rest[length..].starts_with(last);
        if quoted || tex.trim().is_empty() {
            // A quoted pattern, such as "\[x\]", is not a formula.
            self.text(&rest[..length])
        } else {
            self.formula(&rest[..length], tex, place)
        }
    }

    fn code(&mut self, rest: &str, at: usize) -> usize {
        let length = rest.len() - rest.trim_start_matches('`').len();
        let (marks, after) = rest.split_at(length);
        let end = after
            .match_indices(marks)
            .map(|(end, _)| end)
            .find(|end| !after[..*end].ends_with('`') && !after[end + length..].starts_with('`'));
        let Some(end) = end else {
            return self.leave_open(marks, at);
        };
        let inside = &after[..end];
        let bare = inside
            .strip_prefix(' ')
            .and_then(|inside| inside.strip_suffix(' '))
            .filter(|bare| !bare.trim().is_empty());
        let source = &rest[..end + 2 * length];
        // Without colours, only the marks distinguish code from text.
        let shown = match self.options.styling {
            Styling::Coloured => bare.unwrap_or(inside),
            _ => source,
        };
        self.add(shown, self.base.with(Style::CYAN), None);
        source.len()
    }

    fn dollars(&mut self, rest: &str, at: usize, around: Around) -> usize {
        match dollars::read(rest, around) {
            Dollars::Formula(length, tex, place) => self.formula(&rest[..length], tex, place),
            Dollars::Text(length) => self.text(&rest[..length]),
            Dollars::Open => {
                let length = rest.len() - rest.trim_start_matches('$').len();
                self.leave_open(&rest[..length], at)
            }
        }
    }

    fn emphasis(&mut self, rest: &str, at: usize, around: Around) -> usize {
        let run = Run::read(rest, around.last, around.next);
        if let Some(length) = dunder_name(rest, around.last) {
            return self.text(&rest[..length]);
        }
        let left = if run.closes() {
            self.close(run)
        } else {
            run.length
        };
        let remaining = run.shortened(left);
        if left > 0 && remaining.opens() {
            self.runs.push(OpenRun {
                run: remaining,
                at: at + run.length - left,
                piece: self.pieces.len(),
            });
        }
        let shown = if self.keeps(run) { run.length } else { left };
        self.add(&rest[..shown], self.base.clone(), None);
        run.length
    }

    /// Whether the marks are shown. Without styles, only `~~` shows that text is struck out.
    fn keeps(&self, run: Run) -> bool {
        run.mark == '~' && self.options.styling == Styling::Plain
    }

    /// Closes open runs with the marks of `run`, the nearest run first. Returns the number
    /// of marks that are left over.
    fn close(&mut self, run: Run) -> usize {
        let (mut left, keeps) = (run.length, self.keeps(run));
        let partner = |runs: &[OpenRun], left| {
            let mut runs = runs.iter().enumerate().rev();
            runs.find_map(|(at, open)| Some((at, open.closed_by(run, left)?)))
        };
        while let Some((at, marks)) = partner(&self.runs, left) {
            self.runs.truncate(at + 1);
            let open = &mut self.runs[at];
            let style = match (run.mark, marks) {
                ('~', _) => Style::STRIKE,
                (_, 1) => Style::ITALIC,
                _ => Style::BOLD,
            };
            left -= marks;
            open.run.length -= marks;
            if !keeps {
                self.pieces[open.piece].text.truncate(open.run.length);
            }
            for piece in &mut self.pieces[open.piece + 1..] {
                piece.style = piece.style.with(style);
            }
            if open.run.length == 0 {
                self.runs.pop();
            }
        }
        left
    }

    /// Reads `[text](address)` or `![text](address)`. It is a link only if the address looks
    /// like an address: `f[i](x)` is a call.
    fn link(&mut self, rest: &str, at: usize, around: Around) -> usize {
        let mark = if rest.starts_with('!') { "![" } else { "[" };
        let link = &rest[mark.len() - 1..];
        let Some(end) = bracketed(link, '[', ']') else {
            return self.leave_open(mark, at);
        };
        let follows = link[end..].chars().next().or(around.next);
        if follows != Some('(') || (mark == "[" && around.last.is_ascii_alphanumeric()) {
            return self.text(mark);
        }
        let Some(length) = bracketed(&link[end..], '(', ')') else {
            return self.leave_open(mark, at);
        };
        let target = link[end + 1..end + length - 1].trim();
        let address = match target
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'))
        {
            Some((address, _)) => address,
            None => target.split_whitespace().next().unwrap_or_default(),
        };
        if !address.contains([':', '/', '.', '#']) {
            return self.text(mark);
        }
        let around = Around {
            last: ' ',
            is_blank: false,
            next: None,
        };
        let inside = Self::read(&link[1..end - 1], around, self.base, self.options);
        let text: String = inside.pieces.iter().map(|piece| &*piece.text).collect();
        for piece in inside.pieces {
            let style = self.linked(piece.style.with(Style::UNDERLINE), address);
            self.add(&piece.text, style, piece.formula);
        }
        // Show the address if neither the text nor the terminal shows it.
        let same = text == address || address.strip_prefix("mailto:") == Some(&text);
        if text.is_empty() {
            self.text(&["(", address, ")"].concat());
        } else if !same && !self.options.hyperlinks {
            self.text(&[" (", address, ")"].concat());
        }
        mark.len() - 1 + end + length
    }

    /// Adds a link to the style, if the terminal shows links.
    fn linked(&self, mut style: Style, address: &str) -> Style {
        style.link = self.options.hyperlinks.then(|| Arc::from(address));
        style
    }

    /// Decodes an entity. An entity for a control character is shown as it was written.
    fn entity(&mut self, rest: &str) -> usize {
        let other = |c: char| !c.is_ascii_alphanumeric() && c != '#';
        let end = rest[1..].find(other).map_or(rest.len(), |end| end + 1);
        if !rest[end..].starts_with(';') {
            return self.text("&");
        }
        let source = &rest[..=end];
        let shown: String = Parser::new(source)
            .filter_map(|event| match event {
                Event::Text(text) => Some(text.into_string()),
                _ => None,
            })
            .collect();
        // A number without a character is decoded as U+FFFD.
        if shown.contains(|c| is_invisible(c) || c == '\u{fffd}') {
            self.text(source);
        } else {
            self.text(&shown);
        }
        source.len()
    }

    /// `<http://…>`; every other tag is text.
    fn angle(&mut self, rest: &str) -> usize {
        let tag = rest[1..].split_once('>').map_or("", |(tag, _)| tag);
        if scheme(tag).is_none() || tag.contains(char::is_whitespace) {
            return self.text("<");
        }
        self.add(tag, self.linked(self.base.clone(), tag), None);
        tag.len() + 2
    }

    /// Reads an address without marks around it. `_` and `~` in it are not marks.
    fn address(&mut self, rest: &str) -> usize {
        let Some(length) = address_length(rest) else {
            return self.text(&rest[..1]);
        };
        let address = &rest[..length];
        self.add(address, self.linked(self.base.clone(), address), None);
        length
    }
}

fn scheme(text: &str) -> Option<&'static str> {
    let schemes = ["https://", "http://"];
    schemes.into_iter().find(|scheme| text.starts_with(scheme))
}

/// The length of the address at the start of the text. It ends before a space, a
/// character outside of ASCII, or the punctuation of the sentence.
fn address_length(text: &str) -> Option<usize> {
    let scheme = scheme(text)?;
    // A closing bracket belongs to the address only if the opening one does.
    let mut depth = 0;
    let ends = |c: char| {
        depth += match c {
            '(' | '[' => 1,
            ')' | ']' => -1,
            _ => 0,
        };
        depth < 0 || !c.is_ascii_graphic() || "<>\"`{}|\\^*".contains(c)
    };
    let address = &text[..text.find(ends).unwrap_or(text.len())];
    let address = address.trim_end_matches(|c| ".,:;!?'_~".contains(c));
    (address.len() > scheme.len()).then_some(address.len())
}

/// The name in `\begin{name}` at the start of `text`, if math knows this environment.
pub(super) fn environment(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix("\\begin{")?.split_once('}')?;
    math::is_environment(name).then_some(name)
}

/// The length of the bracketed text at the start of `text`, with its brackets.
fn bracketed(text: &str, open: char, close: char) -> Option<usize> {
    let (mut depth, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == open => depth += 1,
            c if c == close && depth == 1 => return Some(at + 1),
            c if c == close => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with its addresses in angle brackets.
    fn marked(text: &str) -> String {
        let options = Options {
            width: None,
            styling: Styling::Plain,
            hyperlinks: true,
        };
        let base = Style::none();
        let reader = Reader::read(text, Around::LINE, &base, options);
        let mark = |piece: Piece| match piece.style.link {
            Some(_) => format!("<{}>", piece.text),
            None => piece.text,
        };
        reader.pieces.into_iter().map(mark).collect()
    }

    #[test]
    fn punctuation_after_an_address_stays_outside() {
        for (text, expected) in [
            ("https://a.b", "<https://a.b>"),
            (
                "see https://a.b/c_d?e=f#g, or",
                "see <https://a.b/c_d?e=f#g>, or",
            ),
            ("(http://a.b/c).", "(<http://a.b/c>)."),
            ("http://a.b/c_(d)", "<http://a.b/c_(d)>"),
            ("(see http://a.b/c_(d))", "(see <http://a.b/c_(d)>)"),
            ("[http://a.b]:", "[<http://a.b>]:"),
            ("**https://a.b/**", "<https://a.b/>"),
            ("http://a.b)c", "<http://a.b>)c"),
            ("https://*.a.b", "https://*.a.b"),
            ("\"https://a.b\"", "\"<https://a.b>\""),
            ("见https://a.b/c。然后", "见<https://a.b/c>。然后"),
            ("http://a.b，http://c.d！", "<http://a.b>，<http://c.d>！"),
            ("really http://a.b?!", "really <http://a.b>?!"),
        ] {
            assert_eq!(marked(text), expected);
        }
    }

    #[test]
    fn what_only_resembles_an_address_is_text() {
        for text in [
            "http",
            "https://",
            "http:/a",
            "xhttps://a.b",
            "http://.",
            "ftp://a.b",
        ] {
            assert_eq!(marked(text), text);
        }
    }
}
