//! Borders of CSV: records. Every part repeats the header.

use ::csv::ReaderBuilder;

use super::{BEST, LINE, Rank, Span};

/// Bytes and records that decide whether a text is CSV.
const LOOK: usize = 64 << 10;
const RECORDS: usize = 20;

/// The first record of a text that is CSV: names, and then records with as many fields.
pub(super) fn header(text: &str) -> Option<Span> {
    let mut end = text.len().min(LOOK);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let cut = end < text.len();
    [b',', b'\t', b';', b'|']
        .into_iter()
        .find_map(|delimiter| header_with(&text[..end], delimiter, cut))
}

/// The header, if the fields are separated by `delimiter`. The last record may be `cut` off.
fn header_with(text: &str, delimiter: u8, cut: bool) -> Option<Span> {
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
    for record in records.take(RECORDS) {
        match record {
            Ok(_) => count += 1,
            Err(_) if cut && count > 1 => break,
            Err(_) => return None,
        }
    }
    (count >= 2).then(|| Span::new(0, end))
}

/// Passes each border after the header to `found`, in order. A line end within quotes is a
/// line of a field.
pub(super) fn borders(text: &str, header: Span, found: &mut impl FnMut(usize, Rank, Span)) {
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
