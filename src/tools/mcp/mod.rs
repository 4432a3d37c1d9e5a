//! Servers of the Model Context Protocol over stdio: starts them, lists and calls their
//! tools, and ends them with the run.

mod session;
mod string_cutter;
mod transport;

use std::collections::HashSet;
use std::fmt;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use self::session::{Session, ToolList, Unanswered};
use super::Limits;
use super::definition::{NAME_MAX, is_name_char};
use crate::error::Failure;
use crate::exit::Class;
use crate::process::{self, Child, CutOutput, Lines};
use crate::terminal::shortened;

/// How long to wait for a server to end after its standard input is closed, and again
/// after SIGTERM.
const GRACE: Duration = Duration::from_millis(500);

/// Strings that a server sends are never cut below this length, because schemas need
/// them.
const STRING_MAX: usize = 1 << 20;

/// The maximum number of characters of a server's text in a message.
const WORDS_MAX: usize = 500;

/// The servers of a run, in the order of the options.
#[derive(Default)]
pub(super) struct Servers(Vec<Server>);

struct Server {
    name: String,
    session: Session,
    child: Child,
    log: Log,
}

/// The last line that a server wrote on standard error. It is shown only if the server
/// fails.
struct Log {
    line: Arc<Mutex<String>>,
    end: Mutex<mpsc::Receiver<()>>,
}

pub(super) struct ServerTool {
    /// The server's name for the tool.
    pub(super) own_name: String,
    /// The name that the model sees.
    pub(super) name: String,
    /// The function object that the model is offered.
    pub(super) function: Value,
}

impl Servers {
    /// The command that started the server.
    pub(super) fn name(&self, server: usize) -> &str {
        &self.0[server].name
    }

    /// Starts a server; returns its number and its tools. `warn` gets a message for each
    /// tool that is left out.
    pub(super) fn start(
        &mut self,
        command: &mut Command,
        name: String,
        limits: Limits,
        warn: &mut dyn FnMut(&str),
    ) -> Result<(usize, Vec<ServerTool>), Failure> {
        let failed = |what: String| Failure::new(Class::Tool, format!("--mcp {name}: {what}"));
        let mut child = process::start(command.stdin(Stdio::piped()))
            .map_err(|why| failed(format!("it cannot be started: {why}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = child.take_pipes() else {
            return Err(failed("it has no pipes".into()));
        };
        let log = Log::read(stderr);
        let (from, to) = (OwnedFd::from(stdout), OwnedFd::from(stdin));
        let started = Session::start(from, to, limits.timeout, STRING_MAX.max(limits.bytes));
        let (session, list) = started.map_err(|why| match why {
            Unanswered::Refused(why) => {
                failed(format!("it refuses: {}", shortened(&why, WORDS_MAX)))
            }
            Unanswered::Protocol(why) => {
                let why = shortened(&why, WORDS_MAX);
                failed(format!("it does not speak the protocol: {why}"))
            }
            Unanswered::Late => {
                failed("it does not answer in time".into()).hint("raise --tool-timeout")
            }
            Unanswered::Ended(why) => failed(ended(why, "it ended immediately", &child, &log)),
            Unanswered::Io(why) => why.into(),
        })?;
        let tools = tools(list, &format!("--mcp {name}"), warn);
        self.0.push(Server {
            name,
            session,
            child,
            log,
        });
        Ok((self.0.len() - 1, tools))
    }

    /// Calls a server's tool. Returns a status like that of a command, and the result.
    pub(super) fn call(
        &self,
        server: usize,
        tool: &str,
        arguments: &RawValue,
        limits: Limits,
    ) -> Result<(Option<i32>, String), Failure> {
        let server = &self.0[server];
        // The arguments have been checked, so they are JSON.
        let arguments = serde_json::from_str(arguments.get()).unwrap_or_default();
        let result = server.session.call(tool, &arguments, limits.timeout);
        match result {
            Ok(result) => {
                let failed = result.value["isError"] == true;
                let prefix = if failed { "error: " } else { "" };
                let text = cut(&text(&result.value), result.left_out, limits.bytes);
                Ok((Some(i32::from(failed)), format!("{prefix}{text}")))
            }
            Err(Unanswered::Refused(why) | Unanswered::Protocol(why)) => {
                Ok((Some(1), format!("error: {}", cut(&why, 0, limits.bytes))))
            }
            Err(Unanswered::Late) => {
                let limit = limits.timeout.unwrap_or_default().as_secs_f64();
                let text = format!("error: it took longer than {limit} s and was cancelled");
                Ok((None, text))
            }
            Err(Unanswered::Ended(why)) => {
                let what = ended(why, "it has ended", &server.child, &server.log);
                let message = format!("--mcp {}: {what}", server.name);
                Err(Failure::new(Class::Tool, message))
            }
            Err(Unanswered::Io(why)) => Err(why.into()),
        }
    }
}

/// The tools of a list that can be offered.
fn tools(list: ToolList, place: &str, warn: &mut dyn FnMut(&str)) -> Vec<ServerTool> {
    if let Some(why) = list.incomplete {
        warn(&format!("{place}: {why}"));
    }
    let mut names = HashSet::new();
    let mut tools = Vec::new();
    for tool in &list.tools {
        match server_tool(tool) {
            None => warn(&format!(
                "{place}: a tool without name or inputSchema is left out"
            )),
            Some(tool) if !names.insert(tool.name.clone()) => {
                warn(&format!("{place}: another tool {} is left out", tool.name));
            }
            Some(tool) => tools.push(tool),
        }
    }
    tools
}

fn server_tool(tool: &Value) -> Option<ServerTool> {
    let text = |name: &str| tool[name].as_str();
    let own_name = text("name")?;
    let schema = Some(&tool["inputSchema"]).filter(|schema| schema.is_object())?;
    let sent = |c| if is_name_char(c) { c } else { '_' };
    let name: String = own_name.chars().take(NAME_MAX).map(sent).collect();
    let description = text("description").or(text("title")).unwrap_or_default();
    // Copy only these members: a server must not be able to set a command to run.
    let function = json!({ "name": name, "description": description, "inputSchema": schema });
    Some(ServerTool {
        own_name: own_name.to_owned(),
        name,
        function,
    })
}

/// The message for a server that has ended: with the reason, or with `what` and its last line.
fn ended(why: Option<String>, what: &str, child: &Child, log: &Log) -> String {
    if let Some(why) = why {
        return format!("it was ended: {why}");
    }
    child.wait_for(GRACE);
    format!("{what}{}", log.last())
}

impl Drop for Servers {
    fn drop(&mut self) {
        let end = |server: Server| {
            server.session.end(GRACE);
            server.child
        };
        // Ask all of them to end before waiting for the first.
        let ending: Vec<_> = self.0.drain(..).map(end).collect();
        for child in ending {
            if !child.wait_for(GRACE) {
                child.signal(Signal::TERM);
                child.wait_for(GRACE);
            }
            // Dropping the child kills the rest of its process group.
            drop(child);
        }
    }
}

impl Log {
    /// Reads the pipe to its end on a thread, because a full pipe would block the server.
    fn read(mut pipe: ChildStderr) -> Self {
        let (open, end) = mpsc::channel::<()>();
        let last = Arc::new(Mutex::new(String::new()));
        let line = Arc::clone(&last);
        let read = move || {
            let mut keep = |line: &str| {
                if !line.trim().is_empty() {
                    line.trim().clone_into(&mut locked(&last));
                }
            };
            let (mut lines, mut piece) = (Lines::default(), [0; 8 * 1024]);
            while let Ok(length @ 1..) = pipe.read(&mut piece) {
                lines.push(&piece[..length], &mut keep);
            }
            lines.finish(&mut keep);
            drop(open);
        };
        // If no thread can be started, the pipe is closed and the log is lost.
        let _ = std::thread::Builder::new().spawn(read);
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
            format!(" (it said: {})", shortened(&line, WORDS_MAX))
        }
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cuts the text of a result at `limit` bytes and adds a mark. `left_out` more bytes are already
/// cut.
fn cut(text: &str, left_out: u64, limit: usize) -> String {
    let mut output = CutOutput::new(limit);
    output.push(text.as_bytes());
    output.leave_out(left_out);
    output.text()
}

/// The text of a result for the model: its text parts, and descriptions of other parts.
fn text(result: &Value) -> String {
    let parts = match &result["content"] {
        Value::Array(parts) => parts.iter().map(part).collect(),
        Value::Null => Vec::new(),
        other => vec![part(other)],
    };
    if !parts.is_empty() {
        return parts.join("\n");
    }
    match &result["structuredContent"] {
        Value::Null if result["content"].is_array() => String::new(),
        Value::Null => format!("[a result without content: {result}]"),
        value => value.to_string(),
    }
}

fn part(part: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    let of_type = |what: &str| Some(format!("[{what}, {}]", text(part, "mimeType")?));
    let resource = &part["resource"];
    let known = match part["type"].as_str() {
        Some("text") => text(part, "text"),
        Some("image") => of_type("an image"),
        Some("audio") => of_type("a sound"),
        Some("resource") => {
            text(resource, "text").or_else(|| Some(format!("[data: {}]", text(resource, "uri")?)))
        }
        Some("resource_link") => text(part, "uri"),
        _ => part.as_str().map(str::to_owned),
    };
    known.unwrap_or_else(|| format!("[content that airx does not know: {part}]"))
}

impl fmt::Debug for Servers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|server| &server.name);
        out.debug_list().entries(names).finish()
    }
}
