//! The tree of a formula, and the roles of its nodes, such as operand and operator.

pub(super) type List = Vec<Node>;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A letter, a digit or a sign, typed as it is or by a command.
    Char(char),
    /// Characters that stay together, such as `\text{…}`.
    Text(String),
    /// Joins two operands: `\le`, `\times`.
    Operator(&'static str),
    /// A function or a large operator: `\sin`, `\sum`.
    Function(String),
    /// A gap of some width; source text has gaps of one space.
    Space(&'static str),
    /// `{…}`
    Group(List),
    /// A base with a subscript and a superscript, one of which may be empty.
    Scripts {
        base: Box<Node>,
        sub: List,
        sup: List,
    },
    Fraction(List, List),
    /// A root: its degree, empty for a square root, and its radicand.
    Root(List, List),
    /// `\left…\right`: delimiters as high as what they enclose.
    Fenced(String, List, String),
    /// `\middle`: a delimiter inside `Fenced`.
    Middle(String),
    Grid(Grid),
    /// A combining mark on each character.
    Accent(char, List),
    /// `\overbrace` or `\underbrace`, with the script that labels the brace.
    Brace {
        over: bool,
        body: List,
        label: List,
        source: String,
    },
    /// `\overset`, `\underset`, `\xrightarrow`: small text above or below a base.
    Stack {
        base: List,
        over: List,
        under: List,
    },
    /// A list between two fixed texts: `\boxed`, `\pmod`.
    Enclosed(&'static str, List, &'static str),
    /// The next sign is negated.
    Not(Box<Node>),
    /// LaTeX that is shown as it was written.
    Verbatim(String),
    /// `\hline` in an array.
    Rule,
}

/// An environment with cells in rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    pub(super) kind: Kind,
    /// Delimiters left and right of all rows; may be empty.
    pub(super) left: &'static str,
    pub(super) right: &'static str,
    /// How each column is aligned. Columns beyond the last are centred.
    pub(super) columns: Vec<Side>,
    /// Columns with a vertical line on their left.
    pub(super) bars: Vec<usize>,
    /// Rows with a horizontal line above them.
    pub(super) rules: Vec<usize>,
    pub(super) rows: Vec<Vec<List>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `matrix`, `array`.
    Matrix,
    /// `cases`: two columns, aligned left.
    Cases,
    /// `align`: equations that meet at `&`.
    Aligned,
    /// `gather`, `equation`: rows without alignment.
    Lines,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Centre,
    Right,
}

impl Node {
    /// Whether it is a value, so that two of them side by side are a product.
    pub(super) fn is_operand(&self) -> bool {
        match self {
            Self::Char(c) => c.is_alphanumeric() || "∞∂∇∅ℏℓ′%°…⋯√".contains(*c),
            Self::Space(_) | Self::Operator(_) | Self::Middle(_) | Self::Not(_) | Self::Rule => {
                false
            }
            Self::Group(list) => !list.is_empty(),
            Self::Scripts { base, .. } => base.is_operand(),
            _ => true,
        }
    }

    /// The number of brackets that it opens; negative if it closes them. It may have scripts.
    pub(super) fn bracket(&self) -> i32 {
        match self {
            Self::Char('(' | '[' | '{') => 1,
            Self::Char(')' | ']' | '}') => -1,
            Self::Scripts { base, .. } => base.bracket(),
            _ => 0,
        }
    }

    /// Whether it is a function or a large operator. It may have scripts.
    pub(super) fn is_function(&self) -> bool {
        match self {
            Self::Function(_) => true,
            Self::Scripts { base, .. } => base.is_function(),
            _ => false,
        }
    }

    pub(super) fn is_space(&self) -> bool {
        matches!(self, Self::Space(_))
    }

    /// Whether it joins two operands.
    pub(super) fn is_operator(&self) -> bool {
        match self {
            Self::Operator(_) | Self::Not(_) | Self::Stack { .. } => true,
            Self::Char(c) => "+-−=<>/*:".contains(*c),
            _ => false,
        }
    }

    /// Whether it compares two sides, so that a line may break in front of it.
    pub(super) fn is_relation(&self) -> bool {
        match self {
            Self::Operator(sign) => !"×·∗∘∙•÷±∓∧∨∩∪⊕⊗⊖⊙∖⋆†‡⊎⊓⊔mod".contains(sign),
            Self::Not(_) | Self::Stack { .. } => true,
            Self::Char(c) => "=<>".contains(*c),
            _ => false,
        }
    }
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

/// Whether it is a single unit: a number, a letter with scripts, or a list in brackets.
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

/// Whether it is a function applied to all of the rest: `f(x)`, `P(A|B)`, `√2`.
pub(super) fn is_applied(list: &[Node]) -> bool {
    match list {
        [Node::Root(..)] => true,
        [name, Node::Fenced(left, ..)] => left == "(" && takes_argument(name),
        [name, rest @ ..] => {
            matches!(rest, [Node::Char('('), ..]) && takes_argument(name) && is_one_bracket(rest)
        }
        [] => false,
    }
}

/// Whether brackets after it contain its argument, not a factor.
fn takes_argument(name: &Node) -> bool {
    match name {
        Node::Char(c) => c.is_ascii_uppercase() || "fghΓ".contains(*c),
        Node::Function(_) => true,
        Node::Text(text) => text.chars().count() > 1,
        Node::Group(list) => list.len() > 1 && is_product(list),
        Node::Scripts { base, .. } => takes_argument(base),
        _ => false,
    }
}

/// `dx`, `∂t²`.
pub(super) fn is_differential(list: &[Node]) -> bool {
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
