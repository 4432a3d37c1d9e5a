//! Model Context Protocol servers: started over stdio, asked for their tools,
//! called, and ended with the run. The SDK is async: it lives on a runtime of
//! its own, which is not made unless a server is named.

use std::error::Error;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock, ResourceContents, Tool};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::runtime::{Builder, Runtime};

use super::check::{NAME_MAX, is_of_names};
use super::program::Program;
use super::{Action, Limits, Toolbox};
use crate::children::{self, Child, Cut};
use crate::error::Failure;
use crate::exit::Class;

/// The servers of a run, in the order of the flags.
#[derive(Default)]
pub(super) struct Servers {
    runtime: Option<Runtime>,
    servers: Vec<Server>,
}

struct Server {
    name: String,
    service: RunningService<RoleClient, ()>,
    child: Child,
    said: Said,
}

/// The last line that a server said on standard error: its log, of use only
/// where it fails.
struct Said {
    line: Arc<Mutex<String>>,
    end: Mutex<mpsc::Receiver<()>>,
}

/// How long a server has to end once its standard input has, and again once it
/// was told to by SIGTERM.
const GRACE: Duration = Duration::from_millis(500);

impl Toolbox {
    /// Starts a server and adds its tools.
    pub(super) fn add_server(&mut self, line: &str) -> Result<(), Failure> {
        let program = Program::split(line, "--mcp")?;
        let mut command = program.command(&self.surroundings);
        let tools = self
            .servers
            .start(&mut command, program.words(), self.limits.timeout)?;
        let server = self.servers.servers.len() - 1;
        for tool in tools {
            let place = format!("--mcp {}: {}", self.servers.name(server), tool.name);
            let action = Action::Ask(server, tool.name.to_string());
            self.add(function(&tool), &place, Some(action))?;
        }
        Ok(())
    }
}

/// A server's tool as a function object.
fn function(tool: &Tool) -> Value {
    let name = tool.name.chars().take(NAME_MAX);
    let name: String = name.map(|c| if is_of_names(c) { c } else { '_' }).collect();
    let description = tool.description.as_deref().or(tool.title.as_deref());
    json!({
        "name": name,
        "description": description.unwrap_or_default(),
        "parameters": &*tool.input_schema,
    })
}

impl Servers {
    /// What the user called it.
    pub(super) fn name(&self, server: usize) -> &str {
        &self.servers[server].name
    }

    /// Starts a server and lists its tools.
    fn start(
        &mut self,
        command: &mut Command,
        name: String,
        limit: Option<Duration>,
    ) -> Result<Vec<Tool>, Failure> {
        let wrong = |what: String| Failure::new(Class::Tool, format!("--mcp {name}: {what}"));
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread().enable_all().build()?,
        };
        let runtime = self.runtime.insert(runtime);
        let mut child = children::start(command.stdin(Stdio::piped()))
            .map_err(|why| wrong(format!("it cannot be started: {why}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = child.pipes() else {
            return Err(wrong("it has no pipes".into()));
        };
        let said = Said::listen(stderr);
        let begun = runtime.block_on(within(limit, async {
            let from = Receiver::from_owned_fd(OwnedFd::from(stdout)).map_err(told)?;
            let to = Sender::from_owned_fd(OwnedFd::from(stdin)).map_err(told)?;
            let service = rmcp::serve_client((), (from, to)).await.map_err(told)?;
            let tools = service.list_all_tools().await.map_err(told)?;
            Ok::<_, String>((service, tools))
        }));
        let (service, tools) = match begun {
            Some(Ok(begun)) => begun,
            Some(Err(_)) if child.ends_within(GRACE) => {
                return Err(wrong(format!("it ended at once{}", said.last())));
            }
            Some(Err(why)) => {
                return Err(wrong(format!("it does not speak the protocol: {why}")));
            }
            None => {
                return Err(wrong("it does not answer in time".into()).hint("raise --tool-timeout"));
            }
        };
        self.servers.push(Server {
            name,
            service,
            child,
            said,
        });
        Ok(tools)
    }

    /// Calls a server's tool: a status as a command would have, and the result.
    pub(super) fn call(
        &self,
        server: usize,
        tool: &str,
        arguments: &Value,
        limits: Limits,
    ) -> Result<(Option<i32>, String), Failure> {
        let server = &self.servers[server];
        let Some(runtime) = &self.runtime else {
            return Err(server.gone());
        };
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let call = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let answer = runtime.block_on(within(limits.timeout, server.service.call_tool(call)));
        match answer {
            Some(Ok(result)) => {
                let failed = result.is_error == Some(true);
                let text = text(&result, limits.bytes);
                let text = if failed {
                    format!("error: {text}")
                } else {
                    text
                };
                Ok((Some(i32::from(failed)), text))
            }
            Some(Err(ServiceError::McpError(error))) => {
                Ok((Some(1), format!("error: {}", error.message)))
            }
            Some(Err(_)) => Err(server.gone()),
            None => {
                let limit = limits.timeout.unwrap_or_default().as_secs_f64();
                Ok((
                    None,
                    format!("error: it took longer than {limit} s and was given up"),
                ))
            }
        }
    }
}

impl Server {
    fn gone(&self) -> Failure {
        self.child.ends_within(GRACE);
        let (name, said) = (&self.name, self.said.last());
        Failure::new(Class::Tool, format!("--mcp {name}: it has ended{said}"))
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let Some(runtime) = &self.runtime else { return };
        let ending: Vec<_> = self
            .servers
            .drain(..)
            .map(|server| {
                // With the service its pipes are closed: that is a server's sign to end.
                runtime.block_on(within(Some(GRACE), server.service.cancel()));
                server.child
            })
            .collect();
        for child in ending {
            if !child.ends_within(GRACE) {
                child.signal(Signal::TERM);
                child.ends_within(GRACE);
            }
            // What is left of its group goes with it.
            drop(child);
        }
    }
}

impl Said {
    /// Keeps the pipe empty, lest the server waits for a reader.
    fn listen(pipe: ChildStderr) -> Self {
        let (open, end) = mpsc::channel::<()>();
        let said = Arc::new(Mutex::new(String::new()));
        let line = Arc::clone(&said);
        let listen = move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                if !line.trim().is_empty() {
                    line.trim().clone_into(&mut locked(&said));
                }
            }
            drop(open);
        };
        // Without a thread the pipe is closed, and the server's log with it.
        let _ = std::thread::Builder::new().spawn(listen);
        let end = Mutex::new(end);
        Self { line, end }
    }

    /// The last line of a server that has ended.
    fn last(&self) -> String {
        let _ = locked(&self.end).recv_timeout(GRACE);
        let line = locked(&self.line);
        if line.is_empty() {
            String::new()
        } else {
            format!(" (it said: {line})")
        }
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Servers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.servers.iter().map(|server| &server.name);
        out.debug_list().entries(names).finish()
    }
}

/// An error's message. As `dyn Error` it would bring the `Debug` of all that a
/// server can send with it, 90 kB of code that nothing calls.
fn told(error: impl Error) -> String {
    error.to_string()
}

/// What `work` gives, or nothing where it takes longer than `limit`.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

/// A result's text parts; what a model cannot read is named in its place.
fn text(result: &CallToolResult, bytes: usize) -> String {
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
    let text = match &result.structured_content {
        Some(value) if parts.is_empty() => value.to_string(),
        _ => parts.join("\n"),
    };
    let mut cut = Cut::new(bytes);
    cut.push(text.as_bytes());
    cut.text()
}
