//! The commands that ask a model, from their options to the exit code: the stages
//! are joined here, and the loops are drive's and exchange's.

mod batch;

use std::io::Stderr;
use std::path::Path;

use crate::cli::{self, Common, EachArgs};
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::output::{self, Done, Kind, Output, Shared};
use crate::prompt::{self, Items};
use crate::request::{self, Plan, Purpose, Task, fits_each};
use crate::schema::ExpectedJson;
use crate::secret::Scrubber;
use crate::settings::{self, Merged, With};
#[cfg(unix)]
use crate::signals;
use crate::tools::{Approval, ToolSetup};
use crate::{run, stdout};

pub(crate) use batch::batch;

/// One of the commands that ask a model.
pub(crate) fn converse(
    command: &'static str,
    mut common: Common,
    each: Option<EachArgs>,
    task: Task,
    merged: Result<Merged, Failure>,
) -> u8 {
    let each = each.filter(|each| each.each.is_some());
    let live = task.is_live() || command == "stream";
    let fits = each.as_ref().map(|_| fits_each(&common, &task.of_one()));
    let kind = each.as_ref().map_or(Kind::Answer, |each| Kind::Results {
        resume: each.resume,
        ordered: !each.unordered,
    });
    let (output, inputs) = (
        &mut common.output,
        [
            ("--session", common.input.session.as_deref()),
            ("--key-file", common.connection.key_file.as_deref()),
        ],
    );
    let inputs = needed(inputs);
    let (printer, opened) = output::open(command, live, output, kind, &inputs, stdout);
    #[cfg(unix)]
    signals::install(printer.clone());
    let (merged, read) = match merged {
        Ok(merged) => (merged, Ok(())),
        Err(failure) => {
            printer.lock().hide(settings::of_environment());
            (Merged::default(), Err(failure))
        }
    };
    let result = fits
        .unwrap_or(Ok(()))
        .and(opened)
        .and(read)
        .and_then(|()| plan(command, &mut common, each.as_ref(), task, &merged, &printer));
    let result = match result {
        Ok(Planned::Print(bytes)) => return printer.lock().print(&bytes),
        Ok(Planned::Ask(asked)) => ask(*asked, &printer),
        Err(failure) => Err(failure),
    };
    end(result, &merged, &printer)
}

/// Those of the files that are named.
fn needed<'a, const N: usize>(
    files: [(&'static str, Option<&'a Path>); N],
) -> Vec<(&'static str, &'a Path)> {
    let named = |(option, path): (_, Option<&'a Path>)| Some((option, path?));
    files.into_iter().filter_map(named).collect()
}

/// Ends a run: tells what became of it, and returns the exit status.
fn end(result: Result<Done, Failure>, merged: &Merged, printer: &Shared<Output, Stderr>) -> u8 {
    let result = result.map_err(|failure| merged.place(failure));
    #[cfg(unix)]
    let signal = result.as_ref().err().and_then(|failure| failure.signal);
    let code = printer.lock().finish(result);
    #[cfg(unix)]
    if let Some(signal) = signal {
        signals::die(signal);
    }
    code
}

/// What is to be done, everything read that it needs.
enum Planned {
    Print(Vec<u8>),
    Ask(Box<Asked>),
}

struct Asked {
    plan: Plan,
    approval: Approval,
    session: Option<prompt::Session>,
    items: Option<Items>,
    ordered: bool,
    transport: Transport,
}

fn plan(
    command: &'static str,
    common: &mut Common,
    each: Option<&EachArgs>,
    task: Task,
    merged: &Merged,
    printer: &Shared<Output, Stderr>,
) -> Result<Planned, Failure> {
    let (lossy, dry) = (common.input.lossy, common.output.dry_run.is_some());
    let (mut scrubber, mut sink) = (Scrubber::default(), printer.clone());
    let mut say = |line: &str| sink.note(Level::Always, &line);
    let with = With {
        merged,
        scrubber: &mut scrubber,
        say: if dry { None } else { Some(&mut say) },
    };
    let settings = settings::resolve(common, each, &task.files(), with);
    printer.lock().hide(scrubber.clone());
    let mut settings = settings?;
    if let Some(config) = &merged.config {
        sink.note(Level::Verbose, &config.told());
    }
    let read = |path: &Path| {
        let mut sink = printer.clone();
        let mut notice = |line: &str| sink.note(Level::Warning, &line);
        prompt::read_text(path, lossy, &mut notice)
    };
    let mut tools = ToolSetup::default();
    let purpose = purpose(task, &mut tools, read, dry)?;
    let prompt = prompt::read(&settings.sources, &mut |notice| {
        sink.note(Level::Warning, &notice);
    })?;
    if tools.starts_programs() && !dry {
        // No program is started for a request that cannot be sent.
        settings.keyless.take().map_or(Ok(()), Err)?;
    }
    tools.finish(&scrubber, &mut |warning| {
        sink.note(Level::Warning, &warning);
    })?;
    let (toolbox, approval) = (tools.toolbox, tools.approval);
    let (template, mut items) = prompt.each.unzip();
    let plan = request::plan(
        command,
        common,
        purpose,
        &mut settings,
        prompt.messages,
        toolbox,
        each.zip(template),
    );
    for warning in &settings.warnings {
        printer.lock().note(Level::Warning, &warning);
    }
    match (plan?, settings.keyless) {
        (Plan::Print(bytes), _) => Ok(Planned::Print(bytes)),
        (Plan::Each(plan, many), _) if dry => {
            let first = items.as_mut().map_or(Ok(None), Items::read_next)?;
            let request = first.and_then(|item| many.first(&plan, &item));
            let how = common.output.dry_run.unwrap_or(cli::DryRun::Body);
            let shown = |request| request::shown(&request, &settings.connection, how);
            Ok(Planned::Print(
                request.transpose()?.map_or_else(Vec::new, shown),
            ))
        }
        (_, Some(keyless)) => Err(keyless),
        (plan, None) => Ok(Planned::Ask(Box::new(Asked {
            plan,
            approval,
            session: prompt.session,
            items,
            ordered: each.is_some_and(|each| !each.unordered),
            transport: Transport::new(settings.connection),
        }))),
    }
}

/// Reads what the task's own options name.
fn purpose(
    task: Task,
    tools: &mut ToolSetup,
    read: impl Fn(&Path) -> Result<String, Failure>,
    dry: bool,
) -> Result<Purpose, Failure> {
    Ok(match task {
        Task::Answer => Purpose::Answer,
        Task::Json(answer) => Purpose::Json(Box::new(ExpectedJson::load(
            request::json_options(answer),
            read,
        )?)),
        Task::Tools(offer, run) => {
            let purpose = Purpose::Calls {
                required: offer.require_call,
                streamed: offer.stream,
                rounds: run
                    .run
                    .then_some(run.rounds.unwrap_or(settings::defaults::ROUNDS)),
            };
            *tools = ToolSetup::load_files(request::sources(offer, run), read, dry)?;
            purpose
        }
    })
}

fn ask(asked: Asked, printer: &Shared<Output, Stderr>) -> Result<Done, Failure> {
    let Asked {
        plan,
        approval,
        session,
        items,
        ordered,
        mut transport,
    } = asked;
    let (way, mut sink) = (&mut transport, printer.clone());
    let answer = match plan {
        Plan::Once(job, expect) => run::once(&job, &expect, session, way, &mut sink),
        Plan::Reask(job, wanted) => run::reask(&job, &wanted, session, way, &mut sink),
        Plan::Rounds(job, rounds) => run::rounds(*job, rounds, &approval, session, way, &mut sink),
        Plan::Each(plan, many) => {
            let Some(items) = items else {
                return Ok(Done::default());
            };
            let earlier = printer.lock().resume();
            let setting = run::Setting {
                items,
                approval,
                // A file is put in order at the end.
                ordered: ordered && earlier.is_none(),
                earlier: earlier.unwrap_or_default(),
                transport,
            };
            let result = run::each(*plan, *many, setting, sink, begun);
            printer.lock().settle();
            return result.map(|()| Done::default());
        }
        Plan::Print(_) => return Ok(Done::default()),
    }?;
    Ok(Done {
        finish_reason: answer.finish_reason,
        model: answer.model,
        id: answer.id,
        request_id: answer.request_id,
    })
}

/// The first SIGINT lets what is in flight come to its end.
fn begun(interrupt: run::Interrupt) {
    #[cfg(unix)]
    signals::on_interrupt(move |signal| interrupt.interrupt(signal));
    #[cfg(not(unix))]
    let _ = interrupt;
}
