//! `batch submit`: uploads the items in files and creates one batch for each, which is
//! reported as soon as it exists.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::engine::Engine;
use super::upload_files::{Part, Upload, item_lines, raw_lines};
use crate::api::batch::{Batch, Order};
use crate::cli::{Common, EachArgs, PoolArgs};
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Count, Level, Sink, Unfinished};
use crate::exit::Class;
use crate::request::{self, ItemRequests};
use crate::run::start::{Done, Ended, Printer, Run};
use crate::settings::Settings;
use crate::tools::Toolbox;

/// Submits the items, or prints what would be uploaded under `--dry-run`.
///
/// # Errors
/// An item is wrong: exit 2. A part cannot be submitted; the batches before it exist.
pub(super) fn submit(
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
    let Some((template, mut items)) = prompt.each else {
        return Err(Failure::new(Class::Internal, "there are no items to read"));
    };
    let provider = settings.connection.endpoint.provider;
    let upload = if raw {
        let upload = raw_lines(&mut items)?;
        warn(run, &upload.model, &mut settings);
        if !dry_run {
            settings.require_key()?;
        }
        upload
    } else {
        let (messages, no_tools) = (prompt.messages, Toolbox::default());
        let request = request::prepare("batch", false, common, &mut settings, messages, no_tools);
        warn(run, &settings.model.clone(), &mut settings);
        let mut request = request?;
        let pool = PoolArgs::default();
        let item_requests = ItemRequests::new(each, &pool, template, &mut request, provider, 1)?;
        if !dry_run {
            settings.require_key()?;
        }
        let url = request::chat_url(&settings.connection);
        item_lines(&request, &item_requests, &mut items, url)?
    };
    if dry_run {
        return print(upload.parts, run);
    }
    let mut engine = Engine {
        transport: Transport::new(settings.connection),
        printer: run.printer.clone(),
    };
    let mut unfinished = left(&upload.parts, 0, None);
    match send(
        &upload,
        provider.is_some(),
        raw,
        &mut engine,
        &mut unfinished,
    ) {
        Ok(()) => Ok(Ended::Done(Done::default())),
        Err(failure) => Err(ended(failure, unfinished, &mut engine.printer)),
    }
}

/// Prints all warnings, also one for a model that the engine does not accept.
fn warn(run: &Run, model: &str, settings: &mut Settings) {
    let unbatched = request::unbatched(model, &settings.connection);
    settings.warnings.extend(unbatched);
    run.warn_all(settings);
}

/// Prints the lines that would be uploaded.
fn print(parts: Vec<Part>, run: &Run) -> Result<Ended, Failure> {
    let mut all: Box<dyn Read> = Box::new(std::io::empty());
    for mut part in parts {
        part.file.seek(SeekFrom::Start(0))?;
        all = Box::new(all.chain(part.file));
    }
    let status = run.printer.lock().print(&mut BufReader::new(all));
    Ok(Ended::Printed(status))
}

/// Uploads each part and creates its batch. Keeps `unfinished` up to date, in case of a failure.
/// Raw lines get no metadata: airx cannot find its items in them.
fn send(
    upload: &Upload,
    is_provider: bool,
    is_raw: bool,
    engine: &mut Engine,
    unfinished: &mut Unfinished,
) -> Result<(), Failure> {
    let parts = &upload.parts;
    engine.report_start(Some(&upload.model))?;
    for (at, part) in parts.iter().enumerate() {
        let name = format!("airx-{}.jsonl", part.span.first);
        *unfinished = left(parts, at, None);
        engine.report_unfinished(unfinished);
        let file = engine.upload(&name, &part.file)?;
        let order = Order {
            input_file_id: &file,
            endpoint: &upload.url,
            completion_window: (!is_provider).then_some("24h"),
            auto_delete_input_file: is_provider.then_some(true),
            metadata: (!is_raw).then_some(part.span),
        };
        let order = serde_json::to_vec(&order).map_err(std::io::Error::from)?;
        *unfinished = left(parts, at, Some(&file));
        engine.report_unfinished(unfinished);
        let batch = engine.create(&order).map_err(|failed| {
            if !failed.unsure {
                *unfinished = left(parts, at, None);
            }
            failed.failure
        })?;
        *unfinished = unreported(&batch, parts, at);
        engine.report_unfinished(unfinished);
        engine.report(&batch, &format!("{}\n", batch.id))?;
        engine.printer.count(Count::Unfinished(None));
    }
    Ok(())
}

/// What to report if the batch of part `at` exists but cannot be printed.
fn unreported(batch: &Batch, parts: &[Part], at: usize) -> Unfinished {
    let rest = parts.get(at + 1).map(|_| left(parts, at + 1, None).message);
    Unfinished {
        message: format!("; batch {} exists{}", batch.id, rest.unwrap_or_default()),
        hint: None,
    }
}

/// Adds the unfinished work to a failure. If the reader closed the output, the failure has
/// no message of its own, so this prints what exists on the server and what does not.
fn ended(mut failure: Failure, left: Unfinished, printer: &mut Printer) -> Failure {
    failure.message.push_str(&left.message);
    failure.hint = left.hint.or(failure.hint);
    if failure.class == Class::Ok {
        printer.note(Level::Always, &format!("airx: {}", failure.message));
    }
    failure
}

/// The state of the items from part `at` on. `file` is the uploaded file of a batch that
/// may exist.
fn left(parts: &[Part], at: usize, file: Option<&str>) -> Unfinished {
    let Part { span, place, .. } = &parts[at];
    let before = span.first;
    let all = parts
        .last()
        .map_or(0, |part| part.span.first + part.span.items);
    let submitted = match before {
        0 => String::new(),
        _ => format!("; {before} items are submitted, in the batches printed"),
    };
    let Some(file) = file else {
        let rest = all - before;
        return Unfinished {
            message: format!(
                "{submitted}; {rest} of {all} items are not submitted, from {place} of the input on"
            ),
            hint: None,
        };
    };
    let items = span.items;
    let later = match all - before - items {
        0 => String::new(),
        later => format!("; the {later} after them are not submitted"),
    };
    Unfinished {
        message: format!(
            "{submitted}; whether {items} of {all} items are submitted, from {place} of the input on, is not known{later}"
        ),
        hint: Some(format!(
            "the batch of file {file} may exist: check with airx batch status --format json before you submit these items again"
        )),
    }
}
