//! Requests for files and batches: path and body → the response's head and its body,
//! in memory or in a file.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::mem::ManuallyDrop;
use std::time::Instant;

use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use tokio::runtime::{Builder, Runtime};

use super::error::{self, Limits};
use super::{BODY_LIMIT, Response, client, until};
use crate::error::Failure;
use crate::exit::Class;
use crate::settings::Connection;
use crate::temp_files::unusable;

/// Most bytes of a file that is downloaded: 4 GiB.
const FILE_LIMIT: u64 = 4 << 30;

/// A request for a file or a batch.
#[derive(Debug, Clone, Copy)]
pub struct ResourceRequest<'a> {
    /// Below the base URL.
    pub path: &'a str,
    /// Members of the query.
    pub query: &'a [(&'a str, &'a str)],
    /// What is sent.
    pub payload: Payload<'a>,
}

/// The content of the request; it determines the method.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// GET of an object.
    Get,
    /// GET of a file's bytes.
    Download,
    /// POST without a body.
    Post,
    /// POST of JSON.
    Json(&'a [u8]),
    /// POST of a form that holds the lines of a batch.
    Upload {
        /// The file's name on the server.
        name: &'a str,
        /// Read from its start.
        file: &'a File,
    },
}

/// A request that received no response.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub failure: Failure,
    /// The request may have reached the server, so a repeat might be carried out twice.
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

impl ResourceRequest<'_> {
    pub(super) fn method(&self) -> &'static str {
        match self.payload {
            Payload::Get | Payload::Download => "GET",
            _ => "POST",
        }
    }

    pub(super) fn headers(&self, connection: &Connection) -> HeaderMap {
        let accept = match self.payload {
            Payload::Download => "*/*",
            _ => "application/json",
        };
        let content_type = match self.payload {
            Payload::Json(_) => Some("application/json"),
            // reqwest sets the content type of the form, which names its boundary.
            _ => None,
        };
        client::headers(connection, accept, content_type)
    }
}

/// The client and the runtime it lives on; neither is ever dropped.
pub(super) struct ResourceClient {
    http: ManuallyDrop<reqwest::Client>,
    runtime: ManuallyDrop<Runtime>,
}

impl ResourceClient {
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

    /// As [`super::HttpClient::resource`].
    pub(super) fn send(
        &self,
        connection: &Connection,
        request: &ResourceRequest<'_>,
        deadline: Option<Instant>,
        mut into: Option<&mut File>,
    ) -> Result<Response, Unanswered> {
        let limits = Limits::of(connection).of_resource();
        self.runtime.block_on(async {
            let request = self.request(connection, request)?;
            let response = until(deadline, request.send()).await;
            let response = response.ok_or_else(|| Unanswered {
                sent: true,
                failure: error::timed_out(&limits),
            })?;
            let mut response = response.map_err(|error| Unanswered {
                sent: !error.is_connect(),
                failure: error::before_head(&error, &limits),
            })?;
            let head = client::head(
                response.version(),
                response.status(),
                response.headers(),
                response.remote_addr(),
            );
            let mut read = Response {
                head,
                body: Vec::new(),
                broken: None,
            };
            let mut file = into.take().filter(|_| response.status().is_success());
            if let Some(file) = &mut file {
                // Remove what an earlier attempt wrote.
                rewound(file).map_err(unusable)?;
            }
            let mut total = 0;
            loop {
                match until(deadline, response.chunk()).await {
                    Some(Ok(Some(bytes))) => {
                        total += bytes.len() as u64;
                        accept(&bytes, total, &mut read.body, file.as_deref_mut())?;
                    }
                    Some(Ok(None)) => return Ok(read),
                    Some(Err(error)) => {
                        read.broken = Some(error::in_body(&error, &limits));
                        return Ok(read);
                    }
                    None => {
                        read.broken = Some(error::timed_out(&limits));
                        return Ok(read);
                    }
                }
            }
        })
    }

    fn request(
        &self,
        connection: &Connection,
        request: &ResourceRequest<'_>,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let url = connection
            .endpoint
            .resource_url(request.path, request.query);
        let builder = match request.payload {
            Payload::Get | Payload::Download => self.http.get(url),
            _ => self.http.post(url),
        };
        let builder = builder.headers(request.headers(connection));
        Ok(match request.payload {
            Payload::Get | Payload::Download => builder,
            Payload::Post => builder.header("content-length", "0"),
            Payload::Json(body) => builder.body(body.to_vec()),
            Payload::Upload { name, file } => builder.multipart(form(name, file)?),
        })
    }
}

/// The form that uploads the lines of a batch. The file is read while it is sent.
fn form(name: &str, file: &File) -> Result<Form, Failure> {
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(0))?;
    let length = file.metadata()?.len();
    let part = Part::stream_with_length(tokio::fs::File::from_std(file), length)
        .file_name(name.to_owned())
        .mime_str("application/jsonl")
        .map_err(|why| Failure::new(Class::Internal, why.to_string()))?;
    Ok(Form::new().text("purpose", "batch").part("file", part))
}

/// Stores a piece of a body. `total` counts the bytes so far, with this piece.
fn accept(
    bytes: &[u8],
    total: u64,
    body: &mut Vec<u8>,
    file: Option<&mut File>,
) -> Result<(), Failure> {
    let most = match file {
        Some(_) => FILE_LIMIT,
        None => BODY_LIMIT as u64,
    };
    if total > most {
        let mib = most >> 20;
        let what = format!("the response's body is longer than {mib} MiB");
        return Err(Failure::new(Class::Incomplete, what));
    }
    if let Some(file) = file {
        return file.write_all(bytes).map_err(unusable);
    }
    body.extend_from_slice(bytes);
    Ok(())
}

fn rewound(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0)).map(drop)
}
