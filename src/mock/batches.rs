//! `/files` and `/batches`: all in memory, within the limits of the file store. A batch
//! takes no time: each `GET` of it moves it on by one state. api.md §8.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::batch_json::{self, BatchRequest, COMPLETION_WINDOW, ItemResult};
use super::files::{self, File, FileStore};
use super::reply::{Reply, bad_member, error};
use super::router::{Action, Request, Route};

const BATCHES_MAX: usize = 1000;

type AnswerItem<'a> = &'a mut dyn FnMut(&[u8]) -> Action;

/// All files and batches.
#[derive(Debug)]
pub(super) struct BatchStore(Mutex<State>);

#[derive(Debug)]
struct State {
    files: FileStore,
    batches: Vec<Batch>,
}

impl BatchStore {
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(State {
            files: FileStore::new(seed),
            batches: Vec::new(),
        }))
    }

    /// Replies to a request about files or batches; `answer` answers the items.
    pub(super) fn handle(
        &self,
        route: Route<'_>,
        request: Request<'_>,
        answer: AnswerItem<'_>,
    ) -> Reply {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = match (route, request.method) {
            (Route::Files, "POST") => state.upload(request),
            (Route::Files, _) => {
                let files = state.files.all().iter();
                page(
                    files.map(|file| (file.id.as_str(), || file.object())),
                    request.query,
                )
            }
            (Route::File(id), "DELETE") => state.delete(id),
            (Route::File(id), _) => state.file(id).map(|file| found(&file.object())),
            (Route::FileContent(id), _) => state
                .file(id)
                .map(|file| Reply::new(200, "application/octet-stream", file.content.clone())),
            (Route::Batches, "POST") => state.create(request.body),
            (Route::Batches, _) => {
                let batches = state.batches.iter();
                page(
                    batches.map(|batch| (batch.id.as_str(), || batch.object())),
                    request.query,
                )
            }
            (Route::Batch(id), _) => state.advance(id, answer),
            (Route::CancelBatch(id), _) => state.cancel(id),
            (Route::Chat | Route::Models | Route::Model(_), _) => {
                Err(unknown("endpoint", request.path))
            }
        };
        reply.unwrap_or_else(|refusal| refusal)
    }
}

impl State {
    fn upload(&mut self, request: Request<'_>) -> Result<Reply, Reply> {
        if request.too_long {
            return Err(refused(&files::too_long()));
        }
        let form = request
            .form
            .map_err(|wrong| Reply::json(400, &error("1210", wrong)))?;
        let file = self.files.upload(form).map_err(|why| refused(&why))?;
        Ok(found(&file.object()))
    }

    fn file(&self, id: &str) -> Result<&File, Reply> {
        self.files.get(id).ok_or_else(|| unknown("file", id))
    }

    fn delete(&mut self, id: &str) -> Result<Reply, Reply> {
        if !self.files.remove(id) {
            return Err(unknown("file", id));
        }
        Ok(found(
            &json!({ "id": id, "object": "file", "deleted": true }),
        ))
    }

    fn create(&mut self, body: &[u8]) -> Result<Reply, Reply> {
        let request = BatchRequest::read(body)?;
        self.file(&request.input_file_id)?;
        if self.batches.len() == BATCHES_MAX {
            return Err(refused("the mock has no room for one more batch"));
        }
        let batch = Batch::new(request, &mut self.files);
        let reply = found(&batch.object());
        self.batches.push(batch);
        Ok(reply)
    }

    fn advance(&mut self, id: &str, answer: AnswerItem<'_>) -> Result<Reply, Reply> {
        let batch = self.batches.iter_mut().find(|batch| batch.id == id);
        let batch = batch.ok_or_else(|| unknown("batch", id))?;
        batch.advance(&mut self.files, answer);
        Ok(found(&batch.object()))
    }

    fn cancel(&mut self, id: &str) -> Result<Reply, Reply> {
        let batch = self.batches.iter_mut().find(|batch| batch.id == id);
        let batch = batch.ok_or_else(|| unknown("batch", id))?;
        if !batch.cancel(&mut self.files) {
            return Err(refused("the batch has ended: it cannot be cancelled"));
        }
        Ok(found(&batch.object()))
    }
}

/// A page of a list, the newest first, by `after` and `limit` of the query.
fn page<'a, O: Fn() -> Value>(
    all: impl DoubleEndedIterator<Item = (&'a str, O)>,
    query: &str,
) -> Result<Reply, Reply> {
    let parameter = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let limit = parameter("limit").map_or(Ok(20), |limit| limit.parse());
    let limit = limit.ok().filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| bad_member("limit"))?;
    let mut rest = all.rev().peekable();
    if let Some(after) = parameter("after")
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

#[derive(Debug)]
struct Batch {
    id: String,
    request: BatchRequest,
    status: Status,
    created_at: u64,
    /// When it entered each state, in milliseconds since 1970.
    times: Vec<(Status, u64)>,
    /// Where its items are in the input file.
    items: Vec<Range<usize>>,
    /// How many items were answered.
    completed: usize,
    /// How many items failed.
    failed: usize,
    /// Lines of the output file, in input order, until it is written.
    outputs: Vec<String>,
    /// Lines of the error file.
    failures: Vec<String>,
    output_file_id: Option<String>,
    error_file_id: Option<String>,
    errors: Vec<Value>,
}

impl Batch {
    fn new(request: BatchRequest, store: &mut FileStore) -> Self {
        Self {
            id: store.batch_id(),
            request,
            status: Status::Validating,
            created_at: store.tick(),
            times: Vec::new(),
            items: Vec::new(),
            completed: 0,
            failed: 0,
            outputs: Vec::new(),
            failures: Vec::new(),
            output_file_id: None,
            error_file_id: None,
            errors: Vec::new(),
        }
    }

    /// Moves it on by one state.
    fn advance(&mut self, store: &mut FileStore, answer: AnswerItem<'_>) {
        let next = match self.status {
            Status::Validating => self.start(store, answer),
            Status::InProgress => self
                .work(self.items.len(), store, answer)
                .map(|()| Status::Finalizing),
            Status::Finalizing => {
                self.write_files(store);
                Ok(Status::Completed)
            }
            Status::Cancelling => {
                self.write_files(store);
                Ok(Status::Cancelled)
            }
            Status::Failed | Status::Completed | Status::Cancelled => return,
        };
        match next {
            Ok(status) => self.enter(status, store),
            Err(errors) => {
                let held = self.outputs.drain(..).chain(self.failures.drain(..));
                store.release(held.map(|line| line.len()).sum());
                self.errors = errors;
                self.enter(Status::Failed, store);
            }
        }
    }

    /// Cancels it; false if it has ended.
    fn cancel(&mut self, store: &mut FileStore) -> bool {
        if self.status.has_ended() {
            return false;
        }
        if self.status != Status::Cancelling {
            self.enter(Status::Cancelling, store);
        }
        true
    }

    fn enter(&mut self, status: Status, store: &mut FileStore) {
        self.status = status;
        self.times.push((status, store.tick()));
        if status.has_ended() && self.request.delete_input {
            store.remove(&self.request.input_file_id);
        }
    }

    fn input(&self, store: &FileStore) -> Result<Bytes, Vec<Value>> {
        let file = store.get(&self.request.input_file_id);
        file.map(|file| file.content.clone()).ok_or_else(|| {
            let message = "the input file was deleted";
            vec![batch_json::line_error(
                "invalid_file",
                message,
                None,
                Some("input_file_id"),
            )]
        })
    }

    /// Checks the input and answers the first half of its items.
    fn start(
        &mut self,
        store: &mut FileStore,
        answer: AnswerItem<'_>,
    ) -> Result<Status, Vec<Value>> {
        self.items = batch_json::requests(&self.input(store)?, &self.request.endpoint)?;
        self.work(self.items.len() / 2, store, answer)?;
        Ok(Status::InProgress)
    }

    /// Answers the items before the one of this number.
    fn work(
        &mut self,
        until: usize,
        store: &mut FileStore,
        answer: AnswerItem<'_>,
    ) -> Result<(), Vec<Value>> {
        let input = self.input(store)?;
        for place in &self.items[self.completed + self.failed..until] {
            let mut line: Map<String, Value> =
                serde_json::from_slice(&input[place.clone()]).unwrap_or_default();
            let custom_id = line["custom_id"].as_str().unwrap_or_default().to_owned();
            let mut body = line["body"].take();
            if let Some(members) = body.as_object_mut() {
                // A batch has no streams.
                members.shift_remove("stream");
                let made = || format!("{}-{custom_id}", 100 + store.rng().next_u64() % 900).into();
                members.entry("request_id").or_insert_with(made);
            }
            let result = ItemResult::new(answer(body.to_string().as_bytes()));
            let (lines, count) = if result.is_answer() {
                (&mut self.outputs, &mut self.completed)
            } else {
                (&mut self.failures, &mut self.failed)
            };
            let line = result.line(&custom_id, &store.batch_id());
            if !store.reserve(line.len()) {
                let message = "the mock has no room for the output: delete some files";
                return Err(vec![batch_json::line_error(
                    "storage_full",
                    message,
                    None,
                    None,
                )]);
            }
            lines.push(line);
            *count += 1;
        }
        Ok(())
    }

    /// Writes the output and error files.
    fn write_files(&mut self, store: &mut FileStore) {
        let id = self.id.as_str();
        let mut file = |lines: &mut Vec<String>, kind: &str| {
            let lines = std::mem::take(lines);
            (!lines.is_empty()).then(|| {
                let text = shuffled(&lines, store);
                let name = format!("{id}_{kind}.jsonl");
                store.keep(name, "batch_output", text.into()).id.clone()
            })
        };
        self.output_file_id = file(&mut self.outputs, "output");
        self.error_file_id = file(&mut self.failures, "error");
    }

    /// The batch as the API describes it.
    fn object(&self) -> Value {
        let is_new = self.status == Status::Validating;
        let mut object = json!({
            "id": self.id,
            "object": "batch",
            "endpoint": self.request.endpoint,
            "input_file_id": self.request.input_file_id,
            "completion_window": COMPLETION_WINDOW,
            "status": self.status.name(),
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.created_at,
        });
        if self.status.has_ended() && self.error_file_id.is_none() {
            object["error_file_id"] = "".into();
        }
        if !is_new {
            for name in TIMES {
                let mut times = self.times.iter();
                let time =
                    times.find(|(status, _)| name.strip_suffix("_at") == Some(status.name()));
                object[name] = json!(time.map(|(_, time)| time));
            }
            let errors = json!({ "object": "list", "data": self.errors });
            object["errors"] = if self.errors.is_empty() {
                Value::Null
            } else {
                errors
            };
        }
        let count = |number: usize| if is_new { Value::Null } else { number.into() };
        object["request_counts"] = json!({
            "total": count(self.items.len()),
            "completed": count(self.completed),
            "failed": count(self.failed),
        });
        object["metadata"] = self.request.metadata.clone();
        object
    }
}

/// The lines in another order: the API's output is not sorted.
fn shuffled(lines: &[String], store: &mut FileStore) -> String {
    let mut order: Vec<&String> = lines.iter().collect();
    let mut rng = store.rng();
    for last in (1..order.len()).rev() {
        order.swap(last, rng.below(last + 1));
    }
    if order.iter().zip(lines).all(|(a, b)| *a == b) {
        order.reverse();
    }
    order.into_iter().map(String::as_str).collect()
}

/// The state of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Validating,
    Failed,
    InProgress,
    Finalizing,
    Completed,
    Cancelling,
    Cancelled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Validating => "validating",
            Self::Failed => "failed",
            Self::InProgress => "in_progress",
            Self::Finalizing => "finalizing",
            Self::Completed => "completed",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        }
    }

    fn has_ended(self) -> bool {
        matches!(self, Self::Failed | Self::Completed | Self::Cancelled)
    }
}

/// The members with the times of a batch, `created_at` apart.
const TIMES: [&str; 8] = [
    "in_progress_at",
    "expires_at",
    "finalizing_at",
    "completed_at",
    "failed_at",
    "expired_at",
    "cancelling_at",
    "cancelled_at",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::files::BYTES_MAX;

    const LINES: &str = r#"{"custom_id":"item-1","method":"POST","url":"/v4/chat/completions","body":{"model":"m"}}
{"custom_id":"item-2","method":"POST","url":"/v4/chat/completions","body":{"model":"m"}}"#;

    #[test]
    fn an_output_beyond_the_limit_of_the_store_fails_the_batch_and_frees_its_room() {
        let mut store = FileStore::new(0);
        let content = Bytes::from_static(LINES.as_bytes());
        // Room for one line and a half.
        let room = 1500;
        assert!(store.reserve(BYTES_MAX - room));
        let id = &store.keep("in.jsonl".into(), "batch", content).id;
        let request = format!(r#"{{"input_file_id":"{id}","endpoint":"/v4/chat/completions"}}"#);
        let mut batch = Batch::new(BatchRequest::read(request.as_bytes()).unwrap(), &mut store);
        let text = format!(r#"{{"choices":["{}"]}}"#, "x".repeat(1000));
        let mut advance = |batch: &mut Batch| {
            batch.advance(&mut store, &mut |_| {
                Action::Reply(Reply::new(200, "text/plain", text.clone()))
            });
            batch.object()
        };
        assert_eq!(advance(&mut batch)["request_counts"]["completed"], 1);
        let failed = advance(&mut batch);
        assert_eq!(
            (&failed["status"], &failed["errors"]["data"][0]["code"]),
            (&json!("failed"), &json!("storage_full"))
        );
        assert!(store.reserve(room));
    }
}
