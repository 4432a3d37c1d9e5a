//! A fraction on one line: where it needs parentheses.

/// `a/b`, with parentheses where it would read as something else.
pub(super) fn fraction(above: &str, below: &str) -> String {
    let above = if joins(above) {
        format!("({above})")
    } else {
        above.to_owned()
    };
    if is_one(below) || is_differential(below) {
        format!("{above}/{below}")
    } else {
        format!("{above}/({below})")
    }
}

/// Whether it holds a sign or a gap outside parentheses.
fn joins(text: &str) -> bool {
    let mut depth = 0_i32;
    text.chars().any(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0 && " +-−±∓=<>≤≥/".contains(c)
    })
}

/// Whether it reads as one thing: a number, a letter with its scripts, a word in
/// other letters than these, what stands in parentheses as a whole, or f(x).
pub(super) fn is_one(text: &str) -> bool {
    // A root or a function of what stands in parentheses.
    let inside = text.trim_start_matches(['√', '∛', '∜']);
    let inside = inside.strip_suffix('!').unwrap_or(inside);
    let applied = inside.trim_start_matches(|c: char| c.is_alphabetic() || c == '′');
    let name = &inside[..inside.len() - applied.len()];
    let inside = if applied.starts_with('(') && is_function(name) {
        applied
    } else {
        inside
    };
    if inside.starts_with('(') {
        let mut depth = 0;
        let closing = inside.char_indices().find(|(_, c)| {
            depth += i32::from(*c == '(') - i32::from(*c == ')');
            depth == 0
        });
        return closing.is_some_and(|(at, _)| at + 1 == inside.len());
    }
    let mut chars = inside.chars();
    match chars.next() {
        None => true,
        Some(c) if c.is_ascii_digit() => chars.all(|c| c.is_ascii_digit() || c == '.'),
        Some(c) => {
            chars.clone().all(is_script) || (c >= IDEOGRAPHS && chars.all(|c| c >= IDEOGRAPHS))
        }
    }
}

/// Whether what stands in front of parentheses is applied to them, and no factor.
fn is_function(name: &str) -> bool {
    let mut letters = name.trim_end_matches('′').chars();
    match (letters.next(), letters.next(), letters.next()) {
        (Some(letter), None, _) => letter.is_ascii_uppercase() || "fgh".contains(letter),
        (_, _, Some(_)) => true,
        _ => name == "ln" || name == "Pr",
    }
}

/// From here on words are written without gaps.
pub(super) const IDEOGRAPHS: char = '\u{2e80}';

/// Whether it belongs to the character before it.
fn is_script(c: char) -> bool {
    matches!(
        c,
        '²' | '³' | '¹' | '′' | '\u{300}'..='\u{36f}' | '\u{20d7}'
    ) || matches!(c, '\u{1d2c}'..='\u{1d7f}' | '\u{2070}'..='\u{209f}')
}

/// `dx`, `∂t²`.
fn is_differential(text: &str) -> bool {
    let of = text.strip_prefix(['d', '∂']);
    of.is_some_and(|of| !of.is_empty() && is_one(of))
}
