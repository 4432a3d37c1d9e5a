//! Model Context Protocol servers: started over stdio, asked for their tools,
//! called, and ended with the run.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::check::{NAME_MAX, is_of_names};
use super::mcp_session::{Called, Failed, Session, Tool};
use super::program::Program;
use super::{Action, Limits, Toolbox};
use crate::error::Failure;
use crate::exit::Class;
use crate::process::{self, Child, Cut};

/// The servers of a run, in the order of the flags.
#[derive(Default)]
pub(super) struct Servers(Vec<Server>);

struct Server {
    name: String,
    session: Session,
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
        let server = self.servers.0.len() - 1;
        for tool in tools {
            let place = format!("--mcp {}: {}", self.servers.name(server), tool.name);
            let action = Action::Ask(server, tool.name.clone());
            self.add(function(&tool), &place, Some(action))?;
        }
        Ok(())
    }
}

/// A server's tool as a function object.
fn function(tool: &Tool) -> Value {
    let name = tool.name.chars().take(NAME_MAX);
    let name: String = name.map(|c| if is_of_names(c) { c } else { '_' }).collect();
    json!({
        "name": name,
        "description": tool.description,
        "parameters": tool.parameters,
    })
}

impl Servers {
    /// What the user called it.
    pub(super) fn name(&self, server: usize) -> &str {
        &self.0[server].name
    }

    /// Starts a server and lists its tools.
    fn start(
        &mut self,
        command: &mut Command,
        name: String,
        limit: Option<Duration>,
    ) -> Result<Vec<Tool>, Failure> {
        let wrong = |what: String| Failure::new(Class::Tool, format!("--mcp {name}: {what}"));
        let mut child = process::start(command.stdin(Stdio::piped()))
            .map_err(|why| wrong(format!("it cannot be started: {why}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = child.pipes() else {
            return Err(wrong("it has no pipes".into()));
        };
        let said = Said::listen(stderr);
        let begun = Session::begin(OwnedFd::from(stdout), OwnedFd::from(stdin), limit);
        let (session, tools) = match begun {
            Ok(begun) => begun,
            Err(Failed::Late) => {
                return Err(wrong("it does not answer in time".into()).hint("raise --tool-timeout"));
            }
            Err(_) if child.ends_within(GRACE) => {
                return Err(wrong(format!("it ended at once{}", said.last())));
            }
            Err(Failed::There(why)) => {
                return Err(wrong(format!("it does not speak the protocol: {why}")));
            }
            Err(Failed::Here(why)) => return Err(why.into()),
        };
        self.0.push(Server {
            name,
            session,
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
        let server = &self.0[server];
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        match server
            .session
            .call(tool.to_owned(), arguments, limits.timeout)
        {
            Called::Result { failed, text } => {
                let mut cut = Cut::new(limits.bytes);
                cut.push(text.as_bytes());
                let text = cut.text();
                let text = if failed {
                    format!("error: {text}")
                } else {
                    text
                };
                Ok((Some(i32::from(failed)), text))
            }
            Called::Refused(why) => Ok((Some(1), format!("error: {why}"))),
            Called::Late => {
                let limit = limits.timeout.unwrap_or_default().as_secs_f64();
                Ok((
                    None,
                    format!("error: it took longer than {limit} s and was given up"),
                ))
            }
            Called::Ended => Err(server.gone()),
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
        let ending: Vec<_> = self
            .0
            .drain(..)
            .map(|server| {
                server.session.end(GRACE);
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
        let names = self.0.iter().map(|server| &server.name);
        out.debug_list().entries(names).finish()
    }
}
