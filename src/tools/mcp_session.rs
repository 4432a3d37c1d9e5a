//! A session with a server of the Model Context Protocol over its pipes: begun,
//! asked for its tools, called, and ended. The SDK is async: it lives on a
//! runtime of its own.

use std::error::Error;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock, ResourceContents};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use serde_json::{Map, Value, json};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::runtime::{Builder, Runtime};

/// A session that has begun.
#[derive(Debug)]
pub(super) struct Session {
    runtime: Runtime,
    service: RunningService<RoleClient, ()>,
}

/// A server's tool.
#[derive(Debug)]
pub(super) struct Tool {
    /// As the server calls it.
    pub(super) name: String,
    /// Its description, else its title.
    pub(super) description: String,
    /// The JSON Schema of its arguments.
    pub(super) parameters: Value,
}

/// Why a session has not begun.
#[derive(Debug)]
pub(super) enum Failed {
    /// The pipes cannot be waited for.
    Here(io::Error),
    /// What the server says is not the protocol.
    There(String),
    /// Not within the limit.
    Late,
}

/// What became of a call.
#[derive(Debug)]
pub(super) enum Called {
    /// The tool's result as text, of success or of failure.
    Result { failed: bool, text: String },
    /// The server refuses the call.
    Refused(String),
    /// Nothing within the limit; the call was given up.
    Late,
    /// The server does not answer any more.
    Ended,
}

impl Session {
    /// Begins a session with a server that reads `to` and writes `from`, and lists
    /// its tools.
    ///
    /// # Errors
    /// See [`Failed`].
    pub(super) fn begin(
        from: OwnedFd,
        to: OwnedFd,
        limit: Option<Duration>,
    ) -> Result<(Self, Vec<Tool>), Failed> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failed::Here)?;
        let begun = runtime.block_on(within(limit, async {
            let from = Receiver::from_owned_fd(from).map_err(Failed::Here)?;
            let to = Sender::from_owned_fd(to).map_err(Failed::Here)?;
            let service = rmcp::serve_client((), (from, to)).await.map_err(told)?;
            let tools = service.list_all_tools().await.map_err(told)?;
            Ok((service, tools))
        }));
        let (service, tools) = begun.unwrap_or(Err(Failed::Late))?;
        let tools = tools.into_iter().map(|tool| Tool {
            name: tool.name.into_owned(),
            description: match (tool.description, tool.title) {
                (Some(description), _) => description.into_owned(),
                (None, title) => title.unwrap_or_default(),
            },
            parameters: Value::Object((*tool.input_schema).clone()),
        });
        let tools = tools.collect();
        Ok((Self { runtime, service }, tools))
    }

    /// Calls a tool and waits for its result.
    pub(super) fn call(
        &self,
        tool: String,
        arguments: Map<String, Value>,
        limit: Option<Duration>,
    ) -> Called {
        let call = CallToolRequestParams::new(tool).with_arguments(arguments);
        let answer = within(limit, self.service.call_tool(call));
        match self.runtime.block_on(answer) {
            Some(Ok(result)) => Called::Result {
                failed: result.is_error == Some(true),
                text: text(&result),
            },
            Some(Err(ServiceError::McpError(error))) => Called::Refused(error.message.into_owned()),
            Some(Err(_)) => Called::Ended,
            None => Called::Late,
        }
    }

    /// Ends the session: its pipes are closed, which is a server's sign to end.
    pub(super) fn end(self, limit: Duration) {
        self.runtime
            .block_on(within(Some(limit), self.service.cancel()));
    }
}

/// An error's message. As `dyn Error` it would bring the `Debug` of all that a
/// server can send with it, 90 kB of code that nothing calls.
fn told(error: impl Error) -> Failed {
    Failed::There(error.to_string())
}

/// What `work` gives, or nothing where it takes longer than `limit`.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

/// A result's text parts; what a model cannot read is named in its place.
fn text(result: &CallToolResult) -> String {
    let part = |block: &ContentBlock| match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => format!("[an image, {}]", image.mime_type),
        ContentBlock::Audio(audio) => format!("[a sound, {}]", audio.mime_type),
        ContentBlock::Resource(resource) => match &resource.resource {
            ResourceContents::TextResourceContents { text, .. } => text.clone(),
            other => format!(
                "[data: {}]",
                json!(other)["uri"].as_str().unwrap_or_default()
            ),
        },
        ContentBlock::ResourceLink(link) => link.uri.clone(),
        other => json!(other).to_string(),
    };
    let parts: Vec<String> = result.content.iter().map(part).collect();
    match &result.structured_content {
        Some(value) if parts.is_empty() => value.to_string(),
        _ => parts.join("\n"),
    }
}
