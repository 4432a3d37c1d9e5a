//! The request body: one chat completion. It has only the members that were requested, in a
//! fixed order. api.md §3.

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

// The limits of the members of a request. Where the API's documents differ, both values are
// here: airx refuses what no document allows, and warns about what only some allow. The limits
// of a model are in the table of models, those of a batch in `batch.rs`.

/// Characters of `user_id`.
pub const USER_ID: RangeInclusive<usize> = 6..=128;
/// Characters of `request_id`, by the newer documents.
pub const REQUEST_ID: RangeInclusive<usize> = 6..=64;
/// `temperature`; by the older documents less than 1.
pub const TEMPERATURE: RangeInclusive<f64> = 0.0..=1.0;
/// `top_p`.
pub const TOP_P: RangeInclusive<f64> = 0.0..=1.0;
/// The smallest `top_p` of the newer documents.
pub const TOP_P_NEWER: f64 = 0.01;
/// Texts of `stop`, by the newest document; most allow one.
pub const STOP_MAX: usize = 4;
/// Tools of type `function`.
pub const TOOLS_MAX: usize = 128;

/// One request; [`Request::body`] is what is sent.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The model's name.
    pub model: String,
    /// The conversation. Its last turn is the user's or a tool's.
    pub messages: Vec<Message>,
    /// Tools the model may call, each an API tool object.
    pub tools: Vec<Box<RawValue>>,
    /// Ask for an event stream.
    pub stream: bool,
    /// The required form of the answer; any text if there is none.
    pub response_format: Option<ResponseFormat>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling mass.
    pub top_p: Option<f64>,
    /// The most tokens of the answer.
    pub max_tokens: Option<u64>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// `false` turns sampling off.
    pub do_sample: Option<bool>,
    /// Thinking on or off, for models that support it.
    pub thinking: Option<bool>,
    /// The end user's id.
    pub user_id: Option<String>,
    /// The caller's id of this request.
    pub request_id: Option<String>,
    /// Any other members. They replace those above.
    pub params: Vec<(String, Box<RawValue>)>,
}

/// `response_format`: the form that the server enforces.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", content = "json_schema", rename_all = "snake_case")]
pub enum ResponseFormat {
    /// Any JSON object.
    JsonObject,
    /// JSON that is valid by this schema. Not part of this API, but llama.cpp, vLLM, OpenAI and
    /// LiteLLM support it.
    JsonSchema(#[serde(serialize_with = "named")] Arc<RawValue>),
}

fn named<S: Serializer>(schema: &RawValue, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Named<'a> {
        name: &'static str,
        schema: &'a RawValue,
    }
    let name = "answer";
    Named { name, schema }.serialize(to)
}

/// One turn of the conversation.
#[derive(Debug, Clone)]
pub enum Message {
    /// Instructions.
    System(String),
    /// The user's text, with images if there are any (URLs, data URLs).
    User {
        /// The text.
        text: String,
        /// The images, after the text.
        images: Vec<String>,
    },
    /// A turn that the user supplied as JSON; sent unchanged.
    Given(Box<RawValue>),
}

impl Request {
    /// The body: compact JSON without a final newline.
    pub fn body(&self) -> Vec<u8> {
        // Strings and raw JSON only: serialisation cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The members, except `stream`.
    fn members<M: SerializeMap>(&self, map: M) -> Result<M, M::Error> {
        let mut body = Body {
            map,
            params: &self.params,
        };
        body.member("model", &self.model)?;
        body.member("messages", &self.messages)?;
        body.unless_empty("tools", &self.tools)?;
        if !self.tools.is_empty() {
            body.member("tool_choice", "auto")?;
        }
        body.optional("response_format", self.response_format.as_ref())?;
        body.optional("temperature", self.temperature.as_ref())?;
        body.optional("top_p", self.top_p.as_ref())?;
        body.optional("max_tokens", self.max_tokens.as_ref())?;
        body.unless_empty("stop", &self.stop)?;
        body.optional("do_sample", self.do_sample.as_ref())?;
        let thinking = self.thinking.map(|on| Typed {
            kind: if on { "enabled" } else { "disabled" },
        });
        body.optional("thinking", thinking.as_ref())?;
        body.optional("user_id", self.user_id.as_ref())?;
        body.optional("request_id", self.request_id.as_ref())?;
        for (name, value) in &self.params {
            body.map.serialize_entry(name, value)?;
        }
        Ok(body.map)
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = self.members(to.serialize_map(None)?)?;
        map.serialize_entry("stream", &self.stream)?;
        map.end()
    }
}

/// A request in a batch, where nothing is streamed.
pub(super) struct Batched<'a>(pub(super) &'a Request);

impl Serialize for Batched<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.members(to.serialize_map(None)?)?.end()
    }
}

/// The object under construction, and the members that replace its own.
struct Body<'a, M> {
    map: M,
    params: &'a [(String, Box<RawValue>)],
}

impl<M: SerializeMap> Body<'_, M> {
    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), M::Error> {
        if self.params.iter().any(|(param, _)| param == name) {
            return Ok(());
        }
        self.map.serialize_entry(name, value)
    }

    fn optional<T: Serialize>(&mut self, name: &str, value: Option<&T>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.member(name, value))
    }

    fn unless_empty<T: Serialize>(&mut self, name: &str, list: &[T]) -> Result<(), M::Error> {
        let list = (!list.is_empty()).then_some(list);
        list.map_or(Ok(()), |list| self.member(name, list))
    }
}

#[derive(Serialize)]
struct Typed {
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Given(raw) => raw.serialize(to),
            Self::System(text) => turn("system", text).serialize(to),
            Self::User { text, images } if images.is_empty() => turn("user", text).serialize(to),
            Self::User { text, images } => turn("user", parts(text, images)).serialize(to),
        }
    }
}

fn turn<T: Serialize>(role: &'static str, content: T) -> impl Serialize {
    #[derive(Serialize)]
    struct Turn<T> {
        role: &'static str,
        content: T,
    }
    Turn { role, content }
}

/// A content part of a vision model's message.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: &'a str,
}

fn parts<'a>(text: &'a str, images: &'a [String]) -> Vec<Part<'a>> {
    let text = (!text.is_empty()).then_some(Part::Text { text });
    let images = images.iter().map(|url| Part::ImageUrl {
        image_url: ImageUrl { url },
    });
    text.into_iter().chain(images).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(request: &Request) -> String {
        String::from_utf8(request.body()).unwrap()
    }

    fn asked(text: &str) -> Request {
        let user = Message::User {
            text: text.into(),
            images: Vec::new(),
        };
        Request {
            model: "m".into(),
            messages: vec![user],
            ..Request::default()
        }
    }

    #[test]
    fn only_what_was_asked_for_is_written() {
        assert_eq!(
            body(&asked("hi")),
            r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":false}"#
        );
    }

    #[test]
    fn a_param_takes_the_place_of_the_flag_s_member() {
        let raw = RawValue::from_string("0.50".into()).unwrap();
        let request = Request {
            temperature: Some(0.1),
            params: vec![("temperature".into(), raw)],
            ..asked("hi")
        };
        assert_eq!(body(&request).matches("temperature").count(), 1);
        assert!(body(&request).contains(r#""temperature":0.50"#));
    }

    #[test]
    fn images_become_parts_after_the_text() {
        let user = Message::User {
            text: "see".into(),
            images: vec!["data:x".into()],
        };
        assert_eq!(
            serde_json::to_string(&user).unwrap(),
            r#"{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:x"}}]}"#
        );
    }
}
