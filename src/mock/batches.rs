//! `/batches`: all in memory, within the limits of the file store. A batch takes no time:
//! each `GET` of it moves it on by one state. api.md §8.

use std::ops::Range;

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::batch_json::{self, BatchError, BatchRequest, COMPLETION_WINDOW, ItemResult};
use super::files::{self, FileStore, unknown};
use super::reply::{Action, Reply, refused};
use super::rng::Rng;

const BATCHES_MAX: usize = 1000;

type AnswerItem<'a> = &'a dyn Fn(&[u8]) -> Action;

/// All files and batches.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) files: FileStore,
    batches: Vec<Batch>,
}

impl Store {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            files: FileStore::new(seed),
            batches: Vec::new(),
        }
    }

    pub(super) fn create(&mut self, body: &[u8]) -> Result<Reply, Reply> {
        let request = BatchRequest::read(body)?;
        self.files.get(&request.input_file_id)?;
        if self.batches.len() == BATCHES_MAX {
            return Err(refused("the mock has no room for one more batch"));
        }
        let batch = Batch::new(request, &mut self.files);
        let reply = Reply::ok(&batch.object());
        self.batches.push(batch);
        Ok(reply)
    }

    pub(super) fn page(&self, query: &str) -> Result<Reply, Reply> {
        files::page(&self.batches, query, |batch| &batch.id, Batch::object)
    }

    /// Moves a batch on by one state and returns it. `answer` answers its items.
    pub(super) fn advance(&mut self, id: &str, answer: AnswerItem<'_>) -> Result<Reply, Reply> {
        let batch = find(&mut self.batches, id)?;
        batch.advance(&mut self.files, answer);
        Ok(Reply::ok(&batch.object()))
    }

    pub(super) fn cancel(&mut self, id: &str) -> Result<Reply, Reply> {
        let batch = find(&mut self.batches, id)?;
        if batch.status.has_ended() {
            return Err(refused("the batch has ended: it cannot be cancelled"));
        }
        if batch.status != Status::Cancelling {
            batch.enter(Status::Cancelling, &mut self.files);
        }
        Ok(Reply::ok(&batch.object()))
    }
}

fn find<'a>(batches: &'a mut [Batch], id: &str) -> Result<&'a mut Batch, Reply> {
    let batch = batches.iter_mut().find(|batch| batch.id == id);
    batch.ok_or_else(|| unknown("batch", id))
}

#[derive(Debug, Default)]
struct Batch {
    id: String,
    request: BatchRequest,
    status: Status,
    created_at: u64,
    /// The time when it entered each state, in milliseconds since 1970, by member name.
    times: Map<String, Value>,
    /// The byte ranges of its items in the input file.
    items: Vec<Range<usize>>,
    /// The items that were answered.
    output: ResultFile,
    /// The items that failed.
    failures: ResultFile,
    errors: Vec<BatchError>,
}

impl Batch {
    fn new(request: BatchRequest, store: &mut FileStore) -> Self {
        Self {
            id: store.batch_id(),
            request,
            created_at: store.tick(),
            ..Self::default()
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
        let status = next.unwrap_or_else(|errors| {
            let lines = self.output.lines.drain(..);
            let lines = lines.chain(self.failures.lines.drain(..));
            store.release(lines.map(|line| line.len()).sum());
            self.errors = errors;
            Status::Failed
        });
        self.enter(status, store);
    }

    fn enter(&mut self, status: Status, store: &mut FileStore) {
        self.status = status;
        let member = format!("{}_at", status.name());
        self.times.insert(member, store.tick().into());
        if status.has_ended() && self.request.delete_input {
            // It may have been deleted already.
            let _ = store.delete(&self.request.input_file_id);
        }
    }

    fn input(&self, store: &FileStore) -> Result<Bytes, Vec<BatchError>> {
        let file = store.get(&self.request.input_file_id);
        file.map(|file| file.content.clone()).map_err(|_| {
            let message = "the input file was deleted";
            vec![BatchError::new(
                "invalid_file",
                message,
                Some("input_file_id"),
            )]
        })
    }

    /// Checks the input and answers the first half of its items.
    fn start(
        &mut self,
        store: &mut FileStore,
        answer: AnswerItem<'_>,
    ) -> Result<Status, Vec<BatchError>> {
        self.items = batch_json::requests(&self.input(store)?, &self.request.endpoint)?;
        self.work(self.items.len() / 2, store, answer)?;
        Ok(Status::InProgress)
    }

    /// Answers the items before index `until` that have no answer yet.
    fn work(
        &mut self,
        until: usize,
        store: &mut FileStore,
        answer: AnswerItem<'_>,
    ) -> Result<(), Vec<BatchError>> {
        let input = self.input(store)?;
        for place in &self.items[self.output.count + self.failures.count..until] {
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
            let file = if result.is_answer() {
                &mut self.output
            } else {
                &mut self.failures
            };
            let line = result.line(&custom_id, &store.batch_id());
            if !store.reserve(line.len()) {
                let message = "the mock has no room for the output: delete some files";
                return Err(vec![BatchError::new("storage_full", message, None)]);
            }
            file.lines.push(line);
            file.count += 1;
        }
        Ok(())
    }

    fn write_files(&mut self, store: &mut FileStore) {
        self.output
            .write(format!("{}_output.jsonl", self.id), store);
        self.failures
            .write(format!("{}_error.jsonl", self.id), store);
    }

    /// The batch as the API describes it.
    fn object(&self) -> Value {
        let error_file_id = match &self.failures.id {
            None if self.status.has_ended() => Some(""),
            id => id.as_deref(),
        };
        let mut object = json!({
            "id": self.id,
            "object": "batch",
            "endpoint": self.request.endpoint,
            "input_file_id": self.request.input_file_id,
            "completion_window": COMPLETION_WINDOW,
            "status": self.status.name(),
            "output_file_id": self.output.id,
            "error_file_id": error_file_id,
            "created_at": self.created_at,
        });
        let is_new = self.status == Status::Validating;
        if !is_new {
            for name in TIMES {
                object[name] = self.times.get(name).cloned().unwrap_or_default();
            }
            object["errors"] = if self.errors.is_empty() {
                Value::Null
            } else {
                json!({ "object": "list", "data": self.errors })
            };
        }
        let count = |number: usize| (!is_new).then_some(number);
        object["request_counts"] = json!({
            "total": count(self.items.len()),
            "completed": count(self.output.count),
            "failed": count(self.failures.count),
        });
        object["metadata"] = self.request.metadata.clone();
        object
    }
}

/// The output or the error file of a batch.
#[derive(Debug, Default)]
struct ResultFile {
    /// Its lines in input order, until it is written.
    lines: Vec<String>,
    count: usize,
    id: Option<String>,
}

impl ResultFile {
    /// Writes it if it has lines.
    fn write(&mut self, name: String, store: &mut FileStore) {
        let lines = std::mem::take(&mut self.lines);
        if !lines.is_empty() {
            let text = shuffled(&lines, store.rng());
            let file = store.keep(name, "batch_output", text.into());
            self.id = Some(file.id.clone());
        }
    }
}

/// The lines in another order: the API's output is not sorted.
fn shuffled(lines: &[String], mut rng: Rng) -> String {
    let mut order: Vec<&String> = lines.iter().collect();
    for last in (1..order.len()).rev() {
        order.swap(last, rng.below(last + 1));
    }
    if order.iter().zip(lines).all(|(a, b)| *a == b) {
        order.reverse();
    }
    order.into_iter().map(String::as_str).collect()
}

/// The state of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Status {
    #[default]
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

/// The members with the times of a batch, except `created_at`.
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
            batch.advance(&mut store, &|_| {
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
