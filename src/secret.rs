//! The key, and every other text that must not be shown. Imports nothing of
//! the crate.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD, Engine};

/// A text that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[hidden]")
    }
}

/// What stands in a secret's place.
pub const MASK: &str = "[hidden]";

/// Shortest key that is searched for: a shorter one would blank ordinary words.
const KEY_MIN: usize = 8;
/// Shortest header value, user name or password that is searched for.
const VALUE_MIN: usize = 4;

/// Everything that must not be shown. The forms searched for are made when the
/// first text is scrubbed, since most runs never scrub one.
#[derive(Debug, Clone, Default)]
pub struct Scrubber {
    texts: Vec<Secret>,
    forms: OnceLock<Vec<Secret>>,
    keys: Vec<Secret>,
}

impl Scrubber {
    /// Hides a key: whole, and both halves of `id.secret`.
    pub fn hide_key(&mut self, key: &str) {
        self.keys.push(Secret::new(key.to_owned()));
        let halves = key.split_once('.');
        for part in [
            Some(key),
            halves.map(|both| both.0),
            halves.map(|both| both.1),
        ] {
            self.push(part.unwrap_or_default(), KEY_MIN);
        }
    }

    /// Hides a header's value: whole, and without an authentication scheme.
    pub fn hide_header(&mut self, value: &str) {
        self.push(value, VALUE_MIN);
        if let Some((_, credentials)) = value.split_once(' ') {
            self.push(credentials.trim(), VALUE_MIN);
        }
    }

    /// Hides a URL's user info, as it stands and percent-decoded.
    pub fn hide_user_info(&mut self, user: &str, password: &str) {
        let joined = format!("{user}:{password}");
        for text in [joined.as_str(), user, password] {
            self.push(text, VALUE_MIN);
            self.push(&percent_decoded(text), VALUE_MIN);
        }
    }

    fn push(&mut self, text: &str, min: usize) {
        let known = self.texts.iter().any(|secret| secret.0 == text);
        if text.len() >= min && !known {
            self.texts.push(Secret::new(text.to_owned()));
            self.forms = OnceLock::new();
        }
    }

    /// Whether a key, or a half of one, stands in `text` in any form: who may
    /// not have the key may not have this text.
    pub fn holds_key(&self, text: &str) -> bool {
        self.keys.iter().any(|Secret(key)| {
            let (id, secret) = key.split_once('.').unwrap_or((key, ""));
            let long = [key.as_str(), id, secret].into_iter();
            text == key
                || long
                    .filter(|part| part.len() >= KEY_MIN)
                    .flat_map(forms)
                    .any(|form| text.contains(&form))
        })
    }

    /// How much of `text` can be shown while more is to come: its end may be the
    /// beginning of a secret.
    pub fn settled(&self, text: &str) -> usize {
        let forms = self.forms.get_or_init(|| self.forms());
        let open = |Secret(form): &Secret| {
            (1..form.len())
                .rev()
                .find(|cut| form.is_char_boundary(*cut) && text.ends_with(&form[..*cut]))
        };
        text.len() - forms.iter().filter_map(open).max().unwrap_or(0)
    }

    /// Whether a secret stands in `text`, in any form.
    pub fn hides_in(&self, text: &str) -> bool {
        let forms = self.forms.get_or_init(|| self.forms());
        forms.iter().any(|Secret(form)| text.contains(form))
    }

    /// `text` with every secret masked, in each form it may appear in: raw,
    /// JSON-escaped, percent-encoded, base64 at any alignment.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        if text.is_empty() {
            // Not worth making the forms, which most runs never need.
            return clean;
        }
        for Secret(form) in self.forms.get_or_init(|| self.forms()) {
            if clean.contains(form.as_str()) {
                clean = Cow::Owned(clean.replace(form.as_str(), MASK));
            }
        }
        clean
    }

    /// Longest first, lest a half is masked inside a whole.
    fn forms(&self) -> Vec<Secret> {
        let all = self.texts.iter().flat_map(|secret| forms(&secret.0));
        let mut forms: Vec<Secret> = all.map(Secret).collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.0.len()));
        forms
    }
}

fn forms(secret: &str) -> Vec<String> {
    let json = quoted(secret);
    let mut forms = vec![
        secret.to_owned(),
        json.replace('/', "\\/"),
        quoted(&json),
        json,
    ];
    for kept in KEPT {
        for hex in [char::to_ascii_uppercase, char::to_ascii_lowercase] {
            forms.push(percent_encoded(secret, kept, hex));
        }
    }
    // A text that base64 holds at another alignment shares no characters with
    // its own encoding; those that depend on its neighbours are cut off.
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
    forms
}

/// What encoders leave as it is beside letters, digits and `-._~`: nothing; a
/// path's slash; what JavaScript's `encodeURIComponent` leaves, and its `encodeURI`.
const KEPT: [&[u8]; 4] = [b"", b"/", b"!*'()", b"!*'();,/?:@&=+$#"];

/// `text` as it stands inside a JSON string.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    json[1..json.len() - 1].to_owned()
}

fn percent_encoded(text: &str, kept: &[u8], hex: fn(&char) -> char) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend(format!("{byte:02x}").chars().map(|digit| hex(&digit)));
        }
    }
    encoded
}

/// `text` with its %XX read; what is not UTF-8 then is replaced.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
        scrubber.hide_header("1");
        assert_eq!(scrubber.scrub("short 1"), "short 1");
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
        assert_eq!(scrubber.settled("the key is 0123456"), "the key is ".len());
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
