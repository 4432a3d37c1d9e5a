//! Sends and receives the messages of rmcp through a server's pipes. rmcp refuses a result with a
//! part that it does not know, and a message over 16 MiB. Therefore results of tools are passed to
//! rmcp as text, with long strings cut, so that an unknown part does not lose the rest.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::RoleClient;
use rmcp::model::ServerResult;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe::{Receiver, Sender};

use super::string_cutter::StringCutter;

/// The longest message, not counting the strings in it.
const MESSAGE_MAX: usize = 64 << 20;

/// JSON-RPC's code for an internal error.
const INTERNAL_ERROR: i32 = -32603;

/// The pipes of a server.
pub(super) struct StdioTransport {
    from: BufReader<Receiver>,
    to: Arc<tokio::sync::Mutex<Option<Sender>>>,
    string_max: usize,
    message: StringCutter,
    state: State,
}

/// The state that the transport and the session share.
#[derive(Debug, Clone, Default)]
pub(super) struct State(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    pending: Option<Request>,
    /// The reason why no more messages of the server are read, if any.
    broken: Option<String>,
}

/// A request that was sent.
#[derive(Debug, Clone, Deserialize)]
struct Request {
    id: Value,
    method: String,
}

/// A result of a tool, or the list of tools.
#[derive(Debug)]
pub(super) struct RawResult {
    pub(super) value: Value,
    /// The number of bytes that were cut off its strings.
    pub(super) left_out: u64,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reason why no more messages of the server are read, if any.
    pub(super) fn broken(&self) -> Option<String> {
        self.lock().broken.clone()
    }
}

impl StdioTransport {
    /// Makes a transport that cuts strings at `string_max` bytes.
    pub(super) fn new(from: Receiver, to: Sender, string_max: usize, state: State) -> Self {
        Self {
            from: BufReader::new(from),
            to: Arc::new(tokio::sync::Mutex::new(Some(to))),
            string_max,
            message: StringCutter::new(string_max),
            state,
        }
    }

    /// The message that has arrived, if it is valid.
    fn take_message(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        let next = StringCutter::new(self.string_max);
        let message = std::mem::replace(&mut self.message, next);
        let pending = self.state.lock().pending.clone();
        let text = readable(&message, pending.as_ref())?;
        let read = serde_json::from_str(&text);
        read.or_else(|why| serde_json::from_str(&error_for(pending.as_ref(), &why)))
            .ok()
    }
}

impl Transport<RoleClient> for StdioTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let to = Arc::clone(&self.to);
        let line = serde_json::to_string(&message).map(|line| line + "\n");
        let text = line.as_deref().unwrap_or_default();
        if let Ok(request) = serde_json::from_str(text) {
            self.state.lock().pending = Some(request);
        }
        async move {
            match &mut *to.lock().await {
                Some(pipe) => pipe.write_all(line?.as_bytes()).await,
                None => Err(io::ErrorKind::NotConnected.into()),
            }
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            // If this future is dropped, nothing is lost: the bytes read are kept.
            let piece = self.from.fill_buf().await.ok()?;
            let end = memchr::memchr(b'\n', piece);
            let length = end.map_or(piece.len(), |end| end + 1);
            self.message.push(&piece[..length]);
            let is_over = end.is_some() || length == 0;
            self.from.consume(length);
            if self.message.copied.len() > MESSAGE_MAX.saturating_add(self.string_max) {
                let limit = MESSAGE_MAX >> 20;
                self.state.lock().broken = Some(format!("it sent a message over {limit} MiB"));
                return None;
            }
            if is_over {
                match self.take_message() {
                    None if length == 0 => return None,
                    // The line is not a message; it may be a log.
                    None => {}
                    message => return message,
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.to.lock().await.take();
        Ok(())
    }
}

/// Converts a message to a form that rmcp reads. Returns `None` if it is not a message.
fn readable(message: &StringCutter, pending: Option<&Request>) -> Option<String> {
    let mut object: Map<String, Value> = match serde_json::from_slice(&message.copied) {
        Ok(object) => object,
        Err(why) => {
            let is_message = memchr::memmem::find(&message.copied, b"\"jsonrpc\"").is_some();
            return is_message.then(|| error_for(pending, &why));
        }
    };
    let is_answer = object.contains_key("result") || object.contains_key("error");
    if !is_answer && !object.contains_key("method") {
        return None;
    }
    if is_answer && object.get("id").is_none_or(Value::is_null) {
        object.insert("id".to_owned(), pending?.id.clone());
    }
    if let Some(error) = object.get_mut("error") {
        *error = readable_error(error);
    } else if let Some(result) = object.get_mut("result")
        && pending.is_some_and(|request| request.method.starts_with("tools/"))
    {
        *result = json!({
            "airx_result": result.take().to_string(),
            "airx_left_out": message.left_out.to_string(),
        });
    }
    Some(Value::Object(object).to_string())
}

/// An error with the members that rmcp needs. Its message is the server's text.
fn readable_error(error: &Value) -> Value {
    let code = error.get("code").and_then(Value::as_i64);
    let message = match (error, error.get("message")) {
        (Value::String(text), _) | (_, Some(Value::String(text))) => text.clone(),
        _ => error.to_string(),
    };
    let data = match error.get("data") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => format!(": {text}"),
        Some(data) => format!(": {data}"),
    };
    json!({ "code": code.unwrap_or(INTERNAL_ERROR.into()), "message": message + &data })
}

/// Replaces an answer that cannot be read.
fn error_for(request: Option<&Request>, why: &serde_json::Error) -> String {
    let message = format!("its answer cannot be read: {why}");
    let error = json!({ "code": INTERNAL_ERROR, "message": message });
    let id = request.map(|request| &request.id);
    json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string()
}

impl RawResult {
    /// Reads the result that [`readable`] has converted to text.
    pub(super) fn of(result: &ServerResult) -> Option<Self> {
        let ServerResult::CustomResult(result) = result else {
            return None;
        };
        let text = |name: &str| result.0.get(name)?.as_str();
        Some(Self {
            value: serde_json::from_str(text("airx_result")?).ok()?,
            left_out: text("airx_left_out")?.parse().ok()?,
        })
    }
}
