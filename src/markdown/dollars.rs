//! `$…$` and `$$…$$`: which are formulas, and which are prices, shell variables or
//! PHP.

/// No formula starts with these: `($)`, `"$@"`, `$?`.
const NO_START: &str = ")},;?!@#\"'、，。）";

/// Endings of words right after a formula, such as `$n$th`.
const ENDINGS: [&str; 5] = ["th", "st", "nd", "rd", "'s"];

/// From here on, characters are ideographs, which are written without spaces.
const IDEOGRAPHS: char = '\u{2e80}';

/// Where a formula is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Inline,
    /// Displayed, but within a sentence.
    Sentence,
    /// On lines of its own.
    Block,
}

/// What a text that begins with a dollar sign is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Dollars<'a> {
    /// A formula: its length in bytes, its LaTeX and its place.
    Formula(usize, &'a str, Place),
    /// Text: its length in bytes.
    Text(usize),
    /// A formula, if its end mark arrives later.
    Open,
}

/// What is around a text in its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    /// The character before it.
    pub(super) last: char,
    /// Whether only spaces are before it.
    pub(super) is_blank: bool,
    /// The character after it; `None` at the end of the line.
    pub(super) next: Option<char>,
}

impl Around {
    /// Around the text of a complete line.
    pub(super) const LINE: Self = Self {
        last: '\n',
        is_blank: true,
        next: None,
    };

    /// Adds a character to the text before.
    pub(super) fn pass(&mut self, c: char) {
        self.is_blank &= c.is_whitespace();
        self.last = c;
    }
}

/// Reads the start of `text`, which begins with dollar signs.
///
/// By pandoc's rule, a formula has no space inside its marks at either end, and no digit
/// follows it. Text that looks like a price or a variable is not a formula.
pub(super) fn read(text: &str, around: Around) -> Dollars<'_> {
    let length = text.len() - text.trim_start_matches('$').len();
    let body = &text[length..];
    let ends = body.is_empty() && around.next.is_none_or(char::is_whitespace);
    match length {
        2 if ends && around.is_blank && around.next.is_some() => Dollars::Open,
        _ if ends => Dollars::Text(length),
        // US$5/US$6 and ^a$|^b$.
        1 if around.last.is_ascii_alphanumeric() => Dollars::Text(1),
        1 => inline(body),
        2 if body.starts_with(|c| NO_START.contains(c)) => Dollars::Text(2),
        2 if around.is_blank => alone(body, around.next.is_none()),
        2 => display(body, around.last),
        _ => Dollars::Text(length),
    }
}

fn inline(body: &str) -> Dollars<'_> {
    let starts = |c: char| !c.is_whitespace() && !NO_START.contains(c);
    if body.is_empty() {
        return Dollars::Open;
    }
    if !body.starts_with(starts) || is_price(body) {
        return Dollars::Text(1);
    }
    let Some((tex, _, after)) = split(body, 1) else {
        return Dollars::Open;
    };
    // If the next dollar does not close it, it is not a formula.
    let last = tex.chars().next_back().unwrap_or(' ');
    let ending = last.is_alphanumeric() || "})".contains(last);
    if last.is_whitespace() || (goes_on(after) && !(ending && is_ending(after))) {
        Dollars::Text(1)
    } else {
        Dollars::Formula(tex.len() + 2, tex, Place::Inline)
    }
}

/// Whether the text after a dollar continues it, as in `"$a" "$b"`.
fn goes_on(after: &str) -> bool {
    after.starts_with(|next: char| next.is_ascii_alphanumeric() || "_{($\"'`@#".contains(next))
}

fn is_ending(after: &str) -> bool {
    let mut rest = ENDINGS.iter().filter_map(|end| after.strip_prefix(end));
    rest.next()
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

/// Finds the first run of at least `least` dollars in `body`. Returns the text before
/// it, its length, and the text after it.
fn split(body: &str, least: usize) -> Option<(&str, usize, &str)> {
    let mut at = 0;
    while let Some(ahead) = body[at..].find(['$', '\\']) {
        at += ahead;
        let rest = &body[at..];
        let run = rest.len() - rest.trim_start_matches('$').len();
        if run >= least && run > 0 {
            let length = if least == 1 { 1 } else { run };
            return Some((&body[..at], length, &rest[length..]));
        }
        at += match run {
            0 => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            run => run,
        };
    }
    None
}

/// Reads `$$…$$` at the beginning of a line. `$$ x $$`, with spaces, is a formula only if
/// no text follows in the line.
fn alone(body: &str, at_end: bool) -> Dollars<'_> {
    let Some((tex, length, after)) = split(body, 2) else {
        return Dollars::Open;
    };
    let bytes = 2 + tex.len() + length;
    if length > 2 || !tex.contains(char::is_alphanumeric) {
        return Dollars::Text(2);
    }
    let rest = after.trim();
    if !rest
        .trim_matches(['.', ',', ';', '。', '，', '；'])
        .is_empty()
    {
        if tex.contains('\n') {
            Dollars::Formula(bytes, tex, Place::Block)
        } else if tex.trim() == tex {
            Dollars::Formula(bytes, tex, Place::Sentence)
        } else {
            Dollars::Text(2)
        }
    } else if at_end {
        let gap = if rest.is_empty() { after.len() } else { 0 };
        Dollars::Formula(bytes + gap, tex, Place::Block)
    } else {
        Dollars::Open
    }
}

/// Reads `$$…$$` within a line, where `$$` can also be the process number of a shell.
fn display(body: &str, before: char) -> Dollars<'_> {
    let joined = before.is_ascii_alphanumeric() || "./-_=\"'`@#".contains(before);
    if joined || body.starts_with(char::is_whitespace) {
        return Dollars::Text(2);
    }
    match split(body, 2) {
        None => Dollars::Open,
        Some((tex, 2, after))
            if tex.contains(char::is_alphanumeric)
                && !tex.ends_with(char::is_whitespace)
                && !goes_on(after) =>
        {
            Dollars::Formula(tex.len() + 4, tex, Place::Sentence)
        }
        Some(_) => Dollars::Text(2),
    }
}

/// `5 and`, `1,000.50 or`: an amount and then a word.
fn is_price(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',' || c == '.');
    let word = rest.trim_start_matches(' ');
    let apart = word.len() < rest.len() && word.starts_with(char::is_alphabetic);
    rest.len() < text.len() && (apart || rest.starts_with(|c| c >= IDEOGRAPHS))
}
