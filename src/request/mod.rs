//! Builds the request from the settings and the prompt. This module does no I/O.

mod batch;
mod body;
mod curl;
mod each;
mod limits;
mod split;

use std::sync::Arc;

use crate::answer::{Accept, Answer, Empty};
use crate::api::request::{Message, Request};
use crate::cli::{Common, DryRun};
use crate::client::{AnswerRequest, CacheUse, FallbackModel};
use crate::error::Failure;
use crate::settings::{Connection, Settings};
use crate::tools::Toolbox;

pub use batch::{BatchJob, chat_url, unbatched, uncounted, without_recordings};
pub use body::add_instruction;
pub use each::{CostBounds, CostLimit, ItemRequests, concurrency, fits_each};
pub use split::SplitRequests;

/// A request with its local settings.
#[derive(Debug, Clone)]
pub struct PreparedRequest {
    /// The command's name.
    pub command: &'static str,
    /// The body of the request.
    pub request: Request,
    /// `--fallback`: the models to ask in place of the request's own, without models whose context
    /// is too small for it.
    pub fallback: Vec<FallbackModel>,
    /// `--accept`.
    pub accept: Vec<String>,
    /// `--allow-empty`.
    pub allow_empty: bool,
    /// The tools that the answer may call.
    pub toolbox: Arc<Toolbox>,
}

impl PreparedRequest {
    /// Gives the request an id, unless the user did.
    pub fn add_id(&mut self) {
        self.request.request_id.get_or_insert_with(body::fresh_id);
    }

    /// Returns a copy with another request, without fallback models whose context is too small for
    /// it.
    #[must_use]
    pub fn with(&self, request: Request) -> Self {
        let mut prepared = self.clone();
        prepared.request = request;
        let request = &prepared.request;
        let fits = |model: &FallbackModel| limits::overflow(request, &model.model).is_none();
        prepared.fallback.retain(fits);
        prepared
    }

    /// What to request from the client. `fits` says whether an answer may be kept in the cache.
    pub fn answer_request<'a>(
        &'a self,
        keep_text: bool,
        fits: &'a dyn Fn(&Answer) -> bool,
    ) -> AnswerRequest<'a> {
        AnswerRequest {
            request: &self.request,
            fallback: &self.fallback,
            accept: Accept {
                reasons: &self.accept,
                empty: Empty::allowed(self.allow_empty),
            },
            keep_text,
            cache: CacheUse {
                under: None,
                look_up: true,
                fits,
            },
        }
    }

    /// The names of all models that may be asked, in order.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        let fallback = self.fallback.iter().map(|fallback| &*fallback.model);
        std::iter::once(&*self.request.model).chain(fallback)
    }
}

/// How calls are run.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// The maximum number of requests.
    pub limit: u32,
    /// Whether a first answer without a call is a failure.
    pub required: bool,
}

/// The kind of answer that is expected.
#[derive(Debug)]
pub enum Expect {
    /// Any answer.
    Answer,
    /// Calls of tools, or text.
    Calls {
        /// An answer without a call is a failure.
        required: bool,
    },
}

/// Prepares the request of `command`. Warnings are added to the settings'.
///
/// # Errors
/// Exit 2: the model or the API does not support an option.
pub fn prepare(
    command: &'static str,
    stream: bool,
    common: &mut Common,
    settings: &mut Settings,
    messages: Vec<Message>,
    toolbox: Toolbox,
) -> Result<PreparedRequest, Failure> {
    let mut request = body::build(command, common, settings, messages, &toolbox)?;
    request.stream = stream;
    let provider = settings.connection.endpoint.provider;
    let sources = &settings.sources;
    let may_split = ["chat", "stream", "json"].contains(&command)
        && sources.split.is_none()
        && sources.session.is_none()
        && sources.messages.is_none()
        && sources.images.is_empty();
    let (words, warnings) = (&sources.prompt, &mut settings.warnings);
    limits::check(&request, provider, words, may_split, warnings)?;
    let names = std::mem::take(&mut settings.fallback);
    let fallback = limits::fallback(&request, names, &mut settings.warnings)?;
    let prepared = PreparedRequest {
        command,
        request,
        fallback,
        accept: std::mem::take(&mut common.request.accept),
        allow_empty: common.request.allow_empty,
        toolbox: Arc::new(toolbox),
    };
    if settings.connection.budget.is_some() {
        limits::fit_budget(&prepared, provider)?;
    }
    Ok(prepared)
}

/// The output of `--dry-run`.
pub fn shown(request: &Request, connection: &Connection, how: DryRun) -> Vec<u8> {
    match how {
        DryRun::Body => {
            let mut body = request.body();
            body.push(b'\n');
            body
        }
        DryRun::Curl => curl::command(request, connection).into_bytes(),
    }
}
