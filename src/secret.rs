//! The key and the other secrets that must not be shown. Imports nothing of the crate.

mod escapes;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD, Engine};
use memchr::memmem;
use percent_encoding::percent_decode_str;

use escapes::{LAYERS, View};

/// A text that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes ownership of the text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the code that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[hidden]")
    }
}

/// The text that replaces a secret.
pub const MASK: &str = "[hidden]";

/// The shortest key that is masked: masking a shorter one would hide ordinary words.
const KEY_MIN: usize = 8;
/// The shortest user name, password, or value of a credential header that is masked.
const VALUE_MIN: usize = 4;
/// The shortest value of any other header that is masked.
const HEADER_MIN: usize = 8;

/// A header whose name contains one of these words has a credential as its value.
const CREDENTIAL_WORDS: [&str; 5] = ["auth", "key", "token", "secret", "cookie"];

/// Finds and masks secrets. A secret is found unchanged, JSON-escaped or percent-encoded
/// (any of its characters, also repeatedly), and in base64.
#[derive(Debug, Clone, Default)]
pub struct Scrubber {
    texts: Vec<Secret>,
    /// Computed when the first text is scrubbed, since most runs never scrub one.
    forms: OnceLock<Vec<Secret>>,
    keys: Vec<Secret>,
}

impl Scrubber {
    /// Hides a key, and both halves of `id.secret`.
    pub fn hide_key(&mut self, key: &str) {
        if !self.keys.iter().any(|known| known.0 == key) {
            self.keys.push(Secret::new(key.to_owned()));
        }
        for part in key_parts(key) {
            self.push(part, KEY_MIN);
        }
    }

    /// Hides a header's value, with and without an authentication scheme. A short value
    /// is hidden only where the header's name says that it is a credential.
    pub fn hide_header(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        let is_credential = CREDENTIAL_WORDS.iter().any(|word| name.contains(word));
        let min = if is_credential { VALUE_MIN } else { HEADER_MIN };
        self.push(value, min);
        if let Some((_, credentials)) = value.split_once(' ') {
            self.push(credentials.trim(), min);
        }
    }

    /// Hides a URL's user info, unchanged and percent-decoded.
    pub fn hide_user_info(&mut self, user: &str, password: &str) {
        let joined = format!("{user}:{password}");
        for text in [joined.as_str(), user, password] {
            self.push(text, VALUE_MIN);
            self.push(&percent_decode_str(text).decode_utf8_lossy(), VALUE_MIN);
        }
    }

    fn push(&mut self, text: &str, min: usize) {
        let known = self.texts.iter().any(|secret| secret.0 == text);
        if text.len() >= min && !known {
            self.texts.push(Secret::new(text.to_owned()));
            self.forms = OnceLock::new();
        }
    }

    fn forms(&self) -> &[Secret] {
        let forms = || self.texts.iter().flat_map(|Secret(text)| forms(text));
        self.forms.get_or_init(|| forms().collect())
    }

    /// Whether `text` contains a key, or a half of one, in any form. Do not pass such a text to a
    /// program that must not get the key.
    pub fn holds_key(&self, text: &str) -> bool {
        self.keys.iter().any(|Secret(key)| {
            let mut long = key_parts(key);
            long.retain(|part| part.len() >= KEY_MIN);
            let forms: Vec<Secret> = long.into_iter().flat_map(forms).collect();
            text == key || holds(&forms, text)
        })
    }

    /// The number of bytes of `text` that can be shown before more text arrives: its end may be the
    /// start of a secret.
    pub fn settled(&self, text: &str) -> usize {
        let mut settled = text.len();
        View::of(text.as_bytes()).any(LAYERS, &mut |view| {
            let open = |Secret(form): &Secret| {
                let mut cuts = (1..form.len()).rev();
                cuts.find(|cut| view.bytes.ends_with(&form.as_bytes()[..*cut]))
            };
            let open = self.forms().iter().filter_map(open).max().unwrap_or(0);
            settled = settled.min(view.starts[view.bytes.len() - open]);
            false
        });
        settled
    }

    /// Whether `text` contains a secret in any form.
    pub fn hides_in(&self, text: &str) -> bool {
        // Do not compute the forms for an empty text: most runs never need them.
        !text.is_empty() && holds(self.forms(), text)
    }

    /// Masks every secret in `text`, in all its forms.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.hides_in(text) {
            return Cow::Borrowed(text);
        }
        let mut found: Vec<Range<usize>> = Vec::new();
        any_view(self.forms(), text, &mut |offset, view| {
            let start = |at: usize| offset + view.starts[at];
            for Secret(form) in self.forms() {
                let places = memmem::find_iter(&view.bytes, form);
                found.extend(places.map(|at| start(at)..start(at + form.len())));
            }
            false
        });
        found.sort_by_key(|range| range.start);
        let mut clean = String::with_capacity(text.len());
        let mut shown = 0;
        for range in found {
            if range.start >= shown {
                clean.push_str(&text[shown..range.start]);
                clean.push_str(MASK);
            }
            shown = shown.max(range.end);
        }
        clean.push_str(&text[shown..]);
        Cow::Owned(clean)
    }
}

/// A key, and both halves of `id.secret`.
fn key_parts(key: &str) -> Vec<&str> {
    let halves = key.split_once('.');
    let halves = halves.into_iter().flat_map(|(id, secret)| [id, secret]);
    std::iter::once(key).chain(halves).collect()
}

/// The forms of a secret: unchanged, with the spaces of a URL-encoded form, in JSON, and
/// in base64.
fn forms(secret: &str) -> Vec<Secret> {
    // The usual JSON form is also searched for directly: a backslash in front of it
    // would change how its first characters are decoded.
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.get(1..json.len() - 1).unwrap_or_default();
    let mut forms = vec![
        secret.to_owned(),
        secret.replace(' ', "+"),
        secret.replace('\t', "t"),
        json.to_owned(),
        json.replace('/', "\\/"),
    ];
    // The base64 of a text depends on its alignment to groups of three bytes, so each
    // alignment is a form. Characters that also depend on neighbouring bytes are cut off.
    for shift in 0..3_usize {
        let mut padded = vec![0; shift];
        padded.extend_from_slice(secret.as_bytes());
        for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&padded);
            let from = (shift * 8).div_ceil(6);
            let to = padded.len() * 8 / 6;
            if to > from + 4 {
                forms.push(encoded[from..to].to_owned());
            }
        }
    }
    forms.sort();
    forms.dedup();
    forms.into_iter().map(Secret).collect()
}

/// The number of bytes that are searched at once.
const WINDOW: usize = 64 * 1024;
/// The longest form of one byte under all layers, such as `%255Cu002B`, with a margin.
const LONGEST_ESCAPE: usize = 32;

/// Whether `text` contains one of the forms, unchanged or escaped.
fn holds(forms: &[Secret], text: &str) -> bool {
    any_view(forms, text, &mut |_, view| {
        let mut forms = forms.iter();
        forms.any(|Secret(form)| memmem::find(&view.bytes, form.as_bytes()).is_some())
    })
}

/// Calls `found` with each piece of `text`, its offset, and its views without some layers
/// of escapes, until it returns true. Pieces overlap, so that a secret across the end of
/// one piece is complete in the next.
fn any_view(forms: &[Secret], text: &str, found: &mut dyn FnMut(usize, &View) -> bool) -> bool {
    let longest = forms.iter().map(|Secret(form)| form.len()).max();
    let window = WINDOW + longest.unwrap_or(0) * LONGEST_ESCAPE;
    let bytes = text.as_bytes();
    (0..bytes.len()).step_by(WINDOW).any(|at| {
        let window = &bytes[at..bytes.len().min(at + window)];
        View::of(window).any(LAYERS, &mut |view| found(at, view))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef/+.S3cr3tS3cr3t\"x";

    fn scrubber() -> Scrubber {
        let mut scrubber = Scrubber::default();
        scrubber.hide_key(KEY);
        scrubber
    }

    #[track_caller]
    fn hidden(text: &str) {
        let clean = scrubber().scrub(text).into_owned();
        assert!(clean.contains(MASK), "nothing was masked in {text}");
        for part in ["0123456789", "S3cr3t", "M2NyM3R"] {
            assert!(!clean.contains(part), "{part} is left in {clean}");
        }
    }

    #[test]
    fn a_key_is_masked_whole_and_in_halves() {
        hidden(&format!("Bearer {KEY}!"));
        hidden("id 0123456789abcdef/+ only");
        hidden("secret S3cr3tS3cr3t\"x only");
    }

    #[test]
    fn a_key_is_masked_in_every_encoding() {
        hidden(&serde_json::to_string(KEY).unwrap());
        hidden("q=0123456789abcdef%2F%2B.S3cr3tS3cr3t%22x");
        hidden("q=0123456789abcdef%2f%2b.S3cr3tS3cr3t%22x");
        hidden("q=0123456789abcdef/%2B.S3cr3tS3cr3t%22x");
        hidden("q=0123456789abcdef/+.S3cr3tS3cr3t%22x");
        let json = serde_json::to_string(KEY).unwrap();
        hidden(&serde_json::to_string(&json).unwrap());
        for around in ["", "a", "ab", "abc"] {
            hidden(&BASE64_STANDARD_NO_PAD.encode(format!("{around}{KEY}{around}")));
        }
    }

    #[test]
    fn short_texts_are_left_alone() {
        let mut scrubber = Scrubber::default();
        scrubber.hide_key("short");
        scrubber.hide_header("X-Token", "1");
        scrubber.hide_header("X-Team", "server");
        scrubber.hide_header("X-Team", "the server");
        assert_eq!(scrubber.scrub("short 1 server"), "short 1 server");
    }

    #[test]
    fn a_header_s_value_is_hidden_by_its_length_or_by_the_header_s_name() {
        for name in ["X-Auth", "x-api-KEY", "X-Tokens", "My-Secret", "Cookie"] {
            let mut scrubber = Scrubber::default();
            scrubber.hide_header(name, "Word abcd");
            assert_eq!(scrubber.scrub("abcd Word abcd"), "[hidden] [hidden]");
        }
        let mut scrubber = Scrubber::default();
        scrubber.hide_header("X-Team", "eight888");
        assert_eq!(scrubber.scrub("eight888"), "[hidden]");
    }

    fn escapes(character: char) -> Vec<String> {
        let mut buffer = [0; 2];
        let units = character.encode_utf16(&mut buffer);
        let json = units.iter().map(|unit| format!("\\u{unit:04x}"));
        let json = json.collect::<Vec<_>>().concat();
        let mut buffer = [0; 4];
        let bytes = character.encode_utf8(&mut buffer).bytes();
        let percent = bytes.map(|byte| format!("%{byte:02x}"));
        let percent = percent.collect::<Vec<_>>().concat();
        let upper = |text: &str| text.to_uppercase().replace("\\U", "\\u");
        let mut escapes = vec![upper(&json), upper(&percent), json, percent];
        if "\"\\/".contains(character) {
            escapes.push(format!("\\{character}"));
        }
        escapes
    }

    #[test]
    fn a_secret_is_found_with_any_of_its_characters_escaped_in_any_way() {
        let secret = "aZ09+-._~/\"\\é字😀";
        let mut scrubber = Scrubber::default();
        scrubber.hide_key(secret);
        let characters: Vec<char> = secret.chars().collect();
        let masked = |text: &str| {
            let text = format!("a\\nb {text} c%20d");
            assert_eq!(scrubber.scrub(&text), "a\\nb [hidden] c%20d", "{text}");
        };
        for (at, character) in characters.iter().enumerate() {
            for escape in escapes(*character) {
                // A JSON text cannot contain a single backslash.
                let plain = |characters: &[char]| {
                    let text: String = characters.iter().collect();
                    let json = escape.starts_with('\\');
                    if json {
                        text.replace('\\', "\\\\")
                    } else {
                        text
                    }
                };
                let (before, after) = (plain(&characters[..at]), plain(&characters[at + 1..]));
                masked(&format!("{before}{escape}{after}"));
            }
        }
        for way in 0..4 {
            let all = characters
                .iter()
                .map(|character| escapes(*character)[way].clone());
            masked(&all.collect::<String>());
        }
    }

    #[test]
    fn a_secret_is_found_under_three_layers_of_escapes() {
        let percent = |text: String| {
            let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
            bytes.collect::<Vec<_>>().concat()
        };
        let json = |text: String| serde_json::to_string(&text).unwrap();
        let ways: [&dyn Fn(String) -> String; 2] = [&percent, &json];
        for first in ways {
            for second in ways {
                for third in ways {
                    hidden(&third(second(first(KEY.to_owned()))));
                }
            }
        }
    }

    #[test]
    fn a_secret_is_found_anywhere_in_a_long_text() {
        for before in [WINDOW - 40, WINDOW - 1, WINDOW, 2 * WINDOW - 7] {
            let text = "字".repeat(before / 3) + &KEY.replace('S', "\\u0053") + "end";
            let clean = scrubber().scrub(&text).into_owned();
            assert_eq!(clean, "字".repeat(before / 3) + "[hidden]end");
        }
    }

    #[test]
    fn a_key_is_found_in_any_form_and_a_short_one_only_alone() {
        let scrubber = scrubber();
        let coded = BASE64_STANDARD_NO_PAD.encode(format!("user:{KEY}"));
        for text in [KEY, "a=S3cr3tS3cr3t\"x", &coded] {
            assert!(scrubber.holds_key(text), "{text}");
        }
        assert!(!scrubber.holds_key("/usr/bin"));
        let mut short = Scrubber::default();
        short.hide_key("key");
        assert!(short.holds_key("key") && !short.holds_key("keyboard"));
    }

    #[test]
    fn the_beginning_of_a_secret_waits_for_the_rest() {
        let scrubber = scrubber();
        for open in [
            "0123456",
            "01\\u003",
            "01\\",
            "%30%3",
            "%30\\u0031%",
            "\\\\u00",
        ] {
            let text = format!("the key is {open}");
            assert_eq!(scrubber.settled(&text), "the key is ".len(), "{open}");
        }
        assert_eq!(
            scrubber.settled("the key is not here"),
            "the key is not here".len()
        );
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("abc".into())), "[hidden]");
    }

    #[test]
    fn user_info_is_masked_decoded_too() {
        let mut scrubber = Scrubber::default();
        scrubber.hide_user_info("user", "p%40ss");
        assert_eq!(scrubber.scrub("user:p%40ss p@ss"), "[hidden] [hidden]");
    }
}
