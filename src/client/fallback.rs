//! The models that are asked in turn until one of them answers: the request's own, then
//! those of `--fallback`. Each is asked until no retry is left.

use std::borrow::Cow;
use std::time::Duration;

use super::retry::{Failed, NextRequest, retry};
use super::transport::Transport;
use super::{AnswerRequest, RequestSeries, attempt, cached};
use crate::answer::{Accept, Answer};
use crate::api::error_codes::{is_overload, is_unserved};
use crate::api::request::Request;
use crate::error::Failure;
use crate::event::{Count, Level, Sink};
use crate::exit::Class;
use crate::models;

/// The most retries after an empty answer, because each request costs money.
const EMPTY_RETRIES: u32 = 2;

/// A model to ask in place of the request's own, and the members that differ for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackModel {
    /// Its name.
    pub model: String,
    /// [`Request::thinking`].
    pub thinking: Option<bool>,
}

impl FallbackModel {
    /// Returns `request` for this model.
    pub fn request(&self, request: &Request) -> Request {
        Request {
            model: self.model.clone(),
            thinking: self.thinking,
            ..request.clone()
        }
    }
}

/// Asks one model after the other until one answers, or until a failure does not lead to another
/// model. Starts with the model that answered the last request of the series. An answer may come
/// from the cache. After a failure, the returned answer contains the part that arrived.
pub fn run(
    wanted: &AnswerRequest<'_>,
    series: &mut RequestSeries,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> (Answer, Result<(), Failure>) {
    loop {
        let at = series.model;
        let request = match at.checked_sub(1).and_then(|at| wanted.fallback.get(at)) {
            Some(fallback) => Cow::Owned(fallback.request(wanted.request)),
            None => Cow::Borrowed(wanted.request),
        };
        let own = AnswerRequest {
            request: &request,
            // Only the models after this one.
            fallback: wanted.fallback.get(at..).unwrap_or_default(),
            ..*wanted
        };
        let (mut answer, result) = ask_model(&own, series, transport, sink);
        let Err(failure) = result else {
            answer.model.get_or_insert_with(|| request.model.clone());
            if at > 0 {
                sink.count(Count::Fallback(&request.model));
            }
            return (answer, Ok(()));
        };
        let next = own.fallback.first();
        let next = next.filter(|_| !sink.printed() && gives_way(&failure, series));
        let Some(next) = next else {
            let failure = explained(failure, &request.model, at, wanted.fallback.len());
            return (answer, Err(failure));
        };
        let models = (request.model.as_str(), next.model.as_str());
        if let Err(failure) = switch(&failure, models, series, transport, sink) {
            return (answer, Err(failure));
        }
        series.model += 1;
    }
}

/// Takes the answer of one model from the cache, or sends requests to it until there is an
/// answer or no retry is left.
fn ask_model(
    wanted: &AnswerRequest<'_>,
    series: &mut RequestSeries,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> (Answer, Result<(), Failure>) {
    match cached::look_up(wanted, transport, sink) {
        Ok(None) => {}
        Ok(Some(answer)) => return (answer, Ok(())),
        Err(failure) => return (Answer::default(), Err(failure)),
    }
    let model = &wanted.request.model;
    let has_next = !wanted.fallback.is_empty();
    let mut empty_answers = 0;
    let ask = |series: &mut RequestSeries, transport: &mut Transport, sink: &mut dyn Sink| {
        let mut answer = Box::<Answer>::default();
        let result = match transport.unserved(model).filter(|_| has_next) {
            Some(failure) => Err(failure),
            None => attempt::run(wanted, series, transport, &mut answer, sink),
        };
        let Err(failure) = result else {
            return Ok(answer);
        };
        empty_answers += u32::from(answer.is_only_empty(wanted.accept));
        let gives_way = has_next && gives_way_at_once(&failure);
        Err(Failed {
            may_retry: empty_answers <= EMPTY_RETRIES
                && !gives_way
                && may_retry(&failure, &answer, wanted.accept),
            failure,
            detail: answer,
        })
    };
    match retry(Some(model), series, transport, sink, ask) {
        Ok(answer) => (*answer, Ok(())),
        Err(failed) => (*failed.detail, Err(failed.failure)),
    }
}

/// Whether a retry may help: after class `busy`, after a failure to connect or a reset
/// before any response byte, and after class `incomplete` unless the server ended the
/// answer on purpose.
fn may_retry(failure: &Failure, answer: &Answer, accept: Accept<'_>) -> bool {
    match failure.class {
        Class::Busy => true,
        Class::Incomplete => answer.may_retry(accept),
        _ => failure.retryable,
    }
}

/// Whether to ask the next model after this failure. This model is not asked again.
fn gives_way(failure: &Failure, series: &RequestSeries) -> bool {
    let has_time = series.left() != Some(Duration::ZERO);
    has_time && (failure.class == Class::Busy || unserved(failure))
}

/// Whether to ask the next model without a retry: the server does not serve this one, or it is
/// overloaded, which lasts for minutes.
fn gives_way_at_once(failure: &Failure) -> bool {
    unserved(failure) || is_overload(failure.code())
}

/// Whether the server does not know the model, or does not offer it any more.
pub fn unserved(failure: &Failure) -> bool {
    failure.server.as_deref().is_some_and(|server| {
        let (code, message) = (server.code.as_deref(), server.message.as_deref());
        is_unserved(server.http_status, code, message)
    })
}

/// Reports that the next request goes to another model.
fn switch(
    failure: &Failure,
    (model, next): (&str, &str),
    series: &RequestSeries,
    transport: &Transport,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    // The next run would fail in the same way, so warn the user, but only once.
    if unserved(failure) && transport.remember_unserved(model, failure) {
        let meant = models::suggestion(model);
        let meant = meant.map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
        let text =
            format!("the server does not serve {model}{meant}: {next} is asked in its place");
        sink.note(Level::Warning, &text);
    }
    // Reset the number of retries that the spinner shows.
    sink.count(Count::Retries(0, 0));
    NextRequest {
        number: series.requests + 1,
        wait: Duration::ZERO,
        model: Some(next),
        replaced: Some(model),
    }
    .announce(failure, sink)
}

/// Adds to the failure of a model its name and number, unless it is the first. If the server does
/// not know the model, adds a hint with the name that was probably meant.
fn explained(mut failure: Failure, model: &str, at: usize, fallbacks: usize) -> Failure {
    let option = if at == 0 { "-m" } else { "--fallback" };
    if matches!(failure.code(), Some("1211" | "model_not_found"))
        && let Some(near) = models::suggestion(model)
    {
        failure = failure.hint(format!(
            "did you mean {option} {near}? airx models lists the known models"
        ));
    }
    let own = [Class::Ok, Class::Internal, Class::Usage, Class::Signal];
    if at > 0 && !own.contains(&failure.class) {
        let (number, count) = (at + 1, fallbacks + 1);
        failure.message = format!("{} ({model}, model {number} of {count})", failure.message);
    }
    failure
}
