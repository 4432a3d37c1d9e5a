//! Settings and prompt → [`Plan`]: what the run will do. Pure: nothing is read,
//! sent or printed here.

mod batch;
mod body;
mod curl;
mod each;
mod limits;
mod schema_instruction;
mod sources;
mod task;
mod tokens;

use std::sync::Arc;

use crate::api::request::{Message, Request, ResponseFormat};
use crate::cli::{Common, DryRun, EachArgs, Format};
use crate::error::Failure;
use crate::prompt::Template;
use crate::schema::ExpectedJson;
use crate::settings::{Connection, Settings};
use crate::tools::Toolbox;

pub use crate::models::Charge;
pub use batch::{Errand, chat_url, unbatched, without_recordings};
pub use each::{Allowance, Bounds, Many, fits_each};
pub use sources::sources;
pub use task::{Task, json_options};

/// What a run does.
#[derive(Debug)]
pub enum Plan {
    /// One request, answered once.
    Once(Box<Job>, Expect),
    /// Requests until the model calls no tool any more.
    Rounds(Box<Job>, Rounds),
    /// One answer in JSON, asked for again until it is right.
    Reask(Box<Job>, Box<ExpectedJson>),
    /// One of these for each item.
    Each(Box<Plan>, Box<Many>),
    /// Print this and send nothing.
    Print(Vec<u8>),
}

/// One request.
#[derive(Debug, Clone)]
pub struct Job {
    /// The command's name.
    pub command: &'static str,
    /// What is sent.
    pub request: Request,
    /// `--accept`.
    pub accept: Vec<String>,
    /// `--allow-empty`.
    pub allow_empty: bool,
    /// The tools that the answer may call.
    pub toolbox: Arc<Toolbox>,
}

/// How calls are run.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// Requests in all.
    pub limit: u32,
    /// A first answer without a call is a failure.
    pub required: bool,
}

/// What a run is for.
#[derive(Debug)]
pub enum Purpose {
    /// An answer.
    Answer,
    /// Calls of tools.
    Calls {
        /// An answer without a call is a failure.
        required: bool,
        /// The answer is streamed.
        streamed: bool,
        /// The calls are run, in this many requests at most.
        rounds: Option<u32>,
    },
    /// An answer in JSON.
    Json(Box<ExpectedJson>),
}

/// What the one answer has to be.
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

/// Makes the plan of `command`, for each item where there is a template. Warnings
/// are added to the settings'.
///
/// # Errors
/// An option that the model or the API does not take: exit 2.
pub fn plan(
    command: &'static str,
    common: &mut Common,
    purpose: Purpose,
    settings: &mut Settings,
    mut messages: Vec<Message>,
    toolbox: Toolbox,
    each: Option<(&EachArgs, Template)>,
) -> Result<Plan, Failure> {
    let stream = purpose.streamed() || command == "stream";
    if let Purpose::Json(expected) = &purpose {
        if stream && common.output.format() == Format::Json {
            return Err(Failure::usage(
                "--stream prints elements, --format json the server's body",
            )
            .hint("--format ndjson tells of each element as it comes"));
        }
        if let Some(instruction) = &expected.instruction {
            schema_instruction::add(&mut messages, instruction)?;
        }
    }
    let mut request = body::build(command, common, settings, messages, &toolbox)?;
    request.stream = stream;
    if let Purpose::Json(expected) = &purpose {
        let provider = settings.connection.endpoint.provider;
        if let Some(schema) = expected.constraint(provider.is_some()) {
            request.response_format = Some(ResponseFormat::JsonSchema(schema));
        }
    }
    limits::check(
        &request,
        settings.connection.endpoint.provider,
        &mut settings.warnings,
    )?;
    let provider = settings.connection.endpoint.provider;
    let many = match each {
        None => None,
        Some((args, template)) => {
            let requests = purpose.requests();
            Some(Many::new(args, template, &mut request, provider, requests)?)
        }
    };
    match common.output.dry_run {
        // That of an item waits for the item.
        Some(how) if many.is_none() => {
            return Ok(Plan::Print(shown(&request, &settings.connection, how)));
        }
        _ => {}
    }
    if request.request_id.is_none() && provider.is_some() && many.is_none() {
        request.request_id = Some(body::fresh_id());
    }
    let accept = std::mem::take(&mut common.request.accept);
    let job = Box::new(Job {
        command,
        request,
        accept,
        allow_empty: common.request.allow_empty,
        toolbox: Arc::new(toolbox),
    });
    let plan = purpose.plan(job);
    Ok(match many {
        Some(many) => Plan::Each(Box::new(plan), Box::new(many)),
        None => plan,
    })
}

/// What `--dry-run` shows of a request.
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

impl Purpose {
    /// Requests that it may take where none has to be made again.
    fn requests(&self) -> u32 {
        match self {
            Self::Answer | Self::Calls { rounds: None, .. } => 1,
            Self::Calls {
                rounds: Some(rounds),
                ..
            } => *rounds,
            Self::Json(expected) => expected.tries,
        }
    }

    fn streamed(&self) -> bool {
        match self {
            Self::Answer => false,
            Self::Calls { streamed, .. } => *streamed,
            Self::Json(expected) => expected.stream,
        }
    }

    fn plan(self, job: Box<Job>) -> Plan {
        match self {
            Self::Answer => Plan::Once(job, Expect::Answer),
            Self::Calls {
                required,
                rounds: Some(limit),
                ..
            } => Plan::Rounds(job, Rounds { limit, required }),
            Self::Calls { required, .. } => Plan::Once(job, Expect::Calls { required }),
            Self::Json(expected) => Plan::Reask(job, expected),
        }
    }
}
