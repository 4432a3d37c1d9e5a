//! The `--fields` shorthand → a JSON Schema.
//!
//! ```text
//! spec   = fields | "[" type "]"
//! fields = field { "," field }
//! field  = name [ "?" ] [ type ] [ "?" ] [ ":" description ]
//! type   = "str" | "int" | "float" | "bool" | word "|" word { "|" word }
//!        | "[" type "]" | "{" fields "}"
//! ```
//!
//! A name, word or description that holds one of `, : ? | [ ] { } "` or, but for
//! descriptions, white space, stands in double quotes, as in JSON. A bare
//! description ends at a comma or a closing bracket. No type is `str`.

use serde_json::{Map, Value, json};

use crate::error::Failure;

/// Brackets within brackets; the answer's own depth is bounded too.
const DEPTH_MAX: usize = 32;

/// Reads the shorthand.
///
/// # Errors
/// It cannot be read: exit 2, with the place.
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
            .hint("like 'name, age int, tags [str]: what they mean'; airx help json has all of it")
    })
}

struct Parser<'a> {
    text: &'a str,
    /// The byte that is next.
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn spec(&mut self) -> Result<Value, String> {
        let schema = if self.peek() == Some('[') {
            self.kind()?
        } else {
            self.fields(None)?
        };
        match self.peek() {
            None => Ok(schema),
            Some(_) => Err("it should end here".to_owned()),
        }
    }

    /// Fields up to `end`, which is taken.
    fn fields(&mut self, end: Option<char>) -> Result<Value, String> {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        loop {
            let start = self.at;
            let (name, optional, kind) = self.field()?;
            if properties.contains_key(&name) {
                self.at = start;
                self.peek();
                return Err(format!("the field {name} stands twice"));
            }
            if !optional {
                required.push(json!(name));
            }
            properties.insert(name, kind);
            match self.peek() {
                Some(',') => self.skip(','),
                next if next == end => break,
                _ => return Err("a comma or the end should stand here".to_owned()),
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
        let name = self.word().ok_or("a field's name should stand here")??;
        let mut optional = self.take('?');
        let mut kind = match self.peek() {
            None | Some(',' | ':' | '}') => json!({ "type": "string" }),
            Some(_) => self.kind()?,
        };
        optional |= self.take('?');
        if self.take(':') {
            let description = self.description()?;
            kind["description"] = Value::String(description);
        }
        Ok((name, optional, kind))
    }

    fn kind(&mut self) -> Result<Value, String> {
        let bracket = self.peek().filter(|next| matches!(next, '[' | '{'));
        let Some(bracket) = bracket else {
            return self.named();
        };
        if self.depth == DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} brackets within each other"));
        }
        self.depth += 1;
        self.skip(bracket);
        let kind = if bracket == '{' {
            self.fields(Some('}'))?
        } else {
            let items = self.kind()?;
            if !self.take(']') {
                return Err("the bracket ] should stand here".to_owned());
            }
            json!({ "type": "array", "items": items })
        };
        self.depth -= 1;
        Ok(kind)
    }

    /// A type's name, or the words of an enum.
    fn named(&mut self) -> Result<Value, String> {
        let start = self.at;
        let first = self.word().ok_or("a type should stand here")??;
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
                        "{first} is no type (str, int, float, bool, a|b, [TYPE], {{FIELDS}})"
                    ));
                }
            };
            return Ok(json!({ "type": name }));
        }
        let mut words = vec![json!(first)];
        while self.take('|') {
            let word = json!(self.word().ok_or("a word should stand here")??);
            if words.contains(&word) {
                return Err(format!("the word {word} stands twice"));
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
            "" => Err("a description should stand here".to_owned()),
            text => Ok(text.to_owned()),
        }
    }

    /// A bare or quoted word; none where neither begins.
    fn word(&mut self) -> Option<Result<String, String>> {
        if self.peek() == Some('"') {
            return Some(self.quoted());
        }
        let rest = &self.text[self.at..];
        let ends = |c: char| c.is_whitespace() || ",:?|[]{}\"".contains(c);
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += word.len();
        (!word.is_empty()).then(|| Ok(word.to_owned()))
    }

    /// A string as JSON has it.
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

    /// The next character that is no white space, left where it is.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        rest.trim_start().chars().next()
    }

    fn skip(&mut self, next: char) {
        self.at += next.len_utf8();
    }

    fn take(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.skip(wanted);
        }
        there
    }
}

#[cfg(test)]
mod tests;
