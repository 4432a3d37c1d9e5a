//! `airx chat` and `airx stream`, from the options to the exit status.

use super::conversation::{Conversation, Strategy, output_kind};
use super::report::{
    calls_fit, extend_session, report_answer, report_start, report_tool_calls, report_truncated,
};
use super::split;
use super::start::{Ended, Run, Start};
use crate::answer::{Accept, Answer, Empty};
use crate::cli::{Common, ManyArgs};
use crate::client::{self, AnswerRequest, CacheUse, RequestSeries, Transport};
use crate::error::Failure;
use crate::event::{Data, Sink};
use crate::exit::Class;
use crate::prompt::Session;
use crate::request::{self, Expect, PreparedRequest};
use crate::settings::Merged;
use crate::tools::Toolbox;

/// Runs the command and returns the exit status.
pub(crate) fn chat(
    command: &'static str,
    mut common: Common,
    many: &ManyArgs,
    merged: Result<Merged, Failure>,
) -> u8 {
    let allowed = many
        .each()
        .map_or(Ok(()), |_| request::fits_each(&common, &[]));
    let start = Start {
        command,
        live: command == "stream",
        kind: output_kind(many),
    };
    let mut run = Run::start(start, &mut common, merged, allowed);
    let result = converse(&mut run, &mut common, many);
    run.finish(result)
}

fn converse(run: &mut Run, common: &mut Common, many: &ManyArgs) -> Result<Ended, Failure> {
    run.ready()?;
    let mut settings = run.settings(common, many.each(), &[])?;
    settings.sources.split = split::borders(many)?;
    let prompt = run.read_prompt(&settings.sources)?;
    let request = request::prepare(
        run.command,
        run.command == "stream",
        common,
        &mut settings,
        prompt.messages,
        Toolbox::default(),
    );
    run.warn_all(&settings);
    let conversation = Conversation {
        request: request?,
        strategy: Strategy::Once(Expect::Answer),
        session: prompt.session,
        items: prompt.each,
        long_input: prompt.long_input,
        settings,
    };
    conversation.run(run, common, many)
}

/// Sends one request and passes the answer to `sink`. Returns the accepted answer.
///
/// # Errors
/// The answer is not complete.
pub(super) fn ask_once(
    request: &PreparedRequest,
    expect: &Expect,
    session: Option<Session>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    report_start(request, sink)?;
    let wanted = AnswerRequest {
        request: &request.request,
        fallback: &request.fallback,
        accept: Accept {
            reasons: &request.accept,
            empty: Empty::allowed(request.allow_empty),
        },
        keep_text: session.is_some(),
        cache: CacheUse {
            under: None,
            look_up: true,
            fits: &|answer| match expect {
                Expect::Answer => true,
                Expect::Calls { required } => calls_fit(answer, request, *required),
            },
        },
    };
    let (mut answer, result) =
        client::run(&wanted, &mut RequestSeries::new(transport), transport, sink);
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
        // The end shows whether the answer has the code block that --extract wants.
        shown = shown.and_then(|()| sink.data(Data::End));
    }
    let rejected = |failure: &Failure| matches!(failure.class, Class::Invalid | Class::Tool);
    if !shown.as_ref().is_err_and(rejected) {
        client::keep(&wanted, transport, sink);
    }
    shown?;
    extend_session(session, &answer, sink)?;
    // The body has been printed; the rest is for the last event of the run.
    answer.body = Vec::new();
    Ok(answer)
}
