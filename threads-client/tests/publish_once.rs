//! One publication is one request on the wire, whatever happens to it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod support;

use std::time::Duration;

use support::peer::{Behaviour, FullListener, Peer, refused};
use support::{TOKEN, url};
use threads_client::{AccessToken, Client, ContainerId, Error, PostId, RetryPolicy, Timeouts};

/// A client that would repeat whatever it may.
fn eager_client(base: &str) -> Client {
    let retry = RetryPolicy::default()
        .attempts(9)
        .base_delay(Duration::from_millis(1));
    let timeouts = Timeouts::default()
        .total(Duration::from_millis(200))
        .publish(Duration::from_millis(200));
    Client::builder()
        .access_token(AccessToken::new(TOKEN))
        .base_url(url(base))
        .retry(retry)
        .timeouts(timeouts)
        .build()
        .unwrap()
}

fn http(head: &str, body: &str) -> Behaviour {
    Behaviour::Write(format!(
        "HTTP/1.1 {head}\r\ncontent-length: {}\r\ncontent-type: application/json\r\n\r\n{body}",
        body.len()
    ))
}

fn transient() -> &'static str {
    r#"{"error":{"message":"try again","type":"OAuthException","code":2,"is_transient":true}}"#
}

/// What may happen to a request after it left.
fn faults(elsewhere: &str) -> Vec<(&'static str, Behaviour)> {
    vec![
        ("500", http("500 Internal Server Error", "")),
        (
            "503 transient",
            http("503 Service Unavailable", transient()),
        ),
        ("429", http("429 Too Many Requests\r\nretry-after: 0", "")),
        ("408", http("408 Request Timeout", "")),
        ("425", http("425 Too Early", "")),
        ("200 with an error", http("200 OK", transient())),
        ("200 without an id", http("200 OK", "{}")),
        (
            "301",
            http(
                &format!("301 Moved Permanently\r\nlocation: {elsewhere}/x"),
                "",
            ),
        ),
        (
            "302",
            http(&format!("302 Found\r\nlocation: {elsewhere}/x"), ""),
        ),
        (
            "303",
            http(&format!("303 See Other\r\nlocation: {elsewhere}/x"), ""),
        ),
        (
            "307",
            http(
                &format!("307 Temporary Redirect\r\nlocation: {elsewhere}/x"),
                "",
            ),
        ),
        (
            "307 to itself",
            http(
                "307 Temporary Redirect\r\nlocation: /v1.0/me/threads_publish",
                "",
            ),
        ),
        (
            "308",
            http(
                &format!("308 Permanent Redirect\r\nlocation: {elsewhere}/x"),
                "",
            ),
        ),
        ("no answer", Behaviour::Silence),
        ("connection closed", Behaviour::Close),
        (
            "half a head",
            Behaviour::Write("HTTP/1.1 200 OK\r\ncontent-le".to_owned()),
        ),
        (
            "half a body",
            Behaviour::Write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"id\"".to_owned()),
        ),
        (
            "not HTTP",
            Behaviour::Write("220 smtp.example ESMTP\r\n".to_owned()),
        ),
    ]
}

#[tokio::test]
async fn a_publication_is_sent_exactly_once_under_every_fault() {
    let elsewhere = Peer::start(http("200 OK", r#"{"id":"17900000000000099"}"#)).await;

    for (name, behaviour) in faults(&elsewhere.base) {
        let peer = Peer::start(behaviour).await;
        let client = eager_client(&peer.base);

        let result = client
            .publishing()
            .publish_container(&ContainerId::new("18000000000000001"))
            .await;

        let error = result.expect_err(name);
        assert_eq!(peer.requests(), 1, "{name}");
        // Only "could not connect" may be taken for "was not sent".
        assert!(
            !matches!(&error, Error::Transport(error) if error.is_connect()),
            "{name}: {error:?}"
        );
    }
    assert_eq!(elsewhere.connections(), 0, "a redirect was followed");
}

#[tokio::test]
async fn the_same_faults_are_repeated_for_reads() {
    let elsewhere = Peer::start(http("200 OK", r#"{"id":"17900000000000099"}"#)).await;

    for (name, behaviour) in faults(&elsewhere.base) {
        let peer = Peer::start(behaviour).await;

        let error = eager_client(&peer.base)
            .posts()
            .get(&PostId::new("1"))
            .await
            .expect_err(name);

        let expected = if error.is_retryable() { 9 } else { 1 };
        assert_eq!(peer.requests(), expected, "{name}: {error:?}");
    }
    assert_eq!(elsewhere.connections(), 0, "a redirect was followed");
}

#[tokio::test]
async fn a_refused_connection_is_certain_not_to_have_sent_anything() {
    let client = eager_client(&refused().await);

    let error = client
        .publishing()
        .publish_container(&ContainerId::new("18000000000000001"))
        .await
        .unwrap_err();

    match error {
        Error::Transport(error) => assert!(error.is_connect(), "{error:?}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_closed_connection_is_a_transport_error() {
    let silent = Peer::start(Behaviour::Silence).await;
    let closing = Peer::start(Behaviour::Close).await;
    let container = ContainerId::new("18000000000000001");

    let timeout = eager_client(&silent.base)
        .publishing()
        .publish_container(&container)
        .await
        .unwrap_err();
    let closed = eager_client(&closing.base)
        .publishing()
        .publish_container(&container)
        .await
        .unwrap_err();

    assert!(
        matches!(&timeout, Error::Timeout { endpoint } if endpoint == "POST /me/threads_publish"),
        "{timeout:?}"
    );
    assert!(matches!(closed, Error::Transport(_)), "{closed:?}");
}

#[tokio::test]
async fn every_publication_has_a_connection_of_its_own() {
    let body = r#"{"id":"17900000000000077"}"#;
    let keeping = Peer::start_keeping_alive(body).await;
    let client = eager_client(&keeping.base);

    for _ in 0..3 {
        client
            .publishing()
            .publish_container(&ContainerId::new("18000000000000001"))
            .await
            .unwrap();
    }
    assert_eq!((keeping.requests(), keeping.connections()), (3, 3));

    for _ in 0..3 {
        client.posts().get(&PostId::new("1")).await.unwrap();
    }
    assert_eq!(
        (keeping.requests(), keeping.connections()),
        (6, 4),
        "reads share a connection"
    );
}

#[tokio::test]
async fn what_fails_before_the_request_leaves_is_about_connecting() {
    let silent = Peer::start(Behaviour::Silence).await;
    let plain = Peer::start(Behaviour::Write(
        "HTTP/1.1 400 Bad Request\r\n\r\n".to_owned(),
    ))
    .await;
    let full = FullListener::start().await;
    let bases = [
        (
            "TLS that does not answer",
            silent.base.replace("http:", "https:"),
        ),
        ("no TLS", plain.base.replace("http:", "https:")),
        ("no room for a connection", full.base.clone()),
    ];

    for (name, base) in bases {
        let client = Client::builder()
            .access_token(AccessToken::new(TOKEN))
            .base_url(url(&base))
            .timeouts(Timeouts::default().connect(Duration::from_millis(100)))
            .build()
            .unwrap();

        let error = client
            .publishing()
            .publish_container(&ContainerId::new("18000000000000001"))
            .await
            .expect_err(name);

        assert!(
            matches!(&error, Error::Transport(error) if error.is_connect()),
            "{name}: {error:?}"
        );
        support::canary::assert_error_is_clean(name, &error);
    }
    assert_eq!(silent.requests() + plain.requests(), 0);
}
