//! The real binary against a real socket: [`Airx`] runs it in an environment
//! of its own and gives everything that came out; [`Server`] plays a script on
//! 127.0.0.1, byte by byte, and tells what was asked.

pub mod mock;
pub mod proxy;
pub mod tls;

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// No test waits longer for anything: a hang is a failure, not a stuck run.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A run of the binary, under construction.
#[must_use]
pub struct Airx {
    command: Command,
    stdin: Stdin,
}

/// Where standard input comes from.
enum Stdin {
    /// The test did not say.
    Default,
    /// A pipe with these bytes in it.
    Bytes(Vec<u8>),
    /// The command has it.
    Other,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// The exit status; 128 + the signal where one killed it.
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
    run(env!("CARGO_BIN_EXE_airx"), args)
}

/// The same environment for a script of bash's, with airx on its `PATH`.
#[cfg(unix)]
pub fn bash(script: &str) -> Airx {
    let folder = Path::new(env!("CARGO_BIN_EXE_airx")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    run("bash", ["-c", script])
        .env("PATH", format!("{}:{path}", folder.display()))
        .stdin_from(Stdio::null())
}

/// `program ARGS…` in that environment.
pub fn run<S: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = S>) -> Airx {
    let mut command = Command::new(program);
    command.args(args).env_clear();
    // What the loader, the shells of some tests and a coverage run need.
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

    /// Adds arguments behind the others.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Has a server that nobody is to ask: nothing listens there.
    pub fn nowhere(self) -> Self {
        self.env("AIRX_BASE_URL", "http://127.0.0.1:1/v1")
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds one argument behind the others.
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

    /// Writes `bytes` to standard input, a pipe, and closes it.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Stdin::Bytes(bytes.into());
        self
    }

    /// Takes standard input from something else than a pipe.
    pub fn stdin_from(mut self, from: impl Into<Stdio>) -> Self {
        self.command.stdin(from);
        self.stdin = Stdin::Other;
        self
    }

    /// Sends standard output to something else than a pipe that is read.
    pub fn stdout_to(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stdout(to);
        self
    }

    /// Sends standard error to something else than a pipe that is read.
    pub fn stderr_to(mut self, to: impl Into<Stdio>) -> Self {
        self.command.stderr(to);
        self
    }

    /// Runs it to its end.
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
                // A run that reads none of it is not an error of the test's.
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

/// Tries the cases at the same time: those that wait for a clock wait together.
pub fn together<C: Send>(cases: impl IntoIterator<Item = C>, check: impl Fn(C) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| check(case));
        }
    });
}

/// Reads a run to its end. One that hangs is killed and fails the test.
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
    /// The exit code, all of standard output and all of standard error.
    #[track_caller]
    pub fn is(&self, code: i32, stdout: &str, stderr: &str) -> &Self {
        assert_eq!(
            (self.code, self.stdout.as_str(), self.stderr.as_str()),
            (code, stdout, stderr),
            "(exit code, standard output, standard error)"
        );
        self
    }

    /// The exit code of a failure that prints nothing, where the words on
    /// standard error are those of a library or of the system.
    #[track_caller]
    pub fn code_is(&self, code: i32) -> &Self {
        assert_eq!((self.code, &*self.stdout), (code, ""), "{}", self.stderr);
        self
    }

    /// Standard output's bytes, where they need not be UTF-8.
    pub fn bytes(&self) -> &[u8] {
        &self.raw
    }

    /// The events of `--format ndjson`, each checked to have its type first and
    /// to be what the schema says.
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

/// A line of NDJSON, or a `--meta` file: an object of one of the events' types.
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

/// One step of what a server does once it has read a request.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Waits until the test says [`Server::go`].
    Gate,
    /// Sends nothing for this long.
    Pause(Duration),
    /// Ends the connection as a crashed server's kernel would: RST.
    Reset,
    /// Ends the connection; under TLS without saying so.
    Close,
    /// Sends nothing more and keeps the connection until the test ends.
    Hold,
}

/// What a server does with one request.
pub type Play = Vec<Step>;

/// A request as the server read it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Request line and headers, as they came.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Asked {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server that plays a script. When it is dropped, every play must have been
/// used: a test whose request was never made fails.
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    left: Arc<Mutex<VecDeque<Play>>>,
    go: Sender<()>,
    _listening: JoinHandle<()>,
}

impl Server {
    /// Plays these, one a request, in order. A request beyond the last is
    /// answered by closing the connection.
    pub fn play(plays: impl IntoIterator<Item = Play>) -> Self {
        Self::speaking(plays, |stream| stream)
    }

    /// The same over what `wrap` makes of each connection.
    pub fn speaking<W: Wire + 'static>(
        plays: impl IntoIterator<Item = Play>,
        wrap: impl Fn(TcpStream) -> W + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let left = Arc::new(Mutex::new(plays.into_iter().collect::<VecDeque<_>>()));
        let (go, gate) = channel();
        let gate = Arc::new(Mutex::new(gate));
        let (asks, plays) = (Arc::clone(&asked), Arc::clone(&left));
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asks, plays, gate) =
                    (Arc::clone(&asks), Arc::clone(&plays), Arc::clone(&gate));
                stream.set_nodelay(true).unwrap();
                let wire = wrap(stream);
                std::thread::spawn(move || serve(wire, &asks, &plays, &gate));
            }
        });
        Self {
            port,
            asked,
            left,
            go,
            _listening: listening,
        }
    }

    /// Answers once with this.
    pub fn once(play: Play) -> Self {
        Self::play([play])
    }

    /// The base URL.
    pub fn base(&self) -> String {
        format!("http://{}/v1", self.address())
    }

    /// `127.0.0.1` and the port, as messages name it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Opens the next gate.
    pub fn go(&self) {
        self.go.send(()).unwrap();
    }

    /// Waits until there have been this many requests.
    #[track_caller]
    pub fn await_asked(&self, count: usize) {
        let begun = std::time::Instant::now();
        while self.asked.lock().unwrap().len() < count {
            assert!(begun.elapsed() < PATIENCE, "the request was never made");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends it, whatever is left of its plays, and says how many are.
    pub fn forget(self) -> usize {
        std::mem::take(&mut *self.left.lock().unwrap()).len()
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left = self.left.lock().unwrap().len();
            assert_eq!(left, 0, "{left} requests were expected and never made");
        }
    }
}

/// A connection that the server plays on: plain, or TLS over it.
pub trait Wire: Read + Write + Send {
    /// The socket below.
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

fn serve(
    mut stream: impl Wire,
    asked: &Mutex<Vec<Asked>>,
    plays: &Mutex<VecDeque<Play>>,
    gate: &Mutex<Receiver<()>>,
) {
    while let Some(request) = read_request(&mut stream) {
        let play = plays.lock().unwrap().pop_front();
        asked.lock().unwrap().push(request);
        let Some(play) = play else {
            return;
        };
        for step in play {
            match step {
                Step::Send(bytes) => {
                    if stream
                        .write_all(&bytes)
                        .and_then(|()| stream.flush())
                        .is_err()
                    {
                        return;
                    }
                }
                Step::Gate => {
                    let _ = gate.lock().unwrap().recv_timeout(PATIENCE);
                }
                Step::Pause(time) => std::thread::sleep(time),
                Step::Close => {
                    let _ = stream.socket().shutdown(Shutdown::Both);
                    return;
                }
                Step::Reset => {
                    reset(&stream);
                    return;
                }
                Step::Hold => {
                    // The client's end is the only thing that can still come.
                    let _ = stream.socket().set_read_timeout(Some(PATIENCE));
                    let _ = stream.read(&mut [0]);
                    return;
                }
            }
        }
    }
}

/// A socket that is closed with a linger of zero sends RST.
fn reset(stream: &impl Wire) {
    #[cfg(unix)]
    rustix::net::sockopt::set_socket_linger(stream.socket(), Some(Duration::ZERO)).unwrap();
    #[cfg(not(unix))]
    let _ = stream;
}

/// Reads one request; none where the client has gone.
pub fn read_request(stream: &mut impl Read) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut piece = [0; 8 * 1024];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let asked = Asked {
        head,
        body: String::new(),
    };
    let length: usize = asked
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => body.extend_from_slice(&piece[..count]),
        }
    }
    Some(Asked {
        body: String::from_utf8_lossy(&body).into_owned(),
        ..asked
    })
}

/// The same play, behind a gate.
pub fn gated(play: Play) -> Play {
    let mut gated = vec![Step::Gate];
    gated.extend(play);
    gated
}

/// A JSON response with a length.
pub fn json(status: u16, body: &str) -> Play {
    http(
        status,
        "Content-Type: application/json; charset=UTF-8\r\n",
        body,
    )
}

/// A response with a length and these headers, each ended by CRLF.
pub fn http(status: u16, headers: &str, body: &str) -> Play {
    let head = format!(
        "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    vec![Step::Send([head.as_bytes(), body.as_bytes()].concat())]
}

/// A whole reply whose text is `content`.
pub fn reply(content: &str) -> Play {
    json(200, &reply_body(content, "stop"))
}

/// The body of a whole reply.
pub fn reply_body(content: &str, finish_reason: &str) -> String {
    serde_json::json!({
        "choices": [{
            "finish_reason": finish_reason,
            "index": 0,
            "message": { "content": content, "role": "assistant" },
        }],
        "created": 1_749_454_064,
        "id": "id-1",
        "model": "glm-4-airx",
        "request_id": "id-1",
        "usage": { "completion_tokens": 2, "prompt_tokens": 1, "total_tokens": 3 },
    })
    .to_string()
}

/// A chunked event stream of these bytes, an HTTP chunk each, and its last chunk.
pub fn stream<B: AsRef<[u8]>>(pieces: impl IntoIterator<Item = B>) -> Play {
    let mut play = vec![stream_head()];
    play.extend(pieces.into_iter().map(|piece| chunk(piece.as_ref())));
    play.push(last_chunk());
    play
}

/// A streamed answer of these deltas.
pub fn stream_of<'a>(deltas: impl IntoIterator<Item = &'a str>) -> Play {
    let deltas = deltas.into_iter().map(delta);
    stream(deltas.chain([finish_frame("stop"), DONE.into()]))
}

/// A response of success with a body that only the connection's end ends.
pub fn unframed(content_type: &str, body: &str) -> Play {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n");
    vec![
        Step::Send([head.as_bytes(), body.as_bytes()].concat()),
        Step::Close,
    ]
}

/// The head of a chunked event stream.
pub fn stream_head() -> Step {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;charset=UTF-8\r\nTransfer-Encoding: chunked\r\n\r\n";
    Step::Send(head.into())
}

/// One HTTP chunk.
pub fn chunk(bytes: &[u8]) -> Step {
    Step::Send([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat())
}

/// The chunk that ends a body.
pub fn last_chunk() -> Step {
    Step::Send(b"0\r\n\r\n".to_vec())
}

/// The frame of a text delta.
pub fn delta(content: &str) -> String {
    let content = serde_json::json!(content);
    format!(
        "data: {{\"id\":\"id-1\",\"created\":1,\"model\":\"glm-4-airx\",\"choices\":[{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":{content}}}}}]}}\n\n"
    )
}

/// The frame that ends a stream's answer, with its usage.
pub fn finish_frame(reason: &str) -> String {
    format!(
        "data: {{\"id\":\"id-1\",\"created\":1,\"model\":\"glm-4-airx\",\"choices\":[{{\"index\":0,\"finish_reason\":\"{reason}\",\"delta\":{{\"role\":\"assistant\",\"content\":\"\"}}}}],\"usage\":{{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}}}\n\n"
    )
}

/// The frame behind the last.
pub const DONE: &str = "data: [DONE]\n\n";

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
