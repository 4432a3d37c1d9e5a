//! `$…$` and `$$…$$`: formulas, and what prices, shells and PHP write so.

use super::fraction::IDEOGRAPHS;
use super::span::{Before, Found, Step, run};

/// What no formula begins with: `($)`, `"$@"`, `$?`.
const NO_START: &str = ")},;?!@#\"'、，。）";

/// Ends of words that stand right behind a formula, as in the `$n$th`.
const ENDINGS: [&str; 5] = ["th", "st", "nd", "rd", "'s"];

/// By pandoc's rule, no space inside at either end and no digit behind; and what
/// reads like a price or a variable is none.
pub(super) fn dollars(text: &str, before: Before, whole: bool) -> Found<'_> {
    let length = run(text, b'$');
    let body = &text[length..];
    match length {
        _ if body.is_empty() => Found::Yet(length),
        // US$5/US$6 and ^a$|^b$.
        1 if before.last.is_ascii_alphanumeric() => Found::No(1),
        1 => within(body, whole),
        2 if body.starts_with(|c| NO_START.contains(c)) => Found::No(2),
        2 if before.blank => alone(body, whole),
        2 => display(body, before.last, whole),
        _ => Found::No(length),
    }
}

fn within(body: &str, whole: bool) -> Found<'_> {
    let starts = |c: char| !c.is_whitespace() && !NO_START.contains(c);
    if !body.starts_with(starts) || is_price(body) {
        return Found::No(1);
    }
    let (mut escaped, mut before) = (false, ' ');
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '$' => {
                // The next one closes it, or it was none.
                let after = &body[at + 1..];
                let ending = before.is_alphanumeric() || "})".contains(before);
                return match after.is_empty() {
                    true if !whole => Found::Yet(1),
                    _ if before.is_whitespace() => Found::No(1),
                    _ if ending && !whole && ENDINGS.iter().any(|end| end.starts_with(after)) => {
                        Found::Yet(1)
                    }
                    _ if goes_on(after) && !(ending && is_ending(after)) => Found::No(1),
                    _ => Found::Yes(Step::Formula(at + 2, &body[..at], false)),
                };
            }
            _ => {}
        }
        before = c;
    }
    Found::Yet(1)
}

/// Whether a dollar belongs to what stands behind it: `"$a" "$b"`.
fn goes_on(after: &str) -> bool {
    after.starts_with(|next: char| next.is_ascii_alphanumeric() || "_{($\"'`@#".contains(next))
}

fn is_ending(after: &str) -> bool {
    let mut rest = ENDINGS.iter().filter_map(|end| after.strip_prefix(end));
    rest.next()
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

/// The first `$$` or longer in `body`: what stands before it, its length, and what
/// follows.
fn cut(body: &str) -> Option<(&str, usize, &str)> {
    let mut at = 0;
    while let Some(ahead) = body[at..].find(['$', '\\']) {
        at += ahead;
        let rest = &body[at..];
        let length = match run(rest, b'$') {
            0 => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            1 => 1,
            length => return Some((&body[..at], length, &rest[length..])),
        };
        at += length;
    }
    None
}

/// `$$…$$` where a line begins; with space inside, all of the line.
fn alone(body: &str, whole: bool) -> Found<'_> {
    let Some((tex, length, after)) = cut(body) else {
        return Found::Yet(2);
    };
    let end = 2 + tex.len() + length;
    if length > 2 || !tex.contains(char::is_alphanumeric) {
        return Found::No(2);
    }
    if tex.trim() == tex {
        return Found::Yes(Step::Formula(end, tex, true));
    }
    let rest = after.trim_start();
    if !rest
        .trim_matches(['.', ',', ';', '。', '，', '；'])
        .is_empty()
    {
        Found::No(2)
    } else if !whole {
        Found::Yet(2)
    } else {
        let gap = if rest.is_empty() { after.len() } else { 0 };
        Found::Yes(Step::Formula(end + gap, tex, true))
    }
}

/// `$$…$$` within a line: a shell's number of itself stands there too.
fn display(body: &str, before: char, whole: bool) -> Found<'_> {
    let joined = before.is_ascii_alphanumeric() || "./-_=\"'`@#".contains(before);
    if joined || body.starts_with(char::is_whitespace) {
        return Found::No(2);
    }
    match cut(body) {
        None => Found::Yet(2),
        Some((_, _, "")) if !whole => Found::Yet(2),
        Some((tex, 2, after))
            if tex.contains(char::is_alphanumeric)
                && !tex.ends_with(char::is_whitespace)
                && !goes_on(after) =>
        {
            Found::Yes(Step::Formula(tex.len() + 4, tex, true))
        }
        Some(_) => Found::No(2),
    }
}

/// `5 and`, `1,000.50 or`: an amount and then a word.
fn is_price(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',' || c == '.');
    let word = rest.trim_start_matches(' ');
    let apart = word.len() < rest.len() && word.starts_with(char::is_alphabetic);
    rest.len() < text.len() && (apart || rest.starts_with(|c| c >= IDEOGRAPHS))
}
