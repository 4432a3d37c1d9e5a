//! Finds the borders at which a part of a text may end: in prose and source code, in CSV and JSON,
//! and within a long line.
//!
//! Each function passes the borders to `found` in order: the offset, the rank, and the header that
//! a part repeats if it begins there.

use csv::ReaderBuilder;
use serde::de::IgnoredAny;
use unicode_segmentation::UnicodeSegmentation;

/// A range of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// The rank of a border: the lowest is the best.
pub(super) type Rank = u8;

/// Between two files.
pub(super) const SOURCE: Rank = 0;
/// The best border inside a file; each kind of text has its own up to [`LINE`].
pub(super) const BEST: Rank = 1;
/// A line without indent after a blank line: a paragraph, or a function of source code.
const PARAGRAPH: Rank = BEST + HEADINGS;
/// A line after a blank line, but indented or in a fenced block.
pub(super) const BLOCK: Rank = PARAGRAPH + 1;
pub(super) const LINE: Rank = 7;
const SENTENCE: Rank = 8;
const CLAUSE: Rank = 9;
const WORD: Rank = 10;
const CHARACTER: Rank = 11;

/// The number of Markdown heading levels that have a rank; deeper headings have the last one.
const HEADINGS: u8 = 3;
/// The maximum number of bytes and records that are read to detect CSV.
const CSV_BYTES: usize = 64 << 10;
const CSV_RECORDS: usize = 20;
/// After this number of bytes without a better border, the end of a character is a border.
const UNBROKEN: usize = 16;

/// The lines of a text, each with its offset and its line end.
pub(super) fn lines_at(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line)
    })
}

/// Each line is a border.
pub(super) fn lines(text: &str, found: &mut impl FnMut(usize, Rank, Span)) {
    for (at, _) in lines_at(text) {
        found(at, BEST, Span::default());
    }
}

/// Headings, paragraphs and lines of prose, Markdown and source code.
pub(super) fn prose(text: &str, found: &mut impl FnMut(usize, Rank, Span)) {
    let mut fence: Option<&str> = None;
    let mut after_blank = true;
    for (at, line) in lines_at(text) {
        let words = line.trim();
        let rank = if !after_blank || words.is_empty() {
            LINE
        } else if fence.is_some() || line.starts_with([' ', '\t']) {
            BLOCK
        } else {
            heading(words).unwrap_or(PARAGRAPH)
        };
        found(at, rank, Span::default());
        after_blank = words.is_empty();
        fence = match fence {
            Some(mark) => (!words.starts_with(mark)).then_some(mark),
            None => ["```", "~~~"]
                .into_iter()
                .find(|mark| words.starts_with(mark)),
        };
    }
}

/// The rank of a Markdown heading.
fn heading(line: &str) -> Option<Rank> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let is_heading = (1..=6).contains(&level) && line[level..].starts_with(' ');
    let level = u8::try_from(level).unwrap_or(HEADINGS).min(HEADINGS);
    is_heading.then(|| BEST + level - 1)
}

/// The first record of a text that is CSV: names, then records with the same number of fields.
pub(super) fn csv_header(text: &str) -> Option<Span> {
    let mut end = text.len().min(CSV_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let cut = end < text.len();
    [b',', b'\t', b';', b'|']
        .into_iter()
        .find_map(|delimiter| csv_header_with(&text[..end], delimiter, cut))
}

/// The header, if the fields are separated by `delimiter`. The last record may be `cut` off.
fn csv_header_with(text: &str, delimiter: u8, cut: bool) -> Option<Span> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let names = records.next()?.ok()?;
    let end = usize::try_from(records.reader().position().byte()).ok()?;
    let is_name = |name: &str| name.trim().starts_with(|c: char| !c.is_ascii_digit());
    if names.len() < 2 || !names.iter().all(is_name) {
        return None;
    }
    let mut count = 0;
    for record in records.take(CSV_RECORDS) {
        match record {
            Ok(_) => count += 1,
            Err(_) if cut && count > 1 => break,
            Err(_) => return None,
        }
    }
    (count >= 2).then(|| Span::new(0, end))
}

/// Records of CSV after the header. A line end within quotes is inside a field and only ranks as a
/// line.
pub(super) fn records(text: &str, header: Span, found: &mut impl FnMut(usize, Rank, Span)) {
    let mut quoted = false;
    for at in memchr::memchr2_iter(b'"', b'\n', &text.as_bytes()[header.end..]) {
        let at = header.end + at;
        if text.as_bytes()[at] == b'"' {
            quoted = !quoted;
        } else {
            found(at + 1, if quoted { LINE } else { BEST }, header);
        }
    }
}

/// Whether each line is a separate JSON value. Only the first two lines are checked.
pub(super) fn is_ndjson(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut is_value = || {
        lines.next().is_some_and(|line| {
            line.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(line).is_ok()
        })
    };
    is_value() && is_value()
}

/// Whether a text looks like one JSON array or object.
pub(super) fn is_json(text: &str) -> bool {
    let text = text.trim();
    let inner = |open, close| text.strip_prefix(open)?.strip_suffix(close);
    let first = |inner: &str| inner.trim_start().chars().next();
    let array = inner('[', ']').and_then(first);
    let object = inner('{', '}').and_then(first);
    object == Some('"')
        || array.is_some_and(|c| matches!(c, '{' | '[' | '"' | '-' | 't' | 'f' | 'n' | '0'..='9'))
}

/// Borders of JSON: after commas and at the ends of lines. The commas of the outermost array or
/// object rank best.
pub(super) fn json(text: &str, found: &mut impl FnMut(usize, Rank, Span)) {
    let mut found = |at, rank| found(at, rank, Span::default());
    let (mut depth, mut quoted, mut escaped) = (0_u8, false, false);
    // After a comma: the offset of the border so far, and its rank.
    let mut comma: Option<(usize, Rank)> = None;
    for (at, byte) in text.bytes().enumerate() {
        if let Some((end, rank)) = comma.take() {
            // White space up to the end of the line belongs to the element before it.
            match byte {
                b'\n' => {
                    found(at + 1, rank);
                    continue;
                }
                b' ' | b'\t' | b'\r' => {
                    comma = Some((end, rank));
                    continue;
                }
                _ => found(end, rank),
            }
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => comma = Some((at + 1, (BEST + depth.saturating_sub(1)).min(LINE - 1))),
            b'\n' => found(at + 1, if depth == 0 { BEST } else { LINE }),
            _ => {}
        }
    }
}

/// Borders of a long line: after sentences, clauses, words, and then characters. No border is
/// within a grapheme, such as a letter with its accents, an emoji of several code points, or CRLF.
pub(super) fn within_line(text: &str, mut found: impl FnMut(usize, Rank)) {
    let (mut last, mut ended) = (0, None);
    for (at, character) in text.grapheme_indices(true) {
        let end = at + character.len();
        let first = character.chars().next().unwrap_or_default();
        let rank = match first {
            '。' | '！' | '？' | '…' => Some(SENTENCE),
            '，' | '、' | '；' | '：' | ',' | ';' => Some(CLAUSE),
            // The space after the end of a sentence.
            c if c.is_whitespace() => Some(ended.unwrap_or(WORD)),
            _ if end - last >= UNBROKEN => Some(CHARACTER),
            _ => None,
        };
        ended = match first {
            '.' | '!' | '?' => Some(SENTENCE),
            ':' => Some(CLAUSE),
            '"' | '\'' | ')' | '”' | '’' => ended,
            _ => None,
        };
        if let Some(rank) = rank.filter(|_| end < text.len()) {
            found(end, rank);
            last = end;
        }
    }
}
