//! Text cut into pieces that stand for tokens: up to four letters of a word, two
//! wide characters, or white space with what follows it. Not a real tokenizer, but
//! it always cuts the same text in the same way, and the pieces join to the text.

/// The pieces of `text`.
pub(super) fn tokens(text: &str) -> Tokens<'_> {
    Tokens { rest: text }
}

/// How many pieces `text` has.
pub(super) fn count(text: &str) -> u64 {
    tokens(text).count() as u64
}

/// The first `limit` pieces of `text`.
pub(super) fn first(text: &str, limit: u64) -> &str {
    let mut pieces = tokens(text);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit > 0 {
        let _ = pieces.nth(limit - 1);
    }
    &text[..text.len() - pieces.rest.len()]
}

/// The first half of `text`, at least one piece.
pub(super) fn half(text: &str) -> &str {
    first(text, (count(text) / 2).max(1))
}

/// Iterator over the pieces of a text.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut weight = 0;
        let mut in_word = false;
        let mut end = self.rest.len();
        for (position, character) in self.rest.char_indices() {
            let space = character.is_whitespace();
            if weight >= 4 || (space && in_word) {
                end = position;
                break;
            }
            in_word |= !space;
            if !space {
                weight += if character.is_ascii() { 1 } else { 2 };
            }
        }
        if end == 0 {
            return None;
        }
        let (piece, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_after_four_letters_and_wide_text_after_two() {
        let pieces: Vec<_> = tokens("Hello big world\n你好吗 🙂").collect();
        assert_eq!(
            pieces,
            ["Hell", "o", " big", " worl", "d", "\n你好", "吗", " 🙂"]
        );
    }

    #[test]
    fn nothing_is_lost_or_added() {
        for text in ["", " ", "a", "  a  b ", "\n\n", "你好 x 🙂🙂🙂"] {
            assert_eq!(tokens(text).collect::<String>(), text);
        }
    }

    #[test]
    fn a_limit_cuts_between_pieces() {
        assert_eq!(first("Hello big", 2), "Hello");
        assert_eq!(first("Hello big", 99), "Hello big");
        assert_eq!(half("a b c d"), "a b");
        assert_eq!(half("a"), "a");
    }
}
