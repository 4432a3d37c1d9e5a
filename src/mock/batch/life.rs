//! One batch: what it was asked for, where it is in its life, what it has so
//! far. Each look at it moves it on by one state; no time passes.

use std::ops::Range;

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::input;
use super::line::Answered;
use super::order::Order;
use super::status::{Status, TIMES};
use super::store::Store;
use crate::mock::outcome::Then;

/// What answers the body of an item.
pub(super) type Answering<'a> = &'a mut dyn FnMut(&[u8]) -> Then;

/// A batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) id: String,
    order: Order,
    status: Status,
    created_at: u64,
    /// When it came into each state, in milliseconds since 1970.
    times: Vec<(Status, u64)>,
    /// Where its items stand in the input.
    items: Vec<Range<usize>>,
    /// How many of them were answered.
    completed: usize,
    /// How many failed.
    failed: usize,
    /// Lines of the former, in the input's order, until a file has them.
    outputs: Vec<String>,
    /// Lines of the latter.
    failures: Vec<String>,
    output_file_id: Option<String>,
    error_file_id: Option<String>,
    errors: Vec<Value>,
}

impl Batch {
    /// A batch that has just been asked for.
    pub(super) fn new(order: Order, store: &mut Store) -> Self {
        Self {
            id: store.batch_id(),
            order,
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

    /// Moves on by one state.
    pub(super) fn advance(&mut self, store: &mut Store, answer: Answering<'_>) {
        let next = match self.status {
            Status::Validating => self.begin(store, answer),
            Status::InProgress => self
                .work(self.items.len(), store, answer)
                .map(|()| Status::Finalizing),
            Status::Finalizing => {
                self.deliver(store);
                Ok(Status::Completed)
            }
            Status::Cancelling => {
                self.deliver(store);
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

    /// Stops it; false where it has ended.
    pub(super) fn cancel(&mut self, store: &mut Store) -> bool {
        if self.status.has_ended() {
            return false;
        }
        if self.status != Status::Cancelling {
            self.enter(Status::Cancelling, store);
        }
        true
    }

    fn enter(&mut self, status: Status, store: &mut Store) {
        self.status = status;
        self.times.push((status, store.tick()));
        if status.has_ended() && self.order.delete_input {
            store.remove(&self.order.input_file_id);
        }
    }

    fn input(&self, store: &Store) -> Result<Bytes, Vec<Value>> {
        let file = store.file(&self.order.input_file_id);
        file.map(|file| file.content.clone()).ok_or_else(|| {
            let message = "the input file was deleted";
            vec![input::error(
                "invalid_file",
                message,
                None,
                Some("input_file_id"),
            )]
        })
    }

    /// Checks the input and answers the first half of its items.
    fn begin(&mut self, store: &mut Store, answer: Answering<'_>) -> Result<Status, Vec<Value>> {
        self.items = input::check(&self.input(store)?, &self.order.endpoint)?;
        self.work(self.items.len() / 2, store, answer)?;
        Ok(Status::InProgress)
    }

    /// Answers the items up to the one of this number.
    fn work(
        &mut self,
        until: usize,
        store: &mut Store,
        answer: Answering<'_>,
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
                let made = || format!("{}-{custom_id}", 100 + store.dice().number() % 900).into();
                members.entry("request_id").or_insert_with(made);
            }
            let answered = Answered::new(answer(body.to_string().as_bytes()));
            let (lines, count) = if answered.is_answer() {
                (&mut self.outputs, &mut self.completed)
            } else {
                (&mut self.failures, &mut self.failed)
            };
            let line = answered.line(&custom_id, &store.batch_id());
            if !store.reserve(line.len()) {
                let message = "the mock has no room for the output: delete some files";
                return Err(vec![input::error("storage_full", message, None, None)]);
            }
            lines.push(line);
            *count += 1;
        }
        Ok(())
    }

    /// Puts what there is into files.
    fn deliver(&mut self, store: &mut Store) {
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

    /// As the API tells of it.
    pub(super) fn object(&self) -> Value {
        let is_new = self.status == Status::Validating;
        let mut object = json!({
            "id": self.id,
            "object": "batch",
            "endpoint": self.order.endpoint,
            "input_file_id": self.order.input_file_id,
            "completion_window": self.order.window,
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
        object["metadata"] = self.order.metadata.clone();
        object
    }
}

/// The lines in another order, as real files are not sorted.
fn shuffled(lines: &[String], store: &mut Store) -> String {
    let mut order: Vec<&String> = lines.iter().collect();
    let mut dice = store.dice();
    for last in (1..order.len()).rev() {
        order.swap(last, dice.below(last + 1));
    }
    if order.iter().zip(lines).all(|(a, b)| *a == b) {
        order.reverse();
    }
    order.into_iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::super::store::BYTES;
    use super::*;
    use crate::mock::reply::Reply;

    const LINES: &str = r#"{"custom_id":"item-1","method":"POST","url":"/v4/chat/completions","body":{"model":"m"}}
{"custom_id":"item-2","method":"POST","url":"/v4/chat/completions","body":{"model":"m"}}"#;

    #[test]
    fn an_output_beyond_the_store_s_bound_fails_the_batch_and_frees_its_room() {
        let mut store = Store::new(0);
        let content = Bytes::from_static(LINES.as_bytes());
        // Room for one line and a half.
        let room = 1500;
        assert!(store.reserve(BYTES - room));
        let id = &store.keep("in.jsonl".into(), "batch", content).id;
        let order = format!(r#"{{"input_file_id":"{id}","endpoint":"/v4/chat/completions"}}"#);
        let mut batch = Batch::new(Order::read(order.as_bytes()).unwrap(), &mut store);
        let text = format!(r#"{{"choices":["{}"]}}"#, "x".repeat(1000));
        let mut look = |batch: &mut Batch| {
            batch.advance(&mut store, &mut |_| {
                Then::Reply(Reply::new(200, "text/plain", text.clone()))
            });
            batch.object()
        };
        assert_eq!(look(&mut batch)["request_counts"]["completed"], 1);
        let failed = look(&mut batch);
        assert_eq!(
            (&failed["status"], &failed["errors"]["data"][0]["code"]),
            (&json!("failed"), &json!("storage_full"))
        );
        assert!(store.reserve(room));
    }
}
