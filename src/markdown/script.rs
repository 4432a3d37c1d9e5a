//! Letters raised, lowered, doubled or with a mark above: the characters that
//! Unicode has for them.

/// Characters and what they become, one behind the other.
type Pairs = &'static str;

const RAISED: Pairs = "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺-⁻−⁻=⁼(⁽)⁾aᵃbᵇcᶜdᵈeᵉfᶠgᵍhʰiⁱjʲkᵏlˡmᵐnⁿoᵒpᵖrʳsˢtᵗuᵘvᵛwʷxˣyʸzᶻ\
    AᴬBᴮDᴰEᴱGᴳHᴴIᴵJᴶKᴷLᴸMᴹNᴺOᴼPᴾRᴿTᵀUᵁVⱽWᵂβᵝγᵞδᵟθᶿφᵠχᵡ⊤ᵀ′′";
const LOWERED: Pairs =
    "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊-₋−₋=₌(₍)₎aₐeₑhₕiᵢjⱼkₖlₗmₘnₙoₒpₚrᵣsₛtₜuᵤvᵥxₓβᵦγᵧρᵨφᵩχᵪ";
/// Letters of alphabets that had a place before the others had theirs.
const DOUBLED: Pairs = "CℂHℍNℕPℙQℚRℝZℤ";
const SCRIPT: Pairs = "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ";
const FRAKTUR: Pairs = "CℭHℌIℑRℜZℨ";

fn paired(pairs: Pairs, c: char) -> Option<char> {
    let mut pairs = pairs.chars();
    while let (Some(known), Some(shown)) = (pairs.next(), pairs.next()) {
        if known == c {
            return Some(shown);
        }
    }
    None
}

/// A script behind `^` or `_`: in its place where all its characters can be
/// there, else behind the sign.
pub(super) fn script(sign: char, text: &str) -> String {
    let text = text.trim();
    if sign == '^' && ["∘", "°"].contains(&text) {
        return "°".to_owned();
    }
    let pairs = if sign == '^' { RAISED } else { LOWERED };
    let placed: Option<String> = text.chars().map(|c| paired(pairs, c)).collect();
    match placed {
        Some(placed) => placed,
        None if text.chars().count() == 1 => format!("{sign}{text}"),
        None => format!("{sign}({})", tight(text)),
    }
}

/// Without the spaces around signs.
fn tight(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let word = |at: Option<usize>| {
        let c = at.and_then(|at| chars.get(at));
        c.is_some_and(|c| c.is_alphanumeric())
    };
    let kept = chars.iter().enumerate();
    kept.filter(|(at, c)| **c != ' ' || (word(at.checked_sub(1)) && word(Some(at + 1))))
        .map(|(_, c)| *c)
        .collect()
}

/// The letters of an alphabet for mathematics, by its command.
pub(super) fn alphabet(command: &str) -> Option<impl Fn(char) -> char> {
    let (early, capital, small) = match command {
        "mathbb" | "Bbb" => (DOUBLED, 0x1d538, 0x1d552),
        "mathcal" | "mathscr" | "cal" => (SCRIPT, 0x1d49c, 0x1d4b6),
        "mathfrak" => (FRAKTUR, 0x1d504, 0x1d51e),
        _ => return None,
    };
    Some(move |c| {
        let place = match c {
            'A'..='Z' => capital + (c as u32 - 'A' as u32),
            'a'..='z' => small + (c as u32 - 'a' as u32),
            _ => return c,
        };
        paired(early, c)
            .or_else(|| char::from_u32(place))
            .unwrap_or(c)
    })
}

/// The mark that an accent's command puts above or below each character.
pub(super) fn accent(command: &str) -> Option<char> {
    Some(match command {
        "hat" | "widehat" => '\u{302}',
        "bar" => '\u{304}',
        "overline" => '\u{305}',
        "vec" | "overrightarrow" => '\u{20d7}',
        "tilde" | "widetilde" => '\u{303}',
        "dot" => '\u{307}',
        "ddot" => '\u{308}',
        "check" => '\u{30c}',
        "breve" => '\u{306}',
        "acute" => '\u{301}',
        "grave" => '\u{300}',
        "underline" => '\u{332}',
        _ => return None,
    })
}

/// `text` with the mark: on each character where it is a line, else on the one
/// that there is; a longer text gets none.
pub(super) fn marked(mark: char, text: &str) -> Option<String> {
    let line = ['\u{305}', '\u{332}'].contains(&mark);
    let long = text.chars().count() > 1;
    if long && !line {
        return None;
    }
    Some(text.chars().flat_map(|c| [c, mark]).collect())
}
