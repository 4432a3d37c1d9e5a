//! Where one line of text needs parentheses that a drawn fraction or script does not.

use super::layout::flat;
use super::tree::{List, Node};

/// `a/b`, with parentheses around more than one factor.
pub(super) fn line(above: &[Node], below: &[Node]) -> String {
    let above = if is_product(above) {
        flat(above)
    } else {
        format!("({})", flat(above))
    };
    let below = if is_atom(below) || is_applied(below) || is_differential(below) {
        flat(below)
    } else {
        format!("({})", flat(below))
    };
    format!("{above}/{below}")
}

/// Whether a script on it would seem to belong to its last part only.
pub(super) fn needs_parentheses_as_base(base: &Node) -> bool {
    match base {
        Node::Fraction(..) | Node::Root(..) | Node::Brace { .. } | Node::Stack { .. } => true,
        Node::Group(list) => !is_product(list),
        _ => false,
    }
}

/// Whether it has no sign, gap, function or fraction outside brackets.
pub(super) fn is_product(list: &[Node]) -> bool {
    if is_applied(list) {
        return true;
    }
    let mut depth = 0;
    list.iter().all(|node| match node {
        node if node.bracket() != 0 => {
            depth += node.bracket();
            true
        }
        _ if depth > 0 => true,
        Node::Char(c) => !"+-−=<>/*:,;|".contains(*c),
        Node::Text(text) => !text.trim().contains(' '),
        Node::Group(list) => is_product(list),
        Node::Scripts { base, .. } => is_product(std::slice::from_ref(base)),
        Node::Grid(grid) => !grid.left.is_empty() && !grid.right.is_empty(),
        Node::Enclosed(left, ..) => !left.starts_with(' '),
        Node::Root(..) | Node::Fenced(..) | Node::Accent(..) | Node::Rule => true,
        _ => false,
    })
}

/// Whether it is one thing: a number, a letter with scripts, or all of it in
/// brackets.
pub(super) fn is_atom(list: &[Node]) -> bool {
    let number = |node: &Node| matches!(node, Node::Char(c) if c.is_ascii_digit() || *c == '.');
    match list {
        [] | [Node::Accent(..) | Node::Function(_)] => true,
        [Node::Char(c)] => c.is_alphanumeric() || !c.is_ascii(),
        [Node::Text(text)] => !text.contains(' '),
        [Node::Scripts { base, .. }] => {
            !needs_parentheses_as_base(base) && is_atom(std::slice::from_ref(base))
        }
        [Node::Group(list)] => is_atom(list),
        [Node::Fenced(left, _, right)] => !left.is_empty() && !right.is_empty(),
        [Node::Enclosed(left, ..)] => !left.starts_with(' '),
        [rest @ .., Node::Char('!')] => is_atom(rest),
        [Node::Char('('), .., Node::Char(')')] => is_one_bracket(list),
        list => list.iter().all(number),
    }
}

/// Whether the first bracket closes at the end.
fn is_one_bracket(list: &[Node]) -> bool {
    let mut depth = 0;
    let closing = list.iter().position(|node| {
        depth += node.bracket();
        depth == 0
    });
    closing == Some(list.len() - 1)
}

/// Whether it is a function of what all the rest is: `f(x)`, `P(A|B)`, `√2`.
fn is_applied(list: &[Node]) -> bool {
    match list {
        [Node::Root(..)] => true,
        [name, Node::Fenced(left, ..)] => left == "(" && is_function(name),
        [name, rest @ ..] => {
            matches!(rest, [Node::Char('('), ..]) && is_function(name) && is_one_bracket(rest)
        }
        [] => false,
    }
}

/// Whether brackets after it contain its argument, not a factor.
fn is_function(name: &Node) -> bool {
    match name {
        Node::Char(c) => c.is_ascii_uppercase() || "fghΓ".contains(*c),
        Node::Function(_) => true,
        Node::Text(text) => text.chars().count() > 1,
        Node::Group(list) => list.len() > 1 && is_product(list),
        Node::Scripts { base, .. } => is_function(base),
        _ => false,
    }
}

/// `dx`, `∂t²`.
fn is_differential(list: &[Node]) -> bool {
    match list {
        [Node::Char('d' | '∂'), rest @ ..] => {
            !rest.is_empty() && is_atom(rest) && !matches!(rest, [Node::Char('('), ..])
        }
        [Node::Group(sign), rest @ ..] => {
            let mut list: List = sign.clone();
            list.extend(rest.iter().cloned());
            sign.len() == 1 && is_differential(&list)
        }
        _ => false,
    }
}
