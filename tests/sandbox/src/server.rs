//! The HTTP server: accepts connections, and lets answers get lost on request.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use futures::StreamExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::callbacks;
use crate::control;
use crate::dispatch::{Answer, dispatch};
use crate::reply::{Delivery, Reply, ReplyBody};
use crate::request::Request;
use crate::shared::Shared;

/// How long a hanging answer keeps its connection, in real time.
const LONGEST_HANG: Duration = Duration::from_mins(10);
/// How long a truncated body waits so that its first half is on its way, in real time.
const FLUSH: Duration = Duration::from_millis(20);
/// How long open connections may finish when the sandbox stops, in real time.
const GRACE: Duration = Duration::from_millis(500);

/// What is left of an answer whose headers are cut off.
const CUT_HEADERS: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-le";

/// Serves connections until `stop` is cancelled.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let shared = Arc::clone(&shared);
                    connections.spawn(serve_connection(stream, peer, shared, stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    pause(Duration::from_millis(20)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let _finished_in_time = tokio::time::timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
    connections.shutdown().await;
}

/// Why a connection ends without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    Dropped,
    Reset,
    HeadersCut,
    HalfOpen,
}

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Dropped => "connection dropped by a fault",
            Self::Reset => "connection reset by a fault",
            Self::HeadersCut => "headers cut off by a fault",
            Self::HalfOpen => "connection left half open by a fault",
        })
    }
}

impl std::error::Error for Lost {}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    // Nagle's algorithm would add 40 ms to small answers.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, %peer, "could not set TCP_NODELAY");
    }
    let ending = Arc::new(OnceLock::new());
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        let ending = Arc::clone(&ending);
        // Boxed, as the connection is polled by hand below and so must be movable.
        Box::pin(async move {
            let answer = answer(&shared, request).await;
            if let Err(lost) = &answer {
                ending.get_or_init(|| *lost);
            }
            answer
        })
    });
    let mut connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut is_stopping = false;
    let result = loop {
        tokio::select! {
            result = poll_fn(|context| connection.poll_without_shutdown(context)) => break result,
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
    let stream = connection.into_parts().io.into_inner();
    if let Some(lost) = ending.get() {
        end_badly(stream, *lost, &stop).await;
    }
    // Dropping the stream closes the connection, or resets it with a zero linger time.
}

/// Ends a connection the way a fault wants it.
async fn end_badly(mut stream: TcpStream, lost: Lost, stop: &CancellationToken) {
    match lost {
        Lost::Dropped => {}
        Lost::Reset => {
            if let Err(error) = stream.set_zero_linger() {
                tracing::warn!(%error, "could not prepare a connection reset");
            }
        }
        Lost::HeadersCut => {
            if let Err(error) = stream.write_all(CUT_HEADERS).await {
                tracing::debug!(%error, "the client was gone before half of the headers");
            }
        }
        Lost::HalfOpen => {
            // Nobody reads or writes here any more, not even when the client closes.
            tokio::select! {
                () = stop.cancelled() => {}
                () = pause(LONGEST_HANG) => {}
            }
        }
    }
}

/// Answers one request; an error closes the connection without an answer.
async fn answer(
    shared: &Shared,
    request: axum::http::Request<Incoming>,
) -> Result<Response<Body>, Lost> {
    let request = Request::read(request.map(Body::new)).await;
    let answer = if control::is_control_path(&request.path) {
        let reply = match callbacks::answer(shared, &request).await {
            Some(reply) => reply,
            None => control::handle(&mut shared.state(), &request),
        };
        Answer {
            reply,
            delivery: Delivery::Whole,
        }
    } else {
        dispatch(&mut shared.state(), shared.base_url(), &request)
    };
    tracing::debug!(
        http.method = %request.method,
        http.path = %request.path,
        http.status = answer.reply.status,
        delivery = ?answer.delivery,
        "answered"
    );
    match answer.delivery {
        Delivery::Dropped => Err(Lost::Dropped),
        Delivery::Reset => Err(Lost::Reset),
        Delivery::Hung => {
            // The future is dropped as soon as the client closes the connection.
            pause(LONGEST_HANG).await;
            Err(Lost::Dropped)
        }
        Delivery::HeadersCut => Err(Lost::HeadersCut),
        Delivery::HalfOpen => Err(Lost::HalfOpen),
        delivery @ (Delivery::Whole | Delivery::Slowly { .. } | Delivery::Truncated) => {
            Ok(response(answer.reply, delivery))
        }
    }
}

fn response(reply: Reply, delivery: Delivery) -> Response<Body> {
    let (content_type, bytes) = match reply.body {
        ReplyBody::Json(value) => (
            Some("application/json; charset=UTF-8"),
            Bytes::from(value.to_string()),
        ),
        ReplyBody::Html(page) => (Some("text/html; charset=UTF-8"), Bytes::from(page)),
        ReplyBody::Empty => (None, Bytes::new()),
    };
    let length = bytes.len();
    let mut response = Response::new(body(bytes, delivery));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

fn body(bytes: Bytes, delivery: Delivery) -> Body {
    match delivery {
        Delivery::Slowly {
            pause: by,
            chunk_bytes,
        } => {
            let chunks: Vec<Bytes> = bytes
                .chunks(chunk_bytes)
                .map(Bytes::copy_from_slice)
                .collect();
            Body::from_stream(futures::stream::iter(chunks).then(move |chunk| async move {
                pause(by).await;
                Ok::<_, Infallible>(chunk)
            }))
        }
        Delivery::Truncated => {
            let half = bytes.slice(..bytes.len() / 2);
            let cut = futures::stream::once(async {
                // The server writes what it has while it waits for more.
                pause(FLUSH).await;
                Err(Lost::Dropped)
            });
            Body::from_stream(futures::stream::iter([Ok(half)]).chain(cut))
        }
        Delivery::Whole
        | Delivery::Dropped
        | Delivery::Reset
        | Delivery::Hung
        | Delivery::HeadersCut
        | Delivery::HalfOpen => Body::from(bytes),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "slow and hanging answers are slow in real time, whatever the virtual clock says"
)]
async fn pause(by: Duration) {
    tokio::time::sleep(by).await;
}
