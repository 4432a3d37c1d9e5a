//! Decodes JSON and percent escapes, and keeps the original offset of each byte.

/// The number of layers that are decoded: JSON text inside JSON text inside a URL.
pub(super) const LAYERS: usize = 3;

/// The kind of escapes of a layer.
#[derive(Clone, Copy)]
enum Escape {
    /// `\u002B`, `\/`
    Json,
    /// `%2B`
    Percent,
}

/// A text with some layers of escapes decoded. An incomplete escape at the end is left
/// out.
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// The offset of each byte in the original text, and the end of the last one.
    pub(super) starts: Vec<usize>,
}

impl View {
    pub(super) fn of(text: &[u8]) -> Self {
        Self {
            bytes: text.to_vec(),
            starts: (0..=text.len()).collect(),
        }
    }

    /// Whether `found` returns true for this view or for one with more layers decoded.
    pub(super) fn any(&self, layers: usize, found: &mut dyn FnMut(&Self) -> bool) -> bool {
        if found(self) {
            return true;
        }
        let inner = if layers == 0 {
            &[][..]
        } else {
            &[Escape::Json, Escape::Percent]
        };
        inner.iter().any(|escape| {
            self.without(*escape)
                .is_some_and(|view| view.any(layers - 1, found))
        })
    }

    /// Decodes these escapes. Returns `None` if there are none.
    fn without(&self, escape: Escape) -> Option<Self> {
        let mark = match escape {
            Escape::Json => b'\\',
            Escape::Percent => b'%',
        };
        memchr::memchr(mark, &self.bytes)?;
        let mut view = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            starts: Vec::with_capacity(self.starts.len()),
        };
        let (mut at, mut changed) = (0, false);
        while at < self.bytes.len() {
            let rest = &self.bytes[at..];
            let mut buffer = [0; 4];
            let decoded = match escape {
                _ if rest[0] != mark => Err(Undecoded::Plain),
                Escape::Json => json_escape(rest).map(|(character, length)| {
                    (character.encode_utf8(&mut buffer).as_bytes(), length)
                }),
                Escape::Percent => hex_digits(&rest[1..], 2).map(|byte| {
                    // It is below 256.
                    buffer = byte.to_le_bytes();
                    (&buffer[..1], 3)
                }),
            };
            let (bytes, length) = match decoded {
                Ok(decoded) => decoded,
                Err(Undecoded::Plain) => (&rest[..1], 1),
                Err(Undecoded::CutOff) => {
                    changed = true;
                    break;
                }
            };
            changed |= length > 1;
            view.bytes.extend_from_slice(bytes);
            view.starts.extend(bytes.iter().map(|_| self.starts[at]));
            at += length;
        }
        view.starts.push(self.starts[at]);
        changed.then_some(view)
    }
}

/// Why a byte is not the start of an escape.
enum Undecoded {
    Plain,
    /// The end of the text cuts the escape off.
    CutOff,
}

/// The character of an escape, and the length of the escape.
fn json_escape(bytes: &[u8]) -> Result<(char, usize), Undecoded> {
    match bytes.get(1).ok_or(Undecoded::CutOff)? {
        // These letters encode control characters, but stay letters here. A secret contains no
        // control character except a tab, but it may begin with such a letter after a backslash.
        letter @ (b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
            Ok((char::from(*letter), 2))
        }
        b'u' => unicode_escape(bytes),
        _ => Err(Undecoded::Plain),
    }
}

/// Reads `\uXXXX`, or two of them that form a surrogate pair.
fn unicode_escape(bytes: &[u8]) -> Result<(char, usize), Undecoded> {
    let high = hex_digits(&bytes[2..], 4)?;
    if let Some(character) = char::from_u32(high) {
        return Ok((character, 6));
    }
    let low = match &bytes[6..] {
        [] | [b'\\'] => Err(Undecoded::CutOff),
        [b'\\', b'u', rest @ ..] => hex_digits(rest, 4),
        _ => Err(Undecoded::Plain),
    };
    let alone = (char::REPLACEMENT_CHARACTER, 6);
    match low {
        Ok(low) => {
            let pair = [high, low].map(|unit| u16::try_from(unit).unwrap_or_default());
            let character = char::decode_utf16(pair).next();
            Ok(character
                .and_then(Result::ok)
                .map_or(alone, |character| (character, 12)))
        }
        Err(Undecoded::CutOff) => Err(Undecoded::CutOff),
        Err(Undecoded::Plain) => Ok(alone),
    }
}

/// Parses `count` hexadecimal digits.
fn hex_digits(bytes: &[u8], count: usize) -> Result<u32, Undecoded> {
    let digits = &bytes[..bytes.len().min(count)];
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(Undecoded::Plain);
    }
    if digits.len() < count {
        return Err(Undecoded::CutOff);
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default();
    Ok(digits
        .iter()
        .fold(0, |number, byte| number * 16 + digit(byte)))
}
