//! A `multipart/form-data` body in, its parts out. RFC 7578, and RFC 2046 §5.1
//! for what separates them.

use memchr::memmem::{self, Finder};

/// No form has more parts.
const PARTS: usize = 16;

/// One field of a form.
#[derive(Debug, PartialEq)]
pub(in crate::mock) struct Part<'a> {
    /// The field's name.
    pub(in crate::mock) name: String,
    /// The file's name; none where the field is no file.
    pub(in crate::mock) filename: Option<String>,
    /// What it holds.
    pub(in crate::mock) content: &'a [u8],
}

/// Reads a form of this `Content-Type`.
///
/// # Errors
/// What is wrong with it.
pub(in crate::mock) fn read<'a>(
    content_type: Option<&str>,
    body: &'a [u8],
) -> Result<Vec<Part<'a>>, &'static str> {
    let kind = content_type.unwrap_or_default();
    let (essence, _) = kind.split_once(';').unwrap_or((kind, ""));
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return Err("Content-Type must be multipart/form-data");
    }
    let boundary = parameter(kind, "boundary")
        .filter(|boundary| (1..=70).contains(&boundary.len()))
        .ok_or("Content-Type names no boundary")?;
    let marks = Marks {
        first: format!("--{boundary}").into_bytes(),
        finder: Finder::new(&format!("\r\n--{boundary}")).into_owned(),
    };
    let mut parts = Vec::new();
    let mut mark = marks
        .opening(body)
        .ok_or("the form does not begin with its boundary")?;
    while !mark.is_last {
        let rest = &body[mark.end..];
        let (head, length) = head(rest).ok_or("a part of the form has no end of its headers")?;
        let begin = mark.end + length;
        let next = marks
            .after(body, begin)
            .ok_or("the form does not end with its boundary")?;
        parts.push(part(head, &body[begin..next.start])?);
        if parts.len() > PARTS {
            return Err("the form has too many parts");
        }
        mark = next;
    }
    Ok(parts)
}

/// Where a boundary stands.
#[derive(Debug)]
struct Mark {
    /// Where the content before it ends.
    start: usize,
    /// Where what follows it begins.
    end: usize,
    /// Nothing follows it.
    is_last: bool,
}

/// The boundary as it is looked for.
#[derive(Debug)]
struct Marks {
    first: Vec<u8>,
    finder: Finder<'static>,
}

impl Marks {
    fn opening(&self, body: &[u8]) -> Option<Mark> {
        if body.starts_with(&self.first) {
            let mark = ended(body, 0, self.first.len());
            if mark.is_some() {
                return mark;
            }
        }
        self.after(body, 0)
    }

    fn after(&self, body: &[u8], from: usize) -> Option<Mark> {
        let length = self.finder.needle().len();
        let mut places = self.finder.find_iter(&body[from..]);
        places.find_map(|place| ended(body, from + place, length))
    }
}

/// The boundary at `start`, if its line ends as one must; else it is content.
fn ended(body: &[u8], start: usize, length: usize) -> Option<Mark> {
    let mut end = start + length;
    let is_last = body[end..].starts_with(b"--");
    if is_last {
        end += 2;
    }
    let is_blank = |byte: &&u8| b" \t".contains(byte);
    end += body[end..].iter().take_while(is_blank).count();
    let has_line_end = body[end..].starts_with(b"\r\n");
    let is_whole = has_line_end || (is_last && end == body.len());
    is_whole.then(|| Mark {
        start,
        end: end + if has_line_end { 2 } else { 0 },
        is_last,
    })
}

/// A part's headers, and their length with what ends them.
fn head(rest: &[u8]) -> Option<(&[u8], usize)> {
    if rest.starts_with(b"\r\n") {
        return Some((b"", 2));
    }
    let end = memmem::find(rest, b"\r\n\r\n")?;
    Some((&rest[..end], end + 4))
}

fn part<'a>(head: &[u8], content: &'a [u8]) -> Result<Part<'a>, &'static str> {
    let head = std::str::from_utf8(head).map_err(|_| "a part's headers are not UTF-8")?;
    let disposition = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
        .map(|(_, value)| value)
        .ok_or("a part of the form has no Content-Disposition")?;
    Ok(Part {
        name: parameter(disposition, "name").ok_or("a part of the form has no name")?,
        filename: parameter(disposition, "filename"),
        content,
    })
}

/// The value of `; name=value` or `; name="value"` in a header.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = header.split_once(';')?;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, tail) = value(after);
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = tail.trim_start().strip_prefix(';')?;
    }
}

/// A token or a quoted string, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return (value, &quoted[place + 1..]),
            // As curl writes them; a backslash of a path is one.
            '\\' if quoted[place + 1..].starts_with(['"', '\\']) => {
                value.extend(letters.next().map(|(_, escaped)| escaped));
            }
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Option<&str> = Some("multipart/form-data; boundary=XX");

    fn form(parts: &str) -> String {
        parts.replace('\n', "\r\n")
    }

    fn file(content: &[u8]) -> Vec<u8> {
        let head = "--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
        [head.as_bytes(), content, b"\r\n--XX--\r\n"].concat()
    }

    #[test]
    fn fields_and_files_are_read_with_their_names() {
        let body = form(
            "preamble\n--XX\nContent-Disposition: form-data; name=purpose\n\nbatch\n\
             --XX  \ncontent-type: text/plain\nCONTENT-DISPOSITION: form-data; \
             filename=\"a;\\\"b=c.jsonl\"; name=\"file\"\n\n{}\n\n--XX--\nepilogue",
        );
        let parts = read(KIND, body.as_bytes()).unwrap();
        assert_eq!(
            parts,
            [
                Part {
                    name: "purpose".into(),
                    filename: None,
                    content: b"batch"
                },
                Part {
                    name: "file".into(),
                    filename: Some("a;\"b=c.jsonl".into()),
                    content: b"{}\r\n"
                },
            ]
        );
        let quoted = Some("Multipart/Form-Data; charset=x; boundary=\"XX\"");
        assert_eq!(read(quoted, body.as_bytes()).unwrap(), parts);
    }

    #[test]
    fn every_content_comes_back_byte_for_byte() {
        for content in [
            &b""[..],
            b"\r\n",
            b"\n--XX--\n",
            b"--XX",
            b"\r\n--XXX\r\n",
            b"\r\n--X",
            b"\r\n--XX-",
            b"\r\n--XX--no",
            &[0, 255, 13, 10, 13, 10, 45, 45],
        ] {
            let body = file(content);
            let parts = read(KIND, &body).unwrap();
            assert_eq!(parts.len(), 1);
            assert_eq!(parts[0].content, content);
        }
    }

    #[test]
    fn a_form_cut_anywhere_is_an_error_and_no_panic() {
        let body = file(b"{}\r\n--XXX");
        // The line's end behind the last boundary may be missing.
        let whole = body.len() - 2;
        assert!(read(KIND, &body[..whole]).is_ok());
        for end in 0..whole {
            assert!(read(KIND, &body[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        assert!(read(None, b"").is_err());
        assert!(read(Some("application/json"), b"{}").is_err());
        assert!(read(Some("multipart/form-data"), &file(b"")).is_err());
        assert!(read(KIND, b"--XX\r\n\r\nx\r\n--XX--").is_err());
        let many = |count| {
            let part = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
            part.repeat(count) + "--XX--"
        };
        assert_eq!(
            read(KIND, many(PARTS).as_bytes()).map(|all| all.len()),
            Ok(PARTS)
        );
        assert!(read(KIND, many(PARTS + 1).as_bytes()).is_err());
    }
}
