//! An example of a JSON Schema, for the arguments of tools and for JSON answers. Names,
//! numbers and enum values are taken from the prompt where it has any.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};
use serde_json::{Map, Value, json};

use super::rng::Rng;

/// The most levels that a schema may nest or refer to itself.
const DEPTH: usize = 6;

/// The text where the prompt has none.
const FALLBACK: &str = "airx mock";

/// An example of `schema` that uses words and numbers of `prompt`.
pub(super) fn example(schema: &Value, prompt: &str, rng: &Rng) -> Value {
    let mut example = Example {
        root: schema,
        prompt,
        rng: rng.clone(),
    };
    example.of(schema, DEPTH)
}

/// Makes values for one schema.
struct Example<'a> {
    /// The complete schema, for `$ref`.
    root: &'a Value,
    prompt: &'a str,
    /// Chooses among the values of an enum.
    rng: Rng,
}

impl Example<'_> {
    fn of(&mut self, schema: &Value, depth: usize) -> Value {
        if depth == 0 {
            return Value::Null;
        }
        for given in ["const", "default"] {
            if let Some(value) = schema.get(given) {
                return value.clone();
            }
        }
        if let Some(values) = schema["enum"].as_array().filter(|list| !list.is_empty()) {
            return self.choose(values);
        }
        if let Some(pointer) = schema["$ref"].as_str() {
            let target = self.root.pointer(pointer.trim_start_matches('#'));
            return target.map_or(Value::Null, |target| self.of(target, depth - 1));
        }
        for alternatives in ["anyOf", "oneOf", "allOf"] {
            if let Some(first) = schema[alternatives].get(0) {
                return self.of(first, depth - 1);
            }
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "integer" => integer(self.number(schema)),
            "number" => {
                let number = self.number(schema);
                if number.fract() == 0.0 {
                    integer(number)
                } else {
                    json!(number)
                }
            }
            "boolean" => json!(true),
            "null" => Value::Null,
            _ => Value::String(self.string(schema)),
        }
    }

    /// Chooses the value of an enum that the prompt names, else a random one.
    fn choose(&mut self, values: &[Value]) -> Value {
        let prompt = self.prompt.to_lowercase();
        let named = values.iter().find(|value| {
            let text = value.as_str().unwrap_or_default().to_lowercase();
            !text.is_empty() && prompt.contains(&text)
        });
        named.unwrap_or_else(|| self.rng.pick(values)).clone()
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let empty = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        let required: Vec<&str> = match schema["required"].as_array() {
            Some(names) => names.iter().filter_map(Value::as_str).collect(),
            None => properties.keys().map(String::as_str).collect(),
        };
        let anything = json!({ "type": "string" });
        let member = |name: &&str| {
            let schema = properties.get(*name).unwrap_or(&anything);
            ((*name).to_owned(), self.of(schema, depth - 1))
        };
        Value::Object(required.iter().map(member).collect())
    }

    fn array(&mut self, schema: &Value, depth: usize) -> Value {
        let prefix = schema["prefixItems"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let length = schema["minItems"].as_u64().unwrap_or(1).clamp(1, 100);
        let length = usize::try_from(length).unwrap_or(1).max(prefix.len());
        let mut items = Vec::with_capacity(length);
        for index in 0..length {
            let schema = prefix.get(index).unwrap_or(&schema["items"]);
            items.push(self.of(schema, depth - 1));
        }
        if schema["uniqueItems"] == true {
            for index in 1..length {
                if items[..index].contains(&items[index]) {
                    items[index] = another(&items[index], index);
                }
            }
        }
        Value::Array(items)
    }

    /// The first number of the prompt, or 1, moved into the bounds of the schema.
    fn number(&self, schema: &Value) -> f64 {
        let named = self
            .prompt
            .split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-')
            .find_map(|word| word.trim_end_matches('.').parse::<f64>().ok())
            .filter(|number| number.is_finite());
        let bound = |name: &str, exclusive: &str, step: f64| {
            let outside = schema[exclusive].as_f64().map(|bound| bound + step);
            schema[name].as_f64().or(outside)
        };
        let low = bound("minimum", "exclusiveMinimum", 1.0).unwrap_or(f64::MIN);
        let high = bound("maximum", "exclusiveMaximum", -1.0).unwrap_or(f64::MAX);
        let number = named.unwrap_or(1.0).min(high).max(low);
        match schema["multipleOf"].as_f64().filter(|step| *step > 0.0) {
            Some(step) if (number / step).ceil() * step <= high => (number / step).ceil() * step,
            Some(step) => (number / step).floor() * step,
            None => number,
        }
    }

    fn string(&self, schema: &Value) -> String {
        if let Some(text) = schema["pattern"].as_str().and_then(matching) {
            return text;
        }
        let mut text = match schema["format"].as_str() {
            Some("date") => "2025-06-09".to_owned(),
            Some("date-time") => "2025-06-09T15:27:44+08:00".to_owned(),
            Some("time") => "15:27:44+08:00".to_owned(),
            Some("email") => "mock@example.com".to_owned(),
            Some("uri" | "url") => "https://example.com/".to_owned(),
            Some("uuid") => "3f2504e0-4f89-41d3-9a0c-0305e82c3301".to_owned(),
            Some("hostname") => "example.com".to_owned(),
            Some("ipv4") => "127.0.0.1".to_owned(),
            Some("ipv6") => "::1".to_owned(),
            Some("duration") => "P1D".to_owned(),
            _ => name_in(self.prompt).unwrap_or(FALLBACK).to_owned(),
        };
        let shortest = schema["minLength"].as_u64().unwrap_or(0).min(10_000);
        while (text.chars().count() as u64) < shortest {
            text.push('x');
        }
        match schema["maxLength"].as_u64().map(usize::try_from) {
            Some(Ok(longest)) => text.chars().take(longest).collect(),
            _ => text,
        }
    }
}

/// The first type that a schema names, or the type to which its keywords apply.
fn kind(schema: &Value) -> &str {
    let listed = schema["type"].as_array().into_iter().flatten();
    let first = listed
        .filter_map(Value::as_str)
        .find(|name| *name != "null");
    match schema["type"].as_str().or(first) {
        Some(name) => name,
        None if schema.get("properties").is_some() => "object",
        None if schema.get("items").is_some() => "array",
        None => "string",
    }
}

/// An item that differs from `item`, for `uniqueItems`.
fn another(item: &Value, index: usize) -> Value {
    match (item, item.as_u64()) {
        (Value::String(text), _) => format!("{text} {index}").into(),
        (_, Some(number)) => (number + index as u64).into(),
        _ => item.clone(),
    }
}

/// A short text that matches a regular expression; `None` for an unsupported expression.
fn matching(pattern: &str) -> Option<String> {
    let mut text = String::new();
    add_match(&regex_syntax::parse(pattern).ok()?, &mut text)?;
    Some(text)
}

fn add_match(pattern: &Hir, text: &mut String) -> Option<()> {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let within = |letter: &char| {
                let mut ranges = class.ranges().iter();
                ranges.any(|range| (range.start()..=range.end()).contains(letter))
            };
            let usual = ['x', 'X', '1'].into_iter().find(within);
            text.push(usual.or(class.ranges().first().map(ClassUnicodeRange::start))?);
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition
                .min
                .clamp(1, 1000)
                .min(repetition.max.unwrap_or(1000))
            {
                add_match(&repetition.sub, text)?;
            }
        }
        HirKind::Capture(group) => add_match(&group.sub, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                add_match(part, text)?;
            }
        }
        HirKind::Alternation(alternatives) => add_match(alternatives.first()?, text)?,
    }
    Some(())
}

/// A number without a fraction.
fn integer(number: f64) -> Value {
    serde_json::from_str(&format!("{:.0}", number.trunc())).unwrap_or_default()
}

/// A word that looks like a name: quoted, or capitalised and not the first.
fn name_in(prompt: &str) -> Option<&str> {
    for (open, close) in [('"', '"'), ('“', '”'), ('「', '」')] {
        let quoted = prompt
            .split_once(open)
            .and_then(|(_, rest)| rest.split_once(close));
        if let Some((name, _)) = quoted.filter(|(name, _)| !name.is_empty()) {
            return Some(name);
        }
    }
    prompt
        .split_whitespace()
        .skip(1)
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.len() > 1 && word.starts_with(char::is_uppercase))
        .last()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(schema: &Value, prompt: &str) -> Value {
        super::example(schema, prompt, &Rng::new(0, 0, 0))
    }

    #[test]
    fn required_members_of_every_type_are_made() {
        let schema = json!({"type": "object", "required": ["city", "days", "share", "now", "tags", "at"],
            "properties": {
                "city": {"type": "string"}, "days": {"type": "integer", "minimum": 3},
                "share": {"type": "number", "maximum": 0.5}, "now": {"type": "boolean"},
                "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
                "at": {"type": "object", "properties": {"on": {"type": "string", "format": "date"}}},
                "extra": {"type": "string"}}});
        assert_eq!(
            example(&schema, "Weather in Nanjing?"),
            json!({"city": "Nanjing", "days": 3, "share": 0.5, "now": true,
                "tags": ["Nanjing", "Nanjing"], "at": {"on": "2025-06-09"}})
        );
    }

    #[test]
    fn the_prompt_chooses_among_an_enum_and_gives_the_number() {
        let schema = json!({"properties": {"unit": {"enum": ["celsius", "fahrenheit"]},
            "n": {"type": ["null", "integer"]}}});
        assert_eq!(
            example(&schema, "in Fahrenheit, for 12 days"),
            json!({"unit": "fahrenheit", "n": 12})
        );
    }

    #[test]
    fn references_are_followed_and_circles_end() {
        let schema = json!({"$ref": "#/$defs/a",
            "$defs": {"a": {"properties": {"a": {"$ref": "#/$defs/a"}}}}});
        assert!(example(&schema, "").is_object());
        let lengths = json!({"type": "string", "minLength": 12, "maxLength": 12});
        assert_eq!(example(&lengths, ""), "airx mockxxx");
        assert_eq!(example(&Value::Null, ""), "airx mock");
    }
}
