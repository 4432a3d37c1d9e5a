//! A request beside the chat's: method, path and body → the response's head and
//! its body, in memory or in a file.
//!
//! By the async client, whatever the size: the blocking one forgets why a
//! connection failed, and what a server answers early, once it sends a body that
//! is read on the way. Its body is taken frame by frame: `Response::chunk` has one
//! caller, the way of streams, of which it then is a part without a call.

use std::fs::File;
use std::future::poll_fn;
use std::io::{Seek, SeekFrom, Write};
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::time::Instant;

use hyper::body::Body as _;
use reqwest::header::HeaderMap;
use tokio::runtime::{Builder, Runtime};

use super::multipart::{self, Multipart};
use super::patience::until;
use super::{BODY_LIMIT, Whole, client, error};
use crate::error::Failure;
use crate::exit::Class;
use crate::settings::Connection;

/// Most bytes of a file that is downloaded: 4 GiB.
const FILE_LIMIT: u64 = 4 << 30;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Below the base, where `/chat/completions` is.
    pub path: &'a str,
    /// Members of the query.
    pub query: &'a [(&'a str, &'a str)],
    /// What is sent.
    pub payload: Payload<'a>,
}

/// What is sent, which decides on the method.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// GET of an object.
    Ask,
    /// GET of a file's bytes.
    Get,
    /// POST without a body.
    Order,
    /// POST of JSON.
    Json(&'a [u8]),
    /// POST of a form that holds the lines of a file.
    Lines {
        /// What the file is called there.
        name: &'a str,
        /// Read from its start.
        file: &'a File,
    },
}

/// A request that got no response.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub failure: Failure,
    /// It may have reached the server: who asks again may have it done twice.
    pub sent: bool,
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            sent: false,
        }
    }
}

impl Call<'_> {
    pub(super) fn method(&self) -> &'static str {
        match self.payload {
            Payload::Ask | Payload::Get => "GET",
            _ => "POST",
        }
    }

    pub(super) fn headers(&self, connection: &Connection) -> HeaderMap {
        let accept = match self.payload {
            Payload::Get => "*/*",
            _ => "application/json",
        };
        client::headers(connection, accept, self.content_type())
    }

    fn content_type(&self) -> Option<&'static str> {
        match self.payload {
            Payload::Ask | Payload::Get | Payload::Order => None,
            Payload::Json(_) => Some("application/json"),
            Payload::Lines { .. } => Some(multipart::CONTENT_TYPE),
        }
    }
}

/// The client and the runtime it lives on; neither is ever dropped.
pub(super) struct Client {
    http: ManuallyDrop<reqwest::Client>,
    runtime: ManuallyDrop<Runtime>,
}

impl Client {
    pub(super) fn new(connection: &Connection) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(error::no_runtime)?;
        Ok(Self {
            http: ManuallyDrop::new(client::unpooled(connection)?),
            runtime: ManuallyDrop::new(runtime),
        })
    }

    /// As [`super::Transport::call`].
    pub(super) fn call(
        &self,
        connection: &Connection,
        call: &Call<'_>,
        deadline: Option<Instant>,
        mut into: Option<&mut File>,
    ) -> Result<Whole, Unanswered> {
        let limits = error::Limits::of(connection).of_calls();
        let request = self.request(connection, call)?;
        self.runtime.block_on(async {
            let response = until(deadline, request.send()).await;
            let response = response.ok_or_else(|| Unanswered {
                sent: true,
                failure: error::timed_out(&limits),
            })?;
            let response = response.map_err(|error| Unanswered {
                sent: !error.is_connect(),
                failure: error::before_head(&error, &limits),
            })?;
            let head = client::head(
                response.version(),
                response.status(),
                response.headers(),
                response.remote_addr(),
            );
            let mut whole = Whole {
                head,
                body: Vec::new(),
                broken: None,
            };
            let mut file = into.take().filter(|_| response.status().is_success());
            if let Some(file) = &mut file {
                // What an attempt before this one left.
                rewound(file).map_err(local)?;
            }
            let (mut come, mut body) = (0, reqwest::Body::from(response));
            loop {
                let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
                match until(deadline, frame).await {
                    None => {
                        whole.broken = Some(error::timed_out(&limits));
                        return Ok(whole);
                    }
                    Some(None) => return Ok(whole),
                    Some(Some(Ok(frame))) => {
                        let Ok(bytes) = frame.into_data() else {
                            continue;
                        };
                        come += bytes.len() as u64;
                        take(&bytes, come, &mut whole.body, file.as_deref_mut())?;
                    }
                    Some(Some(Err(error))) => {
                        whole.broken = Some(error::in_body(&error, &limits));
                        return Ok(whole);
                    }
                }
            }
        })
    }

    fn request(
        &self,
        connection: &Connection,
        call: &Call<'_>,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let url = connection.endpoint.beside(call.path, call.query);
        let mut request = match call.payload {
            Payload::Ask | Payload::Get => self.http.get(url),
            _ => self.http.post(url),
        };
        request = request.headers(call.headers(connection));
        Ok(match call.payload {
            Payload::Ask | Payload::Get => request,
            Payload::Order => request.header("content-length", "0"),
            Payload::Json(body) => request.body(body.to_vec()),
            Payload::Lines { name, file } => {
                let form = Multipart::new(name, file)?;
                let length = form.length();
                request
                    .header("content-length", length)
                    .body(reqwest::Body::wrap(form))
            }
        })
    }
}

/// Takes a piece of a body of which so many bytes have come, this one included.
fn take(
    bytes: &[u8],
    come: u64,
    body: &mut Vec<u8>,
    file: Option<&mut File>,
) -> Result<(), Failure> {
    let most = match file {
        Some(_) => FILE_LIMIT,
        None => BODY_LIMIT as u64,
    };
    if come > most {
        let mib = most >> 20;
        let what = format!("the response's body is longer than {mib} MiB");
        return Err(Failure::new(Class::Incomplete, what));
    }
    if let Some(file) = file {
        return file.write_all(bytes).map_err(local);
    }
    body.extend_from_slice(bytes);
    Ok(())
}

fn rewound(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0)).map(drop)
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
fn local(error: std::io::Error) -> Failure {
    let what = format!("a temporary file cannot be written: {error}");
    Failure::new(Class::Internal, what).hint("TMPDIR names a place with more room")
}
