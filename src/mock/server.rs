//! The HTTP/1.1 server, on one thread.

use std::convert::Infallible;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, SERVER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::files::{Form, UPLOAD_MAX};
use super::log::Log;
use super::reply::{Reply, ReplyBody};
use super::router::{Action, Mock, Outcome, Request, Route};
use crate::error::Failure;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) mock: Mock,
    pub(super) log: Option<Log>,
}

/// How a connection is ended without a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HangUp {
    Close,
    Reset,
}

impl fmt::Display for HangUp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("hung up on purpose")
    }
}

impl std::error::Error for HangUp {}

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
    // Without delay, or `--rate` would not be kept.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| respond(request, Arc::clone(&server)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let Err(error) = Pin::new(&mut connection).await else {
        return;
    };
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref());
    if cause == Some(&HangUp::Reset) {
        let stream = connection.into_parts().io.into_inner();
        let _ = stream.set_zero_linger();
    }
}

async fn respond(
    request: hyper::Request<Incoming>,
    server: Arc<Server>,
) -> Result<Response<ReplyBody>, Box<dyn std::error::Error + Send + Sync>> {
    let (head, upload) = request.into_parts();
    let method = head.method.as_str();
    let path = head.uri.path();
    let limit = match Route::of(path) {
        Some(Route::Files) => UPLOAD_MAX,
        _ => usize::MAX,
    };
    let body = read(upload, limit).await?;
    let too_long = body.is_none();
    let body = Bytes::from(body.unwrap_or_default());
    let content_type = head.headers.get(CONTENT_TYPE).map(HeaderValue::to_str);
    let form = Form::read(content_type.and_then(Result::ok), body.clone()).await;
    if let Some(log) = &server.log {
        let target = head
            .uri
            .path_and_query()
            .map_or(path, |target| target.as_str());
        log.request(method, target, &head.headers, &body, form.as_ref().ok())?;
    }
    let text = |name| head.headers.get(name).map(HeaderValue::to_str);
    let Outcome {
        delay,
        action,
        slot,
    } = server.mock.handle(Request {
        method,
        path,
        query: head.uri.query().unwrap_or_default(),
        host: text(HOST).and_then(Result::ok).unwrap_or("127.0.0.1"),
        // A key that is not text is a wrong key, not a missing one.
        authorization: text(AUTHORIZATION).map(Result::unwrap_or_default),
        body: &body,
        form: form.as_ref().map_err(String::as_str),
        too_long,
    });
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let Reply {
        status,
        headers,
        steps,
        sized,
    } = match action {
        Action::Reply(reply) => reply,
        Action::Hang => std::future::pending().await,
        Action::Close => return Err(HangUp::Close.into()),
        Action::Reset => return Err(HangUp::Reset.into()),
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status)?)
        .header(SERVER, "airx-mock");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(ReplyBody::new(steps, sized, slot))?)
}

/// Reads a body to its end, so that the client is ready for the reply; none if it is longer
/// than `limit`.
async fn read(upload: Incoming, limit: usize) -> Result<Option<Vec<u8>>, hyper::Error> {
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
    Ok(body)
}
