//! The requests to the provider's batch engine, and the checks of its answers.

use std::fs::File;

use crate::answer::one_line;
use crate::api::batch::{Batch, Page, id};
use crate::client::{self, Repeat, Transport, Unfulfilled};
use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink, Unfinished, VERSION};
use crate::exit::Class;
use crate::http::{Payload, ResourceRequest};
use crate::run::start::Printer;

/// The number of batches on one page of the list.
const PAGE: &str = "100";

/// The connection to the batch engine, and the printer for its reports.
pub(super) struct Engine {
    pub(super) transport: Transport,
    pub(super) printer: Printer,
}

/// One page of the list, and the id after which the next page starts.
pub(super) struct Listed {
    pub(super) batches: Vec<Batch>,
    pub(super) next: Option<String>,
}

impl Engine {
    /// Sends a request. The body of the response is written to the file `into`, or returned.
    fn request(
        &mut self,
        path: &str,
        query: &[(&str, &str)],
        payload: Payload<'_>,
        repeat: Repeat,
        into: Option<&mut File>,
    ) -> Result<Vec<u8>, Unfulfilled> {
        let request = ResourceRequest {
            path,
            query,
            payload,
        };
        let (transport, printer) = (&mut self.transport, &mut self.printer);
        client::request_resource(&request, repeat, into, transport, printer)
    }

    /// Sends a request that may be repeated.
    fn call(
        &mut self,
        path: &str,
        query: &[(&str, &str)],
        payload: Payload<'_>,
    ) -> Result<Vec<u8>, Failure> {
        self.request(path, query, payload, Repeat::Freely, None)
            .map_err(|failed| failed.failure)
    }

    /// Reports the start of the run, before the first request.
    pub(super) fn report_start(&mut self, model: Option<&str>) -> Result<(), Failure> {
        self.printer.event(&Event::Start {
            v: VERSION,
            command: "batch",
            model,
            request_id: None,
        })?;
        self.printer.flush()
    }

    /// Requests the state of a batch.
    pub(super) fn batch(&mut self, id: &str) -> Result<Batch, Failure> {
        let response = self.call(&format!("/batches/{id}"), &[], Payload::Get);
        read_batch(id, response)
    }

    pub(super) fn cancel(&mut self, id: &str) -> Result<Batch, Failure> {
        let response = self.call(&format!("/batches/{id}/cancel"), &[], Payload::Post);
        read_batch(id, response)
    }

    /// Requests the page of the list after the batch `after`. The server lists the newest first.
    pub(super) fn list(&mut self, after: Option<&str>) -> Result<Listed, Failure> {
        let query: Vec<_> = after
            .map(|after| ("after", after))
            .into_iter()
            .chain([("limit", PAGE)])
            .collect();
        let body = self.call("/batches", &query, Payload::Get)?;
        let page = serde_json::from_slice::<Page<'_>>(&body).map_err(|why| {
            let what = format!("the response is not a list of batches: {why}");
            Failure::new(Class::Incomplete, what).with_body(&body)
        })?;
        let read = page.data.iter().map(|raw| read(raw.get().as_bytes()));
        let batches: Vec<Batch> = read.filter_map(Result::ok).collect();
        let odd = page.data.len() - batches.len();
        if odd > 0 {
            let what = format!("{odd} entries of the list are not batches and are skipped");
            self.printer.note(Level::Warning, &what);
        }
        Ok(Listed {
            batches,
            next: page
                .has_more
                .unwrap_or(false)
                .then(|| page.last())
                .flatten(),
        })
    }

    /// Sets what the printer reports as unfinished if a signal ends the run from now on.
    pub(super) fn report_unfinished(&mut self, unfinished: &Unfinished) {
        let unfinished = Some(unfinished.clone());
        self.printer.count(Count::Unfinished(unfinished));
    }

    /// Uploads the lines of a batch. Returns the file's id.
    pub(super) fn upload(&mut self, name: &str, file: &File) -> Result<String, Failure> {
        let body = self.call("/files", &[], Payload::Upload { name, file })?;
        let file = id(&body).filter(|id| is_id(id));
        file.ok_or_else(|| {
            let what = "the server accepted the file but sent no id for it";
            Failure::new(Class::Incomplete, what).with_body(&body)
        })
    }

    /// Creates a batch.
    pub(super) fn create(&mut self, order: &[u8]) -> Result<Batch, Unfulfilled> {
        let payload = Payload::Json(order);
        let body = self.request("/batches", &[], payload, Repeat::IfUndone, None)?;
        read(&body).map_err(|failure| Unfulfilled {
            failure,
            unsure: true,
        })
    }

    /// Downloads a file of the server into a local one.
    pub(super) fn download(&mut self, id: &str, into: &mut File) -> Result<(), Failure> {
        if !is_id(id) {
            let what = format!("the server sent a file id that cannot be requested: {id:?}");
            return Err(Failure::new(Class::Incomplete, what));
        }
        let path = format!("/files/{id}/content");
        self.request(&path, &[], Payload::Download, Repeat::Freely, Some(into))
            .map(drop)
            .map_err(|failed| failed.failure.within(format_args!("file {id}")))
    }

    /// Reports a batch: its object, its event, or the text `line`.
    pub(super) fn report(&mut self, batch: &Batch, line: &str) -> Result<(), Failure> {
        self.printer.data(Data::Body {
            bytes: &one_line(batch.raw.trim_ascii()),
            token: true,
        })?;
        self.printer.event(&Event::Batch {
            id: &batch.id,
            status: &batch.status,
            total: batch.total,
            completed: batch.completed,
            failed: batch.failed,
        })?;
        self.printer.data(Data::Answer(line))?;
        self.printer.flush()
    }
}

fn read(body: &[u8]) -> Result<Batch, Failure> {
    let batch = Batch::read(body).filter(|batch| is_id(&batch.id));
    batch.ok_or_else(|| {
        Failure::new(Class::Incomplete, "the response is not a batch")
            .with_body(body)
            .hint("see it with -v; does this server support batches?")
    })
}

/// Reads the response about the batch `id`. A failure names the id.
fn read_batch(id: &str, response: Result<Vec<u8>, Failure>) -> Result<Batch, Failure> {
    let batch = response.and_then(|body| read(&body));
    batch.map_err(|failure| {
        let failure = failure.within(format_args!("batch {id}"));
        match failure.http_status() {
            Some(404) => failure.hint("airx batch status lists the batches"),
            _ => failure,
        }
    })
}

/// The ids without duplicates: an id that is given twice is one batch.
pub(super) fn distinct(ids: &[String]) -> impl Iterator<Item = &String> {
    let is_first = |(at, id): &(usize, &String)| !ids[..*at].contains(id);
    ids.iter().enumerate().filter(is_first).map(|(_, id)| id)
}

/// Whether a text can be an id: it becomes a part of a path.
pub(super) fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"/?#%\\".contains(&byte);
    !text.is_empty() && text.len() <= 256 && text.bytes().all(plain) && text != "." && text != ".."
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn what_would_change_the_path_is_no_id() {
        for id in [
            "batch_1793623747600001234",
            "1716468180_59c7ca",
            "a:b@c",
            "...",
        ] {
            assert!(is_id(id), "{id}");
        }
        let long = "x".repeat(257);
        for other in [
            "", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "a\nb", "\u{e9}", &long,
        ] {
            assert!(!is_id(other), "{other}");
        }
    }
}
