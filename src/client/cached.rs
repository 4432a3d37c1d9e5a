//! Answers from `--cache`, and the answers that are kept there.

use std::fmt::{self, Display};
use std::path::PathBuf;

use super::AnswerRequest;
use super::response::{Clocks, read_complete, read_stream};
use super::transport::{Stream, Transport};
use crate::answer::Answer;
use crate::api::request::Request;
use crate::cassette::{Cache, Miss, ReplayedBody, RequestView};
use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink};
use crate::http::Head;
use crate::settings::Timeouts;

/// How an answer uses the cache.
#[derive(Clone, Copy)]
pub struct CacheUse<'a> {
    /// The request that identifies the answer in the cache; its model is replaced by that of the
    /// request sent. `None` means the request sent.
    pub under: Option<&'a Request>,
    /// Whether to look for an answer before sending a request.
    pub look_up: bool,
    /// Whether the run can use this complete answer.
    pub fits: &'a dyn Fn(&Answer) -> bool,
}

impl fmt::Debug for CacheUse<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CacheUse")
            .field("under", &self.under)
            .field("look_up", &self.look_up)
            .finish_non_exhaustive()
    }
}

/// Looks for the answer in the cache and passes it to `sink` like one from the server. Exit 2 if
/// the folder cannot be used.
pub(super) fn look_up(
    wanted: &AnswerRequest<'_>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Option<Answer>, Failure> {
    let Some(cache) = transport.cache().filter(|_| wanted.cache.look_up) else {
        return Ok(None);
    };
    cache.prepare()?;
    let found = match find(wanted, cache) {
        Ok(found) => found,
        Err(Miss(level, text)) => {
            sink.note(level, &text);
            return Ok(None);
        }
    };
    let (answer, head, body, path) = found;
    let path = path.display();
    sink.note(Level::Verbose, &format_args!("* from the cache: {path}"));
    sink.count(Count::Cached(
        answer.model.as_deref().unwrap_or(&wanted.request.model),
        transport.connection().endpoint.price_list(),
    ));
    if wanted.request.stream {
        read(wanted, head, body, sink).1?;
    }
    Ok(Some(answer))
}

/// Finds a usable answer and reads it. Prints nothing, because no part of an unusable answer may be
/// printed.
fn find(
    wanted: &AnswerRequest<'_>,
    cache: &mut Cache,
) -> Result<(Answer, Head, ReplayedBody, PathBuf), Miss> {
    let request = under(wanted, RequestView::of(&wanted.request.body()));
    let (head, body, path) = cache.find(&request)?;
    let (answer, result) = read(wanted, head.clone(), body.clone(), &mut Silent);
    match result {
        Ok(()) if (wanted.cache.fits)(&answer) => Ok((answer, head, body, path)),
        Err(failure) if answer.finish_reason.is_none() => {
            Err(Miss::damaged(&path, &failure.message))
        }
        // It was complete for the run that kept it, but is not for this one.
        _ => Err(Miss::unused(&path, "has an answer that does not fit")),
    }
}

/// Keeps the answer to the last request. Call it once the run has accepted the answer. Does nothing
/// without a cache, or if the answer came from the cache.
pub fn keep(wanted: &AnswerRequest<'_>, transport: &mut Transport, sink: &mut dyn Sink) {
    let Some(cache) = transport.cache() else {
        return;
    };
    match cache.keep(|sent| under(wanted, sent)) {
        Ok(None) => {}
        Ok(Some(path)) => {
            let path = path.display();
            sink.note(Level::Verbose, &format_args!("* kept in {path}"));
        }
        Err(why) => {
            let text = format!("--cache: this answer is not kept: {why}");
            sink.note(Level::Warning, &text);
        }
    }
}

/// The request under which the answer to `sent` is kept.
fn under(wanted: &AnswerRequest<'_>, sent: RequestView) -> RequestView {
    match wanted.cache.under {
        Some(request) => RequestView::of(&request.body()).asking(&sent),
        None => sent,
    }
}

/// Reads the answer from a response of the cache.
fn read(
    wanted: &AnswerRequest<'_>,
    head: Head,
    body: ReplayedBody,
    sink: &mut dyn Sink,
) -> (Answer, Result<(), Failure>) {
    let mut answer = Answer::default();
    let result = if wanted.request.stream {
        let clocks = Clocks::new(Timeouts::default(), None);
        let stream = Stream::replayed(body);
        read_stream(wanted, head, stream, clocks, &mut answer, sink)
    } else {
        read_complete(wanted.accept, body.response(head), &mut answer)
    };
    (answer, result)
}

/// A sink that prints nothing.
struct Silent;

impl Sink for Silent {
    fn event(&mut self, _: &Event<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn data(&mut self, _: Data<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn printed(&self) -> bool {
        false
    }

    fn count(&mut self, _: Count<'_>) {}

    fn hide_key(&mut self, _: &str) {}

    fn note(&mut self, _: Level, _: &dyn Display) {}
}
