//! The beginning of a line → what the line is, as soon as that is known.

/// What a line is, with the length of what says so in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// It depends on what follows.
    More,
    /// Nothing but space.
    Blank,
    /// A quote's mark.
    Quote(usize),
    /// A heading of this level.
    Heading(usize, usize),
    /// A rule across the page.
    Rule,
    /// An item: how far its mark is indented, the mark.
    Item(usize, Mark, usize),
    /// The mark and the number of them that open a block of code.
    Fence(char, usize),
    /// A row of a table.
    Row,
    /// Code by its indentation.
    Code,
    /// Words.
    Text,
}

/// What an item begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A bullet.
    Bullet,
    /// A bullet and a box, ticked or not.
    Task(bool),
    /// A number, with its `.` or `)`.
    Number(String),
}

/// What comes before a line says something about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// Columns from which on an indented line is code; none where it goes on
    /// with what is before it.
    pub(super) code: Option<usize>,
}

/// A beginning that is longer is words.
const LONGEST: usize = 256;

/// The columns of the space that `text` begins with, and its bytes.
pub(super) fn indent(text: &str) -> (usize, usize) {
    let (mut columns, mut bytes) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b' ' => columns += 1,
            b'\t' => columns += 4 - columns % 4,
            _ => break,
        }
        bytes += 1;
    }
    (columns, bytes)
}

/// What the line is that begins with `head`; where `whole`, that is all of it.
pub(super) fn start(head: &str, context: Context, whole: bool) -> Start {
    let (columns, bytes) = indent(head);
    let text = &head[bytes..];
    let Some(first) = text.chars().next() else {
        return if whole {
            Start::Blank
        } else if head.len() > LONGEST {
            Start::Text
        } else {
            Start::More
        };
    };
    let found = match first {
        '`' | '~' => fence(text, first),
        '|' => Some(Start::Row),
        '#' => heading(text, bytes, whole),
        '>' => quote(text, bytes, whole),
        '-' | '*' | '+' => bullet(text, columns, bytes, whole),
        '_' => rule(text, '_', whole),
        '0'..='9' => number(text, columns, bytes, whole),
        _ => Some(Start::Text),
    };
    // An item may be nested deeper than it has to be; other text is code there.
    let code = context.code.is_some_and(|from| columns >= from);
    match found {
        None if whole || head.len() > LONGEST => Start::Text,
        None => Start::More,
        Some(Start::Fence(mark, length)) => Start::Fence(mark, length),
        Some(Start::Item(indent, mark, length)) if context.code != Some(4) || !code => {
            Start::Item(indent, mark, length)
        }
        Some(_) if code => Start::Code,
        Some(found) => found,
    }
}

fn fence(text: &str, mark: char) -> Option<Start> {
    let rest = text.trim_start_matches(mark);
    let length = text.len() - rest.len();
    match (length, rest.is_empty()) {
        (3.., _) => Some(Start::Fence(mark, length)),
        (_, true) => None,
        _ => Some(Start::Text),
    }
}

fn heading(text: &str, bytes: usize, whole: bool) -> Option<Start> {
    let rest = text.trim_start_matches('#');
    let level = text.len() - rest.len();
    match rest.chars().next() {
        _ if level > 6 => Some(Start::Text),
        None if whole => Some(Start::Heading(level, bytes + level)),
        None => None,
        Some(' ' | '\t') => Some(Start::Heading(level, bytes + level + 1)),
        Some(_) => Some(Start::Text),
    }
}

fn quote(text: &str, bytes: usize, whole: bool) -> Option<Start> {
    match text[1..].chars().next() {
        None if whole => Some(Start::Quote(bytes + 1)),
        None => None,
        Some(' ') => Some(Start::Quote(bytes + 2)),
        Some(_) => Some(Start::Quote(bytes + 1)),
    }
}

/// `---`, `* * *`: three marks or more and nothing else.
fn rule(text: &str, mark: char, whole: bool) -> Option<Start> {
    if mark == '+' || text.contains(|c| c != mark && c != ' ' && c != '\t') {
        return Some(Start::Text);
    }
    let marks = text.matches(mark).count();
    (whole && marks >= 3).then_some(Start::Rule)
}

fn bullet(text: &str, columns: usize, bytes: usize, whole: bool) -> Option<Start> {
    let mark = text.chars().next()?;
    match text[1..].chars().next() {
        None if whole => return Some(Start::Item(columns, Mark::Bullet, bytes + 1)),
        None => return None,
        Some(' ' | '\t') => {}
        Some(_) => return rule(text, mark, whole),
    }
    match rule(text, mark, whole) {
        Some(Start::Rule) => return Some(Start::Rule),
        // Not even two marks: no rule, and no item's text.
        None if !whole => return None,
        _ => {}
    }
    let body = text[2..].trim_start_matches(' ');
    let length = bytes + 2 + (text.len() - 2 - body.len()).min(3);
    let ticked = match body.get(..3) {
        _ if body.len() < 4 && !whole && is_box(body) => return None,
        Some("[ ]") => false,
        Some("[x]" | "[X]") => true,
        _ => return Some(Start::Item(columns, Mark::Bullet, length)),
    };
    match body.as_bytes().get(3) {
        None => Some(Start::Item(columns, Mark::Task(ticked), bytes + text.len())),
        Some(b' ') => {
            let end = bytes + (text.len() - body.len()) + 4;
            Some(Start::Item(columns, Mark::Task(ticked), end))
        }
        Some(_) => Some(Start::Item(columns, Mark::Bullet, length)),
    }
}

/// Whether it is a task's box, or its beginning.
fn is_box(body: &str) -> bool {
    ["[ ]", "[x]", "[X]"]
        .iter()
        .any(|known| known.starts_with(body))
}

fn number(text: &str, columns: usize, bytes: usize, whole: bool) -> Option<Start> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - rest.len();
    if digits > 9 {
        return Some(Start::Text);
    }
    let mut next = rest.chars();
    let (sign, gap) = (next.next(), next.next());
    match (sign, gap) {
        (None, _) | (Some('.' | ')'), None) if !whole => None,
        (Some('.' | ')'), Some(' ' | '\t')) => {
            let mark = Mark::Number(text[..=digits].to_owned());
            Some(Start::Item(columns, mark, bytes + digits + 2))
        }
        _ => Some(Start::Text),
    }
}
