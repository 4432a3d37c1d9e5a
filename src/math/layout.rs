//! Draws the tree of a formula as text, on one line or several.

use super::canvas::Block;
use super::grid;
use super::symbols::script;
use super::tree::{
    Grid, List, Node, is_applied, is_atom, is_differential, is_product, needs_parentheses_as_base,
};

/// A formula in one line.
pub(super) fn flat(nodes: &[Node]) -> String {
    draw(nodes, false).lines.concat()
}

/// Draws nodes side by side. Where `tall`, matrices and braces take several lines.
pub(super) fn draw(nodes: &[Node], tall: bool) -> Block {
    let mut row = Row {
        nodes,
        tall,
        done: Block::default(),
        text: String::new(),
        skip_space: false,
    };
    for at in 0..nodes.len() {
        row.node(at);
    }
    let end = row.text.trim_end().len();
    row.text.truncate(end);
    row.done.join(Block::line(row.text))
}

/// Nodes that are being drawn from left to right.
struct Row<'a> {
    nodes: &'a [Node],
    tall: bool,
    /// The drawing so far, up to the last part of several lines.
    done: Block,
    /// The text after `done`, in the base line.
    text: String,
    /// The last sign or function needs no space after it.
    skip_space: bool,
}

impl Row<'_> {
    fn previous(&self, at: usize) -> Option<&Node> {
        self.nodes[..at].iter().rev().find(|node| !node.is_space())
    }

    fn next(&self, at: usize) -> Option<&Node> {
        self.nodes[at + 1..].iter().find(|node| !node.is_space())
    }

    fn node(&mut self, at: usize) {
        let skip_space = std::mem::take(&mut self.skip_space);
        match &self.nodes[at] {
            Node::Char(c) => self.text.push(*c),
            Node::Text(text) if self.text.is_empty() || self.text.ends_with(' ') => {
                self.text.push_str(text.trim_start());
            }
            Node::Text(text) | Node::Verbatim(text) | Node::Middle(text) => {
                self.text.push_str(text);
            }
            Node::Space(gap) => {
                if !skip_space {
                    self.gap(at, gap);
                }
            }
            Node::Operator(sign) => self.operator(at, sign),
            Node::Function(name) => self.function(at, name, &[], &[]),
            Node::Scripts { base, sub, sup } => match &**base {
                Node::Function(name) => self.function(at, name, sub, sup),
                _ => self.scripts(at, base, sub, sup),
            },
            Node::Group(list) => self.block(draw(list, self.tall)),
            Node::Fraction(above, below) => self.fraction(at, above, below),
            Node::Root(degree, body) => self.root(at, degree, body),
            Node::Fenced(left, body, right) => self.block(fenced(left, body, right, self.tall)),
            Node::Grid(grid) => self.grid(grid),
            Node::Accent(mark, body) => {
                let marked = flat(body);
                self.text.extend(marked.chars().flat_map(|c| [c, *mark]));
            }
            Node::Brace { source, .. } if !self.tall => self.text.push_str(source),
            Node::Brace {
                over, body, label, ..
            } => self.block(brace(*over, body, label)),
            Node::Stack { base, over, under } => self.stack(at, base, over, under),
            Node::Enclosed(left, body, right) => {
                if left.starts_with(' ') {
                    self.text.truncate(self.text.trim_end().len());
                }
                self.text.push_str(left);
                self.block(draw(body, self.tall));
                self.text.push_str(right);
            }
            Node::Not(sign) => {
                let sign = flat(std::slice::from_ref(sign));
                self.operator(at, &(sign.trim().to_owned() + "\u{338}"));
            }
            Node::Rule => {}
        }
    }

    /// Puts a drawing on the right.
    fn block(&mut self, block: Block) {
        if block.height() == 1 {
            self.text.push_str(&block.lines[0]);
        } else {
            let text = Block::line(std::mem::take(&mut self.text));
            let done = std::mem::take(&mut self.done);
            self.done = done.join(text).join(block);
        }
    }

    fn grid(&mut self, grid: &Grid) {
        let cells = |row: &Vec<List>| row.iter().map(|cell| draw(cell, self.tall)).collect();
        let rows: Vec<Vec<Block>> = grid.rows.iter().map(cells).collect();
        if self.tall {
            self.block(grid::draw(grid, &rows));
        } else {
            self.text.push_str(&grid::flat(grid, &rows));
        }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.done.lines.is_empty()
    }

    fn space(&mut self) {
        if !self.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    fn gap(&mut self, at: usize, gap: &str) {
        let closes = matches!(self.next(at), Some(Node::Char('⟩' | '⌋' | '⌉')));
        let opened = matches!(self.previous(at), Some(Node::Char('⟨' | '⌊' | '⌈')));
        if !self.is_empty() && !closes && !opened {
            self.text.truncate(self.text.trim_end().len());
            self.text.push_str(gap);
        }
    }

    /// A sign between two operands, or in front of one.
    fn operator(&mut self, at: usize, sign: &str) {
        let opening = |node: &Node| matches!(node, Node::Char('(' | '[' | '{' | ',' | '⟨'));
        let closing = |node: &Node| matches!(node, Node::Char(')' | ']' | '}' | ',' | '⟩'));
        let previous = self.previous(at);
        let unary = ["±", "∓"].contains(&sign)
            && previous.is_none_or(|node| opening(node) || node.is_operator());
        if !unary && previous.is_some_and(|node| !opening(node)) {
            self.space();
        }
        let next = self.next(at).is_some_and(|node| !closing(node));
        self.text.push_str(sign);
        if unary {
            self.skip_space = true;
        } else if next {
            self.text.push(' ');
        }
    }

    /// The name of a function or a large operator, its scripts, and a gap.
    fn function(&mut self, at: usize, name: &str, sub: &[Node], sup: &[Node]) {
        if self.text.ends_with(|c: char| c.is_alphanumeric()) {
            self.text.push(' ');
        }
        let scripts = scripts(sub, sup);
        self.text.push_str(name);
        self.text.push_str(&scripts);
        let bracket = |node: &Node| match node {
            Node::Char(c) => "([{".contains(*c),
            Node::Fenced(..) | Node::Fraction(..) => true,
            _ => false,
        };
        let word = name.ends_with(|c: char| c.is_ascii_alphabetic()) && !scripts.ends_with(')');
        match self.next(at) {
            Some(node) if bracket(node) && word => self.skip_space = true,
            Some(node) if node.is_operand() || bracket(node) => self.space(),
            Some(Node::Char('|' | '‖' | '⟨' | '⌊' | '⌈' | '-')) => self.space(),
            _ => {}
        }
    }

    fn scripts(&mut self, at: usize, base: &Node, sub: &[Node], sup: &[Node]) {
        let mut block = draw(std::slice::from_ref(base), self.tall);
        if needs_parentheses_as_base(base) {
            let gap = if block.height() > 1 { " " } else { "" };
            block = block.fenced("(", ")", gap);
        }
        if block.height() > 1 {
            let mut lines = vec![String::new(); block.height()];
            lines[block.height() - 1] = small('_', sub);
            lines[0] = small('^', sup);
            let base = block.base;
            return self.block(block.join(Block { lines, base }));
        }
        let scripts = scripts(sub, sup);
        self.block(block);
        self.text.push_str(&scripts);
        let open = scripts.starts_with(['^', '_']) && !scripts.ends_with(')');
        if open && self.next(at).is_some_and(Node::is_operand) {
            // `x^q y` is not `x^(qy)`.
            self.space();
        }
    }

    fn fraction(&mut self, at: usize, above: &[Node], below: &[Node]) {
        let text = division(above, below);
        let previous = self.previous(at);
        let factor = |node: &Node| {
            let bracket = node.bracket() > 0 || matches!(node, Node::Char('!' | '⟨' | '⌊' | '√'));
            let modulus = matches!(node, Node::Enclosed(left, ..) if left.starts_with(' '));
            (node.is_operand() && !modulus) || bracket
        };
        let joined = self.next(at).is_some_and(factor);
        let is_number = |list: &[Node]| {
            list.iter()
                .all(|node| matches!(node, Node::Char(c) if c.is_ascii_digit()))
        };
        match previous {
            Some(Node::Char(digit))
                if digit.is_ascii_digit() && is_number(above) && is_number(below) =>
            {
                // A mixed number, such as 2 1/2.
                self.space();
                self.text.push_str(&text);
                return;
            }
            Some(node) if node.is_operand() && !node.is_function() => {
                if !self.text.ends_with([')', ']', '}']) {
                    self.space();
                }
            }
            Some(Node::Char('/') | Node::Operator("÷")) => {}
            Some(node) if node.bracket() < 0 || node.is_function() => {}
            _ if joined => {}
            _ => return self.text.push_str(&text),
        }
        self.text += &parenthesised(&text);
    }

    fn root(&mut self, at: usize, degree: &[Node], body: &[Node]) {
        let sign = match &*flat(degree) {
            "" => "√".to_owned(),
            "3" => "∛".to_owned(),
            "4" => "∜".to_owned(),
            degree => {
                // Otherwise the degree would be an exponent of the preceding text.
                if self.previous(at).is_some_and(Node::is_operand) {
                    self.space();
                }
                script('^', degree) + "√"
            }
        };
        self.text.push_str(&sign);
        let inside = flat(body);
        let power = matches!(body, [Node::Scripts { sup, .. }] if !sup.is_empty());
        let next = self.next(at);
        let joined = next.is_some_and(|next| next.is_operand() && !matches!(next, Node::Root(..)));
        if is_atom(body) && !power && !joined {
            self.text += &inside;
        } else {
            self.text += &parenthesised(&inside);
        }
    }

    /// Small text above or below a sign.
    fn stack(&mut self, at: usize, base: &[Node], over: &[Node], under: &[Node]) {
        self.space();
        let scripts = scripts(under, over);
        if self.tall && scripts.contains(['^', '_']) {
            let small = |list: &[Node]| (!list.is_empty()).then(|| draw(list, false));
            let above = small(over).into_iter();
            let parts: Vec<Block> = above
                .chain([draw(base, false)])
                .chain(small(under))
                .collect();
            self.block(Block::stacked(&parts, usize::from(!over.is_empty())));
        } else {
            self.text.push_str(flat(base).trim());
            self.text.push_str(&scripts);
        }
        if self.next(at).is_some() {
            self.text.push(' ');
        }
    }
}

/// `a/b`, with parentheses around more than one factor.
fn division(above: &[Node], below: &[Node]) -> String {
    let factor = |list: &[Node], is_one| {
        let text = flat(list);
        if is_one { text } else { parenthesised(&text) }
    };
    let is_one = is_atom(below) || is_applied(below) || is_differential(below);
    [factor(above, is_product(above)), factor(below, is_one)].join("/")
}

fn parenthesised(text: &str) -> String {
    ["(", text, ")"].concat()
}

/// A subscript and a superscript in one line.
fn scripts(sub: &[Node], sup: &[Node]) -> String {
    small('_', sub) + &small('^', sup)
}

fn small(sign: char, list: &[Node]) -> String {
    script(sign, &flat(list))
}

/// A body between delimiters, which `\middle` may divide.
fn fenced(left: &str, body: &[Node], right: &str, tall: bool) -> Block {
    let parts = body.split(|node| matches!(node, Node::Middle(_)));
    let parts: Vec<Block> = parts.map(|part| draw(part, tall)).collect();
    let height = parts.iter().map(Block::height).max().unwrap_or(1);
    if height == 1 {
        let mut line = flat(body);
        if left.is_empty() && right == "|" && !is_product(body) {
            // The value of the complete body at a point: `(a/b)|ₓ₌₀`.
            line = parenthesised(&line);
        }
        return Block::line([left, &line, right].concat());
    }
    let middles = body.iter().filter_map(|node| match node {
        Node::Middle(delimiter) => Some(delimiter),
        _ => None,
    });
    let mut parts = parts.into_iter();
    let mut joined = parts.next().unwrap_or_default();
    for (part, delimiter) in parts.zip(middles) {
        let bar = Block::bar(delimiter, &joined.clone().join(part.clone()));
        let space = Block::line(" ".to_owned());
        joined = joined.join(space.clone()).join(bar).join(space).join(part);
    }
    joined.fenced(left, right, " ")
}

/// A body with a brace above or below it, and the label of the brace.
fn brace(over: bool, body: &[Node], label: &[Node]) -> Block {
    let body = draw(body, true);
    let width = body.width();
    let [left, middle, right] = if over {
        ["╭", "┴", "╮"]
    } else {
        ["╰", "┬", "╯"]
    };
    let tip = if label.is_empty() { "─" } else { middle };
    let line = match width {
        0 | 1 if over => "⏞".to_owned(),
        0 | 1 => "⏟".to_owned(),
        2 => [left, right].concat(),
        width => {
            let dashes = "─".repeat((width - 3) / 2);
            let last = if width % 2 == 0 { "─" } else { "" };
            [left, &dashes, tip, &dashes, last, right].concat()
        }
    };
    let mut parts = vec![body, Block::line(line)];
    if !label.is_empty() {
        parts.push(draw(label, false));
    }
    if over {
        parts.reverse();
    }
    Block::stacked(&parts, if over { parts.len() - 1 } else { 0 })
}
