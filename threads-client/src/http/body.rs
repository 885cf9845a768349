//! The body of an answer, within a size and without long silences.

use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Call, redact};
use crate::Result;
use crate::error::{DecodeFailure, Error, TransportStep};

/// Larger bodies are refused; Meta's pages of 100 posts are some hundred kilobytes.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

pub(super) async fn read(
    response: &mut reqwest::Response,
    call: &Call<'_>,
    between_bytes: Duration,
) -> Result<Bytes> {
    let announced = response.content_length().unwrap_or(0);
    if announced > LARGEST_BODY as u64 {
        return Err(too_large(call));
    }
    let Some(first) = next_chunk(response, call, between_bytes).await? else {
        return Ok(Bytes::new());
    };
    // Most answers are one chunk, which needs no copy.
    let Some(second) = next_chunk(response, call, between_bytes).await? else {
        return Ok(first);
    };
    let mut body = BytesMut::with_capacity(
        usize::try_from(announced)
            .unwrap_or(0)
            .max(first.len() + second.len()),
    );
    body.extend_from_slice(&first);
    body.extend_from_slice(&second);
    while let Some(chunk) = next_chunk(response, call, between_bytes).await? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(too_large(call));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The next part of the body. A timer is set only for a part that is not there yet.
async fn next_chunk(
    response: &mut reqwest::Response,
    call: &Call<'_>,
    within: Duration,
) -> Result<Option<Bytes>> {
    let mut chunk = std::pin::pin!(response.chunk());
    let chunk = match futures::poll!(chunk.as_mut()) {
        Poll::Ready(chunk) => chunk,
        Poll::Pending => tokio::time::timeout(within, chunk)
            .await
            .map_err(|_| Error::Timeout {
                endpoint: call.endpoint.clone(),
            })?,
    };
    chunk
        .map_err(|error| redact::transport_error(call.endpoint.clone(), TransportStep::Body, error))
}

fn too_large(call: &Call<'_>) -> Error {
    let source = DecodeFailure::TooLarge {
        limit: LARGEST_BODY,
    };
    Error::Decode {
        endpoint: call.endpoint.clone(),
        path: String::from("."),
        source,
    }
}
