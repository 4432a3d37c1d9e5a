//! A session with a server, from its start to its end. rmcp is asynchronous, so it runs
//! on its own runtime.

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rmcp::model::{ClientRequest, CustomRequest, ErrorData};
use rmcp::service::{
    ClientInitializeError, PeerRequestOptions, RoleClient, RunningService, ServiceError,
};
use serde_json::{Map, Value, json};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::runtime::{Builder, Runtime};

use super::transport::{RawResult, State, StdioTransport};

/// The maximum number of pages of a list of tools.
const PAGES_MAX: usize = 100;

#[derive(Debug)]
pub(super) struct Session {
    runtime: Runtime,
    service: RunningService<RoleClient, ()>,
    state: State,
}

#[derive(Debug, Default)]
pub(super) struct ToolList {
    /// The tools, not parsed yet.
    pub(super) tools: Vec<Value>,
    /// Why the list is incomplete, if it is.
    pub(super) incomplete: Option<String>,
}

/// Why a request has no result.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The server answered with this error.
    Refused(String),
    /// The server's message does not follow the protocol.
    Protocol(String),
    /// There was no answer within the limit, and the request was cancelled.
    Late,
    /// The server does not answer any more, with the reason if it is known.
    Ended(Option<String>),
    /// The runtime or the pipes cannot be set up.
    Io(io::Error),
}

impl Session {
    /// Starts a session with a server that reads `to` and writes `from`, and lists its
    /// tools. Strings that it sends are cut at `string_max` bytes.
    pub(super) fn start(
        from: OwnedFd,
        to: OwnedFd,
        limit: Option<Duration>,
        string_max: usize,
    ) -> Result<(Self, ToolList), Unanswered> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Unanswered::Io)?;
        let state = State::default();
        let start = async {
            let from = Receiver::from_owned_fd(from).map_err(Unanswered::Io)?;
            let to = Sender::from_owned_fd(to).map_err(Unanswered::Io)?;
            let transport = StdioTransport::new(from, to, string_max, state.clone());
            let service = rmcp::serve_client((), transport).await;
            let service = service.map_err(|error| not_started(error, &state))?;
            let list = list_tools(&service, &state).await?;
            Ok((service, list))
        };
        let started = runtime.block_on(within(limit, start));
        let (service, list) = started.unwrap_or(Err(Unanswered::Late))?;
        let session = Self {
            runtime,
            service,
            state,
        };
        Ok((session, list))
    }

    /// Calls a tool and waits for its result.
    pub(super) fn call(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
        limit: Option<Duration>,
    ) -> Result<RawResult, Unanswered> {
        let params = json!({ "name": tool, "arguments": arguments });
        let request = request(&self.service, &self.state, "tools/call", params, limit);
        self.runtime.block_on(request)
    }

    /// Closes the pipes, which signals the server to end.
    pub(super) fn end(self, limit: Duration) {
        self.runtime
            .block_on(within(Some(limit), self.service.cancel()));
    }
}

/// Reads all pages of the list of tools, up to a limit.
async fn list_tools(
    service: &RunningService<RoleClient, ()>,
    state: &State,
) -> Result<ToolList, Unanswered> {
    let mut list = ToolList::default();
    let mut cursors = HashSet::new();
    let mut params = json!({});
    for _ in 0..PAGES_MAX {
        let mut page = request(service, state, "tools/list", params, None)
            .await?
            .value;
        match page["tools"].take() {
            Value::Array(tools) => list.tools.extend(tools),
            other => {
                let what = format!("its list of tools is not an array but {other}");
                return Err(Unanswered::Protocol(what));
            }
        }
        let Some(cursor) = page["nextCursor"].as_str() else {
            return Ok(list);
        };
        if !cursors.insert(cursor.to_owned()) {
            list.incomplete = Some("its list of tools repeats a page".to_owned());
            return Ok(list);
        }
        params = json!({ "cursor": cursor });
    }
    let what = format!("its list of tools has more than {PAGES_MAX} pages; the rest is left out");
    list.incomplete = Some(what);
    Ok(list)
}

async fn request(
    service: &RunningService<RoleClient, ()>,
    state: &State,
    method: &str,
    params: Value,
    limit: Option<Duration>,
) -> Result<RawResult, Unanswered> {
    let request = ClientRequest::CustomRequest(CustomRequest::new(method, Some(params)));
    let mut options = PeerRequestOptions::no_options();
    options.timeout = limit;
    let handle = service.send_cancellable_request(request, options).await;
    let answer = match handle {
        Ok(handle) => handle.await_response().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(result) => RawResult::of(&result)
            .ok_or_else(|| Unanswered::Refused("its answer cannot be read".to_owned())),
        Err(ServiceError::McpError(error)) => Err(Unanswered::Refused(words(&error))),
        Err(ServiceError::Timeout { .. }) => Err(Unanswered::Late),
        Err(_) => Err(Unanswered::Ended(state.broken())),
    }
}

fn not_started(error: ClientInitializeError, state: &State) -> Unanswered {
    match error {
        ClientInitializeError::JsonRpcError(error) => Unanswered::Refused(words(&error)),
        ClientInitializeError::ConnectionClosed(_)
        | ClientInitializeError::TransportError { .. } => Unanswered::Ended(state.broken()),
        other => Unanswered::Protocol(other.to_string()),
    }
}

/// The message of an error, or its number if the message is empty.
fn words(error: &ErrorData) -> String {
    match error.message.trim() {
        "" => format!("error {}", error.code.0),
        words => words.to_owned(),
    }
}

/// The result of `work`, or `None` if it takes longer than `limit`.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}
