//! `airx mock` as a process of its own, and a plain HTTP client for it, which sends one
//! request per connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

use serde_json::Value;

use super::{PATIENCE, airx};

/// A mock that ends with the test.
pub struct Mock {
    child: Child,
    /// Its base URL.
    pub base: String,
}

/// A response.
#[derive(Debug)]
pub struct Replied {
    /// HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body, as far as it was received.
    pub body: Vec<u8>,
}

impl Mock {
    /// Starts `airx mock ARGS…`.
    #[track_caller]
    pub fn start(args: &[&str]) -> Self {
        let mut child = airx(["mock"]).args(args).start();
        let mut base = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut base)
            .unwrap();
        let base = base.trim_end().to_owned();
        Self { child, base }
    }

    /// Sends one request with these headers, each ended by CRLF, and reads the response
    /// until the connection ends.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Replied {
        let rest = self.base.strip_prefix("http://").unwrap();
        let (address, base) = rest.split_once('/').unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "{method} /{base}{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut bytes = Vec::new();
        // The mock may break the connection on purpose.
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let body = end.map_or(Vec::new(), |end| bytes.split_off(end + 4));
        let head = String::from_utf8(bytes).unwrap();
        Replied {
            status: head.get(9..12).map_or(0, |status| status.parse().unwrap()),
            head,
            body,
        }
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Replied {
        self.ask("GET", path, "", b"")
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Replied {
        let headers = "Content-Type: application/json\r\n";
        self.ask("POST", path, headers, body.to_string().as_bytes())
    }

    /// Uploads a file for a batch.
    #[track_caller]
    pub fn upload(&self, name: &str, content: &[u8]) -> Replied {
        let purpose = "Content-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch";
        let file =
            format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        self.form(&[purpose.as_bytes(), &[file.as_bytes(), content].concat()])
    }

    /// Posts a form of these parts, heads and contents, to `/files`.
    #[track_caller]
    pub fn form(&self, parts: &[&[u8]]) -> Replied {
        let mut body = Vec::new();
        for part in parts {
            body.extend_from_slice(b"--frontier\r\n");
            body.extend_from_slice(part);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--frontier--\r\n");
        let headers = "Content-Type: multipart/form-data; boundary=frontier\r\n";
        self.ask("POST", "/files", headers, &body)
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Replied {
    /// The body of a reply with status 200.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Checks status, business code and message of an error.
    #[track_caller]
    pub fn is_refused(&self, status: u16, code: &str, words: &str) {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        let error = &body["error"];
        assert_eq!(
            (self.status, &error["code"], &error["message"]),
            (status, &code.into(), &words.into())
        );
    }
}
