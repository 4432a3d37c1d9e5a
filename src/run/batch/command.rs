//! `airx batch`, from the options to the exit status.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::engine::is_id;
use super::fetch::fetch;
use super::raw::{RawLines, raw_lines};
use super::status::{cancel, status};
use super::submit::{Submission, submit};
use super::upload_files::{Part, parts};
use super::wait::wait;
use crate::answer::{Accept, Empty};
use crate::cli::{BatchAction, Common, EachArgs, Format, PoolArgs};
use crate::client::Transport;
use crate::error::Failure;
use crate::exit::Class;
use crate::prompt::Prompt;
use crate::request::{self, BatchJob, ItemRequests};
use crate::run::start::{Done, Ended, Kind, Run, Start};
use crate::settings::{Merged, Settings};
use crate::table::Medium;
use crate::tools::Toolbox;

/// Runs the command and returns the exit status. Text for standard output is laid out for
/// `medium`.
pub(crate) fn batch(action: BatchAction, merged: Result<Merged, Failure>, medium: Medium) -> u8 {
    let (job, mut common) = BatchJob::of(action);
    let allowed = job.fits(&common, is_id);
    let medium = match (common.output.format(), &common.output.output) {
        (Format::Text, None) => medium,
        _ => Medium::Pipe,
    };
    let start = Start {
        command: "batch",
        live: false,
        kind: if job.counts_items() {
            Kind::Items
        } else {
            Kind::Answer
        },
    };
    let mut run = Run::start(start, &mut common, merged, allowed);
    let result = perform(&mut run, job, &mut common, medium);
    run.finish(result)
}

fn perform(
    run: &mut Run,
    job: BatchJob,
    common: &mut Common,
    medium: Medium,
) -> Result<Ended, Failure> {
    run.ready()?;
    let each = match &job {
        BatchJob::Submit { each, .. } => Some(&**each),
        _ => None,
    };
    let mut settings = run.settings(common, each, &[])?;
    request::without_recordings(&run.merged)?;
    if let BatchJob::Submit { each, raw } = job {
        return submit_items(run, &each, raw, common, settings);
    }
    run.warn_all(&settings);
    settings.require_key()?;
    let endpoint = &settings.connection.endpoint;
    let list = endpoint.provider.map(|_| endpoint.price_list());
    let transport = &mut Transport::new(settings.connection);
    let mut sink = run.printer.clone();
    match job {
        BatchJob::Submit { .. } => Ok(()),
        BatchJob::Status(ids) => status(&ids, medium, transport, &mut sink),
        BatchJob::Wait(ids, poll) => wait(&ids, poll, medium, transport, &mut sink),
        BatchJob::Fetch(ids, reasons, empty) => {
            let accept = Accept {
                reasons: &reasons,
                empty: Empty::allowed(empty),
            };
            fetch(&ids, accept, list, transport, &mut sink)
        }
        BatchJob::Cancel(ids) => cancel(&ids, medium, transport, &mut sink),
    }?;
    Ok(Ended::Done(Done::default()))
}

fn submit_items(
    run: &Run,
    each: &EachArgs,
    raw: bool,
    common: &mut Common,
    mut settings: Settings,
) -> Result<Ended, Failure> {
    let dry_run = common.output.dry_run.take().is_some();
    if let Some(warning) = request::uncounted(&run.merged)? {
        run.warn(&warning);
    }
    let prompt = run.read_prompt(&settings.sources)?;
    let submission = if raw {
        raw_submission(run, prompt, &mut settings, dry_run)?
    } else {
        let messages = PreparedItems { each, prompt };
        item_submission(run, messages, common, &mut settings, dry_run)?
    };
    if dry_run {
        return print(submission.parts, run);
    }
    let transport = &mut Transport::new(settings.connection);
    submit(&submission, transport, &mut run.printer.clone())?;
    Ok(Ended::Done(Done::default()))
}

/// The options for the items, and the input that was read for them.
struct PreparedItems<'a> {
    each: &'a EachArgs,
    prompt: Prompt,
}

/// A request for each item.
fn item_submission(
    run: &Run,
    items: PreparedItems<'_>,
    common: &mut Common,
    settings: &mut Settings,
    dry_run: bool,
) -> Result<Submission, Failure> {
    let PreparedItems { each, prompt } = items;
    let Some((template, mut items)) = prompt.each else {
        return Err(no_items());
    };
    let toolbox = Toolbox::default();
    let request = request::prepare("batch", false, common, settings, prompt.messages, toolbox);
    let url = request::chat_url(&settings.connection);
    let model = settings.model.clone();
    warn_of_model(run, &model, settings);
    let mut request = request?;
    let provider = settings.connection.endpoint.provider;
    let pool = PoolArgs::default();
    let item_requests = ItemRequests::new(each, &pool, template, &mut request, provider, 1)?;
    if !dry_run {
        settings.require_key()?;
    }
    Ok(Submission {
        parts: parts(&request, &item_requests, &mut items, url)?,
        url: url.to_owned(),
        model,
        provider: provider.is_some(),
        raw: false,
    })
}

/// Lines written by the user.
fn raw_submission(
    run: &Run,
    prompt: Prompt,
    settings: &mut Settings,
    dry_run: bool,
) -> Result<Submission, Failure> {
    let Some((_, mut items)) = prompt.each else {
        return Err(no_items());
    };
    let RawLines { parts, url, model } = raw_lines(&mut items)?;
    warn_of_model(run, &model, settings);
    if !dry_run {
        settings.require_key()?;
    }
    Ok(Submission {
        parts,
        url,
        model,
        provider: settings.connection.endpoint.provider.is_some(),
        raw: true,
    })
}

fn warn_of_model(run: &Run, model: &str, settings: &mut Settings) {
    let unbatched = request::unbatched(model, &settings.connection);
    settings.warnings.extend(unbatched);
    run.warn_all(settings);
}

fn no_items() -> Failure {
    Failure::new(Class::Internal, "there are no items to read")
}

/// Prints the lines that would be uploaded.
fn print(parts: Vec<Part>, run: &Run) -> Result<Ended, Failure> {
    let mut all: Box<dyn Read> = Box::new(std::io::empty());
    for mut part in parts {
        part.file.seek(SeekFrom::Start(0))?;
        all = Box::new(all.chain(part.file));
    }
    let status = run.printer.lock().copy(&mut BufReader::new(all));
    Ok(Ended::Printed(status))
}
