//! Connections in, answers out: HTTP/1.1 on one thread.

use std::convert::Infallible;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming as Upload};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, SERVER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::batch;
use super::decide::Mock;
use super::log::Log;
use super::outcome::{Incoming, Outcome, Then};
use super::playback::Playback;
use super::reply::Reply;
use super::route::Route;
use crate::error::Failure;

/// What every connection needs.
#[derive(Debug)]
pub(super) struct Server {
    /// Decides.
    pub(super) mock: Mock,
    /// Remembers, where that is asked for.
    pub(super) log: Option<Log>,
}

/// Why a connection is given up before its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HangUp {
    InOrder,
    WithReset,
}

impl fmt::Display for HangUp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("hung up on purpose")
    }
}

impl std::error::Error for HangUp {}

/// Serves until the process ends.
///
/// # Errors
/// Where the runtime cannot be made.
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
                    tokio::spawn(converse(stream, Arc::clone(&server)));
                }
                // Too many open files: some will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    })
}

async fn converse(stream: TcpStream, server: Arc<Server>) {
    // A pace is kept only if each piece leaves at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| respond(request, Arc::clone(&server)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let Err(error) = Pin::new(&mut connection).await else {
        return;
    };
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref());
    if cause == Some(&HangUp::WithReset) {
        let stream = connection.into_parts().io.into_inner();
        let _ = stream.set_zero_linger();
    }
}

async fn respond(
    request: Request<Upload>,
    server: Arc<Server>,
) -> Result<Response<Playback>, Box<dyn std::error::Error + Send + Sync>> {
    let (head, upload) = request.into_parts();
    let method = head.method.as_str();
    let path = head.uri.path();
    let limit = match Route::of(path) {
        Some(Route::Files) => batch::UPLOAD,
        _ => usize::MAX,
    };
    let body = read(upload, limit).await?;
    let overlong = body.is_none();
    let body = body.unwrap_or_default();
    if let Some(log) = &server.log {
        let target = head
            .uri
            .path_and_query()
            .map_or(path, |target| target.as_str());
        log.request(method, target, &head.headers, &body)?;
    }
    let text = |name| head.headers.get(name).map(HeaderValue::to_str);
    let Outcome { wait, then, slot } = server.mock.decide(Incoming {
        method,
        path,
        query: head.uri.query().unwrap_or_default(),
        host: text(HOST).and_then(Result::ok).unwrap_or("127.0.0.1"),
        // A key of odd bytes was sent all the same.
        authorization: text(AUTHORIZATION).map(Result::unwrap_or_default),
        content_type: text(CONTENT_TYPE).and_then(Result::ok),
        body: &body,
        overlong,
    });
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let Reply {
        status,
        headers,
        steps,
        sized,
    } = match then {
        Then::Reply(reply) => reply,
        Then::Hang => std::future::pending().await,
        Then::Close => return Err(HangUp::InOrder.into()),
        Then::Reset => return Err(HangUp::WithReset.into()),
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status)?)
        .header(SERVER, "airx-mock");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(Playback::new(steps, sized, slot))?)
}

/// Reads a body to its end, so that the client has heard the answer by then;
/// none where it is longer than `limit`.
async fn read(upload: Upload, limit: usize) -> Result<Option<Vec<u8>>, hyper::Error> {
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
