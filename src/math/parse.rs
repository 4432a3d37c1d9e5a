//! Parses LaTeX source into the tree of a formula. After any error, the formula is shown as
//! source.

use super::environment;
use super::letters;
use super::names::{self, Kind};
use super::tree::{List, Node};

/// Groups within groups; a formula that nests deeper is not read.
const DEPTH_MAX: usize = 24;

/// Why a list ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Input,
    Brace,
    Bracket,
    Cell,
    Row,
    Right,
    Environment,
}

pub(super) struct Parser<'a> {
    pub(super) rest: &'a str,
    depth: usize,
    /// A `]` ends the list: the optional argument of a command.
    in_option: bool,
}

/// Reads a formula as rows that `\\` separates.
pub(super) fn rows(source: &str) -> Option<Vec<List>> {
    let mut parser = Parser::new(source.trim());
    let mut rows = Vec::new();
    let mut row = Vec::new();
    loop {
        row.append(&mut parser.list()?);
        match parser.stop() {
            Some(Stop::Cell) => parser.advance(1),
            Some(Stop::Row) => {
                parser.end_row();
                rows.push(std::mem::take(&mut row));
            }
            Some(Stop::Input) => break,
            _ => return None,
        }
    }
    if !row.is_empty() {
        rows.push(row);
    }
    Some(rows)
}

impl<'a> Parser<'a> {
    pub(super) fn new(rest: &'a str) -> Self {
        Self {
            rest,
            depth: 0,
            in_option: false,
        }
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Why the list ends here, if it does.
    pub(super) fn stop(&self) -> Option<Stop> {
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

    /// Skips `\\` and the options that it may have: `\\*[4pt]`.
    pub(super) fn end_row(&mut self) {
        self.advance(1);
        let name = command_name(self.rest);
        self.advance(name.len());
        self.rest = self.rest.strip_prefix('*').unwrap_or(self.rest);
        if let Some((gap, rest)) = self
            .rest
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            && gap.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
            && gap.ends_with(|c: char| c.is_ascii_lowercase())
        {
            self.rest = rest;
        }
        self.skip_spaces();
    }

    /// Reads nodes up to the end of the group, cell or row.
    pub(super) fn list(&mut self) -> Option<List> {
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
                    let written = &start[..start.len() - self.rest.len()];
                    attach(&mut nodes, sign, script, written)?;
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
                    "limits" | "nolimits" => self.advance(1 + command_name(&self.rest[1..]).len()),
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
        let outer = std::mem::replace(&mut self.in_option, false);
        let mut list = self.list()?;
        self.in_option = outer;
        self.expect(Stop::Brace)?;
        Some(match list.len() {
            1 => list.remove(0),
            _ => Node::Group(list),
        })
    }

    fn expect(&mut self, stop: Stop) -> Option<()> {
        (self.stop() == Some(stop)).then(|| self.advance(1))
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
        let outer = std::mem::replace(&mut self.in_option, true);
        let list = self.list()?;
        self.expect(Stop::Bracket)?;
        self.in_option = outer;
        Some(list)
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
        match names::find(name) {
            Some((Kind::Symbol, shown)) => {
                nodes.extend(shown.chars().map(Node::Char));
                self.end_name(name);
            }
            Some((Kind::Operator, shown)) => {
                nodes.push(Node::Operator(shown));
                self.end_name(name);
            }
            Some((Kind::Function, shown)) => nodes.push(Node::Function(shown.to_owned())),
            Some((Kind::Space, gap)) => {
                push_space(nodes, gap);
                self.end_name(name);
            }
            None => {
                let node = self.structure(name, start)?;
                if node != Node::Group(Vec::new()) {
                    nodes.push(node);
                }
            }
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

    /// A command that takes arguments, or one that is not known; an empty group if it
    /// draws nothing. `start` is the source from the command on.
    fn structure(&mut self, name: &'a str, start: &'a str) -> Option<Node> {
        Some(match name {
            "begin" => environment::read(self)?,
            "left" => self.fenced()?,
            "middle" => Node::Middle(self.delimiter()?),
            "frac" | "dfrac" | "tfrac" | "cfrac" => {
                Node::Fraction(self.argument()?, self.argument()?)
            }
            "binom" | "dbinom" | "tbinom" => {
                let (above, below) = (self.argument()?, self.argument()?);
                division("choose", above, below)
            }
            "sqrt" => {
                let degree = Some(self.option()?).filter(|degree| !degree.is_empty());
                Node::Root(degree, self.argument()?)
            }
            "text" | "textrm" | "textbf" | "textit" | "texttt" | "textsf" | "mbox"
            | "textnormal" => {
                let text = self.raw_argument()?;
                Node::Text(text.replace("\\ ", " ").replace(['\\', '$'], ""))
            }
            "operatorname" => {
                self.rest = self.rest.strip_prefix('*').unwrap_or(self.rest);
                let name = self.argument()?;
                Node::Function(super::layout::flat(&name))
            }
            "mathrm" | "mathbf" | "mathit" | "mathsf" | "mathtt" | "mathnormal" | "boldsymbol"
            | "bm" | "pmb" => Node::Group(self.argument()?),
            "underbrace" | "overbrace" => {
                let body = self.argument()?;
                let length = start.len() - self.rest.len();
                Node::Brace {
                    over: name == "overbrace",
                    body,
                    label: None,
                    source: start[..length].to_owned(),
                }
            }
            "substack" => Node::Grid(environment::substack(self.raw_argument()?)?),
            "boxed" | "fbox" => Node::Enclosed("[", self.argument()?, "]"),
            "pmod" => Node::Enclosed(" (mod ", self.argument()?, ")"),
            "tag" => Node::Enclosed("  (", self.argument()?, ")"),
            "not" => {
                let sign = self.argument()?;
                Node::Not(Box::new(sign.into_iter().next()?))
            }
            "hline" => Node::Rule,
            "phantom" | "label" | "hspace" | "vspace" | "hphantom" | "vphantom" => {
                self.rest = self.rest.strip_prefix('*').unwrap_or(self.rest);
                self.raw_argument()?;
                Node::Group(Vec::new())
            }
            name => return self.rest_of_commands(name, start),
        })
    }

    /// Stacked signs, accents, alphabets, gaps and escaped signs; the rest stays as
    /// it was written.
    fn rest_of_commands(&mut self, name: &'a str, start: &'a str) -> Option<Node> {
        Some(match name {
            "overset" | "stackrel" | "underset" => {
                let (small, base) = (Some(self.argument()?), self.argument()?);
                let (over, under) = match name {
                    "underset" => (None, small),
                    _ => (small, None),
                };
                Node::Stack { base, over, under }
            }
            "xrightarrow" | "xleftarrow" => {
                let under = Some(self.option()?).filter(|under| !under.is_empty());
                let over = Some(self.argument()?);
                let arrow = if name == "xleftarrow" { '←' } else { '→' };
                let base = vec![Node::Char(arrow)];
                Node::Stack { base, over, under }
            }
            "," | ";" | ":" | " " | ">" | "\n" => Node::Space(" "),
            "{" | "}" | "$" | "%" | "#" | "&" | "_" => Node::Char(name.chars().next()?),
            "|" => Node::Char('‖'),
            "!" | "(" | ")" | "[" | "]" | "/" => Node::Group(Vec::new()),
            name => {
                if let Some((mark, spans)) = letters::accent(name) {
                    let body = self.argument()?;
                    let single = super::layout::flat(&body).chars().count() < 2;
                    if single || spans {
                        return Some(Node::Accent(mark, body));
                    }
                } else if letters::alphabet(name, "").is_some() {
                    let body = super::layout::flat(&self.argument()?);
                    return letters::alphabet(name, &body).map(Node::Text);
                } else {
                    while let Some(length) = group_length(self.rest) {
                        self.advance(length);
                    }
                }
                let length = start.len() - self.rest.len();
                Node::Verbatim(start[..length].to_owned())
            }
        })
    }

    fn fenced(&mut self) -> Option<Node> {
        let left = self.delimiter()?;
        let outer = std::mem::replace(&mut self.in_option, false);
        self.skip_spaces();
        let body = self.list()?;
        self.in_option = outer;
        if self.stop() != Some(Stop::Right) {
            return None;
        }
        self.advance("\\right".len());
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
                match name {
                    "{" | "}" => name,
                    "|" => "‖",
                    name => names::find(name)?.1,
                }
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
    let (base, mut sub, mut sup) = match nodes.pop() {
        Some(Node::Scripts { base, sub, sup }) => (base, sub, sup),
        Some(Node::Brace {
            over,
            body,
            label: None,
            source,
        }) if over == (sign == '^') => {
            nodes.push(Node::Brace {
                over,
                body,
                label: Some(script),
                source: source + written,
            });
            return Some(());
        }
        Some(node) => (Box::new(node), None, None),
        None => (Box::new(Node::Group(Vec::new())), None, None),
    };
    let place = if sign == '^' { &mut sup } else { &mut sub };
    match place {
        // A prime and then a superscript.
        Some(known) if known.iter().all(|node| *node == Node::Char('′')) => {
            known.append(&mut script);
        }
        Some(_) => return None,
        None => *place = Some(script),
    }
    nodes.push(Node::Scripts { base, sub, sup });
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
pub(super) fn command_name(text: &str) -> &str {
    let letters = text.find(|c: char| !c.is_ascii_alphabetic());
    match letters.unwrap_or(text.len()) {
        0 => &text[..text.chars().next().map_or(0, char::len_utf8)],
        length => &text[..length],
    }
}

/// The length of the group that `text` begins with, with its braces.
pub(super) fn group_length(text: &str) -> Option<usize> {
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
