//! The HTTP/1.1 server, on one thread, and `--log`: a file with one JSON object for each
//! request, without the key.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, SERVER};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::files::{Field, Form, UPLOAD_MAX};
use super::reply::{Action, Reply, ReplyBody};
use super::router::{Mock, Request, Route};
use crate::error::Failure;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) mock: Mock,
    pub(super) log: Option<Log>,
}

/// Serves until the process ends.
pub(super) fn serve(
    listener: std::net::TcpListener,
    server: Server,
) -> Result<Infallible, Failure> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        let server = Arc::new(server);
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(serve_connection(stream, Arc::clone(&server)));
                }
                // Too many open files: wait until some are closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    })
}

async fn serve_connection(stream: TcpStream, server: Arc<Server>) {
    // Nagle's algorithm would delay frames, so that `--rate` would not be kept.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| respond(request, Arc::clone(&server)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let Err(error) = Pin::new(&mut connection).await else {
        return;
    };
    let cause = std::error::Error::source(&error);
    let cause = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    if cause.is_some_and(|cause| cause.kind() == ErrorKind::ConnectionReset) {
        let stream = connection.into_parts().io.into_inner();
        let _ = stream.set_zero_linger();
    }
}

async fn respond(
    request: hyper::Request<Incoming>,
    server: Arc<Server>,
) -> Result<Response<ReplyBody>, Box<dyn std::error::Error + Send + Sync>> {
    let (head, upload) = request.into_parts();
    let path = head.uri.path();
    let limit = match Route::of(path) {
        Some(Route::Files) => UPLOAD_MAX,
        _ => usize::MAX,
    };
    let body = read(upload, limit).await?;
    let text = |name| head.headers.get(name).map(HeaderValue::to_str);
    let content_type = text(CONTENT_TYPE).and_then(Result::ok);
    let form = Form::read(content_type, body.clone()).await;
    let body = body.unwrap_or_default();
    if let Some(log) = &server.log {
        log.write(&log_line(&head, &body, form.as_ref().ok()))?;
    }
    let outcome = server.mock.handle(Request {
        method: head.method.as_str(),
        path,
        query: head.uri.query().unwrap_or_default(),
        host: text(HOST).and_then(Result::ok).unwrap_or("127.0.0.1"),
        // A key that is not text is a wrong key, not a missing one.
        authorization: text(AUTHORIZATION).map(Result::unwrap_or_default),
        body: &body,
        form: form.as_ref(),
    });
    if !outcome.delay.is_zero() {
        tokio::time::sleep(outcome.delay).await;
    }
    let Reply {
        status,
        headers,
        steps,
        sized,
    } = match outcome.action {
        Action::Reply(reply) => reply,
        Action::Hang => std::future::pending().await,
        Action::Close => return Err(io::Error::from(ErrorKind::ConnectionAborted).into()),
        Action::Reset => return Err(io::Error::from(ErrorKind::ConnectionReset).into()),
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status)?)
        .header(SERVER, "airx-mock");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(ReplyBody::new(steps, sized, outcome.slot))?)
}

/// Reads a body to its end, so that the client is ready for the reply. Returns `None` if it
/// is longer than `limit`.
async fn read(upload: Incoming, limit: usize) -> Result<Option<Bytes>, hyper::Error> {
    let mut upload = pin!(upload);
    let mut body = Some(Vec::new());
    while let Some(frame) =
        std::future::poll_fn(|context| upload.as_mut().poll_frame(context)).await
    {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        body = body.filter(|body| body.len() + data.len() <= limit);
        if let Some(body) = &mut body {
            body.extend_from_slice(&data);
        }
    }
    Ok(body.map(Bytes::from))
}

#[derive(Debug)]
pub(super) struct Log(Mutex<File>);

impl Log {
    /// Creates the file with mode 0600, because requests are private.
    pub(super) fn create(file: &Path) -> Result<Self, Failure> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(file)
            .map(|file| Self(Mutex::new(file)))
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
    }
}

fn log_line(head: &Parts, body: &[u8], form: Option<&Form>) -> String {
    let mut shown = Map::new();
    for (name, value) in &head.headers {
        let text = String::from_utf8_lossy(value.as_bytes());
        let text = if name == AUTHORIZATION {
            let (scheme, _) = text.split_once(' ').unwrap_or_default();
            format!("{scheme} ***")
        } else {
            text.into_owned()
        };
        shown.insert(name.as_str().to_owned(), text.into());
    }
    let body = match form {
        Some(form) => form.fields().iter().map(logged).collect(),
        None => serde_json::from_slice::<Value>(body)
            .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into()),
    };
    let target = head.uri.path_and_query();
    let target = target.map_or(head.uri.path(), |target| target.as_str());
    let request = json!({
        "method": head.method.as_str(), "path": target, "headers": shown, "body": body,
    });
    format!("{request}\n")
}

/// A field of a form for the log. A file is logged by its name and length.
fn logged(field: &Field) -> (String, Value) {
    let value = match &field.filename {
        Some(name) => json!({ "filename": name, "bytes": field.content.len() }),
        None => String::from_utf8_lossy(&field.content).into(),
    };
    (field.name.clone(), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_log() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        Log::create(&path).unwrap();
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_request_is_one_line_without_its_key() {
        let request = hyper::Request::post("/x").header(AUTHORIZATION, "Bearer abc.secret");
        let (head, ()) = request.body(()).unwrap().into_parts();
        let text = log_line(&head, b"{\n\"a\": 1.50}", None);
        assert_eq!(
            text,
            "{\"method\":\"POST\",\"path\":\"/x\",\"headers\":{\"authorization\":\"Bearer ***\"},\
             \"body\":{\"a\":1.50}}\n"
        );
        assert!(log_line(&head, b"not json", None).contains(r#""body":"not json""#));
    }
}
