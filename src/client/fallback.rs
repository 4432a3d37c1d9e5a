//! `--fallback`: the models that are asked in turn until one of them answers.

use std::borrow::Cow;
use std::time::Duration;

use super::retry::NextRequest;
use super::transport::Transport;
use super::{AnswerRequest, RequestSeries, answered};
use crate::answer::Answer;
use crate::api::error_codes::{is_overload, is_unserved};
use crate::api::request::Request;
use crate::error::{Failure, Server};
use crate::event::{Count, Level, Sink};
use crate::exit::Class;
use crate::models;

/// A model to ask in place of the request's own, and the members that differ for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackModel {
    /// Its name.
    pub model: String,
    /// [`Request::thinking`].
    pub thinking: Option<bool>,
}

impl FallbackModel {
    /// `request` as this model gets it.
    pub fn request(&self, request: &Request) -> Request {
        Request {
            model: self.model.clone(),
            thinking: self.thinking,
            ..request.clone()
        }
    }
}

/// Asks one model after the other until one answers or fails in a way that does not
/// change the model. Starts with the model that answered the last request of the series.
pub(super) fn run(
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
            // Only the models that are left.
            fallback: wanted.fallback.get(at..).unwrap_or_default(),
            ..*wanted
        };
        let (mut answer, result) = answered(&own, series, transport, sink);
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
            let failure = with_model_suggestion(failure, &request.model, at);
            let failure = with_model(failure, &request.model, at, wanted.fallback.len());
            return (answer, Err(failure));
        };
        if let Err(failure) = switch(
            &failure,
            &request.model,
            &next.model,
            series,
            transport,
            sink,
        ) {
            return (answer, Err(failure));
        }
        series.model += 1;
    }
}

/// Whether another model is asked after this failure of a model that is not asked again.
fn gives_way(failure: &Failure, series: &RequestSeries) -> bool {
    let has_time = series.left() != Some(Duration::ZERO);
    has_time && (failure.class == Class::Busy || unserved(failure))
}

/// Whether the model gives way without a retry: it is not served, or overloaded, which
/// lasts for minutes.
pub(super) fn gives_way_at_once(failure: &Failure) -> bool {
    let server = failure.server.as_deref();
    unserved(failure) || is_overload(server.and_then(|server| server.code.as_deref()))
}

/// Whether the server does not know the model, or does not offer it any more.
pub fn unserved(failure: &Failure) -> bool {
    failure.server.as_deref().is_some_and(|server| {
        let Server {
            http_status,
            code,
            message,
            ..
        } = server;
        is_unserved(*http_status, code.as_deref(), message.as_deref())
    })
}

/// Reports that the next request goes to the model `next`.
fn switch(
    failure: &Failure,
    model: &str,
    next: &str,
    series: &RequestSeries,
    transport: &Transport,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    // The next run will not be served either, so the user should know; once is enough.
    if unserved(failure) && transport.remember_unserved(model, failure) {
        let meant = models::suggestion(model);
        let meant = meant.map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
        let text =
            format!("the server does not serve {model}{meant}: {next} is asked in its place");
        sink.note(Level::Warning, &text);
    }
    // The spinner shows no number of the next model's retries yet.
    sink.count(Count::Retries(0, 0));
    let next = NextRequest {
        number: series.requests + 1,
        wait: Duration::ZERO,
        model: Some(next),
        replaced: Some(model),
    };
    next.announce(failure, sink)
}

/// If the server does not know the model, adds the name that was probably meant.
fn with_model_suggestion(failure: Failure, model: &str, at: usize) -> Failure {
    let server = failure.server.as_deref();
    let code = server.and_then(|server| server.code.as_deref());
    let option = if at == 0 { "-m" } else { "--fallback" };
    match models::suggestion(model) {
        Some(near) if matches!(code, Some("1211" | "model_not_found")) => failure.hint(format!(
            "did you mean {option} {near}? airx models lists the known models"
        )),
        _ => failure,
    }
}

/// Names the model that failed, if it is not the first of the chain.
fn with_model(mut failure: Failure, model: &str, at: usize, fallbacks: usize) -> Failure {
    let own = [Class::Ok, Class::Internal, Class::Usage, Class::Signal];
    if at > 0 && !own.contains(&failure.class) {
        let (number, count) = (at + 1, fallbacks + 1);
        failure.message = format!("{} ({model}, model {number} of {count})", failure.message);
    }
    failure
}
