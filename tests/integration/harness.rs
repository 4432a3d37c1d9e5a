//! Runs the real binary against a real socket. [`Airx`] runs it in an environment
//! of its own and returns everything that it printed; [`Server`] plays a script on
//! 127.0.0.1, byte by byte, and records the requests.

pub mod cached;
pub mod items;
pub mod mock;
pub mod proxy;
mod replies;
mod server;
#[cfg(unix)]
pub mod signals;
pub mod tls;
#[cfg(unix)]
pub mod toolbench;
#[cfg(unix)]
pub mod watch;

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

pub use replies::*;
pub use server::*;

/// The longest wait of a test. A test that hangs fails after it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The binary under test: `AIRX_TEST_BIN`, else the binary that cargo built.
pub fn program() -> &'static str {
    static PROGRAM: LazyLock<String> = LazyLock::new(|| {
        std::env::var("AIRX_TEST_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_airx").to_owned())
    });
    &PROGRAM
}

/// Builds a run of the binary.
#[must_use]
pub struct Airx {
    command: Command,
    stdin: Stdin,
}

/// The source of standard input.
enum Stdin {
    /// The test has set none.
    Default,
    /// A pipe with these bytes in it.
    Bytes(Vec<u8>),
    /// Already set in the command.
    Other,
}

/// The result of a run.
#[derive(Debug)]
pub struct Ran {
    /// The exit status, or 128 + the signal that killed it.
    pub code: i32,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error.
    pub stderr: String,
    /// The signal that ended it.
    pub signal: Option<i32>,
    raw: Vec<u8>,
}

/// `airx ARGS…` in an environment without keys, base URLs, proxies or a home. Its
/// standard input is `/dev/null` for [`Airx::run`], an open pipe for [`Airx::start`].
pub fn airx<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Airx {
    run(program(), args)
}

/// A bash script in the same environment, with airx on its `PATH`.
#[cfg(unix)]
pub fn bash(script: &str) -> Airx {
    let folder = Path::new(program()).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    run("bash", ["-c", script])
        .env("PATH", format!("{}:{path}", folder.display()))
        .stdin_from(Stdio::null())
}

/// `program ARGS…` in that environment.
pub fn run<S: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = S>) -> Airx {
    let mut command = Command::new(program);
    command.args(args).env_clear();
    // The loader, the shells of some tests and a coverage run need these.
    for name in ["PATH", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Airx {
        command,
        stdin: Stdin::Default,
    }
}

impl Airx {
    /// Asks `server`, without a key.
    pub fn at(self, server: &Server) -> Self {
        self.env("AIRX_BASE_URL", server.base())
    }

    /// Appends arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Uses a base URL where no server listens, for runs that must make no request.
    pub fn nowhere(self) -> Self {
        self.env("AIRX_BASE_URL", "http://127.0.0.1:1/v1")
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Appends one argument.
    pub fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    /// Sets several variables.
    pub fn envs(mut self, variables: &[(&str, &str)]) -> Self {
        self.command.envs(variables.iter().copied());
        self
    }

    /// Runs in `folder`.
    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Writes `bytes` to standard input, a pipe, and closes it. Without bytes standard
    /// input is `/dev/null`; for an empty pipe there is [`Airx::empty_pipe`].
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        if !bytes.is_empty() {
            self.stdin = Stdin::Bytes(bytes);
        }
        self
    }

    /// Sets standard input to an empty, closed pipe.
    pub fn empty_pipe(mut self) -> Self {
        self.stdin = Stdin::Bytes(Vec::new());
        self
    }

    /// Sets standard input to something else than a pipe.
    pub fn stdin_from(mut self, from: impl Into<Stdio>) -> Self {
        self.command.stdin(from);
        self.stdin = Stdin::Other;
        self
    }

    /// Sends standard output to `to`, not to the pipe that the harness reads.
    pub fn stdout_to(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stdout(to);
        self
    }

    /// Sends standard error to `to`, not to the pipe that the harness reads.
    pub fn stderr_to(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stderr(to);
        self
    }

    /// Runs it to the end.
    #[track_caller]
    pub fn run(mut self) -> Ran {
        let stdin = match std::mem::replace(&mut self.stdin, Stdin::Other) {
            Stdin::Bytes(bytes) => bytes,
            Stdin::Other => Vec::new(),
            Stdin::Default => {
                self.command.stdin(Stdio::null());
                Vec::new()
            }
        };
        let mut child = self.start();
        let fed = child.stdin.take().map(|mut pipe| {
            std::thread::spawn(move || {
                // The run may end without reading its input.
                let _ = pipe.write_all(&stdin);
            })
        });
        let ran = finish(child);
        if let Some(fed) = fed {
            fed.join().unwrap();
        }
        ran
    }

    /// Starts it and leaves its pipes to the test; [`finish`] ends it.
    #[track_caller]
    pub fn start(mut self) -> Child {
        self.command.spawn().expect("the binary can be started")
    }
}

/// Runs the cases at the same time, so that their time-outs run in parallel.
pub fn together<C: Send>(cases: impl IntoIterator<Item = C>, check: impl Fn(C) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| check(case));
        }
    });
}

/// Reads a run to the end. A run that hangs is killed and fails the test.
#[track_caller]
pub fn finish(mut child: Child) -> Ran {
    fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                let _ = pipe.read_to_end(&mut bytes);
            }
            bytes
        })
    }
    let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let (ended, watch) = channel::<()>();
    let id = child.id().to_string();
    let watchdog = std::thread::spawn(move || {
        let hung = watch.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout);
        if hung {
            let _ = Command::new("kill").args(["-9", &id]).status();
        }
        hung
    });
    let status = child.wait().unwrap();
    drop(ended);
    assert!(!watchdog.join().unwrap(), "the run hung");
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let raw = out.join().unwrap();
    Ran {
        code: status.code().unwrap_or_else(|| 128 + signal.unwrap()),
        stdout: String::from_utf8_lossy(&raw).into_owned(),
        stderr: String::from_utf8(err.join().unwrap()).expect("standard error is UTF-8"),
        signal,
        raw,
    }
}

impl Ran {
    /// Checks the exit code, all of standard output and all of standard error.
    #[track_caller]
    pub fn is(&self, code: i32, stdout: &str, stderr: &str) -> &Self {
        assert_eq!(
            (self.code, self.stdout.as_str(), self.stderr.as_str()),
            (code, stdout, stderr),
            "(exit code, standard output, standard error)"
        );
        self
    }

    /// Checks the exit code of a failure and that standard output is empty. For failures
    /// whose message has the words of a library or of the system.
    #[track_caller]
    pub fn code_is(&self, code: i32) -> &Self {
        assert_eq!((self.code, &*self.stdout), (code, ""), "{}", self.stderr);
        self
    }

    /// Standard output as bytes, which may not be UTF-8.
    pub fn bytes(&self) -> &[u8] {
        &self.raw
    }

    /// The events of `--format ndjson`. Each must have its type first and fit the
    /// schema.
    #[track_caller]
    pub fn events(&self) -> Vec<serde_json::Value> {
        assert!(
            self.stdout.is_empty() || self.stdout.ends_with('\n'),
            "{:?}",
            self.stdout
        );
        self.stdout.lines().map(event).collect()
    }

    /// The types of the events, in order.
    #[track_caller]
    pub fn types(&self) -> Vec<String> {
        self.events()
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Reads an event: a line of NDJSON, or a `--meta` file.
#[track_caller]
pub fn event(line: &str) -> serde_json::Value {
    static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema = include_str!("../../src/event.schema.json");
        jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
    });
    assert!(line.starts_with(r#"{"type":""#), "{line}");
    let event = serde_json::from_str(line).unwrap();
    if let Err(why) = SCHEMA.validate(&event) {
        panic!("not an event: {why}: {line}");
    }
    event
}

/// A file of `tests/wire`.
pub fn wire(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/wire")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A folder that is removed with the test.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A file with this text in `folder`.
pub fn file(folder: &tempfile::TempDir, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Prints that the rest of this test was skipped. Not by `eprintln!`, since the test
/// runner hides its output for a test that passes.
pub fn skipped(why: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

/// Makes another user the owner of a file, folder or link. Only root can: for others it
/// returns false and prints that the test is skipped. Unit tests cover the decision
/// itself for all users.
#[cfg(unix)]
pub fn given_away(path: &Path) -> bool {
    let given = std::os::unix::fs::lchown(path, Some(12_345), None).is_ok();
    if !given {
        skipped("only root can give files to another user");
    }
    given
}
