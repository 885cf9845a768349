//! The private transport: the only place that talks to the network.
//!
//! - Redirects are not followed, no `Referer` is sent, and `reqwest`'s own retries are off: a redirect of a
//!   publication would be a second publication, at a host that gets the token.
//! - Only HTTPS, except for the own machine.
//! - Publications use connections of their own that are never reused. A pooled connection may be closed by
//!   the other side at the moment of sending, which leaves the outcome unknown for no good reason.
//! - Errors leave without URLs and without bodies; see [`redact`].
//! - An address that is not Meta's is asked through [`guard`] alone, without any token; see [`foreign`].

mod body;
mod breaker;
mod budget;
mod call;
pub(crate) mod class;
pub(crate) mod date;
mod decode;
mod dispatch;
#[cfg(feature = "fuzzing")]
pub(crate) mod doors;
mod foreign;
pub(crate) mod guard;
pub(crate) mod meter;
pub(crate) mod quota_counter;
pub(crate) mod redact;
pub(crate) mod retry;
pub(crate) mod throttle;
mod time;
pub(crate) mod usage;

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use serde::de::DeserializeOwned;
use url::{Host, Url};

pub(crate) use call::{Call, Fields, Repeat, bearer, join, path_id};
use class::Class;
use date::{LatestDate, ServerTime};
pub(crate) use decode::decode_with_path;
use dispatch::{Dispatch, Task};
pub(crate) use foreign::{Glimpse, NoAnswer, glimpse};
use meter::{Meter, Purpose, Sending};
use quota_counter::Quota;
use retry::RetryPolicy;
use throttle::ThrottlePolicy;
use time::now;
use usage::Reading;

use crate::Result;
use crate::error::{ApiError, ApiErrorKind, Error, Refusal, TransportStep};

const DEFAULT_BASE: &str = "https://graph.threads.net/";

const DEFAULT_USER_AGENT: &str = concat!("threads-client/", env!("CARGO_PKG_VERSION"));

/// After a throttle that names no time.
const WAIT_WHERE_NONE_IS_NAMED: Duration = Duration::from_mins(1);

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// How long the steps of a call may take.
///
/// ```
/// use std::time::Duration;
/// use threads_client::{Client, Timeouts};
///
/// let timeouts = Timeouts::default()
///     .connect(Duration::from_secs(2))
///     .total(Duration::from_secs(10))
///     .publish(Duration::from_secs(120))
///     .between_bytes(Duration::from_secs(5));
/// let client = Client::builder().timeouts(timeouts).build()?;
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    connect: Duration,
    total: Duration,
    publish: Duration,
    between_bytes: Duration,
}

impl Default for Timeouts {
    /// 5 s to connect, 30 s for a call, 60 s for a publication, 15 s between parts of an answer.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(30),
            publish: Duration::from_mins(1),
            between_bytes: Duration::from_secs(15),
        }
    }
}

impl Timeouts {
    /// For the connection, including TLS.
    pub fn connect(mut self, timeout: Duration) -> Self {
        self.connect = timeout;
        self
    }

    /// For one attempt of a call, from the connection to the last byte of the answer.
    pub fn total(mut self, timeout: Duration) -> Self {
        self.total = timeout;
        self
    }

    /// For the publication of a container, which Meta has been seen to take minutes for.
    pub fn publish(mut self, timeout: Duration) -> Self {
        self.publish = timeout;
        self
    }

    /// Between two parts of an answer whose head has arrived.
    pub fn between_bytes(mut self, timeout: Duration) -> Self {
        self.between_bytes = timeout;
        self
    }
}

/// How the transport is set up.
pub(crate) struct Settings {
    pub(crate) base: Url,
    pub(crate) retry: RetryPolicy,
    pub(crate) throttle: ThrottlePolicy,
    pub(crate) timeouts: Timeouts,
    pub(crate) user_agent: String,
}

impl Settings {
    pub(crate) fn new(
        base: Option<Url>,
        user_agent: Option<String>,
        retry: RetryPolicy,
        timeouts: Timeouts,
    ) -> Result<Self> {
        let base = match base {
            Some(base) => base,
            None => {
                Url::parse(DEFAULT_BASE).map_err(|_| Error::invalid("base_url", "is not a URL"))?
            }
        };
        check_base(&base)?;
        let user_agent = user_agent.unwrap_or_else(|| DEFAULT_USER_AGENT.to_owned());
        if HeaderValue::from_str(&user_agent).is_err() {
            return Err(Error::invalid("user_agent", "cannot be a header"));
        }
        Ok(Self {
            base,
            retry,
            throttle: ThrottlePolicy::default(),
            timeouts,
            user_agent,
        })
    }
}

/// Two sets of connections and the rules for using them.
pub(crate) struct Transport {
    shared: reqwest::Client,
    publishing: reqwest::Client,
    between_bytes: Duration,
    dispatch: Dispatch,
    date: LatestDate,
}

/// Whose call it is, and what for.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) meter: &'a Meter,
    pub(crate) purpose: &'a Purpose,
}

impl Transport {
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let timeouts = &settings.timeouts;
        let shared = builder(settings, timeouts.total).pool_idle_timeout(Duration::from_mins(1));
        let publishing = builder(settings, timeouts.publish).pool_max_idle_per_host(0);
        Ok(Self {
            shared: finish(shared)?,
            publishing: finish(publishing)?,
            between_bytes: timeouts.between_bytes,
            dispatch: Dispatch::new(settings.retry.clone(), settings.throttle.clone()),
            date: LatestDate::default(),
        })
    }

    /// How calls are held back.
    pub(crate) fn throttle(&self) -> &ThrottlePolicy {
        &self.dispatch.throttle
    }

    /// The date of the latest answer.
    pub(crate) fn server_time(&self) -> Option<ServerTime> {
        self.date.read(now())
    }

    /// Sends the call once; whatever the answer is, it has a date.
    pub(crate) async fn ask_server_time(&self, call: Call<'_>) -> Result<Option<ServerTime>> {
        let (_, headers, _) = self.exchange(&call, 1).await?;
        let answered_now = |date| ServerTime {
            date,
            age: Duration::ZERO,
        };
        Ok(date::date(&headers).map(answered_now))
    }

    /// Sends the call, again where that is allowed, and decodes the answer.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        sender: Option<Sender<'_>>,
    ) -> Result<T> {
        let meter = sender.map(|sender| sender.meter);
        let mut attempts = self.dispatch.begin(Task {
            endpoint: &call.endpoint,
            repeat: call.repeat,
            sending: sending(&call, sender),
            meter,
        });
        loop {
            let permit = attempts.admit(now())?;
            let attempt = attempts.number();
            let outcome = self.attempt(&call, attempt, meter).await;
            match attempts.settle(permit, outcome, now()) {
                ControlFlow::Break(result) => return result,
                ControlFlow::Continue(pause) => {
                    tracing::debug!(endpoint = %call.endpoint, attempt, pause_ms = pause.as_millis(), "sending again");
                    retry::pause(pause).await;
                }
            }
        }
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        attempt: u32,
        meter: Option<&Meter>,
    ) -> Result<T> {
        let (status, headers, body) = self.exchange(call, attempt).await.inspect_err(|error| {
            tracing::debug!(endpoint = %call.endpoint, attempt, %error, "no answer");
        })?;
        tracing::debug!(endpoint = %call.endpoint, attempt, status, bytes = body.len(), "answered");
        let result = read(call, status, &headers, &body);
        if let Some(meter) = meter {
            let reading = Reading::of(&headers);
            let asked = result.as_ref().err().and_then(asked_to_wait);
            if asked.is_some() || !reading.is_empty() {
                meter.keep(self.throttle(), &reading, asked, now());
            }
            if result.is_ok() && call.creates_a_reply() {
                meter.remember_reply(&body);
            }
        }
        result
    }

    async fn exchange(&self, call: &Call<'_>, attempt: u32) -> Result<(u16, HeaderMap, Bytes)> {
        tracing::trace!(endpoint = %call.endpoint, method = call.method.as_str(), attempt, "sending");
        let client = if call.fresh_connection {
            &self.publishing
        } else {
            &self.shared
        };
        #[expect(clippy::disallowed_methods, reason = "this is the private transport")]
        let answer = client.execute(call.request()).await;
        let mut response = answer.map_err(|error| {
            redact::transport_error(call.endpoint.clone(), TransportStep::Exchange, error)
        })?;
        let headers = std::mem::take(response.headers_mut());
        self.date.keep(&headers, now());
        let body = body::read(&mut response, call, self.between_bytes).await?;
        Ok((response.status().as_u16(), headers, body))
    }
}

/// Decodes the answer, or says what it says is wrong.
fn read<T: DeserializeOwned>(
    call: &Call<'_>,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T> {
    if (200..300).contains(&status) {
        let error = match decode::decode(call, body) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        // Graph endpoints have been known to say 200 and mean an error.
        if !ApiError::is_error_body(body) {
            return Err(error);
        }
    }
    let retry_after = retry_after(headers);
    let endpoint = Some(&call.endpoint);
    Err(ApiError::parse(status, body, endpoint, retry_after, &call.secrets).into())
}

/// How long Meta asks all calls of the token to wait.
///
/// A failing server speaks of itself only, and a full day of posts says nothing of reads.
fn asked_to_wait(error: &Error) -> Option<Duration> {
    error
        .api()
        .filter(|api| {
            api.kind == ApiErrorKind::RateLimited && api.refusal() != Some(Refusal::QuotaUsedUp)
        })
        .map(|api| api.retry_after.unwrap_or(WAIT_WHERE_NONE_IS_NAMED))
}

/// Class, quota and turn of a call.
fn sending<'a>(call: &Call<'_>, sender: Option<Sender<'a>>) -> Sending<'a> {
    let (class, quota) = class::of(&call.endpoint);
    let purpose = sender.map(|sender| sender.purpose);
    let (class, turn) = match (class, purpose) {
        (Class::Read, Some(Purpose::Verification)) => (Class::Verify, None),
        (Class::Read, Some(Purpose::Background(turn))) => (class, Some(turn)),
        _ => (class, None),
    };
    let is_reply = quota == Some(Quota::Posts)
        && (call.creates_a_reply()
            || call.form.as_deref().is_some_and(|form| {
                sender.is_some_and(|sender| sender.meter.publishes_a_reply(form))
            }));
    Sending {
        class,
        quota: if is_reply {
            Some(Quota::Replies)
        } else {
            quota
        },
        turn,
    }
}

impl Call<'_> {
    /// Whether this makes the container of a reply. Replies have a quota of their own.
    fn creates_a_reply(&self) -> bool {
        self.endpoint.starts_with("POST /me/threads")
            && self
                .form
                .as_deref()
                .is_some_and(|form| form.contains("reply_to_id="))
    }

    fn request(&self) -> reqwest::Request {
        let method = match self.method {
            call::Method::Get => reqwest::Method::GET,
            call::Method::Post => reqwest::Method::POST,
            call::Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = reqwest::Request::new(method, self.url.clone());
        if let Some(bearer) = self.bearer {
            request.headers_mut().insert(AUTHORIZATION, bearer.clone());
        }
        if let Some(form) = &self.form {
            request.headers_mut().insert(CONTENT_TYPE, FORM);
            *request.body_mut() = Some(form.clone().into());
        }
        request
    }
}

fn builder(settings: &Settings, timeout: Duration) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(settings.user_agent.as_str())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connection_verbose(false)
        .connect_timeout(settings.timeouts.connect)
        .timeout(timeout)
        .https_only(settings.base.scheme() == "https");
    let builder = if is_loopback(&settings.base) {
        builder.no_proxy()
    } else {
        builder
    };
    // A peer that stopped acknowledging is noticed by the kernel, not only by the timeout above.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let builder = builder.tcp_user_timeout(Duration::from_secs(30));
    builder
}

fn finish(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder.build().map_err(|error| {
        redact::transport_error("client set-up".into(), TransportStep::Connect, error)
    })
}

fn check_base(base: &Url) -> Result<()> {
    let is_plain = base.username().is_empty()
        && base.password().is_none()
        && base.query().is_none()
        && base.fragment().is_none();
    if !is_plain {
        return Err(Error::invalid(
            "base_url",
            "must not have credentials, a query or a fragment",
        ));
    }
    if base.scheme() == "https" && base.has_host() || base.scheme() == "http" && is_loopback(base) {
        return Ok(());
    }
    Err(Error::invalid(
        "base_url",
        "must be https, or http on the own machine",
    ))
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Seconds, or a date; a date counts from the answer's own `Date`, so the local clock does not matter.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    Some(
        (until.to_utc() - date::date(headers)?)
            .to_std()
            .unwrap_or(Duration::ZERO),
    )
}

#[cfg(test)]
mod tests {
    use reqwest::header::DATE;

    use super::*;

    fn headers(retry_after: &str, date: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        headers
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_against_the_date_of_the_answer() {
        let date = Some("Sun, 17 May 2026 05:42:03 GMT");
        let cases = [
            ("0", None, Some(0)),
            ("120", None, Some(120)),
            ("99999999999999999999999", None, Some(u64::MAX)),
            ("-5", None, None),
            ("soon", None, None),
            ("", None, None),
            ("Sun, 17 May 2026 05:43:03 GMT", date, Some(60)),
            ("Sun, 17 May 2026 05:41:03 GMT", date, Some(0)),
            ("Sun, 17 May 2026 05:43:03 GMT", None, None),
        ];

        for (text, date, expected) in cases {
            assert_eq!(
                retry_after(&headers(text, date)),
                expected.map(Duration::from_secs),
                "{text}"
            );
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn the_token_travels_over_tls_or_not_at_all() {
        for good in [
            "https://graph.threads.net",
            "http://127.0.0.1:1",
            "http://localhost:1/x",
            "http://[::1]:1",
        ] {
            assert!(check_base(&Url::parse(good).unwrap()).is_ok(), "{good}");
        }
        for bad in [
            "http://graph.threads.net",
            "http://localhost.example.com",
            "http://192.168.0.1",
            "ftp://127.0.0.1",
            "https://user@graph.threads.net",
            "https://graph.threads.net/?x=1",
            "https://graph.threads.net/#x",
            "mailto:x@example.com",
        ] {
            assert!(check_base(&Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }
}
