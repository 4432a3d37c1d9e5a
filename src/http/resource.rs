//! Requests for files and batches: path and body → the response's head and its body,
//! in memory or in a file.

use std::fs::File;
use std::io::{Seek, Write};
use std::time::Instant;

use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};

use super::client::{self, AsyncClient, JSON};
use super::error::{Target, too_long};
use super::{BODY_LIMIT, Response, until};
use crate::error::Failure;
use crate::exit::Class;
use crate::settings::Connection;
use crate::temp_files::unusable;

/// Most bytes of a file that is downloaded: 4 GiB.
const FILE_LIMIT: u64 = 4 << 30;

/// A request for a file or a batch.
#[derive(Debug, Clone, Copy)]
pub struct ResourceRequest<'a> {
    /// The path below the base URL.
    pub path: &'a str,
    /// The parameters of the query.
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
    /// POST of a form that contains the lines of a batch.
    Upload {
        /// The file's name on the server.
        name: &'a str,
        /// The file, which is read from its start.
        file: &'a File,
    },
}

impl ResourceRequest<'_> {
    pub(super) fn method(&self) -> Method {
        match self.payload {
            Payload::Get | Payload::Download => Method::GET,
            _ => Method::POST,
        }
    }

    pub(super) fn headers(&self, connection: &Connection) -> HeaderMap {
        let accept = match self.payload {
            Payload::Download => "*/*",
            _ => JSON,
        };
        // reqwest sets the content type of the form, which names its boundary.
        let content_type = matches!(self.payload, Payload::Json(_)).then_some(JSON);
        client::headers(connection, accept, content_type)
    }

    fn build(
        &self,
        http: &reqwest::Client,
        connection: &Connection,
    ) -> Result<RequestBuilder, Failure> {
        let url = connection.endpoint.resource_url(self.path, self.query);
        let builder = http.request(self.method(), url);
        let builder = builder.headers(self.headers(connection));
        Ok(match self.payload {
            Payload::Get | Payload::Download => builder,
            Payload::Post => builder.header("content-length", "0"),
            Payload::Json(body) => builder.body(body.to_vec()),
            Payload::Upload { name, file } => builder.multipart(form(name, file)?),
        })
    }
}

/// See [`super::HttpClient::resource`].
pub(super) fn send(
    AsyncClient { http, runtime }: &AsyncClient,
    connection: &Connection,
    request: &ResourceRequest<'_>,
    deadline: Option<Instant>,
    into: Option<&mut File>,
) -> Result<Response, Failure> {
    let target = Target::resource(connection);
    runtime.block_on(async {
        let request = request.build(http, connection).map_err(unsent)?;
        let response = until(deadline, request.send()).await;
        let response = response.ok_or_else(|| target.timed_out())?;
        let mut response = response.map_err(|error| target.before_head(&error))?;
        let head = client::head(&response);
        let mut body = Vec::new();
        let (out, most): (&mut dyn Write, u64) = match into {
            Some(file) if response.status().is_success() => {
                // Remove what an earlier attempt wrote.
                file.set_len(0)
                    .and_then(|()| file.rewind())
                    .map_err(unusable)?;
                (file, FILE_LIMIT)
            }
            _ => (&mut body, BODY_LIMIT as u64),
        };
        let mut total = 0;
        let broken = loop {
            match until(deadline, response.chunk()).await {
                Some(Ok(Some(bytes))) => {
                    total += bytes.len() as u64;
                    if total > most {
                        return Err(too_long(most));
                    }
                    out.write_all(&bytes).map_err(unusable)?;
                }
                Some(Ok(None)) => break None,
                Some(Err(error)) => break Some(target.in_body(&error)),
                None => break Some(target.timed_out()),
            }
        };
        Ok(Response { head, body, broken })
    })
}

/// A failure before the request was sent.
pub(super) fn unsent(mut failure: Failure) -> Failure {
    failure.unsent = true;
    failure
}

/// The form that uploads the lines of a batch. The file is read while it is sent.
fn form(name: &str, file: &File) -> Result<Form, Failure> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    let length = file.metadata()?.len();
    let part = Part::stream_with_length(tokio::fs::File::from_std(file), length)
        .file_name(name.to_owned())
        .mime_str("application/jsonl")
        .map_err(|why| Failure::new(Class::Internal, why.to_string()))?;
    Ok(Form::new().text("purpose", "batch").part("file", part))
}
