//! The characters that LaTeX commands stand for: signs, raised, lowered and double-struck
//! letters, and marks above letters.

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

/// The characters that the command `\name` stands for.
pub(super) fn find(name: &str) -> Option<(Kind, &'static str)> {
    KINDS.into_iter().find_map(|(kind, names)| {
        let at = names.binary_search_by_key(&name, |(known, _)| known).ok()?;
        Some((kind, names[at].1))
    })
}

/// Commands and their characters, sorted by name for the binary search.
type Names = &'static [(&'static str, &'static str)];

const KINDS: [(Kind, Names); 4] = [
    (Kind::Symbol, SYMBOLS),
    (Kind::Operator, OPERATORS),
    (Kind::Function, FUNCTIONS),
    (Kind::Space, SPACES),
];

#[rustfmt::skip]
const SYMBOLS: Names = &[
    ("#", "#"), ("$", "$"), ("%", "%"), ("&", "&"), ("Box", "□"), ("Delta", "Δ"), ("Gamma", "Γ"),
    ("Im", "ℑ"), ("Lambda", "Λ"), ("Omega", "Ω"), ("Phi", "Φ"), ("Pi", "Π"), ("Psi", "Ψ"),
    ("Re", "ℜ"), ("S", "§"), ("Sigma", "Σ"), ("Theta", "Θ"), ("Upsilon", "Υ"), ("Vert", "‖"),
    ("Xi", "Ξ"), ("_", "_"), ("aleph", "ℵ"), ("alpha", "α"), ("angle", "∠"), ("backslash", "\\"),
    ("because", "∵"), ("beta", "β"), ("bigstar", "★"), ("blacksquare", "■"),
    ("blacktriangle", "▲"), ("bot", "⊥"), ("cdots", "⋯"), ("checkmark", "✓"), ("chi", "χ"),
    ("clubsuit", "♣"), ("complement", "∁"), ("dagger", "†"), ("ddots", "⋱"), ("degree", "°"),
    ("delta", "δ"), ("diamond", "⋄"), ("diamondsuit", "♦"), ("dots", "…"), ("dotsb", "⋯"),
    ("dotsc", "…"), ("ell", "ℓ"), ("emptyset", "∅"), ("epsilon", "ε"), ("eta", "η"),
    ("exists", "∃"), ("flat", "♭"), ("forall", "∀"), ("gamma", "γ"), ("hbar", "ℏ"),
    ("heartsuit", "♥"), ("imath", "ı"), ("infty", "∞"), ("iota", "ι"), ("jmath", "ȷ"),
    ("kappa", "κ"), ("lVert", "‖"), ("lambda", "λ"), ("langle", "⟨"), ("lbrace", "{"),
    ("lbrack", "["), ("lceil", "⌈"), ("ldots", "…"), ("lfloor", "⌊"), ("lnot", "¬"),
    ("lparen", "("), ("lvert", "|"), ("measuredangle", "∡"), ("mho", "℧"), ("mu", "μ"),
    ("nabla", "∇"), ("natural", "♮"), ("neg", "¬"), ("nexists", "∄"), ("nu", "ν"), ("omega", "ω"),
    ("omicron", "ο"), ("partial", "∂"), ("phi", "φ"), ("pi", "π"), ("pounds", "£"),
    ("prime", "′"), ("psi", "ψ"), ("rVert", "‖"), ("rangle", "⟩"), ("rbrace", "}"),
    ("rbrack", "]"), ("rceil", "⌉"), ("rfloor", "⌋"), ("rho", "ρ"), ("rparen", ")"),
    ("rvert", "|"), ("sharp", "♯"), ("sigma", "σ"), ("spadesuit", "♠"), ("square", "□"),
    ("star", "⋆"), ("surd", "√"), ("tau", "τ"), ("therefore", "∴"), ("theta", "θ"), ("top", "⊤"),
    ("triangle", "△"), ("upsilon", "υ"), ("varepsilon", "ε"), ("varnothing", "∅"),
    ("varphi", "φ"), ("varpi", "ϖ"), ("varrho", "ϱ"), ("varsigma", "ς"), ("vartheta", "ϑ"),
    ("vdots", "⋮"), ("vert", "|"), ("wp", "℘"), ("xi", "ξ"), ("zeta", "ζ"), ("{", "{"),
    ("|", "‖"), ("}", "}"),
];

#[rustfmt::skip]
const OPERATORS: Names = &[
    ("Downarrow", "⇓"), ("Leftarrow", "⇐"), ("Leftrightarrow", "⇔"), ("Longleftarrow", "⟸"),
    ("Longleftrightarrow", "⟺"), ("Longrightarrow", "⟹"), ("Rightarrow", "⇒"), ("Uparrow", "⇑"),
    ("amalg", "⨿"), ("approx", "≈"), ("ast", "∗"), ("asymp", "≍"), ("bmod", "mod"),
    ("bowtie", "⋈"), ("bullet", "•"), ("cap", "∩"), ("cdot", "·"), ("circ", "∘"),
    ("coloneqq", "≔"), ("cong", "≅"), ("cup", "∪"), ("dashv", "⊣"), ("div", "÷"), ("doteq", "≐"),
    ("downarrow", "↓"), ("equiv", "≡"), ("ge", "≥"), ("geq", "≥"), ("geqslant", "⩾"),
    ("gets", "←"), ("gg", "≫"), ("gt", ">"), ("gtrsim", "≳"), ("hookleftarrow", "↩"),
    ("hookrightarrow", "↪"), ("iff", "⟺"), ("impliedby", "⟸"), ("implies", "⟹"), ("in", "∈"),
    ("land", "∧"), ("le", "≤"), ("leadsto", "⇝"), ("leftarrow", "←"), ("leftharpoondown", "↽"),
    ("leftharpoonup", "↼"), ("leftrightarrow", "↔"), ("leq", "≤"), ("leqslant", "⩽"),
    ("lesssim", "≲"), ("ll", "≪"), ("longleftarrow", "⟵"), ("longleftrightarrow", "⟷"),
    ("longmapsto", "⟼"), ("longrightarrow", "⟶"), ("lor", "∨"), ("lt", "<"), ("mapsto", "↦"),
    ("mid", "∣"), ("models", "⊨"), ("mp", "∓"), ("ne", "≠"), ("nearrow", "↗"), ("neq", "≠"),
    ("ngeq", "≱"), ("ngtr", "≯"), ("ni", "∋"), ("nleq", "≰"), ("nless", "≮"), ("nmid", "∤"),
    ("notin", "∉"), ("nparallel", "∦"), ("nrightarrow", "↛"), ("nsubseteq", "⊈"),
    ("nwarrow", "↖"), ("odot", "⊙"), ("ominus", "⊖"), ("oplus", "⊕"), ("oslash", "⊘"),
    ("otimes", "⊗"), ("parallel", "∥"), ("perp", "⊥"), ("pm", "±"), ("prec", "≺"),
    ("preceq", "⪯"), ("propto", "∝"), ("rightarrow", "→"), ("rightharpoondown", "⇁"),
    ("rightharpoonup", "⇀"), ("rightleftharpoons", "⇌"), ("rightrightarrows", "⇉"),
    ("searrow", "↘"), ("setminus", "∖"), ("sim", "∼"), ("simeq", "≃"), ("smallsetminus", "∖"),
    ("sqcap", "⊓"), ("sqcup", "⊔"), ("sqsubseteq", "⊑"), ("subset", "⊂"), ("subseteq", "⊆"),
    ("subsetneq", "⊊"), ("succ", "≻"), ("succeq", "⪰"), ("supset", "⊃"), ("supseteq", "⊇"),
    ("supsetneq", "⊋"), ("swarrow", "↙"), ("times", "×"), ("to", "→"), ("triangleq", "≜"),
    ("twoheadrightarrow", "↠"), ("uparrow", "↑"), ("updownarrow", "↕"), ("uplus", "⊎"),
    ("vDash", "⊨"), ("vdash", "⊢"), ("vee", "∨"), ("wedge", "∧"), ("wr", "≀"),
];

#[rustfmt::skip]
const FUNCTIONS: Names = &[
    ("Pr", "Pr"), ("arccos", "arccos"), ("arcsin", "arcsin"), ("arctan", "arctan"),
    ("arg", "arg"), ("argmax", "arg max"), ("argmin", "arg min"), ("bigcap", "⋂"),
    ("bigcup", "⋃"), ("bigoplus", "⨁"), ("bigotimes", "⨂"), ("bigsqcup", "⨆"), ("biguplus", "⨄"),
    ("bigvee", "⋁"), ("bigwedge", "⋀"), ("coprod", "∐"), ("cos", "cos"), ("cosh", "cosh"),
    ("cot", "cot"), ("coth", "coth"), ("csc", "csc"), ("deg", "deg"), ("det", "det"),
    ("dim", "dim"), ("exp", "exp"), ("gcd", "gcd"), ("hom", "hom"), ("iiint", "∭"), ("iint", "∬"),
    ("inf", "inf"), ("injlim", "inj lim"), ("int", "∫"), ("ker", "ker"), ("lcm", "lcm"),
    ("lg", "lg"), ("lim", "lim"), ("liminf", "lim inf"), ("limsup", "lim sup"), ("ln", "ln"),
    ("log", "log"), ("max", "max"), ("min", "min"), ("mod", "mod"), ("oiint", "∯"), ("oint", "∮"),
    ("prod", "∏"), ("projlim", "proj lim"), ("rank", "rank"), ("sec", "sec"), ("sgn", "sgn"),
    ("sin", "sin"), ("sinh", "sinh"), ("sum", "∑"), ("sup", "sup"), ("tan", "tan"),
    ("tanh", "tanh"), ("tr", "tr"),
];

#[rustfmt::skip]
const SPACES: Names = &[
    ("\n", " "), (" ", " "), ("!", ""), ("(", ""), (")", ""), (",", " "), ("/", ""), (":", " "),
    (";", " "), (">", " "), ("Big", ""), ("Bigg", ""), ("Biggl", ""), ("Biggr", ""), ("Bigl", ""),
    ("Bigr", ""), ("[", ""), ("]", ""), ("allowbreak", ""), ("bf", ""), ("big", ""), ("bigg", ""),
    ("biggl", ""), ("biggr", ""), ("bigl", ""), ("bigr", ""), ("boldmath", ""), ("centering", ""),
    ("displaystyle", ""), ("enspace", " "), ("ensuremath", ""), ("it", ""), ("mathbin", ""),
    ("mathop", ""), ("mathord", ""), ("mathrel", ""), ("mathstrut", ""), ("nonumber", ""),
    ("notag", ""), ("qquad", "    "), ("quad", "  "), ("rm", ""), ("scriptscriptstyle", ""),
    ("scriptstyle", ""), ("strut", ""), ("textstyle", ""), ("thinspace", " "),
];

/// Pairs of characters: a letter, and the character that replaces it.
type Pairs = &'static str;

const RAISED: Pairs = "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺-⁻−⁻=⁼(⁽)⁾aᵃbᵇcᶜdᵈeᵉfᶠgᵍhʰiⁱjʲkᵏlˡmᵐnⁿoᵒpᵖrʳsˢtᵗuᵘvᵛwʷxˣyʸzᶻ\
    AᴬBᴮDᴰEᴱGᴳHᴴIᴵJᴶKᴷLᴸMᴹNᴺOᴼPᴾRᴿTᵀUᵁVⱽWᵂβᵝγᵞδᵟθᶿφᵠχᵡ⊤ᵀ′′";
const LOWERED: Pairs =
    "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊-₋−₋=₌(₍)₎aₐeₑhₕiᵢjⱼkₖlₗmₘnₙoₒpₚrᵣsₛtₜuᵤvᵥxₓβᵦγᵧρᵨφᵩχᵪ";
// Letters whose code points are older than those of their alphabet.
const DOUBLE_STRUCK: Pairs = "CℂHℍNℕPℙQℚRℝZℤ";
const SCRIPT: Pairs = "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ";
const FRAKTUR: Pairs = "CℭHℌIℑRℜZℨ";

fn lookup(pairs: Pairs, wanted: char) -> Option<char> {
    let mut pairs = pairs.chars();
    while let (Some(from), Some(to)) = (pairs.next(), pairs.next()) {
        if from == wanted {
            return Some(to);
        }
    }
    None
}

/// A superscript (`^`) or subscript (`_`): raised or lowered characters where
/// Unicode has all of them, else `^x` or `^(x+q)`.
pub(super) fn script(sign: char, text: &str) -> String {
    let text = text.trim();
    if sign == '^' && ["∘", "°"].contains(&text) {
        return "°".to_owned();
    }
    let pairs = if sign == '^' { RAISED } else { LOWERED };
    let tight = without_spaces(text);
    let placed: Option<String> = tight.chars().map(|c| lookup(pairs, c)).collect();
    match placed {
        Some(placed) => placed,
        None if tight.chars().count() == 1 => format!("{sign}{tight}"),
        None => format!("{sign}({tight})"),
    }
}

/// Drops the spaces around signs and keeps those between words.
fn without_spaces(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_word = |at: Option<usize>| {
        let c = at.and_then(|at| chars.get(at));
        c.is_some_and(|c| c.is_alphanumeric() || matches!(c, ',' | ';'))
    };
    let kept = chars.iter().enumerate();
    kept.filter(|(at, c)| **c != ' ' || (is_word(at.checked_sub(1)) && is_word(Some(at + 1))))
        .map(|(_, c)| *c)
        .collect()
}

/// `text` in the mathematical alphabet of a command such as `\mathbb`.
pub(super) fn alphabet(command: &str, text: &str) -> Option<String> {
    let (early, capital, small) = match command {
        "mathbb" | "Bbb" => (DOUBLE_STRUCK, 0x1d538, 0x1d552),
        "mathcal" | "mathscr" | "cal" => (SCRIPT, 0x1d49c, 0x1d4b6),
        "mathfrak" => (FRAKTUR, 0x1d504, 0x1d51e),
        _ => return None,
    };
    let letter = |c: char| {
        let code = match c {
            'A'..='Z' => capital + (c as u32 - 'A' as u32),
            'a'..='z' => small + (c as u32 - 'a' as u32),
            _ => return c,
        };
        lookup(early, c)
            .or_else(|| char::from_u32(code))
            .unwrap_or(c)
    };
    Some(text.chars().map(letter).collect())
}

/// The combining mark of an accent command. The second value says whether the mark
/// is a line that may span several characters.
pub(super) fn accent(command: &str) -> Option<(char, bool)> {
    Some(match command {
        "hat" | "widehat" => ('\u{302}', false),
        "bar" => ('\u{304}', false),
        "overline" => ('\u{305}', true),
        "vec" | "overrightarrow" => ('\u{20d7}', false),
        "tilde" | "widetilde" => ('\u{303}', false),
        "dot" => ('\u{307}', false),
        "ddot" => ('\u{308}', false),
        "check" => ('\u{30c}', false),
        "breve" => ('\u{306}', false),
        "acute" => ('\u{301}', false),
        "grave" => ('\u{300}', false),
        "underline" => ('\u{332}', true),
        "cancel" | "bcancel" | "xcancel" => ('\u{338}', true),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        for (_, names) in KINDS {
            assert!(names.windows(2).all(|two| two[0].0 < two[1].0));
        }
        assert_eq!(find("alpha"), Some((Kind::Symbol, "α")));
        assert_eq!(find("nonsense"), None);
    }

    #[test]
    fn scripts_use_unicode_where_all_characters_have_a_form() {
        assert_eq!(script('^', "n + 1"), "ⁿ⁺¹");
        assert_eq!(script('_', "max"), "ₘₐₓ");
        assert_eq!(script('^', "iπ"), "^(iπ)");
        assert_eq!(script('_', "if odd"), "_(if odd)");
        assert_eq!(script('^', "*"), "^*");
    }

    #[test]
    fn alphabets_fill_the_gaps_of_their_blocks() {
        assert_eq!(alphabet("mathbb", "RE").unwrap(), "ℝ𝔼");
        assert_eq!(alphabet("mathcal", "LN").unwrap(), "ℒ𝒩");
        assert_eq!(alphabet("mathrm", "d"), None);
    }
}
