//! Frames or a whole reply → an [`Answer`], and the judgement whether it is
//! complete or which failure it is. contract: an answer called complete is.

mod envelope;
mod finish_reason;
mod server_error;
mod tool_calls;

use std::borrow::Cow;

use serde_json::Value;

use crate::api::reply::{Choice, Piece, Reply, Usage};
use crate::api::text::Text;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Sink};
use crate::exit::Class;
use crate::sse::{self, Frame, TooLong};

use envelope::Envelope;
pub use finish_reason::End;
pub use server_error::refused;
use server_error::{reported, unreadable, with_body};
pub use tool_calls::Call;

/// What has come of an answer.
#[derive(Debug, Default)]
pub struct Answer {
    /// The text; of a stream only where it is asked to be kept.
    pub text: String,
    /// The thinking of a whole reply.
    pub reasoning: String,
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// Why it ended, by the last word of the server.
    pub finish_reason: Option<String>,
    /// The server's id of the answer.
    pub id: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// The request's id as the server echoed it.
    pub request_id: Option<String>,
    /// Token counts.
    pub usage: Option<Usage>,
    /// Results of the provider's web search.
    pub search: Option<Value>,
    /// The body of a whole reply, untouched.
    pub body: Vec<u8>,
    /// The first token has come.
    pub begun: bool,
    /// `[DONE]` has come.
    pub done: bool,
    /// Which of the server's alternatives it is.
    index: Option<String>,
    envelope: Envelope,
}

impl From<TooLong> for Failure {
    fn from(why: TooLong) -> Self {
        Self::new(Class::Incomplete, why.to_string())
    }
}

/// Most calls of one answer; a fragment beyond is a defect of the server.
const CALLS_MAX: usize = 1024;
/// Most bytes of a stream's calls, and of its text where that is kept.
const KEPT_MAX: usize = 8 * 1024 * 1024;

impl Answer {
    /// Takes one frame of a stream and hands its parts to `sink`. `keep` keeps
    /// the text here too.
    ///
    /// # Errors
    /// The frame reports a failure, or cannot be read; or the sink failed.
    pub fn frame(
        &mut self,
        frame: Frame<'_>,
        keep: bool,
        sink: &mut dyn Sink,
    ) -> Result<(), Failure> {
        if self.done {
            return Ok(());
        }
        if frame.data.starts_with(sse::DONE) {
            self.done = true;
            return Ok(());
        }
        // As a comment would: some servers ping so.
        if frame.data.is_empty() && frame.event != b"error" {
            return Ok(());
        }
        if frame.event == b"error" {
            return Err(refused(200, frame.data));
        }
        if let Some(content) = self.envelope.open(frame.data) {
            sink.data(Data::Body {
                bytes: frame.data,
                token: !content.is_empty(),
            })?;
            return self.delta(content, keep, sink);
        }
        self.chunk(frame.data, keep, sink)
    }

    /// Takes one chunk of a stream, as the server wrote it.
    #[inline(never)]
    fn chunk(&mut self, data: &[u8], keep: bool, sink: &mut dyn Sink) -> Result<(), Failure> {
        let reply: Reply<'_> = serde_json::from_slice(data)
            .map_err(|why| unreadable("an event of the stream", &why, data))?;
        if let Some(failure) = reported(&reply, data) {
            return Err(failure);
        }
        let none = Piece::default();
        let choice = self.own(&reply);
        let piece = choice.and_then(Choice::piece).unwrap_or(&none);
        let calls = piece.tool_calls.as_deref().unwrap_or_default();
        let (content, reasoning) = (piece.content(), piece.reasoning());
        let token = !content.is_empty() || !reasoning.is_empty() || !calls.is_empty();
        if token && !self.begun {
            self.begun = true;
            sink.count(Count::FirstToken);
        }
        sink.data(Data::Body {
            bytes: &one_line(data),
            token,
        })?;
        if !reasoning.is_empty() {
            sink.event(&Event::Reasoning { content: reasoning })?;
        }
        self.delta(content, keep, sink)?;
        if !calls.is_empty() {
            self.add_calls(calls, data)?;
            self.bounded()?;
        }
        self.absorb(&reply, choice);
        let text_alone = !content.is_empty() && reasoning.is_empty() && calls.is_empty();
        if text_alone && reply.is_plain() && !data.contains(&b'\n') {
            self.envelope.learn(data, content);
        }
        Ok(())
    }

    fn delta(&mut self, content: &str, keep: bool, sink: &mut dyn Sink) -> Result<(), Failure> {
        if content.is_empty() {
            return Ok(());
        }
        if keep {
            self.text.push_str(content);
            self.bounded()?;
        }
        sink.event(&Event::Delta { content })
    }

    /// Refuses to keep more of a stream than [`KEPT_MAX`].
    fn bounded(&self) -> Result<(), Failure> {
        let calls = self.calls.iter();
        let kept = calls.map(|call| call.id.len() + call.name.len() + call.arguments.len());
        if self.text.len() + kept.sum::<usize>() <= KEPT_MAX {
            return Ok(());
        }
        let mib = KEPT_MAX >> 20;
        let what = format!("calls and kept text of the stream are longer than {mib} MiB");
        Err(Failure::new(Class::Incomplete, what))
    }

    /// Takes the body of a whole reply that came with a status of success.
    ///
    /// # Errors
    /// It reports a failure or cannot be read.
    pub fn whole(&mut self, body: Vec<u8>) -> Result<(), Failure> {
        let reply: Reply<'_> =
            serde_json::from_slice(&body).map_err(|why| unreadable("the response", &why, &body))?;
        if let Some(failure) = reported(&reply, &body) {
            return Err(failure);
        }
        let Some(choice) = self.own(&reply) else {
            return Err(with_body(
                Failure::new(Class::Incomplete, "the response holds no choices"),
                &body,
            )
            .hint("is the base URL right? the request goes to {base}/chat/completions"));
        };
        if let Some(piece) = choice.piece() {
            piece.content().clone_into(&mut self.text);
            piece.reasoning().clone_into(&mut self.reasoning);
            self.whole_calls(piece.tool_calls.as_deref().unwrap_or_default(), &body)?;
        }
        self.absorb(&reply, Some(choice));
        drop(reply);
        self.body = body;
        Ok(())
    }

    /// The alternative that this answer is: the first that came. Others, which
    /// `--param n=2` would ask for, are passed over.
    fn own<'r, 'a>(&mut self, reply: &'r Reply<'a>) -> Option<&'r Choice<'a>> {
        let choices = reply.choices.as_deref().unwrap_or_default();
        if self.index.is_none() {
            self.index = choices.first().map(|choice| choice.index().to_owned());
        }
        let own = self.index.as_deref();
        choices.iter().find(|choice| Some(choice.index()) == own)
    }

    /// Keeps what is not text: ids and model from the first that told them,
    /// finish_reason and usage from the last.
    fn absorb(&mut self, reply: &Reply<'_>, choice: Option<&Choice<'_>>) {
        fn first(known: &mut Option<String>, told: Option<&Text<'_>>) {
            if known.is_none() {
                *known = told
                    .map(|text| text.as_str().to_owned())
                    .filter(|text| !text.is_empty());
            }
        }
        first(&mut self.id, reply.id.as_ref());
        first(&mut self.model, reply.model.as_ref());
        first(&mut self.request_id, reply.request_id.as_ref());
        let reason = choice.and_then(|choice| choice.finish_reason.as_ref());
        if let Some(reason) = reason.filter(|reason| !reason.as_str().is_empty()) {
            self.finish_reason = Some(reason.as_str().to_owned());
        }
        if let Some(usage) = reply.usage() {
            self.usage = Some(usage);
        }
        if let Some(found) = reply.web_search {
            self.search = serde_json::from_str(found.get()).ok();
        }
    }
}

/// A payload of several lines as one: between the parts of JSON a newline
/// is as good as a space, and inside a string it would not have been read.
pub fn one_line(payload: &[u8]) -> Cow<'_, [u8]> {
    if !payload.contains(&b'\n') {
        return Cow::Borrowed(payload);
    }
    let spaced = |byte: &u8| if *byte == b'\n' { b' ' } else { *byte };
    Cow::Owned(payload.iter().map(spaced).collect())
}
