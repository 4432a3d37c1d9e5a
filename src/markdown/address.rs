//! Finds bare addresses in text, which a terminal can show as links.

/// The parts of a text: `true` for an address. An address begins with http:// or https://
/// and ends before a space, what is not ASCII, or the punctuation of the sentence.
pub(super) fn parts(text: &str) -> Vec<(&str, bool)> {
    let mut parts = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(at) = rest[from..].find("http").map(|at| from + at) {
        let inside_word = rest[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        match length(&rest[at..]).filter(|_| !inside_word) {
            Some(length) => {
                let (before, after) = rest.split_at(at);
                let (address, after) = after.split_at(length);
                parts.extend(Some((before, false)).filter(|_| at > 0));
                parts.push((address, true));
                (rest, from) = (after, 0);
            }
            None => from = at + "http".len(),
        }
    }
    parts.extend(Some((rest, false)).filter(|_| !rest.is_empty()));
    parts
}

/// The length of the address that the text begins with.
fn length(text: &str) -> Option<usize> {
    let schemes = ["https://", "http://"];
    let scheme = schemes.iter().find(|scheme| text.starts_with(**scheme))?;
    let ends = |c: char| !c.is_ascii_graphic() || "<>\"`{}|\\^".contains(c);
    let mut address = &text[..text.find(ends).unwrap_or(text.len())];
    // A closing bracket belongs to the address that has its opening one.
    while let Some(last) = address.chars().next_back() {
        let count = |c: char| address.matches(c).count();
        let trailing = match last {
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            last => ".,:;!?'*_~".contains(last),
        };
        if !trailing {
            break;
        }
        address = &address[..address.len() - 1];
    }
    (address.len() > scheme.len()).then_some(address.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The addresses in angle brackets.
    fn marked(text: &str) -> String {
        let parts = parts(text).into_iter();
        parts
            .map(|(part, is_address)| {
                if is_address {
                    format!("<{part}>")
                } else {
                    part.to_owned()
                }
            })
            .collect()
    }

    #[test]
    fn punctuation_after_an_address_stays_outside() {
        for (text, expected) in [
            ("https://a.b", "<https://a.b>"),
            (
                "see https://a.b/c_d?e=f#g, or",
                "see <https://a.b/c_d?e=f#g>, or",
            ),
            ("(http://a.b/c).", "(<http://a.b/c>)."),
            ("http://a.b/c_(d)", "<http://a.b/c_(d)>"),
            ("(see http://a.b/c_(d))", "(see <http://a.b/c_(d)>)"),
            ("[http://a.b]:", "[<http://a.b>]:"),
            ("**https://a.b/**", "**<https://a.b/>**"),
            ("\"https://a.b\"", "\"<https://a.b>\""),
            ("见https://a.b/c。然后", "见<https://a.b/c>。然后"),
            ("http://a.b，http://c.d！", "<http://a.b>，<http://c.d>！"),
            ("really http://a.b?!", "really <http://a.b>?!"),
        ] {
            assert_eq!(marked(text), expected);
        }
    }

    #[test]
    fn what_only_resembles_an_address_is_text() {
        for text in [
            "http",
            "https://",
            "http:/a",
            "xhttps://a.b",
            "http://.",
            "ftp://a.b",
        ] {
            assert_eq!(marked(text), text);
        }
    }
}
