//! `airx batch`, from the options to the exit status: the provider's own batch engine.

mod custom_id;
mod engine;
mod fetch;
mod lines;
mod status;
mod submit;
mod upload_files;

use super::start::{Done, Ended, Kind, Run, Start};
use crate::answer::{Accept, Empty};
use crate::cli::{BatchAction, Common, Format};
use crate::client::Transport;
use crate::error::Failure;
use crate::request::{self, BatchJob};
use crate::settings::Merged;
use crate::table::Medium;
use engine::{Engine, is_id};

/// Runs the command and returns the exit status. Text for standard output is laid out for
/// `medium`.
pub(crate) fn batch(action: BatchAction, merged: Result<Merged, Failure>, medium: Medium) -> u8 {
    let (job, common) = BatchJob::of(action);
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
    start.run(common, merged, allowed, |run, common| {
        perform(run, job, common, medium)
    })
}

fn perform(
    run: &mut Run,
    job: BatchJob,
    common: &mut Common,
    medium: Medium,
) -> Result<Ended, Failure> {
    let each = match &job {
        BatchJob::Submit { each, .. } => Some(&**each),
        _ => None,
    };
    let settings = run.settings(common, each, &[])?;
    request::without_recordings(&run.merged)?;
    if let BatchJob::Submit { each, raw } = job {
        return submit::submit(run, &each, raw, common, settings);
    }
    run.warn_all(&settings);
    settings.require_key()?;
    let endpoint = &settings.connection.endpoint;
    let list = endpoint.provider.map(|_| endpoint.price_list());
    let mut engine = Engine {
        transport: Transport::new(settings.connection),
        printer: run.printer.clone(),
    };
    engine.report_start(None)?;
    match job {
        BatchJob::Submit { .. } => Ok(()),
        BatchJob::Status(ids) => status::status(&ids, medium, &mut engine),
        BatchJob::Wait(ids, poll) => status::wait(&ids, poll, medium, &mut engine),
        BatchJob::Fetch(ids, reasons, empty) => {
            let accept = Accept {
                reasons: &reasons,
                empty: Empty::allowed(empty),
            };
            fetch::fetch(&ids, accept, list, &mut engine)
        }
        BatchJob::Cancel(ids) => status::cancel(&ids, medium, &mut engine),
    }?;
    Ok(Ended::Done(Done::default()))
}
