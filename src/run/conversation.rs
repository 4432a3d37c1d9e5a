//! A request and the way it is answered: once, or for each item.

use super::chat::ask_once;
use super::each::{self, EachRun};
use super::json::ask_for_json;
use super::split;
use super::start::{Done, Ended, Kind, Run};
use super::tools::ask_with_tools;
use crate::answer::Answer;
use crate::cli::{Common, DryRun, ManyArgs};
use crate::client::Transport;
use crate::error::Failure;
use crate::event::Sink;
use crate::prompt::{Items, LongInput, Session, Template};
use crate::request::{self, Expect, ItemRequests, PreparedRequest, Rounds};
use crate::schema::ExpectedJson;
use crate::settings::Settings;
use crate::tools::Approval;

/// How the answer is obtained.
#[derive(Debug)]
pub(super) enum Strategy {
    /// With one request.
    Once(Expect),
    /// With requests until an answer is the requested JSON.
    Json(Box<ExpectedJson>),
    /// With requests until the model calls no more tools.
    Tools(Rounds, Approval),
}

impl Strategy {
    /// Obtains the answer and passes it to `sink`.
    pub(super) fn ask(
        &self,
        request: &PreparedRequest,
        session: Option<Session>,
        transport: &mut Transport,
        sink: &mut dyn Sink,
    ) -> Result<Answer, Failure> {
        match self {
            Self::Once(expect) => ask_once(request, expect, session, transport, sink),
            Self::Json(expected) => ask_for_json(request, expected, session, transport, sink),
            Self::Tools(rounds, approval) => {
                let request = request.clone();
                ask_with_tools(request, *rounds, approval, session, transport, sink)
            }
        }
    }

    /// The same for the parts of a long input, whose answers are not printed.
    pub(super) fn for_parts(&self) -> Self {
        match self {
            Self::Json(expected) => Self::Json(Box::new(expected.unprinted())),
            _ => Self::Once(Expect::Answer),
        }
    }

    /// The number of requests that one answer may take, without retries.
    pub(super) fn requests(&self) -> u32 {
        match self {
            Self::Once(_) => 1,
            Self::Json(expected) => expected.tries,
            Self::Tools(rounds, _) => rounds.limit,
        }
    }
}

/// Everything that a run has read and prepared.
pub(super) struct Conversation {
    pub(super) request: PreparedRequest,
    pub(super) strategy: Strategy,
    /// Extended when the run has succeeded.
    pub(super) session: Option<Session>,
    /// With `--each`: the items and the template that they fill.
    pub(super) items: Option<(Template, Items)>,
    /// With `--split`: what the last turn is made of.
    pub(super) long_input: Option<LongInput>,
    pub(super) settings: Settings,
}

/// What is written to standard output.
pub(super) fn output_kind(many: &ManyArgs) -> Kind {
    many.each().map_or(Kind::Answer, |each| Kind::Results {
        resume: each.resume,
        ordered: !each.unordered,
    })
}

impl Conversation {
    /// Sends the request, or shows it under `--dry-run`.
    pub(super) fn run(
        mut self,
        run: &Run,
        common: &Common,
        many: &ManyArgs,
    ) -> Result<Ended, Failure> {
        let dry_run = common.output.dry_run;
        if let Some((template, items)) = self.items.take() {
            return self.for_each(run, dry_run, many, template, items);
        }
        match self.long_input.take() {
            Some(input) => split::run(self, run, &common.output, many, &input),
            None => self.once(run, dry_run),
        }
    }

    pub(super) fn once(mut self, run: &Run, dry_run: Option<DryRun>) -> Result<Ended, Failure> {
        if let Some(how) = dry_run {
            let connection = &self.settings.connection;
            let shown = request::shown(&self.request.request, connection, how);
            return Ok(Ended::Print(shown));
        }
        self.settings.require_key()?;
        if self.settings.connection.endpoint.provider.is_some() {
            self.request.add_id();
        }
        let mut transport = Transport::new(self.settings.connection);
        let mut sink = run.printer.clone();
        let answer = self
            .strategy
            .ask(&self.request, self.session, &mut transport, &mut sink)?;
        Ok(Ended::Done(Done {
            finish_reason: answer.finish_reason,
            model: answer.model,
            id: answer.id,
            request_id: answer.request_id,
        }))
    }

    fn for_each(
        mut self,
        run: &Run,
        dry_run: Option<DryRun>,
        args: &ManyArgs,
        template: Template,
        mut items: Items,
    ) -> Result<Ended, Failure> {
        let connection = &self.settings.connection;
        let provider = connection.endpoint.provider;
        let requests = self.strategy.requests();
        let prepared = &mut self.request;
        let item_requests = ItemRequests::new(
            &args.each, &args.pool, template, prepared, provider, requests,
        )?;
        if let Some(how) = dry_run {
            let Some(first) = items.read_next()? else {
                items.none().iter().for_each(|warning| run.warn(warning));
                return Ok(Ended::Print(Vec::new()));
            };
            let request = item_requests.first(&prepared.request, &first)?;
            return Ok(Ended::Print(request::shown(&request, connection, how)));
        }
        self.settings.require_key()?;
        let mut transport = Transport::new(self.settings.connection);
        transport.prepare()?;
        let earlier = run.printer.lock().resume();
        let each_run = EachRun {
            request: self.request,
            strategy: self.strategy,
            item_requests,
            items,
            // A file gets its order at the end.
            ordered: !args.each.unordered && earlier.is_none(),
            earlier: earlier.unwrap_or_default(),
            transport,
        };
        let result = each::run(each_run, run.printer.clone(), each::finish_on_interrupt);
        run.printer.lock().settle();
        result.map(|()| Ended::Done(Done::default()))
    }
}
