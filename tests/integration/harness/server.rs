//! A server on 127.0.0.1 that plays a script, one play a request, and records the
//! requests.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::PATIENCE;

/// One step of what a server does after it has read a request.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Waits until the test says [`Server::open_gate`].
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

/// A server that plays a script. When it is dropped, every play must have been used, so
/// that a test fails whose request was never made.
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Request>>>,
    left: Arc<Mutex<VecDeque<Play>>>,
    go: Sender<()>,
    _listening: JoinHandle<()>,
}

impl Server {
    /// Plays these, one a request, in order. The connection of a further request is
    /// closed.
    pub fn play(plays: impl IntoIterator<Item = Play>) -> Self {
        Self::speaking(plays, |stream| stream)
    }

    /// The same over connections wrapped by `wrap`, for TLS.
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
        while self.asked.lock().unwrap().len() < count {
            assert!(started.elapsed() < PATIENCE, "the request was never made");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends it and returns how many plays were not used.
    pub fn forget(self) -> usize {
        std::mem::take(&mut *self.left.lock().unwrap()).len()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
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

fn serve(
    mut stream: impl Wire,
    asked: &Mutex<Vec<Request>>,
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

/// Reads one request; none if the client has closed the connection.
pub fn read_request(stream: &mut impl Read) -> Option<Request> {
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
    let asked = Request {
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
    Some(Request {
        body: String::from_utf8_lossy(&body).into_owned(),
        ..asked
    })
}
