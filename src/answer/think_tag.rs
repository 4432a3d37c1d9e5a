//! Treats a `<think>…</think>` at the very beginning of the content as reasoning: models such
//! as GLM-Z1 put it there. White space may come before it; white space directly after it is
//! dropped.

use std::borrow::Cow;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Splits the content of an answer, regardless of how it is divided into deltas.
#[derive(Debug, Default)]
pub(super) struct ThinkTag {
    place: Place,
    /// Text that may be the beginning of a tag.
    held: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    Inside,
    /// After the closing tag and before the first word.
    After,
    Text,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts<'t> {
    pub(super) reasoning: Cow<'t, str>,
    pub(super) text: Cow<'t, str>,
}

impl ThinkTag {
    /// Takes the next part of the content.
    pub(super) fn push<'t>(&mut self, content: &'t str) -> Parts<'t> {
        // Most answers have no tag: nothing of them is copied.
        let is_text = |content: &str| content.trim_start().starts_with(|c| c != '<');
        if self.place == Place::Start && self.held.is_empty() && is_text(content) {
            self.place = Place::Text;
        }
        let mut parts = Parts::default();
        if self.place == Place::Text {
            parts.text = content.into();
            return parts;
        }
        let content = std::mem::take(&mut self.held) + content;
        let mut rest = content.as_str();
        if self.place == Place::Start {
            let (blank, start) = rest.split_at(rest.len() - rest.trim_start().len());
            parts.text = blank.to_owned().into();
            rest = start;
            if let Some(inside) = start.strip_prefix(OPEN) {
                self.place = Place::Inside;
                rest = inside;
            } else if OPEN.starts_with(start) {
                start.clone_into(&mut self.held);
                return parts;
            } else {
                self.place = Place::Text;
            }
        }
        if self.place == Place::Inside {
            let (reasoning, after) = if let Some(split) = rest.split_once(CLOSE) {
                self.place = Place::After;
                split
            } else {
                let (reasoning, held) = rest.split_at(rest.len() - length_of_start(rest, CLOSE));
                held.clone_into(&mut self.held);
                (reasoning, "")
            };
            parts.reasoning = reasoning.to_owned().into();
            rest = after;
        }
        if self.place == Place::After {
            rest = rest.trim_start();
            if !rest.is_empty() {
                self.place = Place::Text;
            }
        }
        parts.text.to_mut().push_str(rest);
        parts
    }

    /// Ends the content: returns the text that was held back.
    pub(super) fn finish(&mut self) -> Parts<'static> {
        let held = std::mem::take(&mut self.held).into();
        let nothing = Cow::default();
        let (reasoning, text) = match self.place {
            Place::Inside => (held, nothing),
            _ => (nothing, held),
        };
        Parts { reasoning, text }
    }
}

/// The number of bytes at the end of `text` that may be the start of `tag`.
fn length_of_start(text: &str, tag: &str) -> usize {
    let mut longest = (1..tag.len()).rev();
    let at_end = longest.find(|length| text.ends_with(&tag[..*length]));
    at_end.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reasoning and text of `content`, given in pieces of `size` characters.
    fn split(content: &str, size: usize) -> (String, String) {
        let chars: Vec<char> = content.chars().collect();
        let mut tag = ThinkTag::default();
        let (mut reasoning, mut text) = (String::new(), String::new());
        let mut add = |parts: Parts<'_>| {
            reasoning.push_str(&parts.reasoning);
            text.push_str(&parts.text);
        };
        for piece in chars.chunks(size) {
            add(tag.push(&piece.iter().collect::<String>()));
        }
        add(tag.finish());
        (reasoning, text)
    }

    #[test]
    fn only_a_tag_at_the_very_beginning_counts() {
        let cases = [
            ("<think>plan</think>answer", "plan", "answer"),
            (
                "\n <think>\nplan\n</think>\n\nanswer\n",
                "\nplan\n",
                "\n answer\n",
            ),
            ("<think></think>answer", "", "answer"),
            ("<think>never closed </thin", "never closed </thin", ""),
            ("<think>a</think> <think>b</think>", "a", "<think>b</think>"),
            ("<think>a < b </ c</think>d", "a < b </ c", "d"),
            ("a <think>plan</think>", "", "a <think>plan</think>"),
            ("<thinking>plan", "", "<thinking>plan"),
            ("<thin", "", "<thin"),
            (" \n", "", " \n"),
            (" answer", "", " answer"),
            ("", "", ""),
        ];
        for (content, reasoning, text) in cases {
            for size in 1..=content.chars().count().max(1) {
                let expected = (reasoning.to_owned(), text.to_owned());
                assert_eq!(split(content, size), expected, "{content:?} by {size}");
            }
        }
    }

    proptest! {
        #[test]
        fn parts_do_not_depend_on_how_the_content_is_cut(
            content in "[ \n]{0,2}(<think>|<thi)?([a<>/ ]|</think>|</thi|<think>|四){0,8}",
            size in 1_usize..9,
        ) {
            prop_assert_eq!(split(&content, size), split(&content, usize::MAX));
        }

        #[test]
        fn a_content_without_a_tag_is_text(content in "[ \n]{0,300}[^ \n<]?.{0,20}") {
            prop_assume!(!content.trim_start().starts_with(OPEN));
            prop_assert_eq!(split(&content, 3), (String::new(), content));
        }
    }
}
