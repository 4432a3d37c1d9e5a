//! What a formula consists of.

pub(super) type List = Vec<Node>;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A letter, a digit or a sign, as it was typed or by its command.
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
    /// A base with a subscript and a superscript.
    Scripts {
        base: Box<Node>,
        sub: Option<List>,
        sup: Option<List>,
    },
    Fraction(List, List),
    /// A root: its degree, if not 2, and what it is taken of.
    Root(Option<List>, List),
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
        label: Option<List>,
        source: String,
    },
    /// `\overset`, `\underset`, `\xrightarrow`: small text above or below a base.
    Stack {
        base: List,
        over: Option<List>,
        under: Option<List>,
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
    /// Whether it stands for a value, so that two of them side by side are a product.
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

    /// How many brackets it opens, or closes if negative; scripts may be on it.
    pub(super) fn bracket(&self) -> i32 {
        match self {
            Self::Char('(' | '[' | '{') => 1,
            Self::Char(')' | ']' | '}') => -1,
            Self::Scripts { base, .. } => base.bracket(),
            _ => 0,
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
