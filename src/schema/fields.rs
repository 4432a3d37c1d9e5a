//! Converts the shorthand of `--fields` to a JSON Schema.
//!
//! ```text
//! spec   = fields | "[" type "]"
//! fields = field { "," field }
//! field  = name [ "?" ] [ type ] [ "?" ] [ ":" description ]
//! type   = "str" | "int" | "float" | "bool" | word "|" word { "|" word }
//!        | "[" type "]" | "{" fields "}"
//! ```
//!
//! A name or word that contains white space or one of `, : ? | [ ] { } "` is written in double
//! quotes, as in JSON; so is a description that contains one of these characters. A bare
//! description ends at a comma or a closing bracket. A field without a type is a `str`.

use serde_json::{Map, Value, json};

use crate::error::Failure;

/// The maximum depth of nested brackets.
const DEPTH_MAX: usize = 32;

/// Reads the shorthand.
pub(super) fn schema(text: &str) -> Result<Value, Failure> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    parser.spec().map_err(|what| {
        let rest: String = text[parser.at..].chars().take(20).collect();
        let character = text[..parser.at].chars().count() + 1;
        let place = if rest.is_empty() {
            "at its end".to_owned()
        } else {
            format!("at character {character}, {rest:?}")
        };
        Failure::usage(format!("--fields: {what}, {place}"))
            .hint("for example 'name, age int, tags [str]: what they mean'; see airx help json")
    })
}

struct Parser<'a> {
    text: &'a str,
    /// The offset of the next byte.
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn spec(&mut self) -> Result<Value, String> {
        let schema = match self.peek() {
            Some('[') => self.field_type()?,
            _ => self.fields(None)?,
        };
        match self.peek() {
            None => Ok(schema),
            Some(_) => Err("the end is expected here".to_owned()),
        }
    }

    /// Fields up to `end`, which is skipped.
    fn fields(&mut self, end: Option<char>) -> Result<Value, String> {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        loop {
            let start = self.at;
            let (name, optional, kind) = self.field()?;
            if properties.contains_key(&name) {
                self.at = start;
                self.peek();
                return Err(format!("the field {name} appears twice"));
            }
            if !optional {
                required.push(json!(name));
            }
            properties.insert(name, kind);
            match self.peek() {
                Some(',') => self.skip(','),
                next if next == end => break,
                _ => return Err("a comma or the end is missing".to_owned()),
            }
        }
        if let Some(end) = end {
            self.skip(end);
        }
        Ok(json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }))
    }

    fn field(&mut self) -> Result<(String, bool, Value), String> {
        let name = self.word("a field's name is missing")?;
        let mut optional = self.accept('?');
        let mut kind = match self.peek() {
            None | Some(',' | ':' | '}') => json!({ "type": "string" }),
            Some(_) => self.field_type()?,
        };
        optional |= self.accept('?');
        if self.accept(':') {
            let description = self.description()?;
            kind["description"] = Value::String(description);
        }
        Ok((name, optional, kind))
    }

    fn field_type(&mut self) -> Result<Value, String> {
        let bracket = self.peek().filter(|next| matches!(next, '[' | '{'));
        let Some(bracket) = bracket else {
            return self.named_type();
        };
        if self.depth == DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} nested brackets"));
        }
        self.depth += 1;
        self.skip(bracket);
        let kind = if bracket == '{' {
            self.fields(Some('}'))?
        } else {
            let items = self.field_type()?;
            if !self.accept(']') {
                return Err("the bracket ] is missing".to_owned());
            }
            json!({ "type": "array", "items": items })
        };
        self.depth -= 1;
        Ok(kind)
    }

    /// A type's name, or the words of an enum.
    fn named_type(&mut self) -> Result<Value, String> {
        let start = self.at;
        let first = self.word("a type is missing")?;
        if self.peek() != Some('|') {
            let name = match first.as_str() {
                "str" => "string",
                "int" => "integer",
                "float" => "number",
                "bool" => "boolean",
                _ => {
                    self.at = start;
                    self.peek();
                    return Err(format!(
                        "{first} is not a type (str, int, float, bool, a|b, [TYPE], {{FIELDS}})"
                    ));
                }
            };
            return Ok(json!({ "type": name }));
        }
        let mut words = vec![json!(first)];
        while self.accept('|') {
            let word = json!(self.word("a word is missing")?);
            if words.contains(&word) {
                return Err(format!("the word {word} appears twice"));
            }
            words.push(word);
        }
        Ok(json!({ "enum": words }))
    }

    fn description(&mut self) -> Result<String, String> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let rest = &self.text[self.at..];
        let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
        self.at += end;
        match rest[..end].trim() {
            "" => Err("a description is missing".to_owned()),
            text => Ok(text.to_owned()),
        }
    }

    /// A bare or quoted word, or the error `missing`.
    fn word(&mut self, missing: &str) -> Result<String, String> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let rest = &self.text[self.at..];
        let ends = |c: char| c.is_whitespace() || ",:?|[]{}\"".contains(c);
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += word.len();
        match word {
            "" => Err(missing.to_owned()),
            word => Ok(word.to_owned()),
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        let rest = &self.text[self.at..];
        let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        match strings.next() {
            Some(Ok(text)) => {
                self.at += strings.byte_offset();
                Ok(text)
            }
            _ => Err("the quotes do not hold a string as in JSON".to_owned()),
        }
    }

    /// Skips white space and returns the next character without reading it.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        rest.trim_start().chars().next()
    }

    fn skip(&mut self, next: char) {
        self.at += next.len_utf8();
    }

    fn accept(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.skip(expected);
        }
        found
    }
}

#[cfg(test)]
mod tests;
