//! JSON for people: indented, with the colours of jq. Works on the text, so that numbers
//! keep their spelling and members their order.

const KEY: &str = "\u{1b}[1;34m";
const STRING: &str = "\u{1b}[32m";
const NULL: &str = "\u{1b}[90m";
const RESET: &str = "\u{1b}[0m";

/// Lays out one valid JSON value, without a newline at its end.
pub(super) fn pretty(json: &str, colour: bool) -> String {
    let mut layout = Layout {
        out: String::with_capacity(json.len() * 2),
        depth: 0,
        colour,
    };
    let mut rest = json.trim();
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest);
        let (token, after) = rest.split_at(length);
        let after = after.trim_start();
        match first {
            '{' | '[' => {
                layout.out.push(first);
                if after.starts_with(['}', ']']) {
                    // An empty array or object stays on one line.
                    layout.out.push_str(&after[..1]);
                    rest = after[1..].trim_start();
                    continue;
                }
                layout.depth += 1;
                layout.new_line();
            }
            '}' | ']' => {
                layout.depth = layout.depth.saturating_sub(1);
                layout.new_line();
                layout.out.push(first);
            }
            ',' => {
                layout.out.push(',');
                layout.new_line();
            }
            ':' => layout.out.push_str(": "),
            '"' if after.starts_with(':') => layout.token(token, KEY),
            '"' => layout.token(token, STRING),
            'n' => layout.token(token, NULL),
            _ => layout.out.push_str(token),
        }
        rest = after;
    }
    layout.out
}

fn token_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes[0] {
        b'"' => {
            let mut escaped = false;
            let end = bytes[1..].iter().position(|byte| {
                let ends = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                ends
            });
            end.map_or(text.len(), |end| end + 2)
        }
        b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
        _ => text
            .find(|c: char| matches!(c, ',' | ':' | ']' | '}') || c.is_ascii_whitespace())
            .unwrap_or(text.len())
            .max(text.chars().next().map_or(1, char::len_utf8)),
    }
}

struct Layout {
    out: String,
    depth: usize,
    colour: bool,
}

impl Layout {
    fn new_line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn token(&mut self, token: &str, colour: &str) {
        if self.colour {
            self.out.extend([colour, token, RESET]);
        } else {
            self.out.push_str(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_indented_and_numbers_keep_their_spelling() {
        let json = r#"{"a":[1E5,-0.10,{"b, :]":"x\\\"}"}],"c":{},"d":[ ],"e":null}"#;
        let expected = r#"{
  "a": [
    1E5,
    -0.10,
    {
      "b, :]": "x\\\"}"
    }
  ],
  "c": {},
  "d": [],
  "e": null
}"#;
        assert_eq!(pretty(json, false), expected);
        assert_eq!(pretty(expected, false), expected);
        assert_eq!(pretty(" \"a\" ", false), "\"a\"");
    }

    #[test]
    fn keys_strings_and_null_have_colours() {
        assert_eq!(
            pretty(r#"{"a":"b","c":null,"d":true}"#, true),
            "{\n  \u{1b}[1;34m\"a\"\u{1b}[0m: \u{1b}[32m\"b\"\u{1b}[0m,\n  \u{1b}[1;34m\"c\"\u{1b}[0m: \u{1b}[90mnull\u{1b}[0m,\n  \u{1b}[1;34m\"d\"\u{1b}[0m: true\n}"
        );
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::btree_map(".*", inner, 0..6)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_layout_is_that_of_serde_for_any_value(value in value()) {
            let compact = value.to_string();
            let expected = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(pretty(&compact, false), expected);
        }
    }
}
