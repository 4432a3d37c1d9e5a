//! Raised, lowered and double-struck letters, and marks above letters: the
//! characters that Unicode has for them.

/// Pairs of characters: a letter, then what it becomes.
type Pairs = &'static str;

const RAISED: Pairs = "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺-⁻−⁻=⁼(⁽)⁾aᵃbᵇcᶜdᵈeᵉfᶠgᵍhʰiⁱjʲkᵏlˡmᵐnⁿoᵒpᵖrʳsˢtᵗuᵘvᵛwʷxˣyʸzᶻ\
    AᴬBᴮDᴰEᴱGᴳHᴴIᴵJᴶKᴷLᴸMᴹNᴺOᴼPᴾRᴿTᵀUᵁVⱽWᵂβᵝγᵞδᵟθᶿφᵠχᵡ⊤ᵀ′′";
const LOWERED: Pairs =
    "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊-₋−₋=₌(₍)₎aₐeₑhₕiᵢjⱼkₖlₗmₘnₙoₒpₚrᵣsₛtₜuᵤvᵥxₓβᵦγᵧρᵨφᵩχᵪ";
// Letters that had a code point before their alphabets got one.
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
