//! Files and batches: a request to their endpoints in, a reply out. All of it
//! lives in memory, within the bounds of the store. api.md §8.

mod input;
mod life;
mod line;
pub(super) mod multipart;
mod order;
mod status;
mod store;

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use self::life::{Answering, Batch};
use self::order::Order;
use self::store::{File, Store};
use super::outcome::Incoming;
use super::reply::{Reply, bad_member, error};
use super::route::Route;

/// Bytes that a file may have; the API says 100 MB. api.md §8.
const FILE: usize = 100_000_000;
/// Bytes that an upload may have: the file, and what a form puts around it.
pub(super) const UPLOAD: usize = FILE + 64 * 1024;
/// Batches that can be ordered.
const BATCHES: usize = 1000;

/// The part of the server that takes files and batches.
#[derive(Debug)]
pub(super) struct Desk(Mutex<State>);

#[derive(Debug)]
struct State {
    store: Store,
    batches: Vec<Batch>,
}

impl Desk {
    /// One without files and batches.
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(State {
            store: Store::new(seed),
            batches: Vec::new(),
        }))
    }

    /// Does what a request asks for; `answer` answers the items of batches.
    pub(super) fn serve(
        &self,
        route: Route<'_>,
        request: Incoming<'_>,
        answer: Answering<'_>,
    ) -> Reply {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let served = match (route, request.method) {
            (Route::Files, "POST") => state.upload(request),
            (Route::Files, _) => {
                let files = state.store.files().iter();
                page(
                    files.map(|file| (file.id.as_str(), || file.object())),
                    request.query,
                )
            }
            (Route::File(id), "DELETE") => state.delete(id),
            (Route::File(id), _) => state.file(id).map(|file| found(&file.object())),
            (Route::Content(id), _) => state
                .file(id)
                .map(|file| Reply::new(200, "application/octet-stream", file.content.clone())),
            (Route::Batches, "POST") => state.order(request.body),
            (Route::Batches, _) => {
                let batches = state.batches.iter();
                page(
                    batches.map(|batch| (batch.id.as_str(), || batch.object())),
                    request.query,
                )
            }
            (Route::Batch(id), _) => state.look(id, answer),
            (Route::Cancel(id), _) => state.cancel(id),
            (Route::Chat | Route::Models | Route::Model(_), _) => {
                Err(unknown("endpoint", request.path))
            }
        };
        served.unwrap_or_else(|refusal| refusal)
    }
}

impl State {
    fn upload(&mut self, request: Incoming<'_>) -> Result<Reply, Reply> {
        let too_long = || refused(&format!("file: longer than {FILE} bytes"));
        if request.overlong {
            return Err(too_long());
        }
        let parts = multipart::read(request.content_type, request.body)
            .map_err(|wrong| Reply::json(400, &error("1210", wrong)))?;
        let part = |name: &str| parts.iter().find(|part| part.name == name);
        match part("purpose") {
            None => return Err(refused("purpose: no such part in the form")),
            Some(purpose) if purpose.content != b"batch" => {
                return Err(refused("purpose: the mock takes batch alone"));
            }
            Some(_) => {}
        }
        let file = part("file").ok_or_else(|| refused("file: no such part in the form"))?;
        let name = file.filename.as_deref().unwrap_or_default();
        if Path::new(name).extension() != Some(OsStr::new("jsonl")) {
            return Err(refused("file: its name must end in .jsonl"));
        }
        if file.content.len() > FILE {
            return Err(too_long());
        }
        if !self.store.has_place() || !self.store.reserve(file.content.len()) {
            return Err(refused(
                "the mock has no room for one more file: delete some",
            ));
        }
        let content = file.content.to_vec().into();
        Ok(found(
            &self.store.keep(name.to_owned(), "batch", content).object(),
        ))
    }

    fn file(&self, id: &str) -> Result<&File, Reply> {
        self.store.file(id).ok_or_else(|| unknown("file", id))
    }

    fn delete(&mut self, id: &str) -> Result<Reply, Reply> {
        if !self.store.remove(id) {
            return Err(unknown("file", id));
        }
        Ok(found(
            &json!({ "id": id, "object": "file", "deleted": true }),
        ))
    }

    fn order(&mut self, body: &[u8]) -> Result<Reply, Reply> {
        let order = Order::read(body)?;
        self.file(&order.input_file_id)?;
        if self.batches.len() == BATCHES {
            return Err(refused("the mock has no room for one more batch"));
        }
        let batch = Batch::new(order, &mut self.store);
        let reply = found(&batch.object());
        self.batches.push(batch);
        Ok(reply)
    }

    fn look(&mut self, id: &str, answer: Answering<'_>) -> Result<Reply, Reply> {
        let batch = self.batches.iter_mut().find(|batch| batch.id == id);
        let batch = batch.ok_or_else(|| unknown("batch", id))?;
        batch.advance(&mut self.store, answer);
        Ok(found(&batch.object()))
    }

    fn cancel(&mut self, id: &str) -> Result<Reply, Reply> {
        let batch = self.batches.iter_mut().find(|batch| batch.id == id);
        let batch = batch.ok_or_else(|| unknown("batch", id))?;
        if !batch.cancel(&mut self.store) {
            return Err(refused("the batch has ended: it cannot be cancelled"));
        }
        Ok(found(&batch.object()))
    }
}

/// A page of a list, the newest first, as `after` and `limit` of the query ask
/// for it.
fn page<'a, O: Fn() -> Value>(
    all: impl DoubleEndedIterator<Item = (&'a str, O)>,
    query: &str,
) -> Result<Reply, Reply> {
    let asked = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let limit = asked("limit").map_or(Ok(20), |limit| limit.parse());
    let limit = limit.ok().filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| bad_member("limit"))?;
    let mut rest = all.rev().peekable();
    if let Some(after) = asked("after")
        && !rest.any(|(id, _)| id == after)
    {
        return Err(bad_member("after"));
    }
    let (ids, data): (Vec<&str>, Vec<Value>) = rest
        .by_ref()
        .take(limit)
        .map(|(id, object)| (id, object()))
        .unzip();
    Ok(found(&json!({
        "object": "list",
        "data": data,
        "first_id": ids.first(),
        "last_id": ids.last(),
        "has_more": rest.peek().is_some(),
    })))
}

fn found(object: &Value) -> Reply {
    Reply::json(200, object)
}

fn refused(message: &str) -> Reply {
    Reply::json(400, &error("1214", message))
}

fn unknown(kind: &str, id: &str) -> Reply {
    Reply::json(404, &error("1214", &format!("there is no {kind} {id}")))
}
