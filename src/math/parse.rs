//! Parses LaTeX source into the tree of a formula. After any error, the formula is shown as
//! source.

use super::grid;
use super::layout::flat;
use super::symbols::{self, Kind};
use super::tree::{List, Node};

/// The most levels of groups; a formula that nests deeper is not read.
const DEPTH_MAX: usize = 24;

/// Why a list ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Input,
    Brace,
    Bracket,
    Cell,
    Row,
    Right,
    Environment,
}

impl Stop {
    /// The length of its mark in bytes.
    fn length(self) -> usize {
        match self {
            Self::Input => 0,
            Self::Brace | Self::Bracket | Self::Cell | Self::Row => 1,
            Self::Right => "\\right".len(),
            Self::Environment => "\\end".len(),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
    /// A `]` ends the list: the optional argument of a command.
    in_option: bool,
}

/// Reads a formula as rows that `\\` separates.
pub(super) fn rows(source: &str) -> Option<Vec<List>> {
    let mut parser = Parser {
        rest: source.trim(),
        depth: 0,
        in_option: false,
    };
    let rows = parser.rows(Stop::Input)?;
    let mut rows: Vec<List> = rows.iter().map(|row| row.concat()).collect();
    rows.pop_if(|last| last.is_empty());
    Some(rows)
}

impl<'a> Parser<'a> {
    fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// The source that was read since `start`.
    fn since(&self, start: &'a str) -> &'a str {
        &start[..start.len() - self.rest.len()]
    }

    fn skip_star(&mut self) {
        self.rest = self.rest.strip_prefix('*').unwrap_or(self.rest);
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Why the list ends here, if it does.
    fn stop(&self) -> Option<Stop> {
        let mut chars = self.rest.chars();
        Some(match chars.next() {
            None => Stop::Input,
            Some('}') => Stop::Brace,
            Some(']') if self.in_option => Stop::Bracket,
            Some('&') => Stop::Cell,
            Some('\\') => match command_name(chars.as_str()) {
                "\\" | "cr" | "newline" => Stop::Row,
                "right" => Stop::Right,
                "end" => Stop::Environment,
                _ => return None,
            },
            Some(_) => return None,
        })
    }

    /// Reads rows of cells up to `end`.
    fn rows(&mut self, end: Stop) -> Option<Vec<Vec<List>>> {
        let (mut rows, mut row) = (Vec::new(), Vec::new());
        loop {
            row.push(self.list()?);
            match self.stop()? {
                Stop::Cell => self.advance(1),
                Stop::Row => {
                    self.end_row();
                    rows.push(std::mem::take(&mut row));
                }
                stop if stop == end => {
                    self.advance(end.length());
                    rows.push(row);
                    return Some(rows);
                }
                _ => return None,
            }
        }
    }

    /// An environment after `\begin`.
    fn environment(&mut self) -> Option<Node> {
        let name = self.raw_argument()?;
        if self.rest.starts_with('[') {
            self.rest = self.rest.split_once(']')?.1;
        }
        let columns = if grid::has_columns(name) {
            self.raw_argument()?
        } else {
            ""
        };
        let rows = self.rows(Stop::Environment)?;
        if self.raw_argument()? != name {
            return None;
        }
        grid::new(name, columns, rows).map(Node::Grid)
    }

    /// Skips `\\` and the options that it may have: `\\*[4pt]`.
    fn end_row(&mut self) {
        self.advance(1);
        self.advance(command_name(self.rest).len());
        self.skip_star();
        let option = self.rest.strip_prefix('[');
        if let Some((gap, rest)) = option.and_then(|rest| rest.split_once(']'))
            && gap.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
            && gap.ends_with(|c: char| c.is_ascii_lowercase())
        {
            self.rest = rest;
        }
        self.skip_spaces();
    }

    /// Reads nodes up to the end of the group, cell or row.
    fn list(&mut self) -> Option<List> {
        if self.depth == DEPTH_MAX {
            return None;
        }
        self.depth += 1;
        let mut nodes = Vec::new();
        while self.stop().is_none() {
            match self.rest.chars().next()? {
                sign @ ('^' | '_') => {
                    let start = self.rest;
                    self.advance(1);
                    let script = self.argument()?;
                    attach(&mut nodes, sign, script, self.since(start))?;
                }
                '\'' => {
                    self.advance(1);
                    attach(&mut nodes, '^', vec![Node::Char('′')], "'")?;
                }
                c if c.is_whitespace() || c == '~' => {
                    self.advance(c.len_utf8());
                    push_space(&mut nodes, " ");
                }
                '\\' => match command_name(&self.rest[1..]) {
                    name @ ("over" | "choose") => {
                        self.advance(1 + name.len());
                        let (above, below) = (std::mem::take(&mut nodes), self.list()?);
                        nodes.push(division(name, above, below));
                    }
                    name @ ("limits" | "nolimits") => self.advance(1 + name.len()),
                    _ => self.command(&mut nodes)?,
                },
                _ => nodes.push(self.plain()?),
            }
        }
        self.depth -= 1;
        while nodes.last().is_some_and(Node::is_space) {
            nodes.pop();
        }
        Some(nodes)
    }

    /// A group or a character.
    fn plain(&mut self) -> Option<Node> {
        let c = self.rest.chars().next()?;
        self.advance(c.len_utf8());
        if c != '{' {
            return Some(Node::Char(c));
        }
        let mut list = self.list_to(Stop::Brace)?;
        Some(match list.len() {
            1 => list.remove(0),
            _ => Node::Group(list),
        })
    }

    /// Reads a list that must end with `end`, and skips its end mark.
    fn list_to(&mut self, end: Stop) -> Option<List> {
        let outer = std::mem::replace(&mut self.in_option, end == Stop::Bracket);
        let list = self.list()?;
        if self.stop() != Some(end) {
            return None;
        }
        self.in_option = outer;
        self.advance(end.length());
        Some(list)
    }

    /// The next argument: a group, a command or a character.
    fn argument(&mut self) -> Option<List> {
        self.skip_spaces();
        if self.stop().is_some() {
            return None;
        }
        let mut nodes = Vec::new();
        match self.rest.chars().next()? {
            '^' | '_' => return None,
            '\\' => self.command(&mut nodes)?,
            _ => match self.plain()? {
                Node::Group(list) => nodes = list,
                node => nodes.push(node),
            },
        }
        Some(nodes)
    }

    /// `[…]` after a command; empty if there is none.
    fn option(&mut self) -> Option<List> {
        self.skip_spaces();
        if !self.rest.starts_with('[') {
            return Some(Vec::new());
        }
        self.advance(1);
        self.list_to(Stop::Bracket)
    }

    /// The argument as it is written, without its braces.
    fn raw_argument(&mut self) -> Option<&'a str> {
        self.skip_spaces();
        let length = group_length(self.rest)?;
        let group = &self.rest[1..length - 1];
        self.advance(length);
        Some(group)
    }

    fn command(&mut self, nodes: &mut List) -> Option<()> {
        let start = self.rest;
        let name = command_name(&start[1..]);
        self.advance(1 + name.len());
        let Some((kind, shown)) = symbols::find(name) else {
            let node = self.structure(name, start)?;
            nodes.extend(Some(node).filter(|node| *node != Node::Group(Vec::new())));
            return Some(());
        };
        match kind {
            Kind::Symbol => nodes.extend(shown.chars().map(Node::Char)),
            Kind::Operator => nodes.push(Node::Operator(shown)),
            Kind::Function => nodes.push(Node::Function(shown.to_owned())),
            Kind::Space => push_space(nodes, shown),
        }
        if kind != Kind::Function {
            self.end_name(name);
        }
        Some(())
    }

    /// Skips the space that only ends the name of a command.
    fn end_name(&mut self, name: &str) {
        let next = self.rest.trim_start();
        if name.starts_with(|c: char| c.is_ascii_alphabetic())
            && next.starts_with(|c: char| c.is_alphanumeric() || c == '\\')
            && !next.starts_with("\\\\")
        {
            self.rest = next;
        }
    }

    /// Reads a command that takes arguments, or an unknown command. Returns an empty group
    /// if it draws nothing. `start` is the source from the command on.
    fn structure(&mut self, name: &'a str, start: &'a str) -> Option<Node> {
        Some(match name {
            "begin" => self.environment()?,
            "left" => self.fenced()?,
            "middle" => Node::Middle(self.delimiter()?),
            "frac" | "dfrac" | "tfrac" | "cfrac" => {
                Node::Fraction(self.argument()?, self.argument()?)
            }
            "binom" | "dbinom" | "tbinom" => {
                let (above, below) = (self.argument()?, self.argument()?);
                division("choose", above, below)
            }
            "sqrt" => Node::Root(self.option()?, self.argument()?),
            "text" | "textrm" | "textbf" | "textit" | "texttt" | "textsf" | "mbox"
            | "textnormal" => {
                let text = self.raw_argument()?;
                Node::Text(text.replace("\\ ", " ").replace(['\\', '$'], ""))
            }
            "operatorname" => {
                self.skip_star();
                Node::Function(flat(&self.argument()?))
            }
            "mathrm" | "mathbf" | "mathit" | "mathsf" | "mathtt" | "mathnormal" | "boldsymbol"
            | "bm" | "pmb" => Node::Group(self.argument()?),
            "underbrace" | "overbrace" => Node::Brace {
                over: name == "overbrace",
                body: self.argument()?,
                label: Vec::new(),
                source: self.since(start).to_owned(),
            },
            "substack" => {
                let lines = rows(self.raw_argument()?)?.into_iter();
                let lines = lines.map(|line| vec![line]).collect();
                Node::Grid(grid::new("gather", "", lines)?)
            }
            "boxed" | "fbox" => Node::Enclosed("[", self.argument()?, "]"),
            "pmod" => Node::Enclosed(" (mod ", self.argument()?, ")"),
            "tag" => Node::Enclosed("  (", self.argument()?, ")"),
            "not" => {
                let sign = self.argument()?;
                Node::Not(Box::new(sign.into_iter().next()?))
            }
            "hline" => Node::Rule,
            "phantom" | "label" | "hspace" | "vspace" | "hphantom" | "vphantom" => {
                self.skip_star();
                self.raw_argument()?;
                Node::Group(Vec::new())
            }
            name => return self.rest_of_commands(name, start),
        })
    }

    /// Reads stacked signs, accents and alphabets. Any other command is shown as source.
    fn rest_of_commands(&mut self, name: &'a str, start: &'a str) -> Option<Node> {
        Some(match name {
            "overset" | "stackrel" | "underset" => {
                let (small, base) = (self.argument()?, self.argument()?);
                let (over, under) = match name {
                    "underset" => (Vec::new(), small),
                    _ => (small, Vec::new()),
                };
                Node::Stack { base, over, under }
            }
            "xrightarrow" | "xleftarrow" => {
                let (under, over) = (self.option()?, self.argument()?);
                let arrow = if name == "xleftarrow" { '←' } else { '→' };
                let base = vec![Node::Char(arrow)];
                Node::Stack { base, over, under }
            }
            name => {
                if let Some((mark, spans)) = symbols::accent(name) {
                    let body = self.argument()?;
                    let single = flat(&body).chars().count() < 2;
                    if single || spans {
                        return Some(Node::Accent(mark, body));
                    }
                } else if symbols::alphabet(name, "").is_some() {
                    let body = flat(&self.argument()?);
                    return symbols::alphabet(name, &body).map(Node::Text);
                } else {
                    while let Some(length) = group_length(self.rest) {
                        self.advance(length);
                    }
                }
                Node::Verbatim(self.since(start).to_owned())
            }
        })
    }

    fn fenced(&mut self) -> Option<Node> {
        let left = self.delimiter()?;
        self.skip_spaces();
        let body = self.list_to(Stop::Right)?;
        Some(Node::Fenced(left, body, self.delimiter()?))
    }

    fn delimiter(&mut self) -> Option<String> {
        self.skip_spaces();
        let c = self.rest.chars().next()?;
        self.advance(c.len_utf8());
        let shown = match c {
            '.' => "",
            '<' => "⟨",
            '>' => "⟩",
            '\\' => {
                let name = command_name(self.rest);
                self.advance(name.len());
                let sign = symbols::find(name).filter(|(kind, _)| *kind != Kind::Space);
                sign?.1
            }
            c => return "()[]|/".contains(c).then(|| c.to_string()),
        };
        Some(shown.to_owned())
    }
}

/// Puts a script on the last node. `written` is its source.
fn attach(nodes: &mut List, sign: char, mut script: List, written: &str) -> Option<()> {
    while nodes.last().is_some_and(Node::is_space) {
        nodes.pop();
    }
    let is_over = sign == '^';
    match nodes.last_mut() {
        Some(Node::Brace {
            over,
            label,
            source,
            ..
        }) if *over == is_over && label.is_empty() => {
            label.append(&mut script);
            source.push_str(written);
            return Some(());
        }
        Some(Node::Scripts { .. }) => {}
        _ => {
            let base = Box::new(nodes.pop().unwrap_or(Node::Group(Vec::new())));
            let (sub, sup) = (Vec::new(), Vec::new());
            nodes.push(Node::Scripts { base, sub, sup });
        }
    }
    let Some(Node::Scripts { sub, sup, .. }) = nodes.last_mut() else {
        return None;
    };
    let place = if is_over { sup } else { sub };
    // A superscript may follow a prime.
    if place.iter().any(|node| *node != Node::Char('′')) {
        return None;
    }
    place.append(&mut script);
    Some(())
}

fn push_space(nodes: &mut List, gap: &'static str) {
    match nodes.last_mut() {
        Some(Node::Space(known)) if known.len() < gap.len() => *known = gap,
        Some(Node::Space(_)) => {}
        Some(_) if !gap.is_empty() => nodes.push(Node::Space(gap)),
        _ => {}
    }
}

fn division(name: &str, above: List, below: List) -> Node {
    if name == "over" {
        return Node::Fraction(above, below);
    }
    let mut pair = above;
    pair.extend([Node::Char(','), Node::Space(" ")]);
    pair.extend(below);
    Node::Enclosed("C(", pair, ")")
}

/// The name of the command after a backslash: letters, or one other character.
fn command_name(text: &str) -> &str {
    let letters = text.find(|c: char| !c.is_ascii_alphabetic());
    match letters.unwrap_or(text.len()) {
        0 => &text[..text.chars().next().map_or(0, char::len_utf8)],
        length => &text[..length],
    }
}

/// The length of the group that `text` begins with, with its braces.
fn group_length(text: &str) -> Option<usize> {
    if !text.starts_with('{') {
        return None;
    }
    let (mut depth, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at + 1),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
