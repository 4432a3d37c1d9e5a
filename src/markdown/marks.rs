//! Markers other than those of emphasis: code, links, escapes, entities.

use super::span::{Found, Step, run};

pub(super) fn escape(text: &str, before: char, whole: bool) -> Found<'_> {
    let Some(next) = text[1..].chars().next() else {
        return Found::Yet(1);
    };
    match next {
        '(' | '[' => {
            let closer = if next == '(' { "\\)" } else { "\\]" };
            match text[2..].find(closer) {
                // All of a quotation is a pattern: `"\[x\]"`.
                Some(at) if "\"'".contains(before) && !whole && text.len() == at + 4 => {
                    Found::Yet(2)
                }
                Some(at) if "\"'".contains(before) && text[at + 4..].starts_with(before) => {
                    Found::No(at + 4)
                }
                Some(at) if !text[2..2 + at].trim().is_empty() => {
                    let tex = &text[2..2 + at];
                    Found::Yes(Step::Formula(at + 4, tex, next == '['))
                }
                Some(at) => Found::No(at + 4),
                None => Found::Yet(2),
            }
        }
        next if next.is_ascii_punctuation() => Found::Yes(Step::Instead(2, next)),
        _ => Found::No(1),
    }
}

pub(super) fn code(text: &str, whole: bool) -> Found<'_> {
    let length = run(text, b'`');
    let mut at = length;
    while let Some(ahead) = text[at..].find('`') {
        at += ahead;
        let closing = run(&text[at..], b'`');
        if at + closing == text.len() && !whole {
            return Found::Yet(length);
        }
        if closing == length {
            let inside = &text[length..at];
            let bare = inside
                .strip_prefix(' ')
                .and_then(|inside| inside.strip_suffix(' '))
                .filter(|bare| !bare.trim().is_empty());
            return Found::Yes(Step::Code(at + closing, bare.unwrap_or(inside)));
        }
        at += closing;
    }
    Found::Yet(length)
}

pub(super) fn image(text: &str) -> Found<'_> {
    match text.as_bytes().get(1) {
        None => Found::Yet(1),
        Some(b'[') => match link(&text[1..], ' ') {
            Found::Yes(Step::Link(length, alt, to)) => Found::Yes(Step::Link(length + 1, alt, to)),
            Found::Yes(_) | Found::No(_) => Found::No(2),
            Found::Yet(_) => Found::Yet(2),
        },
        Some(_) => Found::No(1),
    }
}

/// `[text](where)`, where that looks like a place: `f[i](x)` is a call.
pub(super) fn link(text: &str, before: char) -> Found<'_> {
    let Some(end) = balanced(text, '[', ']') else {
        return Found::Yet(1);
    };
    match text.as_bytes().get(end) {
        None => return Found::Yet(1),
        Some(b'(') if !before.is_ascii_alphanumeric() => {}
        Some(_) => return Found::No(1),
    }
    let Some(length) = balanced(&text[end..], '(', ')') else {
        return Found::Yet(1);
    };
    let to = text[end + 1..end + length - 1].trim();
    let to = to
        .strip_prefix('<')
        .and_then(|to| to.strip_suffix('>'))
        .unwrap_or(to);
    if !to.contains([':', '/', '.', '#']) {
        return Found::No(1);
    }
    Found::Yes(Step::Link(end + length, &text[1..end - 1], to))
}

/// How long the brackets are that `text` begins with.
fn balanced(text: &str, open: char, close: char) -> Option<usize> {
    let (mut depth, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == open => depth += 1,
            c if c == close && depth == 1 => return Some(at + 1),
            c if c == close => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A character by its name or number; a control character stays as it was written.
pub(super) fn entity(text: &str) -> Found<'_> {
    const LONGEST: usize = 10;
    let name = text[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '#');
    let length = name.unwrap_or(text.len() - 1);
    if name.is_none() && length <= LONGEST {
        return Found::Yet(1);
    }
    if !text[1 + length..].starts_with(';') || length > LONGEST {
        return Found::No(1);
    }
    let name = &text[1..=length];
    let number = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    let meant = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        "ndash" => Some('–'),
        "mdash" => Some('—'),
        "hellip" => Some('…'),
        "times" => Some('×'),
        "rarr" => Some('→'),
        "middot" => Some('·'),
        _ => name
            .strip_prefix('#')
            .and_then(|digits| match digits.strip_prefix(['x', 'X']) {
                Some(digits) => number(digits, 16),
                None => number(digits, 10),
            }),
    };
    match meant.filter(|c| !crate::terminal::is_control(*c) && !"\n\t".contains(*c)) {
        Some(c) => Found::Yes(Step::Instead(length + 2, c)),
        None => Found::No(1),
    }
}
