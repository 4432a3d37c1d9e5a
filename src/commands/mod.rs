//! Settings and prompt → [`Plan`]: what the run will do. Pure: nothing is read,
//! sent or printed here.

mod curl;
mod limits;
pub mod print;
mod request;
mod sources;

use crate::api::request::{Message, Request};
use crate::cli::{Common, DryRun};
use crate::error::Failure;
use crate::settings::Settings;
use crate::toolbox::Toolbox;

pub use sources::sources;

/// What a run does.
#[derive(Debug)]
pub enum Plan {
    /// One request, answered once.
    Once(Box<Job>),
    /// Requests until the model calls no tool any more, this many at most.
    Rounds(Box<Job>, u32),
    /// Print this and send nothing.
    Print(Vec<u8>),
}

/// One request and what is expected of its answer.
#[derive(Debug)]
pub struct Job {
    /// The command's name.
    pub command: &'static str,
    /// What is sent.
    pub request: Request,
    /// `--accept`.
    pub accept: Vec<String>,
    /// What the answer has to be.
    pub expect: Expect,
    /// The tools that it may call.
    pub toolbox: Toolbox,
}

/// What an answer has to be.
#[derive(Debug)]
pub enum Expect {
    /// Any answer.
    Answer,
    /// Calls of tools, or text.
    Calls {
        /// An answer without a call is a failure.
        required: bool,
        /// The answer is streamed.
        streamed: bool,
        /// The calls are run, in this many requests at most.
        rounds: Option<u32>,
    },
    /// One JSON value.
    Json {
        /// Printed indented.
        pretty: bool,
        /// JSON Pointers of what is printed; the whole value without any.
        select: Vec<String>,
    },
}

/// Makes the plan of `command`. Warnings are added to the settings'.
///
/// # Errors
/// An option that the model or the API does not take: exit 2.
pub fn plan(
    command: &'static str,
    common: &mut Common,
    expect: Expect,
    settings: &mut Settings,
    messages: Vec<Message>,
    toolbox: Toolbox,
) -> Result<Plan, Failure> {
    let mut request = request::build(command, common, settings, messages, &toolbox)?;
    let rounds = match expect {
        Expect::Calls {
            streamed, rounds, ..
        } => {
            request.stream = streamed;
            rounds
        }
        _ => None,
    };
    limits::check(
        &request,
        settings.connection.endpoint.provider,
        &mut settings.warnings,
    )?;
    match common.output.dry_run {
        None => {}
        Some(DryRun::Body) => {
            let mut body = request.body();
            body.push(b'\n');
            return Ok(Plan::Print(body));
        }
        Some(DryRun::Curl) => {
            return Ok(Plan::Print(
                curl::command(&request, &settings.connection).into_bytes(),
            ));
        }
    }
    if request.request_id.is_none() && settings.connection.endpoint.provider.is_some() {
        request.request_id = Some(request::fresh_id());
    }
    let accept = std::mem::take(&mut common.request.accept);
    let job = Box::new(Job {
        command,
        request,
        accept,
        expect,
        toolbox,
    });
    Ok(match rounds {
        Some(rounds) => Plan::Rounds(job, rounds),
        None => Plan::Once(job),
    })
}
