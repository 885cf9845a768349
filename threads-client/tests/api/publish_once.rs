//! One publication, one repost and one publication at once are one request on the wire, whatever happens to it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use threads_client::{
    AccessToken, Client, ContainerId, Draft, Error, PostId, Result, RetryPolicy, Timeouts,
};

use crate::support::peer::{Behaviour, FullListener, Peer, refused};
use crate::support::{self, TOKEN, url};

/// The calls that make something visible.
#[derive(Debug, Clone, Copy)]
enum Once {
    Publish,
    Repost,
    AutoPublish,
}

impl Once {
    const ALL: [Self; 3] = [Self::Publish, Self::Repost, Self::AutoPublish];

    async fn call(self, client: &Client) -> Result<PostId> {
        let publishing = client.publishing();
        match self {
            Self::Publish => {
                let container = ContainerId::new("18000000000000001");
                publishing.publish_container(&container).await
            }
            Self::Repost => publishing.repost(&PostId::new("17900000000000001")).await,
            Self::AutoPublish => publishing.auto_publish_text(&Draft::text("Once")).await,
        }
    }

    /// What errors call it.
    fn endpoint(self) -> &'static str {
        match self {
            Self::Publish => "POST /me/threads_publish",
            Self::Repost => "POST /{post}/repost",
            Self::AutoPublish => "POST /me/threads?auto_publish_text",
        }
    }

    /// Where a redirect would lead back to the same call.
    fn path(self) -> &'static str {
        match self {
            Self::Publish => "/v1.0/me/threads_publish",
            Self::Repost => "/v1.0/17900000000000001/repost",
            Self::AutoPublish => "/v1.0/me/threads",
        }
    }
}

/// A client that would repeat whatever it may.
fn eager_client(base: &str) -> Client {
    client_trying(base, 9)
}

fn client_trying(base: &str, attempts: u32) -> Client {
    let retry = RetryPolicy::default()
        .attempts(attempts)
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
fn faults(elsewhere: &str, itself: &str) -> Vec<(&'static str, Behaviour)> {
    [answers(), redirects(elsewhere, itself), broken()].concat()
}

/// Whole answers that are no success, or none that can be read.
fn answers() -> Vec<(&'static str, Behaviour)> {
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
        ("204 without an answer", http("204 No Content", "")),
        (
            "421",
            http("421 Misdirected Request", r#"{"error":{"code":2}}"#),
        ),
        (
            "502 page",
            http("502 Bad Gateway", "<html><h1>Bad Gateway</h1></html>"),
        ),
        (
            "code 10 although it is live",
            http(
                "500 Internal Server Error",
                r#"{"error":{"message":"Application does not have permission for this action","code":10}}"#,
            ),
        ),
    ]
}

/// Ways to another request.
fn redirects(elsewhere: &str, itself: &str) -> Vec<(&'static str, Behaviour)> {
    vec![
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
            http(&format!("307 Temporary Redirect\r\nlocation: {itself}"), ""),
        ),
        (
            "308",
            http(
                &format!("308 Permanent Redirect\r\nlocation: {elsewhere}/x"),
                "",
            ),
        ),
    ]
}

/// Connections that end before the answer does.
fn broken() -> Vec<(&'static str, Behaviour)> {
    vec![
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
        ("connection reset", Behaviour::Reset),
        (
            "half a body and a reset",
            Behaviour::WriteAndReset(
                "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"id\"".to_owned(),
            ),
        ),
        ("sending side shut", Behaviour::ShutAndWait),
        (
            "half a chunk",
            Behaviour::Write(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{\"id\"".to_owned(),
            ),
        ),
        (
            "a body that never ends",
            Behaviour::WriteAndKeep(
                "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"id\"".to_owned(),
            ),
        ),
        (
            "a body that is too long",
            Behaviour::Write("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_owned()),
        ),
        (
            "only an interim answer",
            Behaviour::Write("HTTP/1.1 100 Continue\r\n\r\n".to_owned()),
        ),
        (
            "another protocol's goodbye",
            Behaviour::Write("\0\0\u{8}\u{7}\0\0\0\0\0\0\0\0\0\0\0\0\u{1}".to_owned()),
        ),
        (
            "not HTTP",
            Behaviour::Write("220 smtp.example ESMTP\r\n".to_owned()),
        ),
    ]
}

#[tokio::test]
async fn what_becomes_visible_is_sent_exactly_once_under_every_fault() {
    let elsewhere = Peer::start(http("200 OK", r#"{"id":"17900000000000099"}"#)).await;

    for once in Once::ALL {
        let faults = faults(&elsewhere.base, once.path());
        assert!(faults.len() >= 20);
        for (name, behaviour) in faults {
            let peer = Peer::start(behaviour).await;
            let client = eager_client(&peer.base);

            let error = once.call(&client).await.expect_err(name);

            let seen = (peer.requests(), peer.connections());
            assert_eq!(seen, (1, 1), "{once:?}: {name}");
            // Only "could not connect" may be taken for "was not sent".
            assert!(
                !matches!(&error, Error::Transport(error) if error.is_connect()),
                "{once:?}: {name}: {error:?}"
            );
            support::canary::assert_error_is_clean(name, &error);
        }
    }
    assert_eq!(elsewhere.connections(), 0, "a redirect was followed");
}

#[tokio::test]
async fn the_same_faults_are_repeated_for_reads() {
    let elsewhere = Peer::start(http("200 OK", r#"{"id":"17900000000000099"}"#)).await;

    for (name, behaviour) in faults(&elsewhere.base, "/v1.0/1") {
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
    for once in Once::ALL {
        let client = eager_client(&refused().await);

        match once.call(&client).await.unwrap_err() {
            Error::Transport(error) => assert!(error.is_connect(), "{once:?}: {error:?}"),
            other => panic!("{once:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_closed_connection_is_a_transport_error() {
    let silent = Peer::start(Behaviour::Silence).await;
    let closing = Peer::start(Behaviour::Close).await;

    for once in Once::ALL {
        let timeout = once.call(&eager_client(&silent.base)).await.unwrap_err();
        let closed = once.call(&eager_client(&closing.base)).await.unwrap_err();

        assert!(
            matches!(&timeout, Error::Timeout { endpoint } if endpoint == once.endpoint()),
            "{timeout:?}"
        );
        assert!(
            matches!(&closed, Error::Transport(error) if error.endpoint() == once.endpoint()),
            "{closed:?}"
        );
    }
}

#[tokio::test]
async fn what_becomes_visible_has_a_connection_of_its_own() {
    let body = r#"{"id":"17900000000000077"}"#;
    let keeping = Peer::start_keeping_alive(body).await;
    let client = eager_client(&keeping.base);

    for once in Once::ALL {
        once.call(&client).await.unwrap();
        once.call(&client).await.unwrap();
    }
    assert_eq!((keeping.requests(), keeping.connections()), (6, 6));

    for _ in 0..3 {
        client.posts().get(&PostId::new("1")).await.unwrap();
    }
    assert_eq!(
        (keeping.requests(), keeping.connections()),
        (9, 7),
        "reads share a connection"
    );
}

#[tokio::test]
async fn a_dropped_call_is_not_sent_again() {
    for once in Once::ALL {
        let silent = Peer::start(Behaviour::Silence).await;
        let client = client_trying(&silent.base, 2);
        let call = async { once.call(&client).await };

        let sent = async {
            while silent.requests() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = call => panic!("a silent peer answered"),
            () = sent => {}
        }

        client.posts().get(&PostId::new("1")).await.unwrap_err();
        // One of the dropped call and two tries of the read.
        assert_eq!(silent.requests(), 1 + 2, "{once:?}");
    }
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

        for once in Once::ALL {
            let error = once.call(&client).await.expect_err(name);

            assert!(
                matches!(&error, Error::Transport(error) if error.is_connect()),
                "{once:?}: {name}: {error:?}"
            );
            support::canary::assert_error_is_clean(name, &error);
        }
    }
    assert_eq!(silent.requests() + plain.requests(), 0);
}
