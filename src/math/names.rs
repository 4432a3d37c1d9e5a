//! LaTeX commands that stand for characters.

/// How the characters of a command are set among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Like a letter.
    Symbol,
    /// With a space on both sides, where it joins two operands.
    Operator,
    /// A function or a large operator: followed by a space and its argument.
    Function,
    /// A gap, or nothing.
    Space,
}

use Kind::{Function, Operator, Space, Symbol};

/// The characters that the command `\name` stands for.
pub(super) fn find(name: &str) -> Option<(Kind, &'static str)> {
    let at = NAMES.binary_search_by(|(known, ..)| (*known).cmp(name));
    let (_, kind, shown) = NAMES[at.ok()?];
    Some((kind, shown))
}

/// Sorted by name, for the binary search.
#[rustfmt::skip]
const NAMES: &[(&str, Kind, &str)] = &[
    ("Big", Space, ""), ("Bigg", Space, ""), ("Biggl", Space, ""), ("Biggr", Space, ""),
    ("Bigl", Space, ""), ("Bigr", Space, ""), ("Box", Symbol, "□"), ("Delta", Symbol, "Δ"),
    ("Downarrow", Operator, "⇓"), ("Gamma", Symbol, "Γ"), ("Im", Symbol, "ℑ"),
    ("Lambda", Symbol, "Λ"), ("Leftarrow", Operator, "⇐"), ("Leftrightarrow", Operator, "⇔"),
    ("Longleftarrow", Operator, "⟸"), ("Longleftrightarrow", Operator, "⟺"),
    ("Longrightarrow", Operator, "⟹"), ("Omega", Symbol, "Ω"), ("Phi", Symbol, "Φ"),
    ("Pi", Symbol, "Π"), ("Pr", Function, "Pr"), ("Psi", Symbol, "Ψ"), ("Re", Symbol, "ℜ"),
    ("Rightarrow", Operator, "⇒"), ("S", Symbol, "§"), ("Sigma", Symbol, "Σ"),
    ("Theta", Symbol, "Θ"), ("Uparrow", Operator, "⇑"), ("Upsilon", Symbol, "Υ"),
    ("Vert", Symbol, "‖"), ("Xi", Symbol, "Ξ"), ("aleph", Symbol, "ℵ"), ("allowbreak", Space, ""),
    ("alpha", Symbol, "α"), ("amalg", Operator, "⨿"), ("angle", Symbol, "∠"),
    ("approx", Operator, "≈"), ("arccos", Function, "arccos"), ("arcsin", Function, "arcsin"),
    ("arctan", Function, "arctan"), ("arg", Function, "arg"), ("argmax", Function, "arg max"),
    ("argmin", Function, "arg min"), ("ast", Operator, "∗"), ("asymp", Operator, "≍"),
    ("backslash", Symbol, "\\"), ("because", Symbol, "∵"), ("beta", Symbol, "β"), ("bf", Space, ""),
    ("big", Space, ""), ("bigcap", Function, "⋂"), ("bigcup", Function, "⋃"), ("bigg", Space, ""),
    ("biggl", Space, ""), ("biggr", Space, ""), ("bigl", Space, ""), ("bigoplus", Function, "⨁"),
    ("bigotimes", Function, "⨂"), ("bigr", Space, ""), ("bigsqcup", Function, "⨆"),
    ("bigstar", Symbol, "★"), ("biguplus", Function, "⨄"), ("bigvee", Function, "⋁"),
    ("bigwedge", Function, "⋀"), ("blacksquare", Symbol, "■"), ("blacktriangle", Symbol, "▲"),
    ("bmod", Operator, "mod"), ("boldmath", Space, ""), ("bot", Symbol, "⊥"),
    ("bowtie", Operator, "⋈"), ("bullet", Operator, "•"), ("cap", Operator, "∩"),
    ("cdot", Operator, "·"), ("cdots", Symbol, "⋯"), ("centering", Space, ""),
    ("checkmark", Symbol, "✓"), ("chi", Symbol, "χ"), ("circ", Operator, "∘"),
    ("clubsuit", Symbol, "♣"), ("coloneqq", Operator, "≔"), ("complement", Symbol, "∁"),
    ("cong", Operator, "≅"), ("coprod", Function, "∐"), ("cos", Function, "cos"), ("cosh", Function, "cosh"),
    ("cot", Function, "cot"), ("coth", Function, "coth"), ("csc", Function, "csc"), ("cup", Operator, "∪"),
    ("dagger", Symbol, "†"), ("dashv", Operator, "⊣"), ("ddots", Symbol, "⋱"),
    ("deg", Function, "deg"), ("degree", Symbol, "°"), ("delta", Symbol, "δ"), ("det", Function, "det"),
    ("diamond", Symbol, "⋄"), ("diamondsuit", Symbol, "♦"), ("dim", Function, "dim"),
    ("displaystyle", Space, ""), ("div", Operator, "÷"), ("doteq", Operator, "≐"),
    ("dots", Symbol, "…"), ("dotsb", Symbol, "⋯"), ("dotsc", Symbol, "…"),
    ("downarrow", Operator, "↓"), ("ell", Symbol, "ℓ"), ("emptyset", Symbol, "∅"),
    ("enspace", Space, " "), ("ensuremath", Space, ""), ("epsilon", Symbol, "ε"),
    ("equiv", Operator, "≡"), ("eta", Symbol, "η"), ("exists", Symbol, "∃"), ("exp", Function, "exp"),
    ("flat", Symbol, "♭"), ("forall", Symbol, "∀"), ("gamma", Symbol, "γ"), ("gcd", Function, "gcd"),
    ("ge", Operator, "≥"), ("geq", Operator, "≥"), ("geqslant", Operator, "⩾"),
    ("gets", Operator, "←"), ("gg", Operator, "≫"), ("gt", Operator, ">"),
    ("gtrsim", Operator, "≳"), ("hbar", Symbol, "ℏ"), ("heartsuit", Symbol, "♥"),
    ("hom", Function, "hom"), ("hookleftarrow", Operator, "↩"),
    ("hookrightarrow", Operator, "↪"), ("iff", Operator, "⟺"), ("iiint", Function, "∭"),
    ("iint", Function, "∬"), ("imath", Symbol, "ı"), ("impliedby", Operator, "⟸"),
    ("implies", Operator, "⟹"), ("in", Operator, "∈"), ("inf", Function, "inf"),
    ("infty", Symbol, "∞"), ("injlim", Function, "inj lim"), ("int", Function, "∫"),
    ("iota", Symbol, "ι"), ("it", Space, ""), ("jmath", Symbol, "ȷ"), ("kappa", Symbol, "κ"),
    ("ker", Function, "ker"), ("lVert", Symbol, "‖"), ("lambda", Symbol, "λ"), ("land", Operator, "∧"),
    ("langle", Symbol, "⟨"), ("lbrace", Symbol, "{"), ("lbrack", Symbol, "["),
    ("lceil", Symbol, "⌈"), ("lcm", Function, "lcm"), ("ldots", Symbol, "…"), ("le", Operator, "≤"),
    ("leadsto", Operator, "⇝"), ("leftarrow", Operator, "←"),
    ("leftharpoondown", Operator, "↽"), ("leftharpoonup", Operator, "↼"),
    ("leftrightarrow", Operator, "↔"), ("leq", Operator, "≤"), ("leqslant", Operator, "⩽"),
    ("lesssim", Operator, "≲"), ("lfloor", Symbol, "⌊"), ("lg", Function, "lg"), ("lim", Function, "lim"),
    ("liminf", Function, "lim inf"), ("limsup", Function, "lim sup"),
    ("ll", Operator, "≪"), ("ln", Function, "ln"), ("lnot", Symbol, "¬"), ("log", Function, "log"),
    ("longleftarrow", Operator, "⟵"), ("longleftrightarrow", Operator, "⟷"),
    ("longmapsto", Operator, "⟼"), ("longrightarrow", Operator, "⟶"), ("lor", Operator, "∨"),
    ("lparen", Symbol, "("), ("lt", Operator, "<"), ("lvert", Symbol, "|"),
    ("mapsto", Operator, "↦"), ("mathbin", Space, ""), ("mathop", Space, ""),
    ("mathord", Space, ""), ("mathrel", Space, ""), ("mathstrut", Space, ""), ("max", Function, "max"),
    ("measuredangle", Symbol, "∡"), ("mho", Symbol, "℧"), ("mid", Operator, "∣"),
    ("min", Function, "min"), ("mod", Function, "mod"), ("models", Operator, "⊨"),
    ("mp", Operator, "∓"), ("mu", Symbol, "μ"), ("nabla", Symbol, "∇"), ("natural", Symbol, "♮"),
    ("ne", Operator, "≠"), ("nearrow", Operator, "↗"), ("neg", Symbol, "¬"), ("neq", Operator, "≠"),
    ("nexists", Symbol, "∄"), ("ngeq", Operator, "≱"), ("ngtr", Operator, "≯"),
    ("ni", Operator, "∋"), ("nleq", Operator, "≰"), ("nless", Operator, "≮"),
    ("nmid", Operator, "∤"), ("nonumber", Space, ""), ("notag", Space, ""),
    ("notin", Operator, "∉"), ("nparallel", Operator, "∦"), ("nrightarrow", Operator, "↛"),
    ("nsubseteq", Operator, "⊈"), ("nu", Symbol, "ν"), ("nwarrow", Operator, "↖"),
    ("odot", Operator, "⊙"), ("oiint", Function, "∯"), ("oint", Function, "∮"), ("omega", Symbol, "ω"),
    ("omicron", Symbol, "ο"), ("ominus", Operator, "⊖"), ("oplus", Operator, "⊕"),
    ("oslash", Operator, "⊘"), ("otimes", Operator, "⊗"), ("parallel", Operator, "∥"),
    ("partial", Symbol, "∂"), ("perp", Operator, "⊥"), ("phi", Symbol, "φ"), ("pi", Symbol, "π"),
    ("pm", Operator, "±"), ("pounds", Symbol, "£"), ("prec", Operator, "≺"),
    ("preceq", Operator, "⪯"), ("prime", Symbol, "′"), ("prod", Function, "∏"),
    ("projlim", Function, "proj lim"), ("propto", Operator, "∝"), ("psi", Symbol, "ψ"),
    ("qquad", Space, "    "), ("quad", Space, "  "), ("rVert", Symbol, "‖"), ("rangle", Symbol, "⟩"),
    ("rank", Function, "rank"), ("rbrace", Symbol, "}"), ("rbrack", Symbol, "]"),
    ("rceil", Symbol, "⌉"), ("rfloor", Symbol, "⌋"), ("rho", Symbol, "ρ"), 
    ("rightarrow", Operator, "→"), ("rightharpoondown", Operator, "⇁"),
    ("rightharpoonup", Operator, "⇀"), ("rightleftharpoons", Operator, "⇌"),
    ("rightrightarrows", Operator, "⇉"), ("rm", Space, ""), ("rparen", Symbol, ")"),
    ("rvert", Symbol, "|"), ("scriptscriptstyle", Space, ""), ("scriptstyle", Space, ""),
    ("searrow", Operator, "↘"), ("sec", Function, "sec"), ("setminus", Operator, "∖"),
    ("sgn", Function, "sgn"), ("sharp", Symbol, "♯"), ("sigma", Symbol, "σ"), ("sim", Operator, "∼"),
    ("simeq", Operator, "≃"), ("sin", Function, "sin"), ("sinh", Function, "sinh"),
    ("smallsetminus", Operator, "∖"), ("spadesuit", Symbol, "♠"), ("sqcap", Operator, "⊓"),
    ("sqcup", Operator, "⊔"), ("sqsubseteq", Operator, "⊑"), ("square", Symbol, "□"),
    ("star", Symbol, "⋆"), ("strut", Space, ""), ("subset", Operator, "⊂"),
    ("subseteq", Operator, "⊆"), ("subsetneq", Operator, "⊊"), ("succ", Operator, "≻"),
    ("succeq", Operator, "⪰"), ("sum", Function, "∑"), ("sup", Function, "sup"),
    ("supset", Operator, "⊃"), ("supseteq", Operator, "⊇"), ("supsetneq", Operator, "⊋"),
    ("surd", Symbol, "√"), ("swarrow", Operator, "↙"), ("tan", Function, "tan"),
    ("tanh", Function, "tanh"), ("tau", Symbol, "τ"), ("textstyle", Space, ""),
    ("therefore", Symbol, "∴"), ("theta", Symbol, "θ"), ("thinspace", Space, " "),
    ("times", Operator, "×"), ("to", Operator, "→"), ("top", Symbol, "⊤"), ("tr", Function, "tr"),
    ("triangle", Symbol, "△"), ("triangleq", Operator, "≜"), ("twoheadrightarrow", Operator, "↠"),
    ("uparrow", Operator, "↑"), ("updownarrow", Operator, "↕"), ("uplus", Operator, "⊎"),
    ("upsilon", Symbol, "υ"), ("vDash", Operator, "⊨"), ("varepsilon", Symbol, "ε"),
    ("varnothing", Symbol, "∅"), ("varphi", Symbol, "φ"), ("varpi", Symbol, "ϖ"),
    ("varrho", Symbol, "ϱ"), ("varsigma", Symbol, "ς"), ("vartheta", Symbol, "ϑ"),
    ("vdash", Operator, "⊢"), ("vdots", Symbol, "⋮"), ("vee", Operator, "∨"), ("vert", Symbol, "|"),
    ("wedge", Operator, "∧"), ("wp", Symbol, "℘"), ("wr", Operator, "≀"), ("xi", Symbol, "ξ"),
    ("zeta", Symbol, "ζ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        assert!(NAMES.windows(2).all(|two| two[0].0 < two[1].0));
        assert_eq!(find("alpha"), Some((Symbol, "α")));
        assert_eq!(find("nonsense"), None);
    }
}
