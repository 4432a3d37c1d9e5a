//! TeX's commands that stand for characters, and what a reader sees for them.

/// How a command's characters stand among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Like a letter.
    Symbol,
    /// Between two spaces, where it joins two things.
    Operator,
    /// In front of what it is applied to, with a space between.
    Large,
    /// A gap, or nothing.
    Space,
}

use Kind::{Large, Operator, Space, Symbol};

/// What the command `\name` stands for.
pub(super) fn find(name: &str) -> Option<(Kind, &'static str)> {
    let at = NAMES.binary_search_by(|(known, ..)| (*known).cmp(name));
    let (_, kind, shown) = NAMES[at.ok()?];
    Some((kind, shown))
}

/// By name, in the order of their bytes.
#[rustfmt::skip]
const NAMES: &[(&str, Kind, &str)] = &[
    ("Big", Space, ""), ("Bigg", Space, ""), ("Biggl", Space, ""), ("Biggr", Space, ""),
    ("Bigl", Space, ""), ("Bigr", Space, ""), ("Box", Symbol, "□"), ("Delta", Symbol, "Δ"),
    ("Downarrow", Operator, "⇓"), ("Gamma", Symbol, "Γ"), ("Im", Symbol, "ℑ"),
    ("Lambda", Symbol, "Λ"), ("Leftarrow", Operator, "⇐"), ("Leftrightarrow", Operator, "⇔"),
    ("Longleftarrow", Operator, "⟸"), ("Longleftrightarrow", Operator, "⟺"),
    ("Longrightarrow", Operator, "⟹"), ("Omega", Symbol, "Ω"), ("Phi", Symbol, "Φ"),
    ("Pi", Symbol, "Π"), ("Pr", Large, "Pr"), ("Psi", Symbol, "Ψ"), ("Re", Symbol, "ℜ"),
    ("Rightarrow", Operator, "⇒"), ("S", Symbol, "§"), ("Sigma", Symbol, "Σ"),
    ("Theta", Symbol, "Θ"), ("Uparrow", Operator, "⇑"), ("Upsilon", Symbol, "Υ"),
    ("Vert", Symbol, "‖"), ("Xi", Symbol, "Ξ"), ("aleph", Symbol, "ℵ"), ("allowbreak", Space, ""),
    ("alpha", Symbol, "α"), ("amalg", Operator, "⨿"), ("angle", Symbol, "∠"),
    ("approx", Operator, "≈"), ("arccos", Large, "arccos"), ("arcsin", Large, "arcsin"),
    ("arctan", Large, "arctan"), ("arg", Large, "arg"), ("argmax", Large, "arg max"),
    ("argmin", Large, "arg min"), ("ast", Operator, "∗"), ("asymp", Operator, "≍"),
    ("backslash", Symbol, "\\"), ("because", Symbol, "∵"), ("beta", Symbol, "β"), ("bf", Space, ""),
    ("big", Space, ""), ("bigcap", Large, "⋂"), ("bigcup", Large, "⋃"), ("bigg", Space, ""),
    ("biggl", Space, ""), ("biggr", Space, ""), ("bigl", Space, ""), ("bigoplus", Large, "⨁"),
    ("bigotimes", Large, "⨂"), ("bigr", Space, ""), ("bigsqcup", Large, "⨆"),
    ("bigstar", Symbol, "★"), ("biguplus", Large, "⨄"), ("bigvee", Large, "⋁"),
    ("bigwedge", Large, "⋀"), ("blacksquare", Symbol, "■"), ("blacktriangle", Symbol, "▲"),
    ("bmod", Operator, "mod"), ("boldmath", Space, ""), ("bot", Symbol, "⊥"),
    ("bowtie", Operator, "⋈"), ("bullet", Operator, "•"), ("cap", Operator, "∩"),
    ("cdot", Operator, "·"), ("cdots", Symbol, "⋯"), ("centering", Space, ""),
    ("checkmark", Symbol, "✓"), ("chi", Symbol, "χ"), ("circ", Operator, "∘"),
    ("clubsuit", Symbol, "♣"), ("coloneqq", Operator, "≔"), ("complement", Symbol, "∁"),
    ("cong", Operator, "≅"), ("coprod", Large, "∐"), ("cos", Large, "cos"), ("cosh", Large, "cosh"),
    ("cot", Large, "cot"), ("coth", Large, "coth"), ("csc", Large, "csc"), ("cup", Operator, "∪"),
    ("dagger", Symbol, "†"), ("dashv", Operator, "⊣"), ("ddots", Symbol, "⋱"),
    ("deg", Large, "deg"), ("degree", Symbol, "°"), ("delta", Symbol, "δ"), ("det", Large, "det"),
    ("diamond", Symbol, "⋄"), ("diamondsuit", Symbol, "♦"), ("dim", Large, "dim"),
    ("displaystyle", Space, ""), ("div", Operator, "÷"), ("doteq", Operator, "≐"),
    ("dots", Symbol, "…"), ("dotsb", Symbol, "⋯"), ("dotsc", Symbol, "…"),
    ("downarrow", Operator, "↓"), ("ell", Symbol, "ℓ"), ("emptyset", Symbol, "∅"),
    ("enspace", Space, " "), ("ensuremath", Space, ""), ("epsilon", Symbol, "ε"),
    ("equiv", Operator, "≡"), ("eta", Symbol, "η"), ("exists", Symbol, "∃"), ("exp", Large, "exp"),
    ("flat", Symbol, "♭"), ("forall", Symbol, "∀"), ("gamma", Symbol, "γ"), ("gcd", Large, "gcd"),
    ("ge", Operator, "≥"), ("geq", Operator, "≥"), ("geqslant", Operator, "⩾"),
    ("gets", Operator, "←"), ("gg", Operator, "≫"), ("gt", Operator, ">"),
    ("gtrsim", Operator, "≳"), ("hbar", Symbol, "ℏ"), ("heartsuit", Symbol, "♥"),
    ("hline", Space, ""), ("hom", Large, "hom"), ("hookleftarrow", Operator, "↩"),
    ("hookrightarrow", Operator, "↪"), ("iff", Operator, "⟺"), ("iiint", Large, "∭"),
    ("iint", Large, "∬"), ("imath", Symbol, "ı"), ("impliedby", Operator, "⟸"),
    ("implies", Operator, "⟹"), ("in", Operator, "∈"), ("inf", Large, "inf"),
    ("infty", Symbol, "∞"), ("injlim", Large, "inj lim"), ("int", Large, "∫"),
    ("iota", Symbol, "ι"), ("it", Space, ""), ("jmath", Symbol, "ȷ"), ("kappa", Symbol, "κ"),
    ("ker", Large, "ker"), ("lVert", Symbol, "‖"), ("lambda", Symbol, "λ"), ("land", Operator, "∧"),
    ("langle", Symbol, "⟨"), ("lbrace", Symbol, "{"), ("lbrack", Symbol, "["),
    ("lceil", Symbol, "⌈"), ("lcm", Large, "lcm"), ("ldots", Symbol, "…"), ("le", Operator, "≤"),
    ("leadsto", Operator, "⇝"), ("left", Space, ""), ("leftarrow", Operator, "←"),
    ("leftharpoondown", Operator, "↽"), ("leftharpoonup", Operator, "↼"),
    ("leftrightarrow", Operator, "↔"), ("leq", Operator, "≤"), ("leqslant", Operator, "⩽"),
    ("lesssim", Operator, "≲"), ("lfloor", Symbol, "⌊"), ("lg", Large, "lg"), ("lim", Large, "lim"),
    ("liminf", Large, "lim inf"), ("limits", Space, ""), ("limsup", Large, "lim sup"),
    ("ll", Operator, "≪"), ("ln", Large, "ln"), ("lnot", Symbol, "¬"), ("log", Large, "log"),
    ("longleftarrow", Operator, "⟵"), ("longleftrightarrow", Operator, "⟷"),
    ("longmapsto", Operator, "⟼"), ("longrightarrow", Operator, "⟶"), ("lor", Operator, "∨"),
    ("lparen", Symbol, "("), ("lt", Operator, "<"), ("lvert", Symbol, "|"),
    ("mapsto", Operator, "↦"), ("mathbin", Space, ""), ("mathop", Space, ""),
    ("mathord", Space, ""), ("mathrel", Space, ""), ("mathstrut", Space, ""), ("max", Large, "max"),
    ("measuredangle", Symbol, "∡"), ("mho", Symbol, "℧"), ("mid", Operator, "∣"),
    ("middle", Space, ""), ("min", Large, "min"), ("mod", Large, "mod"), ("models", Operator, "⊨"),
    ("mp", Operator, "∓"), ("mu", Symbol, "μ"), ("nabla", Symbol, "∇"), ("natural", Symbol, "♮"),
    ("ne", Operator, "≠"), ("nearrow", Operator, "↗"), ("neg", Symbol, "¬"), ("neq", Operator, "≠"),
    ("nexists", Symbol, "∄"), ("ngeq", Operator, "≱"), ("ngtr", Operator, "≯"),
    ("ni", Operator, "∋"), ("nleq", Operator, "≰"), ("nless", Operator, "≮"),
    ("nmid", Operator, "∤"), ("nolimits", Space, ""), ("nonumber", Space, ""), ("notag", Space, ""),
    ("notin", Operator, "∉"), ("nparallel", Operator, "∦"), ("nrightarrow", Operator, "↛"),
    ("nsubseteq", Operator, "⊈"), ("nu", Symbol, "ν"), ("nwarrow", Operator, "↖"),
    ("odot", Operator, "⊙"), ("oiint", Large, "∯"), ("oint", Large, "∮"), ("omega", Symbol, "ω"),
    ("omicron", Symbol, "ο"), ("ominus", Operator, "⊖"), ("oplus", Operator, "⊕"),
    ("oslash", Operator, "⊘"), ("otimes", Operator, "⊗"), ("parallel", Operator, "∥"),
    ("partial", Symbol, "∂"), ("perp", Operator, "⊥"), ("phi", Symbol, "φ"), ("pi", Symbol, "π"),
    ("pm", Operator, "±"), ("pounds", Symbol, "£"), ("prec", Operator, "≺"),
    ("preceq", Operator, "⪯"), ("prime", Symbol, "′"), ("prod", Large, "∏"),
    ("projlim", Large, "proj lim"), ("propto", Operator, "∝"), ("psi", Symbol, "ψ"),
    ("qquad", Space, "  "), ("quad", Space, " "), ("rVert", Symbol, "‖"), ("rangle", Symbol, "⟩"),
    ("rank", Large, "rank"), ("rbrace", Symbol, "}"), ("rbrack", Symbol, "]"),
    ("rceil", Symbol, "⌉"), ("rfloor", Symbol, "⌋"), ("rho", Symbol, "ρ"), ("right", Space, ""),
    ("rightarrow", Operator, "→"), ("rightharpoondown", Operator, "⇁"),
    ("rightharpoonup", Operator, "⇀"), ("rightleftharpoons", Operator, "⇌"),
    ("rightrightarrows", Operator, "⇉"), ("rm", Space, ""), ("rparen", Symbol, ")"),
    ("rvert", Symbol, "|"), ("scriptscriptstyle", Space, ""), ("scriptstyle", Space, ""),
    ("searrow", Operator, "↘"), ("sec", Large, "sec"), ("setminus", Operator, "∖"),
    ("sgn", Large, "sgn"), ("sharp", Symbol, "♯"), ("sigma", Symbol, "σ"), ("sim", Operator, "∼"),
    ("simeq", Operator, "≃"), ("sin", Large, "sin"), ("sinh", Large, "sinh"),
    ("smallsetminus", Operator, "∖"), ("spadesuit", Symbol, "♠"), ("sqcap", Operator, "⊓"),
    ("sqcup", Operator, "⊔"), ("sqsubseteq", Operator, "⊑"), ("square", Symbol, "□"),
    ("star", Symbol, "⋆"), ("strut", Space, ""), ("subset", Operator, "⊂"),
    ("subseteq", Operator, "⊆"), ("subsetneq", Operator, "⊊"), ("succ", Operator, "≻"),
    ("succeq", Operator, "⪰"), ("sum", Large, "∑"), ("sup", Large, "sup"),
    ("supset", Operator, "⊃"), ("supseteq", Operator, "⊇"), ("supsetneq", Operator, "⊋"),
    ("surd", Symbol, "√"), ("swarrow", Operator, "↙"), ("tan", Large, "tan"),
    ("tanh", Large, "tanh"), ("tau", Symbol, "τ"), ("textstyle", Space, ""),
    ("therefore", Symbol, "∴"), ("theta", Symbol, "θ"), ("thinspace", Space, " "),
    ("times", Operator, "×"), ("to", Operator, "→"), ("top", Symbol, "⊤"), ("tr", Large, "tr"),
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
    fn the_names_are_in_order() {
        assert!(NAMES.windows(2).all(|two| two[0].0 < two[1].0));
        assert_eq!(find("alpha"), Some((Symbol, "α")));
        assert_eq!(find("nonsense"), None);
    }
}
