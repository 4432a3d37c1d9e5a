//! Frames of a stream, or the body of a reply → an [`Answer`]. Decides whether it is complete
//! or which failure it is.

mod finish_reason;
mod server_error;
mod streamed_text;
mod think_tag;
mod tool_calls;

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::api::error_body::without_bom;
use crate::api::reply::{Choice, Piece, Reply};
use crate::api::scalar::Text;
use crate::api::usage::Usage;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Sink};
use crate::exit::Class;
use crate::sse::{self, Frame, TooLong};

pub use finish_reason::{Accept, Empty, End};
pub use server_error::refused;
use server_error::{reported, unreadable};
use streamed_text::{Envelope, StreamedText};
use think_tag::{Parts, ThinkTag};
pub use tool_calls::Call;

/// The parts of an answer received so far.
#[derive(Debug, Default)]
pub struct Answer {
    /// Set by the caller before the first frame: keep the text of a stream, not only pass it on.
    pub keep_text: bool,
    /// The text; for a stream only with `keep_text`.
    pub text: String,
    /// The reasoning of an unstreamed reply.
    pub reasoning: String,
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// The thinking that came in a separate member, if the text is kept. It belongs to the model's
    /// turn in the conversation.
    pub reasoning_content: String,
    /// Members of the message that airx does not know.
    pub others: Map<String, Value>,
    others_length: usize,
    /// The last finish_reason that the server sent.
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
    /// The body of an unstreamed reply, byte for byte.
    pub body: Vec<u8>,
    /// Whether the first token has been received.
    pub started: bool,
    /// Whether `[DONE]` has been received.
    pub done: bool,
    index: Option<String>,
    envelope: Envelope,
    seen: Seen,
    /// The model's refusal to answer.
    refusal: String,
    content: StreamedText,
    thinking: StreamedText,
    think_tag: ThinkTag,
}

/// Which parts of the answer have been received.
#[derive(Debug, Default)]
struct Seen {
    /// A part in a `delta`.
    deltas: bool,
    /// Text that is more than white space.
    text: bool,
    reasoning: bool,
}

impl From<TooLong> for Failure {
    fn from(why: TooLong) -> Self {
        Self::new(Class::Incomplete, why.to_string())
    }
}

/// The most bytes of a stream's calls, and of its text if that is kept.
const KEPT_MAX: usize = 8 * 1024 * 1024;

impl Answer {
    /// Reads one frame of a stream and passes its parts to `sink`.
    ///
    /// # Errors
    /// The frame reports a failure or is unreadable, or the sink failed.
    pub fn accept_frame(&mut self, frame: Frame<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        if self.done {
            return Ok(());
        }
        if frame.data.starts_with(sse::DONE) {
            self.done = true;
            return self.finish(sink);
        }
        // Ignored like a comment: some servers send these to keep the connection open.
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
            let content = Cow::Borrowed(content).into();
            return self.add_content(Some(&content), sink);
        }
        self.chunk(frame.data, sink)
    }

    /// Reads one chunk of a stream; `data` is as the server sent it.
    #[inline(never)]
    fn chunk(&mut self, data: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let reply: Reply<'_> = serde_json::from_slice(data)
            .map_err(|why| unreadable("an event of the stream", &why, data))?;
        let choice = self.own(&reply);
        if let Some(failure) = reported(&reply, choice, data) {
            return Err(failure);
        }
        let delta = choice.and_then(|choice| choice.delta.as_ref());
        let message = choice.and_then(|choice| choice.message.as_ref());
        let token = [delta, message].into_iter().flatten().any(Piece::has_token);
        if token && !self.started {
            self.started = true;
            sink.count(Count::FirstToken);
        }
        sink.data(Data::Body {
            bytes: &one_line(data),
            token,
        })?;
        if let Some(piece) = delta {
            self.seen.deltas |= piece.has_token();
            self.add(piece, data, sink)?;
        }
        if let Some(piece) = message {
            let last = choice.is_some_and(|choice| choice.finish_reason.is_some());
            if self.seen.deltas || (last && self.is_repeated(piece)) {
                self.add_rest(piece, data, sink)?;
            } else {
                self.add(piece, data, sink)?;
            }
        }
        self.absorb(&reply, choice);
        if let (Some(piece), None) = (delta, message)
            && let Some(content) = piece.content()
            && piece.is_text_alone()
            && reply.is_plain()
            && !data.contains(&b'\n')
        {
            self.envelope.learn(data, content.as_str());
        }
        Ok(())
    }

    /// Adds a part of the answer from a frame of a stream.
    fn add(&mut self, piece: &Piece<'_>, data: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        if let Some(reasoning) = piece.reasoning() {
            let reasoning = self.thinking.next(reasoning);
            self.give_thinking(&reasoning, sink)?;
        }
        self.add_content(piece.content(), sink)?;
        if let Some(refusal) = piece.refusal() {
            self.refusal.push_str(refusal.as_str());
        }
        tool_calls::add(&mut self.calls, piece.calls(), data)?;
        if self.keep_text {
            self.keep_others(piece);
        }
        self.bounded()
    }

    /// Adds what a repeated message has in addition to the parts received.
    fn add_rest(
        &mut self,
        message: &Piece<'_>,
        data: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<(), Failure> {
        if let Some(reasoning) = message.reasoning() {
            let rest = self.thinking.rest(reasoning);
            self.give_thinking(rest, sink)?;
        }
        if let Some(content) = message.content() {
            let rest = self.content.rest(content);
            self.give_content(rest, sink)?;
        }
        if let Some(refusal) = message.refusal() {
            self.refusal = refusal.into_string();
        }
        tool_calls::extend(&mut self.calls, message.calls(), data)?;
        self.bounded()
    }

    /// Whether `message` repeats exactly what was received.
    fn is_repeated(&self, message: &Piece<'_>) -> bool {
        let reasoning = message.reasoning();
        let nothing = self.content.is(None) && self.calls.is_empty();
        !nothing
            && self.content.is(message.content())
            && (reasoning.is_none() || self.thinking.is(reasoning))
            && tool_calls::are_equal(&self.calls, message.calls())
    }

    /// Ends the stream: passes on text that was held back.
    ///
    /// # Errors
    /// The sink failed.
    pub fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        let half = self.thinking.surrogates.finish();
        self.give_reasoning(half, sink)?;
        let half = self.content.surrogates.finish();
        self.give_content(half, sink)?;
        let parts = self.think_tag.finish();
        self.give_parts(&parts, sink)?;
        self.calls.iter_mut().for_each(Call::finish);
        Ok(())
    }

    fn add_content(
        &mut self,
        content: Option<&Text<'_>>,
        sink: &mut dyn Sink,
    ) -> Result<(), Failure> {
        let Some(content) = content else {
            return Ok(());
        };
        let content = self.content.next(content);
        self.give_content(&content, sink)
    }

    fn give_content(&mut self, content: &str, sink: &mut dyn Sink) -> Result<(), Failure> {
        let parts = self.think_tag.push(content);
        self.give_parts(&parts, sink)
    }

    fn give_parts(&mut self, parts: &Parts<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        self.give_reasoning(&parts.reasoning, sink)?;
        let content = &*parts.text;
        if content.is_empty() {
            return Ok(());
        }
        self.seen.text = self.seen.text || !content.trim().is_empty();
        if self.keep_text {
            self.text.push_str(content);
            self.bounded()?;
        }
        sink.event(&Event::Delta { content })
    }

    /// Passes on reasoning that came in a separate member.
    fn give_thinking(&mut self, content: &str, sink: &mut dyn Sink) -> Result<(), Failure> {
        if self.keep_text {
            self.reasoning_content.push_str(content);
        }
        self.give_reasoning(content, sink)
    }

    fn give_reasoning(&mut self, content: &str, sink: &mut dyn Sink) -> Result<(), Failure> {
        if content.is_empty() {
            return Ok(());
        }
        self.seen.reasoning = true;
        sink.event(&Event::Reasoning { content })
    }

    fn keep_others(&mut self, piece: &Piece<'_>) {
        piece.others.add_to(&mut self.others);
        let calls = piece.calls().iter().map(|call| call.others.byte_count());
        self.others_length += piece.others.byte_count() + calls.sum::<usize>();
    }

    /// Fails if more than [`KEPT_MAX`] of a stream would be kept.
    fn bounded(&self) -> Result<(), Failure> {
        let calls = self.calls.iter();
        let kept = calls.map(|call| call.id.len() + call.name.len() + call.arguments.len());
        let text = self.text.len() + self.reasoning_content.len() + self.refusal.len();
        if text + self.others_length + kept.sum::<usize>() <= KEPT_MAX {
            return Ok(());
        }
        let mib = KEPT_MAX >> 20;
        let what = format!("calls and kept text of the stream are longer than {mib} MiB");
        Err(Failure::new(Class::Incomplete, what))
    }

    /// Reads the body of an unstreamed reply that came with status 200.
    ///
    /// # Errors
    /// The body reports a failure or is unreadable.
    pub fn accept_body(&mut self, body: Vec<u8>) -> Result<(), Failure> {
        let reply: Reply<'_> = serde_json::from_slice(without_bom(&body))
            .map_err(|why| unreadable("the response", &why, &body))?;
        let choice = self.own(&reply);
        if let Some(failure) = reported(&reply, choice, &body) {
            return Err(failure);
        }
        let missing = |what| Failure::new(Class::Incomplete, format!("the response has no {what}"));
        let Some(choice) = choice else {
            return Err(missing("choices")
                .with_body(&body)
                .hint("is the base URL right? the request goes to {base}/chat/completions"));
        };
        let Some(piece) = choice.complete() else {
            self.absorb(&reply, Some(choice));
            return Err(missing("message").with_body(&body));
        };
        let content = piece.content().map_or("", Text::as_str);
        let (parts, held) = (self.think_tag.push(content), self.think_tag.finish());
        self.text = parts.text.into_owned() + &held.text;
        self.reasoning = piece.reasoning().map_or("", Text::as_str).to_owned();
        self.reasoning_content.clone_from(&self.reasoning);
        self.keep_others(piece);
        self.reasoning += &parts.reasoning;
        self.reasoning += &held.reasoning;
        self.seen.text = !self.text.trim().is_empty();
        self.seen.reasoning = !self.reasoning.is_empty();
        self.refusal = piece.refusal().map(Text::into_string).unwrap_or_default();
        tool_calls::add_complete(&mut self.calls, piece.calls(), &body)?;
        self.absorb(&reply, Some(choice));
        drop(reply);
        self.body = body;
        Ok(())
    }

    /// The alternative of this answer: the first one received. Others, as from `--param n=2`,
    /// are ignored.
    fn own<'r, 'a>(&mut self, reply: &'r Reply<'a>) -> Option<&'r Choice<'a>> {
        let choices = reply.choices.as_deref().unwrap_or_default();
        if self.index.is_none() {
            self.index = choices.first().map(|choice| choice.index().to_owned());
        }
        let own = self.index.as_deref();
        choices.iter().find(|choice| Some(choice.index()) == own)
    }

    /// Stores what is not text: ids and model from the first frame that has them, finish_reason
    /// and usage from the last.
    fn absorb(&mut self, reply: &Reply<'_>, choice: Option<&Choice<'_>>) {
        fn first(known: &mut Option<String>, text: Option<&Text<'_>>) {
            if known.is_none() {
                let text = text.map(Text::as_str).filter(|text| !text.is_empty());
                *known = text.map(str::to_owned);
            }
        }
        first(&mut self.id, reply.id.as_ref());
        first(&mut self.model, reply.model.as_ref());
        first(&mut self.request_id, reply.request_id.as_ref());
        let reason = choice.and_then(|choice| choice.finish_reason.as_ref());
        if let Some(reason) = reason.filter(|reason| !reason.as_str().is_empty()) {
            self.finish_reason = Some(reason.as_str().to_owned());
        }
        if let Some(usage) = reply.usage(choice) {
            self.usage = Some(usage);
        }
        if let Some(found) = reply.web_search {
            self.search = serde_json::from_str(found.get()).ok();
        }
    }
}

/// A payload of several lines as one line. A newline between the parts of JSON can be replaced
/// by a space; inside a string it would have been a parse error.
pub fn one_line(payload: &[u8]) -> Cow<'_, [u8]> {
    if !payload.contains(&b'\n') {
        return Cow::Borrowed(payload);
    }
    let spaced = |byte: &u8| if *byte == b'\n' { b' ' } else { *byte };
    Cow::Owned(payload.iter().map(spaced).collect())
}
