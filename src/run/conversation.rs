//! A request, how its answer is obtained, and the connection for it.

use super::json::ask_for_json;
use super::report::{
    calls_fit, extend_session, report_answer, report_start, report_tool_calls, report_truncated,
};
use super::start::{Ended, Run};
use super::tools::ask_with_tools;
use crate::answer::Answer;
use crate::cli::DryRun;
use crate::client::{self, RequestSeries, Transport};
use crate::error::Failure;
use crate::event::{Data, Sink};
use crate::exit::Class;
use crate::prompt::Session;
use crate::request::{self, Expect, PreparedRequest, Rounds};
use crate::schema::ExpectedJson;
use crate::settings::Settings;
use crate::tools::Approval;

/// Everything that a command has prepared.
pub(super) struct Conversation {
    pub(super) request: PreparedRequest,
    pub(super) strategy: Strategy,
    pub(super) settings: Settings,
}

impl Conversation {
    /// Sends the request, or shows it under `--dry-run`. The session is extended when the run
    /// has succeeded.
    pub(super) fn once(
        self,
        run: &Run,
        dry_run: Option<DryRun>,
        session: Option<Session>,
    ) -> Result<Ended, Failure> {
        if let Some(how) = dry_run {
            let connection = &self.settings.connection;
            let shown = request::shown(&self.request.request, connection, how);
            return Ok(Ended::Print(shown));
        }
        let (request, strategy, mut transport) = self.connect()?;
        let mut sink = run.printer.clone();
        let answer = strategy.ask(&request, session, &mut transport, &mut sink)?;
        Ok(Ended::Done(answer.into()))
    }

    /// Checks that there is a key, and gives a request to a provider an id.
    pub(super) fn connect(mut self) -> Result<(PreparedRequest, Strategy, Transport), Failure> {
        self.settings.require_key()?;
        let connection = self.settings.connection;
        if connection.endpoint.provider.is_some() {
            self.request.add_id();
        }
        Ok((self.request, self.strategy, Transport::new(connection)))
    }
}

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
        report_start(request, sink)?;
        match self {
            Self::Once(expect) => ask_once(request, expect, session, transport, sink),
            Self::Json(expected) => ask_for_json(request, expected, session, transport, sink),
            Self::Tools(rounds, approval) => {
                let request = request.clone();
                ask_with_tools(request, *rounds, approval, session, transport, sink)
            }
        }
    }

    /// The strategy for the parts of a long input. Their answers are not printed.
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

/// Sends one request and passes the answer to `sink`. Returns the accepted answer.
///
/// # Errors
/// The answer is not complete.
fn ask_once(
    request: &PreparedRequest,
    expect: &Expect,
    session: Option<Session>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    let fits = |answer: &Answer| match expect {
        Expect::Answer => true,
        Expect::Calls { required } => calls_fit(answer, request, *required),
    };
    let wanted = request.answer_request(session.is_some(), &fits);
    let mut series = RequestSeries::new(transport);
    let (answer, result) = client::run(&wanted, &mut series, transport, sink);
    if let Err(failure) = result {
        // A truncated answer is shown; the exit code reports that it is truncated.
        if failure.class == Class::Truncated {
            match expect {
                Expect::Answer => report_answer(&answer, request, sink)?,
                Expect::Calls { .. } => report_truncated(&answer, request, sink)?,
            }
        }
        return Err(failure);
    }
    let mut shown = match expect {
        Expect::Answer => report_answer(&answer, request, sink),
        Expect::Calls { required } => report_tool_calls(&answer, request, *required, sink),
    };
    if transport.caches() {
        // This fails if the answer lacks the code block that --extract prints.
        shown = shown.and_then(|()| sink.data(Data::End));
    }
    let rejected = |failure: &Failure| matches!(failure.class, Class::Invalid | Class::Tool);
    if !shown.as_ref().is_err_and(rejected) {
        client::keep(&wanted, transport, sink);
    }
    shown?;
    extend_session(session, answer, sink)
}
