//! `batch`, from its options to the exit code.

use std::io::{BufReader, Read, Seek, SeekFrom, Stderr};

use super::{end, needed};
use crate::answer::{Accept, Empty};
use crate::cli::{BatchAction, Common};
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::exit::Class;
use crate::output::{self, Done, Kind, Output, Shared};
use crate::prompt::{self, Prompt};
use crate::request::{self, Errand, Job, Many, Plan, Purpose};
use crate::run::batch as engine;
use crate::secret::Scrubber;
use crate::settings::{self, Merged, Settings, With};
#[cfg(unix)]
use crate::signals;
use crate::stdout;
use crate::tools::Toolbox;

/// One of `airx batch`.
pub(crate) fn batch(action: BatchAction, merged: Result<Merged, Failure>) -> u8 {
    let (errand, mut common) = Errand::of(action);
    let fits = errand.fits(&common, engine::is_id);
    let kind = if errand.counts_items() {
        Kind::Items
    } else {
        Kind::Answer
    };
    let inputs = needed([("--key-file", common.connection.key_file.as_deref())]);
    let (printer, opened) = output::open("batch", false, &mut common.output, kind, &inputs, stdout);
    #[cfg(unix)]
    signals::install(printer.clone());
    let (merged, read) = match merged {
        Ok(merged) => (merged, Ok(())),
        Err(failure) => (Merged::default(), Err(failure)),
    };
    if fits.is_err() || read.is_err() {
        printer.lock().hide(settings::of_environment());
    }
    let run = || {
        fits.and(opened).and(read)?;
        let settings = settings(&errand, &mut common, &merged, &printer)?;
        run(errand, &mut common, settings, &printer)
    };
    match run() {
        Ok(Ended::Printed(code)) => code,
        Ok(Ended::Done) => end(Ok(Done::default()), &merged, &printer),
        Err(failure) => end(Err(failure), &merged, &printer),
    }
}

/// How a run has ended that has not failed.
enum Ended {
    /// All was told.
    Done,
    /// Something was printed in place of a run.
    Printed(u8),
}

fn settings(
    errand: &Errand,
    common: &mut Common,
    merged: &Merged,
    printer: &Shared<Output, Stderr>,
) -> Result<Settings, Failure> {
    let (mut scrubber, mut sink) = (Scrubber::default(), printer.clone());
    let mut say = |line: &str| sink.note(Level::Always, &line);
    let with = With {
        merged,
        scrubber: &mut scrubber,
        say: match common.output.dry_run {
            None => Some(&mut say),
            Some(_) => None,
        },
    };
    let each = match errand {
        Errand::Submit { each, .. } => Some(&**each),
        _ => None,
    };
    let settings = settings::resolve(common, each, &[], with);
    printer.lock().hide(scrubber);
    let settings = settings?;
    request::without_recordings(merged)?;
    if let Some(config) = &merged.config {
        sink.note(Level::Verbose, &config.told());
    }
    Ok(settings)
}

fn run(
    errand: Errand,
    common: &mut Common,
    mut settings: Settings,
    printer: &Shared<Output, Stderr>,
) -> Result<Ended, Failure> {
    let mut sink = printer.clone();
    if let Errand::Submit { each, raw } = errand {
        return submit(&each, raw, common, settings, printer);
    }
    warn(&settings, &mut sink);
    settings.keyless.take().map_or(Ok(()), Err)?;
    let discount = settings.connection.endpoint.provider.is_some();
    let way = &mut Transport::new(settings.connection);
    match errand {
        Errand::Submit { .. } => Ok(()),
        Errand::Status(ids) => engine::status(&ids, way, &mut sink),
        Errand::Wait(ids, poll) => engine::wait(&ids, poll, way, &mut sink),
        Errand::Fetch(ids, reasons, empty) => {
            let accept = Accept {
                reasons: &reasons,
                empty: Empty::allowed(empty),
            };
            engine::fetch(&ids, accept, discount, way, &mut sink)
        }
        Errand::Cancel(ids) => engine::cancel(&ids, way, &mut sink),
    }?;
    Ok(Ended::Done)
}

fn warn(settings: &Settings, sink: &mut dyn Sink) {
    for warning in &settings.warnings {
        sink.note(Level::Warning, warning);
    }
}

fn submit(
    each: &crate::cli::EachArgs,
    raw: bool,
    common: &mut Common,
    mut settings: Settings,
    printer: &Shared<Output, Stderr>,
) -> Result<Ended, Failure> {
    let mut sink = printer.clone();
    let dry = common.output.dry_run.take().is_some();
    let prompt = prompt::read(&settings.sources, &mut |notice| {
        sink.note(Level::Warning, &notice);
    })?;
    let submission = if raw {
        raw_submission(prompt, &mut settings, dry, &mut sink)?
    } else {
        submission(each, prompt, common, &mut settings, dry, &mut sink)?
    };
    if dry {
        return print(submission.parts, printer);
    }
    let way = &mut Transport::new(settings.connection);
    engine::submit(&submission, way, &mut sink)?;
    Ok(Ended::Done)
}

/// A request for each item.
fn submission(
    each: &crate::cli::EachArgs,
    prompt: Prompt,
    common: &mut Common,
    settings: &mut Settings,
    dry: bool,
    sink: &mut dyn Sink,
) -> Result<engine::Submission, Failure> {
    let Some((template, mut items)) = prompt.each else {
        return Err(no_items());
    };
    let plan = request::plan(
        "batch",
        common,
        Purpose::Answer,
        settings,
        prompt.messages,
        Toolbox::default(),
        Some((each, template)),
    );
    let url = request::chat_url(&settings.connection);
    let model = settings.model.clone();
    warn_of_model(&model, settings, sink);
    let (job, many) = of_items(plan?)?;
    require_key(settings, dry)?;
    Ok(engine::Submission {
        parts: engine::parts(&job, &many, &mut items, url)?,
        url: url.to_owned(),
        model,
        provider: settings.connection.endpoint.provider.is_some(),
        raw: false,
    })
}

/// Lines that the user made.
fn raw_submission(
    prompt: Prompt,
    settings: &mut Settings,
    dry: bool,
    sink: &mut dyn Sink,
) -> Result<engine::Submission, Failure> {
    let Some((_, mut items)) = prompt.each else {
        return Err(no_items());
    };
    let engine::RawLines { parts, url, model } = engine::raw_lines(&mut items)?;
    warn_of_model(&model, settings, sink);
    require_key(settings, dry)?;
    Ok(engine::Submission {
        parts,
        url,
        model,
        provider: settings.connection.endpoint.provider.is_some(),
        raw: true,
    })
}

fn warn_of_model(model: &str, settings: &mut Settings, sink: &mut dyn Sink) {
    let unbatched = request::unbatched(model, &settings.connection);
    settings.warnings.extend(unbatched);
    warn(settings, sink);
}

fn require_key(settings: &mut Settings, dry: bool) -> Result<(), Failure> {
    match settings.keyless.take() {
        Some(keyless) if !dry => Err(keyless),
        _ => Ok(()),
    }
}

fn no_items() -> Failure {
    Failure::new(Class::Internal, "there are no items to read")
}

fn of_items(plan: Plan) -> Result<(Job, Many), Failure> {
    if let Plan::Each(one, many) = plan
        && let Plan::Once(job, _) = *one
    {
        return Ok((*job, *many));
    }
    Err(Failure::new(
        Class::Internal,
        "there is no request to repeat",
    ))
}

/// Prints the lines that would be uploaded.
fn print(parts: Vec<engine::Part>, printer: &Shared<Output, Stderr>) -> Result<Ended, Failure> {
    let mut all: Box<dyn Read> = Box::new(std::io::empty());
    for mut part in parts {
        part.file.seek(SeekFrom::Start(0))?;
        all = Box::new(all.chain(part.file));
    }
    let code = printer.lock().copy(&mut BufReader::new(all));
    Ok(Ended::Printed(code))
}
