//! A line of a batch's output or error file: what became of one of its requests.
//! api.md §8.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::text::Text;

/// A line of an output or error file.
#[derive(Debug, Deserialize)]
pub struct Answered<'a> {
    /// What the request was called.
    #[serde(borrow)]
    pub custom_id: Option<Text<'a>>,
    /// What the chat answered.
    #[serde(borrow)]
    pub response: Option<Response<'a>>,
    /// Why the engine did not ask.
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
    /// The same, where a server puts it beside `custom_id`.
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

impl Answered<'_> {
    /// Whether it tells anything of its item.
    pub fn is_one(&self) -> bool {
        self.response.is_some() || self.fault().is_some()
    }

    /// Why the item has no answer, as the body of a refusal.
    pub fn fault(&self) -> Option<Vec<u8>> {
        let raw = |member: Option<&RawValue>| member.map_or("null", RawValue::get).to_owned();
        if self.error.is_some() {
            return Some(format!(r#"{{"error":{}}}"#, raw(self.error)).into());
        }
        let (code, message) = (raw(self.code), raw(self.message));
        let told = self.code.is_some() || self.message.is_some();
        told.then(|| format!(r#"{{"error":{{"code":{code},"message":{message}}}}}"#).into())
    }
}

/// What the chat answered to a line.
#[derive(Debug, Deserialize)]
pub struct Response<'a> {
    /// HTTP's.
    pub status_code: Option<u16>,
    /// The reply, or the error.
    #[serde(borrow)]
    pub body: Option<&'a RawValue>,
}
