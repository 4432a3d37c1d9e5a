//! The body of a reply, or one chunk of a stream. They have the same shape on the wire,
//! except for `message` and `delta`. api.md §4 and §5.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::scalar::{Text, WholeNumber};
use super::usage::Usage;

/// A reply body, or the payload of one stream frame. Unknown members are
/// ignored; every member may be missing or null.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"), expecting = "an object with choices")]
pub struct Reply<'a> {
    /// The server's id of the answer.
    pub id: Option<Text<'a>>,
    /// The model that answered; may differ from the one asked for.
    pub model: Option<Text<'a>>,
    /// The request's id as the server echoes it; absent in chunks.
    pub request_id: Option<Text<'a>>,
    /// The alternatives; airx reads the first. Empty in a usage-only chunk.
    pub choices: Option<Vec<Choice<'a>>>,
    /// Token counts, parsed only by [`Reply::usage`].
    usage: Option<&'a RawValue>,
    /// Results of the `web_search` tool.
    pub web_search: Option<&'a RawValue>,
    /// Present where the server reports a failure instead of an answer.
    pub error: Option<&'a RawValue>,
}

impl Reply<'_> {
    /// The token counts of the reply, or else those in `choice`, where some servers put them.
    /// None if they are missing or unreadable.
    pub fn usage(&self, choice: Option<&Choice<'_>>) -> Option<Usage> {
        let in_choice = || choice?.usage.and_then(Usage::read);
        self.usage.and_then(Usage::read).or_else(in_choice)
    }

    /// Whether it has only ids, the model and one alternative.
    pub fn is_plain(&self) -> bool {
        let choices = self.choices.as_deref().unwrap_or_default();
        let plain = |choice: &Choice<'_>| choice.finish_reason.is_none() && choice.usage.is_none();
        self.usage.is_none()
            && self.web_search.is_none()
            && matches!(choices, [choice] if plain(choice))
    }
}

/// One alternative of an answer.
#[derive(Debug, Deserialize)]
#[serde(
    bound(deserialize = "'de: 'a"),
    expecting = "a choice: an object with message or delta"
)]
pub struct Choice<'a> {
    index: Option<&'a RawValue>,
    /// Why the answer ended; absent before the end.
    pub finish_reason: Option<Text<'a>>,
    /// A complete answer.
    pub message: Option<Piece<'a>>,
    /// A part of a streamed answer.
    pub delta: Option<Piece<'a>>,
    /// Present if the server reports a failure instead of the message.
    pub error: Option<&'a RawValue>,
    /// Token counts, if the server puts them here.
    usage: Option<&'a RawValue>,
}

impl<'a> Choice<'a> {
    /// The index that the server wrote; 0 if it is missing.
    pub fn index(&self) -> &str {
        self.index.map_or("0", RawValue::get)
    }

    /// The complete message; some servers send it as `delta`.
    pub fn complete(&self) -> Option<&Piece<'a>> {
        self.message.as_ref().or(self.delta.as_ref())
    }
}

/// A message or a delta of one.
#[derive(Debug, Default)]
pub struct Piece<'a> {
    /// The answer's text.
    content: Option<Text<'a>>,
    /// Why the model refuses to answer.
    refusal: Option<&'a RawValue>,
    /// The model's thinking, as `BigModel` names it.
    reasoning_content: Option<Text<'a>>,
    /// The same, as newer vLLM names it.
    reasoning: Option<Text<'a>>,
    /// Tool calls, complete or in fragments.
    tool_calls: Option<Vec<CallPiece<'a>>>,
    /// Members that airx does not know.
    pub others: OtherMembers<'a>,
}

impl<'de> KeepsOthers<'de> for Piece<'de> {
    const EXPECTED: &'static str = "a message: an object with content";

    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "content" => self.content = map.next_value()?,
            "refusal" => self.refusal = map.next_value()?,
            "reasoning_content" => self.reasoning_content = map.next_value()?,
            "reasoning" => self.reasoning = map.next_value()?,
            "tool_calls" => self.tool_calls = map.next_value()?,
            "role" => drop(map.next_value::<IgnoredAny>()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn others(&mut self) -> &mut OtherMembers<'de> {
        &mut self.others
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Piece<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        keep_others::<D, Piece<'de>>(from)
    }
}

impl<'a> Piece<'a> {
    /// Its tool calls; empty if there are none.
    pub fn calls(&self) -> &[CallPiece<'a>] {
        self.tool_calls.as_deref().unwrap_or_default()
    }

    /// Whether it has text and nothing else.
    pub fn is_text_alone(&self) -> bool {
        let text = self.content().is_some() && self.reasoning().is_none();
        text && self.calls().is_empty() && self.refusal.is_none()
    }

    /// Whether it has a part of an answer.
    pub fn has_token(&self) -> bool {
        let text = self.content().is_some() || self.reasoning().is_some();
        text || !self.calls().is_empty() || self.refusal().is_some()
    }

    /// The answer's text; `None` if it is missing or empty.
    pub fn content(&self) -> Option<&Text<'a>> {
        non_empty(self.content.as_ref())
    }

    /// The thinking; `None` if it is missing or empty.
    pub fn reasoning(&self) -> Option<&Text<'a>> {
        let named = non_empty(self.reasoning_content.as_ref());
        named.or_else(|| non_empty(self.reasoning.as_ref()))
    }

    /// The model's refusal; `None` unless it is a string.
    pub fn refusal(&self) -> Option<Text<'a>> {
        let json = self.refusal?.get();
        let text = json.starts_with('"').then(|| Text::read(json));
        text?.ok().filter(|text| !text.as_str().is_empty())
    }
}

fn non_empty<'t, 'a>(text: Option<&'t Text<'a>>) -> Option<&'t Text<'a>> {
    text.filter(|text| !text.as_str().is_empty())
}

/// A tool call or a fragment of one.
#[derive(Debug, Default)]
pub struct CallPiece<'a> {
    /// Which call a fragment belongs to.
    pub index: Option<usize>,
    /// Only on the first fragment.
    pub id: Option<Text<'a>>,
    /// Name and arguments.
    pub function: Option<FunctionPiece<'a>>,
    /// Members that airx does not know.
    pub others: OtherMembers<'a>,
}

impl<'de> KeepsOthers<'de> for CallPiece<'de> {
    const EXPECTED: &'static str = "a tool call: an object with function";

    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "index" => {
                let index: Option<WholeNumber<usize>> = map.next_value()?;
                self.index = index.map(|index| index.0);
            }
            "id" => self.id = map.next_value()?,
            "function" => self.function = map.next_value()?,
            "type" => drop(map.next_value::<IgnoredAny>()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn others(&mut self) -> &mut OtherMembers<'de> {
        &mut self.others
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for CallPiece<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        keep_others::<D, CallPiece<'de>>(from)
    }
}

impl CallPiece<'_> {
    /// The function's name; empty if it is missing.
    pub fn name(&self) -> &str {
        let function = self.function.as_ref();
        let name = function.and_then(|function| function.name.as_ref());
        name.map_or("", Text::as_str)
    }

    /// The arguments: a JSON string on the wire. Some servers send an object; then this is the
    /// object's JSON. Empty if there are none.
    pub fn arguments(&self) -> Text<'_> {
        let function = self.function.as_ref();
        let json = function.and_then(|function| function.arguments);
        match json.map_or("null", RawValue::get) {
            "null" => Text::default(),
            json if json.starts_with('"') => Text::read(json).unwrap_or_default(),
            json => Cow::Borrowed(json).into(),
        }
    }
}

/// The function part of a call.
#[derive(Debug, Deserialize)]
#[serde(
    bound(deserialize = "'de: 'a"),
    expecting = "an object with name and arguments"
)]
pub struct FunctionPiece<'a> {
    /// Only on the first fragment.
    name: Option<Text<'a>>,
    arguments: Option<&'a RawValue>,
}

/// Unknown members, not parsed.
#[derive(Debug, Clone, Default)]
pub struct OtherMembers<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl OtherMembers<'_> {
    /// Adds the members to those of earlier parts. Lists are joined; any other value replaces
    /// the earlier one.
    pub fn add_to(&self, known: &mut Map<String, Value>) {
        for (name, json) in &self.0 {
            let value: Value = serde_json::from_str(json.get()).unwrap_or_default();
            match (known.get_mut(&**name), value) {
                (_, Value::Null) => {}
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
                (_, value) => {
                    known.insert(name.to_string(), value);
                }
            }
        }
    }

    /// Their length in bytes.
    pub fn byte_count(&self) -> usize {
        let length = |(name, json): &(Cow<'_, str>, &RawValue)| name.len() + json.get().len();
        self.0.iter().map(length).sum()
    }
}

/// An object that keeps its unknown members.
trait KeepsOthers<'de>: Default {
    /// Name of the object for error messages.
    const EXPECTED: &'static str;

    /// Reads the value of a known member. Returns whether the member is known.
    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;

    /// Receives the unknown members.
    fn others(&mut self) -> &mut OtherMembers<'de>;
}

/// Reads an object of this kind.
fn keep_others<'de, D: Deserializer<'de>, T: KeepsOthers<'de>>(from: D) -> Result<T, D::Error> {
    struct Members<T>(PhantomData<T>);
    impl<'de, T: KeepsOthers<'de>> Visitor<'de> for Members<T> {
        type Value = T;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str(T::EXPECTED)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
            let mut object = T::default();
            let mut known = Vec::new();
            while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                if !object.read(&name, &mut map)? {
                    let value = map.next_value()?;
                    object.others().0.push((name, value));
                } else if known.contains(&name) {
                    return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                } else {
                    known.push(name);
                }
            }
            Ok(object)
        }
    }
    from.deserialize_map(Members(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_unknown_members_are_tolerated() {
        let body = r#"{"new":[1],"id":null,"object":null,"usage":{"prompt_tokens":"?"},
            "choices":[{"index":0,"delta":{"role":null,"content":null}}]}"#;
        let reply: Reply<'_> = serde_json::from_str(body).unwrap();
        let choice = reply.choices.as_deref().unwrap().first();
        assert_eq!(reply.usage(choice), None);
        assert_eq!(choice.unwrap().complete().unwrap().content(), None);
    }

    #[test]
    fn arguments_are_text_whether_sent_as_string_or_object() {
        for sent in [r#""{\"a\": 1}""#, r#"{"a": 1}"#] {
            let body = format!(r#"{{"function":{{"name":"f","arguments":{sent}}}}}"#);
            let call: CallPiece<'_> = serde_json::from_str(&body).unwrap();
            assert_eq!(call.arguments().as_str(), r#"{"a": 1}"#);
        }
    }
}
