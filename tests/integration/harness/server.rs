//! A server on 127.0.0.1 that plays a script, one play for each request, and records
//! the requests.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::PATIENCE;

/// One action of a server after it has read a request.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Waits until the test calls [`Server::open_gate`].
    Gate,
    /// Sends nothing for this long.
    Pause(Duration),
    /// Resets the connection (RST), as after a crash of the server.
    Reset,
    /// Closes the connection; under TLS without a close notification.
    Close,
    /// Sends nothing more and keeps the connection until the test ends.
    Hold,
}

/// What a server does with one request.
pub type Play = Vec<Step>;

/// A request that the server has read.
#[derive(Debug, Clone)]
pub struct Request {
    /// Request line and headers as received.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Request {
    /// The value of a header; its name may have any case.
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

/// Listens on a new port of 127.0.0.1 and returns it. Calls `serve` for each connection,
/// in a thread of its own.
pub fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || serve(stream));
        }
    });
    port
}

/// A server that plays a script. Dropping it panics if a play was not used, so that a test
/// fails if airx makes too few requests.
pub struct Server {
    port: u16,
    shared: Arc<Shared>,
    go: Sender<()>,
}

/// What the connections of a server share with the test.
struct Shared {
    asked: Mutex<Vec<Request>>,
    left: Mutex<VecDeque<Play>>,
    gate: Mutex<Receiver<()>>,
}

impl Server {
    /// Plays these in order, one for each request. Closes the connection of any further
    /// request.
    pub fn play(plays: impl IntoIterator<Item = Play>) -> Self {
        Self::speaking(plays, |stream| stream)
    }

    /// The same over connections wrapped by `wrap`, for TLS.
    pub fn speaking<W: Wire>(
        plays: impl IntoIterator<Item = Play>,
        wrap: impl Fn(TcpStream) -> W + Send + Sync + 'static,
    ) -> Self {
        let (go, gate) = channel();
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            left: Mutex::new(plays.into_iter().collect()),
            gate: Mutex::new(gate),
        });
        let theirs = Arc::clone(&shared);
        let port = listen(move |stream| {
            stream.set_nodelay(true).unwrap();
            serve(wrap(stream), &theirs);
        });
        Self { port, shared, go }
    }

    /// Plays this for one request.
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
    pub fn open_gate(&self) {
        self.go.send(()).unwrap();
    }

    /// Waits until this many requests were made.
    #[track_caller]
    pub fn await_requests(&self, count: usize) {
        let started = std::time::Instant::now();
        while self.shared.asked.lock().unwrap().len() < count {
            assert!(started.elapsed() < PATIENCE, "the request was never made");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends it and returns the number of unused plays.
    pub fn forget(self) -> usize {
        std::mem::take(&mut *self.shared.left.lock().unwrap()).len()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left = self.shared.left.lock().unwrap().len();
            assert_eq!(left, 0, "{left} requests were expected and never made");
        }
    }
}

/// A connection of the server: plain or TLS.
pub trait Wire: Read + Write + Send {
    /// The TCP socket.
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

fn serve(mut stream: impl Wire, shared: &Shared) {
    while let Some(request) = read_request(&mut stream) {
        let play = shared.left.lock().unwrap().pop_front();
        shared.asked.lock().unwrap().push(request);
        let Some(play) = play else {
            return;
        };
        for step in play {
            match step {
                Step::Send(bytes) => {
                    let sent = stream.write_all(&bytes).and_then(|()| stream.flush());
                    if sent.is_err() {
                        return;
                    }
                }
                Step::Gate => {
                    let _ = shared.gate.lock().unwrap().recv_timeout(PATIENCE);
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
                    // Wait until the client closes the connection.
                    let _ = stream.socket().set_read_timeout(Some(PATIENCE));
                    let _ = stream.read(&mut [0]);
                    return;
                }
            }
        }
    }
}

/// Closing a socket with a linger time of zero sends RST.
fn reset(stream: &impl Wire) {
    #[cfg(unix)]
    rustix::net::sockopt::set_socket_linger(stream.socket(), Some(Duration::ZERO)).unwrap();
    #[cfg(not(unix))]
    let _ = stream;
}

/// Reads one request. Returns `None` if the client has closed the connection.
pub fn read_request(stream: &mut impl Read) -> Option<Request> {
    let mut read_more = |bytes: &mut Vec<u8>| {
        let mut piece = [0; 8 * 1024];
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        Some(())
    };
    let mut bytes = Vec::new();
    let end = loop {
        match bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(end) => break end,
            None => read_more(&mut bytes)?,
        }
    };
    let mut body = bytes.split_off(end + 4);
    let mut request = Request {
        head: String::from_utf8_lossy(&bytes[..end]).into_owned(),
        body: String::new(),
    };
    let length = request.header("content-length");
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        read_more(&mut body)?;
    }
    request.body = String::from_utf8_lossy(&body).into_owned();
    Some(request)
}
