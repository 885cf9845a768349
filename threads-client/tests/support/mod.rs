//! What the test files share: clients, fixture bodies, seen requests, and a badly behaved peer.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "every test file uses another part, and helpers of tests may fail the test"
)]

pub(crate) mod callbacks;
pub(crate) mod canary;
pub(crate) mod peer;
pub(crate) mod sandbox;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use threads_client::{AccessToken, AppSecret, Client, OAuthClient, RetryPolicy, WaitPolicy};
use url::{Url, form_urlencoded};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockBuilder, MockServer, Request, ResponseTemplate};

/// A token that must never be seen outside of a request.
pub(crate) const TOKEN: &str = "THQVJcanary0token1Zx9Wv8Ut7Sr6Qp5On4Ml3Kj2Ih1";
/// An app secret that must never be seen outside of a request.
pub(crate) const SECRET: &str = "9f3ccanary2secret8e7d6c5b4a3f2e1d0c9b8a7f";
/// A code that must never be seen outside of a request.
pub(crate) const CODE: &str = "AQBcanary3code_u7Yt6Re5Wq4As3Df2Gh1-JkLz";

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(name),
    )
    .unwrap()
}

/// The bytes of a fixture as they are.
pub(crate) fn answer(status: u16, name: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(fixture(name), "application/json; charset=UTF-8")
}

pub(crate) async fn server_answering(status: u16, name: &str) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(answer(status, name))
        .mount(&server)
        .await;
    server
}

pub(crate) fn get(at: &str) -> MockBuilder {
    Mock::given(method("GET")).and(path(at))
}

pub(crate) fn post(at: &str) -> MockBuilder {
    Mock::given(method("POST")).and(path(at))
}

pub(crate) fn url(text: &str) -> Url {
    text.parse().unwrap()
}

/// Repeats as by default, without the pauses.
pub(crate) fn quick_retry() -> RetryPolicy {
    RetryPolicy::default().base_delay(Duration::from_millis(1))
}

/// Waits without the pauses, for a few polls.
pub(crate) fn quick_wait() -> WaitPolicy {
    let tick = Duration::from_millis(1);
    WaitPolicy::default()
        .first_pause(tick)
        .longest_pause(tick)
        .give_up_after(tick * 3)
        .settle(Duration::ZERO)
}

pub(crate) fn client_at(base: &str) -> Client {
    Client::builder()
        .access_token(AccessToken::new(TOKEN))
        .base_url(url(base))
        .retry(quick_retry())
        .build()
        .unwrap()
}

pub(crate) fn client(server: &MockServer) -> Client {
    client_at(&server.uri())
}

pub(crate) fn oauth_at(base: &str) -> OAuthClient {
    OAuthClient::builder(
        "1234567890",
        AppSecret::new(SECRET),
        url("https://app.example/callback"),
    )
    .base_url(url(base))
    .retry(quick_retry())
    .build()
    .unwrap()
}

pub(crate) fn oauth(server: &MockServer) -> OAuthClient {
    oauth_at(&server.uri())
}

pub(crate) async fn requests(server: &MockServer) -> Vec<Seen> {
    server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(Seen::from)
        .collect()
}

/// The request that was sent; fails if it was not exactly one.
pub(crate) async fn only_request(server: &MockServer) -> Seen {
    let mut requests = requests(server).await;
    assert_eq!(requests.len(), 1, "{requests:#?}");
    requests.remove(0)
}

/// A request as it came over the wire.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) form: BTreeMap<String, String>,
    pub(crate) authorization: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Seen {
    /// The query, to be compared with all that is expected.
    pub(crate) fn query(&self) -> Vec<(&str, &str)> {
        pairs(&self.query)
    }

    /// The form in the body, to be compared with all that is expected.
    pub(crate) fn form(&self) -> Vec<(&str, &str)> {
        pairs(&self.form)
    }
}

fn pairs(map: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    map.iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn decode(encoded: &[u8]) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(encoded).into_owned() {
        assert!(
            map.insert(name.clone(), value).is_none(),
            "`{name}` was sent twice"
        );
    }
    map
}

impl From<&Request> for Seen {
    fn from(request: &Request) -> Self {
        let header = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers: BTreeMap<_, _> = request
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), header(value.as_bytes())))
            .collect();
        Self {
            line: format!("{} {}", request.method, request.url.path()),
            query: decode(request.url.query().unwrap_or_default().as_bytes()),
            form: decode(&request.body),
            authorization: headers.get("authorization").cloned(),
            headers,
        }
    }
}
