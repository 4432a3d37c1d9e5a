//! Items as they are read: lines, values, and what is wrong with one.

use std::io::Write;

use super::*;

fn items(bytes: &[u8], json: bool, lossy: bool) -> (Items, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let many = Many {
        file: Some(file.path().to_owned()),
        json,
    };
    (Items::open(&many, lossy).unwrap(), file)
}

/// The lines that are items; what is wrong with one stands in its place.
fn all(bytes: &[u8], json: bool, lossy: bool) -> Vec<(u64, String)> {
    let (mut items, _file) = items(bytes, json, lossy);
    let mut all = Vec::new();
    while let Some(item) = items.read_next().unwrap() {
        let told = item.content.map(|content| content.text);
        let told = told.unwrap_or_else(|failure| {
            assert_eq!(failure.exit(), 2);
            failure.message[failure.message.find(": ").unwrap() + 2..].to_owned()
        });
        all.push((item.line, told));
    }
    assert_eq!(items.read, bytes.len() as u64);
    all
}

fn line(line: u64, text: &str) -> (u64, String) {
    (line, text.to_owned())
}

#[test]
fn lines_end_as_they_may_and_blank_ones_are_passed_over() {
    assert_eq!(
        all(b"\xEF\xBB\xBFa\r\n\n \t\n b \nc\rd", false, false),
        [line(1, "a"), line(4, " b "), line(5, "c\rd")]
    );
    assert_eq!(all(b"", false, false), []);
    assert_eq!(all(b"\n\n", true, false), []);
}

#[test]
fn a_wrong_byte_is_named_with_line_and_offset_and_the_next_line_is_read() {
    assert_eq!(
        all(b"a\nab\xFFc\nd\n", false, false),
        [
            line(1, "a"),
            line(2, "line 2 is not UTF-8: byte 0xFF at offset 2"),
            line(3, "d")
        ]
    );
    assert_eq!(
        all(b"\xEF\xBB\xBF\xFF\n", false, false),
        [line(1, "line 1 is not UTF-8: byte 0xFF at offset 3")]
    );
    assert_eq!(all(b"a\xFFb", false, true), [line(1, "a\u{FFFD}b")]);
}

#[test]
fn a_line_that_is_no_json_is_named() {
    assert_eq!(
        all(b"{\"a\":1}\n{]\n2", true, false),
        [
            line(1, "{\"a\":1}"),
            line(2, "line 2 is not JSON: key must be a string at column 2"),
            line(3, "2")
        ]
    );
}

#[test]
fn a_line_of_16_mib_is_taken_and_a_longer_one_is_passed_over() {
    let mut long = vec![b'x'; LIMIT];
    long.extend_from_slice(b"\r\ny\n");
    assert_eq!(all(&long, false, false).len(), 2);
    let last = CHUNK + 7;
    for more in [1, 2, 3, last] {
        for end in ["", "\n", "\r\n", "\ny", "\r\ny\n"] {
            let long = [&vec![b'x'; LIMIT + more], end.as_bytes()].concat();
            let mut expected = vec![line(1, "line 1 is larger than 16 MiB")];
            expected.extend(end.contains('y').then(|| line(2, "y")));
            assert_eq!(all(&long, false, false), expected, "{more} {end:?}");
        }
    }
}

#[test]
fn what_is_passed_over_is_not_held() {
    let long = [&vec![b'x'; 3 * LIMIT], &b"\ny"[..]].concat();
    let (mut items, _file) = items(&long, false, false);
    assert!(items.read_next().unwrap().unwrap().content.is_err());
    assert!(items.buffer.capacity() <= 2 * CHUNK);
    assert_eq!(items.read_next().unwrap().unwrap().line, 2);
}

#[test]
fn what_was_read_is_told_by_the_byte() {
    let (mut items, _file) = items(b"a\n\nb\n", false, false);
    assert_eq!(items.size(), Some(5));
    assert_eq!(items.read_next().unwrap().unwrap().read, 2);
    assert_eq!(items.read_next().unwrap().unwrap().read, 5);
}
