//! A server for many items at the same time. Its answers depend on the text of the
//! request, a test can hold them back, and it counts the requests in flight.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use serde_json::Value;

use super::{Airx, PATIENCE, Ran, Request, event, listen, read_request, reply_body, response};

/// Returns status and body of the answer to a text. The arguments: the text, the number
/// of times it was asked (from 1), and the number of requests in flight.
type Answer = dyn Fn(&str, usize, usize) -> (u16, String) + Send + Sync;

#[derive(Default)]
struct State {
    asked: Vec<Request>,
    times: BTreeMap<String, usize>,
    in_flight: usize,
    most: usize,
    held: bool,
    /// Texts whose answers are released while the others are held.
    free: Vec<String>,
}

/// The server.
pub struct Items {
    port: u16,
    shared: Arc<(Mutex<State>, Condvar)>,
}

/// The text of the last message of a request.
pub fn text(asked: &Request) -> String {
    let body = asked.json();
    let turns = body["messages"].as_array().unwrap();
    turns.last().unwrap()["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The numbers from 0, one per line.
pub fn numbers(count: u64) -> String {
    (0..count).fold(String::new(), |text, number| {
        text + &number.to_string() + "\n"
    })
}

/// A server that answers with the text of the request and `!`.
pub fn echo() -> Items {
    Items::answering(|text, _, _| (200, reply_body(&format!("{text}!"), "stop")))
}

/// The body of an error with this code.
pub fn refusal(code: &str) -> String {
    serde_json::json!({ "error": { "code": code, "message": "no" } }).to_string()
}

impl Items {
    pub fn answering(
        answer: impl Fn(&str, usize, usize) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let shared: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let state = Arc::clone(&shared);
        let port = listen(move |stream| serve(stream, &state, &answer));
        Self { port, shared }
    }

    /// The base URL.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}/v4", self.port)
    }

    /// Holds all answers until they are released.
    pub fn hold(self) -> Self {
        self.lock().held = true;
        self
    }

    /// Releases the answers to this text.
    pub fn release(&self, text: &str) {
        self.lock().free.push(text.to_owned());
        self.shared.1.notify_all();
    }

    /// Releases all answers.
    pub fn release_all(&self) {
        self.lock().held = false;
        self.shared.1.notify_all();
    }

    /// Waits until this many requests were made.
    #[track_caller]
    pub fn await_requests(&self, count: usize) {
        let few = |state: &mut State| state.asked.len() < count;
        let waited = self.shared.1.wait_timeout_while(self.lock(), PATIENCE, few);
        let late = waited.unwrap().1.timed_out();
        assert!(!late, "{:?}", self.texts());
    }

    /// The texts of the requests, in order.
    pub fn texts(&self) -> Vec<String> {
        self.requests().iter().map(text).collect()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.lock().asked.clone()
    }

    /// The largest number of requests that were in flight at the same time.
    pub fn most(&self) -> usize {
        self.lock().most
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap()
    }
}

impl Airx {
    /// Asks this server, without a key.
    pub fn of(self, items: &Items) -> Self {
        self.env(
            "AIRX_BASE_URL",
            format!("http://127.0.0.1:{}/v1", items.port),
        )
    }
}

fn serve(mut stream: TcpStream, shared: &(Mutex<State>, Condvar), answer: &Answer) {
    stream.set_nodelay(true).unwrap();
    while let Some(asked) = read_request(&mut stream) {
        let text = text(&asked);
        let mut state = shared.0.lock().unwrap();
        state.asked.push(asked);
        state.in_flight += 1;
        state.most = state.most.max(state.in_flight);
        let together = state.in_flight;
        let times = state.times.entry(text.clone()).or_default();
        *times += 1;
        let (status, body) = answer(&text, *times, together);
        shared.1.notify_all();
        let held = |state: &mut State| state.held && !state.free.contains(&text);
        let (mut state, _) = shared.1.wait_timeout_while(state, PATIENCE, held).unwrap();
        state.in_flight -= 1;
        drop(state);
        let response = response(status, "Content-Type: application/json\r\n", &body);
        if stream.write_all(&response).is_err() {
            return;
        }
    }
}

/// The `result` events among these lines. Each must fit the schema.
#[track_caller]
pub fn results(lines: &str) -> Vec<Value> {
    assert!(lines.is_empty() || lines.ends_with('\n'), "{lines:?}");
    let mut events: Vec<Value> = lines.lines().map(event).collect();
    events.retain(|event| event["type"] == "result");
    events
}

/// The contents of results, or the classes of their errors, by index.
#[track_caller]
pub fn contents(lines: &str) -> Vec<(u64, String)> {
    let one = |result: &Value| {
        let content = result["content"]
            .as_str()
            .or(result["error"]["class"].as_str());
        (
            result["index"].as_u64().unwrap(),
            content.unwrap().to_owned(),
        )
    };
    results(lines).iter().map(one).collect()
}

/// What [`contents`] returns for items that [`echo`] answered.
pub fn echoes<const N: usize>(items: [(u64, &str); N]) -> Vec<(u64, String)> {
    items.map(|(index, text)| (index, text.to_owned())).to_vec()
}

/// Standard error without the times in it.
pub fn timeless(ran: &Ran) -> String {
    let line = |line: &str| match line.rsplit_once(", ") {
        Some((sum, time)) if sum.contains(" done") && time.ends_with(" ms") => format!("{sum}\n"),
        _ => format!("{line}\n"),
    };
    ran.stderr.lines().map(line).collect()
}
