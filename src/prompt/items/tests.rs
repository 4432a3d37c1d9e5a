//! Tests of reading items: lines, values, and errors.

use std::io::Write;

use super::ItemFormat::{Csv, Files, Json, Lines, Null};
use super::separated::CHUNK;
use super::*;
use crate::prompt::bytes::LIMIT;

fn items(bytes: &[u8], format: ItemFormat, lossy: bool) -> (Items, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let source = ItemSource {
        file: Some(file.path().to_owned()),
        format,
    };
    (Items::open(&source, lossy, false).unwrap(), file)
}

/// The text of each item and its place. An invalid item has its error as the text.
fn all(bytes: &[u8], format: ItemFormat, lossy: bool) -> Vec<(u64, String)> {
    let (mut items, _file) = items(bytes, format, lossy);
    let (mut all, mut read) = (Vec::new(), 0);
    while let Some(item) = items.read_next().unwrap() {
        let text = item.content.map(|content| content.text);
        let text = text.unwrap_or_else(|failure| {
            assert_eq!(failure.exit(), 2);
            failure.message[failure.message.find(": ").unwrap() + 2..].to_owned()
        });
        assert!(item.read > read && item.read <= bytes.len() as u64);
        read = item.read;
        let (Place::Line(number) | Place::Record(number)) = item.place;
        all.push((number, text));
    }
    all
}

fn line(line: u64, text: &str) -> (u64, String) {
    (line, text.to_owned())
}

#[test]
fn lines_end_as_they_may_and_blank_ones_are_passed_over() {
    assert_eq!(
        all(b"\xEF\xBB\xBFa\r\n\n \t\n b \nc\rd", Lines, false),
        [line(1, "a"), line(4, " b "), line(5, "c\rd")]
    );
    assert_eq!(all(b"", Lines, false), []);
    assert_eq!(all(b"\n\n", Json, false), []);
}

#[test]
fn a_wrong_byte_is_named_with_line_and_offset_and_the_next_line_is_read() {
    assert_eq!(
        all(b"a\nab\xFFc\nd\n", Lines, false),
        [
            line(1, "a"),
            line(2, "line 2 is not UTF-8: byte 0xFF at offset 2"),
            line(3, "d")
        ]
    );
    assert_eq!(
        all(b"\xEF\xBB\xBF\xFF\n", Lines, false),
        [line(1, "line 1 is not UTF-8: byte 0xFF at offset 3")]
    );
    assert_eq!(all(b"a\xFFb", Lines, true), [line(1, "a\u{FFFD}b")]);
}

#[test]
fn a_line_that_is_no_json_is_named() {
    assert_eq!(
        all(b"{\"a\":1}\n{]\n2", Json, false),
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
    assert_eq!(all(&long, Lines, false).len(), 2);
    let last = CHUNK + 7;
    for more in [1, 2, 3, last] {
        for end in ["", "\n", "\r\n", "\ny", "\r\ny\n"] {
            let long = [&vec![b'x'; LIMIT + more], end.as_bytes()].concat();
            let mut expected = vec![line(1, "line 1 is larger than 16 MiB")];
            expected.extend(end.contains('y').then(|| line(2, "y")));
            assert_eq!(all(&long, Lines, false), expected, "{more} {end:?}");
        }
    }
}

#[test]
fn what_is_passed_over_is_not_held() {
    let long = [&vec![b'x'; 3 * LIMIT], &b"\ny"[..]].concat();
    let (mut items, _file) = items(&long, Lines, false);
    assert!(items.read_next().unwrap().unwrap().content.is_err());
    let Records::Separated(separated) = &items.records else {
        unreachable!("lines are separated")
    };
    assert!(separated.input.capacity() <= 2 * CHUNK);
    assert_eq!(items.read_next().unwrap().unwrap().place, Place::Line(2));
}

#[test]
fn the_number_of_bytes_read_is_exact() {
    let (mut items, _file) = items(b"a\n\nb\n", Lines, false);
    assert_eq!(items.size(), Some(5));
    assert_eq!(items.read_next().unwrap().unwrap().read, 2);
    assert_eq!(items.read_next().unwrap().unwrap().read, 5);
}

#[test]
fn nul_bytes_separate_items_that_may_span_lines() {
    assert_eq!(
        all(b"a\nb\0\0 \0c", Null, false),
        [line(1, "a\nb"), line(4, "c")]
    );
    assert_eq!(
        all(b"a\0b\n", Lines, false),
        [line(1, "line 1 looks binary: NUL byte at offset 1")]
    );
}

#[test]
fn a_record_of_csv_is_an_object_of_its_columns_and_may_span_lines() {
    let csv = b"\xEF\xBB\xBFname,note\r\nAda,\"a \"\"b\"\",\nc\"\r\n\r\nBob\r\nEve,\xFF\r\nlast,x";
    assert_eq!(
        all(csv, Csv, false),
        [
            line(1, r#"{"name":"Ada","note":"a \"b\",\nc"}"#),
            line(2, "record 2 has 1 fields, the header has 2"),
            line(
                3,
                "record 3 (column note) is not UTF-8: byte 0xFF at offset 0"
            ),
            line(4, r#"{"name":"last","note":"x"}"#),
        ]
    );
    assert_eq!(all(b"", Csv, false), []);
    assert_eq!(all(b"only,a,header\n", Csv, false), []);
}

#[test]
fn a_header_with_two_columns_of_one_name_is_refused() {
    let (mut items, _file) = items(b"a,b,a\n1,2,3\n", Csv, false);
    let failure = items.read_next().unwrap_err();
    assert!(
        failure
            .message
            .ends_with("the header names two columns \"a\"")
    );
}

#[test]
fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
    let csv = [b"a\n\"", &vec![b'x'; 2 * LIMIT][..]].concat();
    let (mut items, _file) = items(&csv, Csv, false);
    let failure = items.read_next().unwrap_err();
    assert!(
        failure.message.contains("larger than 16 MiB"),
        "{}",
        failure.message
    );
}

#[test]
fn files_are_read_by_lines_or_by_nul_bytes_and_what_is_no_text_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (name, content) in [
        ("a b", &b"A\n"[..]),
        ("new\nline", b"N"),
        ("empty", b""),
        ("bin", b"\0"),
    ] {
        std::fs::write(path(name), content).unwrap();
    }
    let (a, n, empty, bin) = (path("a b"), path("new\nline"), path("empty"), path("bin"));
    let texts = |list: String| -> Vec<String> {
        let all = all(list.as_bytes(), Files, false).into_iter();
        all.map(|(_, text)| text).collect()
    };
    assert_eq!(texts(format!("{a}\n\n{a}\r\n")), ["A", "A"]);
    assert_eq!(texts(format!("{n}\0{a}\0")), ["N", "A"]);
    let wrong = texts(format!("{empty}\n{bin}\n{a}\n"));
    assert!(wrong[0].starts_with("nothing was sent"), "{wrong:?}");
    assert!(wrong[2] == "A", "{wrong:?}");
    let missing = texts(path("missing"));
    assert!(missing[0].starts_with("No such file"), "{missing:?}");
}
