//! A look at what lies at an address that somebody else named. No token goes there.

use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use url::Url;

use super::guard::{Guard, Refused};
use super::{DEFAULT_USER_AGENT, finish, redact};
use crate::Error;

/// For everything, from the resolution of the name to the last byte that is read.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// As much as is read where the size is announced: enough for the start of a file.
const START: usize = 256 * 1024;

/// As much as is read where it is not.
const MOST_BYTES: usize = 1024 * 1024;

/// The start of an answer.
pub(crate) struct Glimpse {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// The whole size, as far as it is known.
    pub(crate) bytes: Option<u64>,
    pub(crate) start: Vec<u8>,
}

/// Why there is no answer.
pub(crate) enum NoAnswer {
    Refused(Refused),
    Timeout,
    Unreachable,
    /// This machine cannot make connections.
    SetUp(Error),
}

/// Looks at the address, if the guard admits it. Redirects are an answer like any other.
pub(crate) async fn glimpse(guard: &Guard, url: &Url) -> Result<Glimpse, NoAnswer> {
    tokio::time::timeout(TIME_LIMIT, exchange(guard, url))
        .await
        .unwrap_or(Err(NoAnswer::Timeout))
}

async fn exchange(guard: &Guard, url: &Url) -> Result<Glimpse, NoAnswer> {
    let addresses = guard.admit(url).await.map_err(NoAnswer::Refused)?;
    let addresses: Arc<[_]> = addresses.into();
    // A client for this one request: it knows no other addresses than those that were admitted, and its
    // connection serves nothing else.
    let client = reqwest::Client::builder()
        .user_agent(DEFAULT_USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connection_verbose(false)
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(TIME_LIMIT)
        .dns_resolver(Arc::new(Admitted(addresses)));
    let client = finish(client).map_err(NoAnswer::SetUp)?;
    let request = reqwest::Request::new(reqwest::Method::GET, url.clone());
    #[expect(
        clippy::disallowed_methods,
        reason = "the errors do not leave this function, and with them no URL"
    )]
    let answer = client.execute(request).await;
    let mut response = answer.map_err(no_answer)?;
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .map(|value| redact::clean(&String::from_utf8_lossy(value.as_bytes()), &[]));
    let mut glimpse = Glimpse {
        status: response.status().as_u16(),
        content_type,
        bytes: response.content_length(),
        start: Vec::new(),
    };
    if glimpse.status != 200 {
        return Ok(glimpse);
    }
    let limit = if glimpse.bytes.is_some() {
        START
    } else {
        MOST_BYTES
    };
    while glimpse.start.len() < limit {
        let Some(chunk) = response.chunk().await.map_err(no_answer)? else {
            glimpse.bytes = u64::try_from(glimpse.start.len()).ok();
            return Ok(glimpse);
        };
        let rest = chunk.len().min(limit - glimpse.start.len());
        glimpse
            .start
            .extend_from_slice(chunk.get(..rest).unwrap_or_default());
    }
    Ok(glimpse)
}

fn no_answer(error: reqwest::Error) -> NoAnswer {
    if error.is_timeout() {
        NoAnswer::Timeout
    } else {
        NoAnswer::Unreachable
    }
}

/// Answers to every name with the addresses that were admitted.
struct Admitted(Arc<[std::net::SocketAddr]>);

impl Resolve for Admitted {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.to_vec().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}
