//! A fault of the matrix: what the server plays, and the expected result.

use crate::harness::{
    DONE, Play, Step, delta, finish_frame, http, json, reply_body, stream, stream_head,
};

/// The key that every row uses. The invariants search the output for both halves.
pub const KEY: &str = "K3yK3yK3y0123.s3cr3tS3cr3t99";
/// The value of a header that every row sends.
pub const HEADER: &str = "H3aderValue77";

/// The two parts of a good answer; each may be printed once at most.
pub const MARKS: [&str; 2] = ["Mark1", "Mark2"];
/// The text of a good answer.
pub const TEXT: &str = "Mark1 Mark2";

/// The commands that ask a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Chat,
    Stream,
    Tools,
    Json,
}

use Command::{Chat, Json, Stream, Tools};

impl Command {
    pub const ALL: [Self; 4] = [Chat, Stream, Tools, Json];

    pub fn name(self) -> &'static str {
        match self {
            Chat => "chat",
            Stream => "stream",
            Tools => "tools",
            Json => "json",
        }
    }

    /// The content of an answer to this command: `text`, for `json` as a JSON string.
    pub fn content(self, text: &str) -> String {
        match self {
            Json => serde_json::json!(text).to_string(),
            _ => text.to_owned(),
        }
    }
}

/// The expected result of a row.
#[derive(Debug, Clone)]
pub struct End {
    pub code: i32,
    /// Standard output of `--format text`.
    pub text: String,
    /// The types of the events of `--format ndjson`.
    pub types: String,
}

impl End {
    pub fn new(code: i32, text: &str, types: &str) -> Self {
        let (text, types) = (text.to_owned(), types.to_owned());
        Self { code, text, types }
    }

    /// A failure that prints nothing.
    pub fn bare(code: i32) -> Self {
        Self::new(code, "", "start error")
    }

    /// A complete answer of one piece.
    pub fn good(command: Command, text: &str) -> Self {
        let types = match command {
            Json => "start value done",
            _ => "start delta done",
        };
        Self::new(0, &(command.content(text) + "\n"), types)
    }
}

/// Where standard output may contain the secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echoes {
    Nowhere,
    /// In the server's own bytes, `--format json`.
    Bytes,
    /// In the text of the answer, in any format.
    Text,
}

/// One fault.
pub struct Fault {
    pub name: String,
    pub args: Vec<String>,
    /// Whether the connection is refused: nothing listens on the port.
    pub refused: bool,
    /// Where the answer itself contains the secrets: airx prints its text unchanged,
    /// and with `--format json` all of its bytes.
    pub echoes: Echoes,
    plays: Box<dyn Fn(Command) -> Vec<Play> + Send + Sync>,
    ends: [End; 4],
}

impl Fault {
    /// A fault after which every command exits with `code` and prints nothing.
    pub fn new(
        name: &str,
        code: i32,
        play: impl Fn(Command) -> Play + Send + Sync + 'static,
    ) -> Self {
        Self::plays_of(name, code, move |command| vec![play(command)])
    }

    /// Like [`Self::new`], with several requests or none.
    pub fn plays_of(
        name: &str,
        code: i32,
        plays: impl Fn(Command) -> Vec<Play> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            args: Vec::new(),
            refused: false,
            echoes: Echoes::Nowhere,
            plays: Box::new(plays),
            ends: Command::ALL.map(|_| End::bare(code)),
        }
    }

    /// A fault that does no harm: every command prints `text`, in one piece.
    pub fn harmless(
        name: &str,
        text: &str,
        play: impl Fn(Command) -> Play + Send + Sync + 'static,
    ) -> Self {
        let mut fault = Self::new(name, 0, play);
        fault.ends = Command::ALL.map(|command| End::good(command, text));
        fault
    }

    /// Sets another expected result for one command.
    pub fn on(mut self, command: Command, code: i32, text: &str, types: &str) -> Self {
        self.ends[command as usize] = End::new(code, text, types);
        self
    }

    /// Expects `stream` to print the first mark and exit with this code.
    pub fn cut_stream(self, code: i32) -> Self {
        self.on(Stream, code, "Mark1 \n", "start delta error")
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(ToString::to_string));
        self
    }

    /// Arguments that limit a run to one request, unless the fault is about several.
    pub fn once(&self, command: Command) -> Vec<&'static str> {
        let mut args = Vec::new();
        if !self.args.iter().any(|arg| arg == "--retries") {
            args.extend(["--retries", "0"]);
        }
        if command == Json {
            args.extend(["--tries", "1"]);
        }
        args
    }

    pub fn plays(&self, command: Command) -> Vec<Play> {
        (self.plays)(command)
    }

    pub fn end(&self, command: Command) -> &End {
        &self.ends[command as usize]
    }
}

/// A good answer in the command's own form, in one piece.
pub fn answer(command: Command, text: &str, reason: &str) -> Play {
    match command {
        Stream => stream([delta(text), finish_frame(reason), DONE.into()]),
        _ => json(200, &reply_body(&command.content(text), reason)),
    }
}

/// The bytes of a good body in the command's own form, without HTTP framing.
pub fn complete(command: Command) -> String {
    match command {
        Stream => delta(TEXT) + &finish_frame("stop") + DONE,
        _ => reply_body(&command.content(TEXT), "stop"),
    }
}

/// The beginning of such a body: the first mark and half of what follows.
pub fn half(command: Command) -> String {
    match command {
        Stream => delta("Mark1 ") + "data: {\"choices\":[{\"del",
        _ => {
            let complete = reply_body(&command.content(TEXT), "stop");
            complete[..complete.find("Mark2").unwrap()].to_owned()
        }
    }
}

/// One JSON value as the answer: a body, or the first frame of a stream that
/// has an end.
pub fn value(command: Command, body: &str) -> Play {
    match command {
        Stream => stream([format!("data: {body}\n\n"), DONE.into()]),
        _ => json(200, body),
    }
}

/// A reply whose first choice is `choice`, with `delta` for `message` in a stream.
pub fn choice(command: Command, choice: &str) -> Play {
    let choice = match command {
        Stream => choice.replace("\"message\":", "\"delta\":"),
        _ => choice.to_owned(),
    };
    value(
        command,
        &format!(r#"{{"id":"id-1","model":"m","choices":[{choice}]}}"#),
    )
}

/// Sends these bytes unchanged, then closes the connection.
pub fn bytes(bytes: impl Into<Vec<u8>>) -> Play {
    vec![Step::Send(bytes.into()), Step::Close]
}

/// Sends the status line and headers, then `body`, then closes the connection.
pub fn raw(head: &str, body: &str) -> Play {
    bytes(format!("{head}\r\n\r\n{body}"))
}

/// The head of a response in the command's own type.
pub fn head(command: Command) -> String {
    let kind = match command {
        Stream => "text/event-stream",
        _ => "application/json",
    };
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}")
}

/// A response with this status and body, and a length.
pub fn page(status: u16, kind: &str, body: &str) -> Play {
    http(status, &format!("Content-Type: {kind}\r\n"), body)
}

/// The first mark of a stream, or half of a body, in an HTTP chunk.
pub fn started(command: Command) -> Play {
    let first = match command {
        Stream => stream_head(),
        _ => Step::Send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                .to_vec(),
        ),
    };
    vec![first, crate::harness::chunk(half(command).as_bytes())]
}
