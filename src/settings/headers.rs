//! `--header 'NAME: VALUE'` and `--header @FILE` → names and values that
//! HTTP can carry. A value is never shown.

use std::path::Path;

use crate::error::Failure;
use crate::prompt;
use crate::secret::{Scrubber, Secret};

/// Headers that airx's own framing depends on.
const OWN: [&str; 2] = ["content-length", "transfer-encoding"];

/// Reads every `--header`, in order.
pub(super) fn read(
    flags: &[String],
    scrubber: &mut Scrubber,
) -> Result<Vec<(String, Secret)>, Failure> {
    let mut headers = Vec::new();
    for flag in flags {
        let Some(path) = flag.strip_prefix('@') else {
            headers.push(parse("--header", flag, scrubber)?);
            continue;
        };
        let text = prompt::read_text(Path::new(path), false, &mut |_| {})?;
        for (number, line) in text.lines().enumerate() {
            if !line.trim().is_empty() {
                let place = format!("--header @{path}, line {}", number + 1);
                headers.push(parse(&place, line, scrubber)?);
            }
        }
    }
    Ok(headers)
}

fn parse(place: &str, line: &str, scrubber: &mut Scrubber) -> Result<(String, Secret), Failure> {
    let wrong = |why: &str| {
        Failure::usage(format!("{place}: {why}"))
            .about("header")
            .hint("write 'NAME: VALUE'")
    };
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| wrong("there is no colon"))?;
    let (name, value) = (name.trim(), value.trim());
    scrubber.hide_header(name, value);
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(wrong("the name is not one that a header can have"));
    }
    if OWN.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return Err(wrong(&format!("{name} is set by airx")));
    }
    if value
        .bytes()
        .any(|byte| byte != b'\t' && (byte < b' ' || byte == 0x7f))
    {
        return Err(wrong(&format!(
            "the value of {name} contains a control character"
        )));
    }
    Ok((name.to_owned(), Secret::new(value.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_in_the_message() {
        for line in [
            "nocolonsecretvalue",
            "Bad Name: secretvalue",
            "X: secret\u{1}value",
            "Content-Length: secretvalue",
        ] {
            let failure = parse("--header", line, &mut Scrubber::default()).unwrap_err();
            assert!(
                !failure.message.contains("value\u{1}") && !failure.message.contains("secretvalue")
            );
        }
    }

    #[test]
    fn a_value_may_be_empty_and_hold_colons() {
        let (name, value) = parse("--header", "X-A: b: c", &mut Scrubber::default()).unwrap();
        assert_eq!((name.as_str(), value.reveal()), ("X-A", "b: c"));
        assert_eq!(
            parse("--header", "X:", &mut Scrubber::default())
                .unwrap()
                .1
                .reveal(),
            ""
        );
    }
}
