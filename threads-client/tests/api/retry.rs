//! How often calls are sent.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use threads_client::{
    AccessToken, AppUsage, AuthorizationCode, Client, ContainerId, Draft, Error, PostId,
    RetryPolicy, ThrottlePolicy, TransportError,
};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{self, CODE, TOKEN, answer, client, oauth, quick_retry, requests, url};

/// Answers `first` that many times, then the post.
async fn failing(first: ResponseTemplate, times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(first)
        .up_to_n_times(times)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "post.json"))
        .mount(&server)
        .await;
    server
}

async fn read(client: &Client) -> threads_client::Result<threads_client::Post> {
    client.posts().get(&PostId::new("17900000000000001")).await
}

fn client_with(server: &MockServer, retry: RetryPolicy) -> Client {
    let builder = Client::builder().access_token(AccessToken::new(TOKEN));
    builder
        .base_url(url(&server.uri()))
        .retry(retry)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_read_is_sent_three_times_at_most() {
    let recovering = failing(answer(503, "error_transient.json"), 2).await;
    let down = failing(answer(503, "error_transient.json"), 99).await;

    assert!(read(&client(&recovering)).await.is_ok());
    assert!(read(&client(&down)).await.is_err());

    assert_eq!(requests(&recovering).await.len(), 3);
    assert_eq!(requests(&down).await.len(), 3);
}

#[tokio::test]
async fn only_what_may_pass_is_repeated() {
    let cases = [
        (answer(500, "error_transient.json"), 3),
        (ResponseTemplate::new(502), 3),
        (
            ResponseTemplate::new(429).insert_header("retry-after", "0"),
            3,
        ),
        // A throttle that names no time is waited for longer than any call waits.
        (answer(400, "error_rate_limit.json"), 1),
        (ResponseTemplate::new(429), 1),
        (answer(401, "error_expired_token.json"), 1),
        (answer(500, "error_permission.json"), 1),
        (answer(400, "error_parameter.json"), 1),
        (answer(400, "error_media_not_found.json"), 1),
        (answer(400, "error_unknown_code.json"), 1),
        (
            ResponseTemplate::new(307).insert_header("location", "/elsewhere"),
            1,
        ),
        (answer(200, "not_a_post.json"), 1),
    ];

    for (number, (response, expected)) in cases.into_iter().enumerate() {
        let server = failing(response, 99).await;

        let error = read(&client(&server)).await.unwrap_err();

        assert_eq!(
            requests(&server).await.len(),
            expected,
            "case {number}: {error}"
        );
    }
}

#[tokio::test]
async fn a_container_is_created_twice_at_most() {
    let server = failing(answer(503, "error_transient.json"), 99).await;
    let client = client_with(&server, quick_retry().attempts(9));

    assert!(
        client
            .publishing()
            .create_container(&Draft::text("Hello"))
            .await
            .is_err()
    );

    assert_eq!(requests(&server).await.len(), 2);
}

#[tokio::test]
async fn a_container_is_published_and_a_code_exchanged_once() {
    let server = failing(
        answer(503, "error_transient.json").insert_header("retry-after", "0"),
        99,
    )
    .await;
    let client = client_with(&server, quick_retry().attempts(9));

    assert!(
        client
            .publishing()
            .publish_container(&ContainerId::new("1"))
            .await
            .is_err()
    );
    assert_eq!(requests(&server).await.len(), 1);

    assert!(
        oauth(&server)
            .exchange_code(&AuthorizationCode::new(CODE))
            .await
            .is_err()
    );
    assert_eq!(requests(&server).await.len(), 2);
}

#[tokio::test]
async fn nothing_is_repeated_without_a_policy() {
    let server = failing(answer(503, "error_transient.json"), 99).await;
    let client = client_with(&server, RetryPolicy::none());

    assert!(read(&client).await.is_err());
    assert!(
        client
            .publishing()
            .create_container(&Draft::text("Hello"))
            .await
            .is_err()
    );

    assert_eq!(requests(&server).await.len(), 2);
}

#[tokio::test]
async fn retry_after_replaces_the_pause() {
    let limited = ResponseTemplate::new(429).insert_header("retry-after", "0");
    let server = failing(limited, 2).await;
    // Pauses of this policy would take the test far beyond its time.
    let client = client_with(
        &server,
        RetryPolicy::default().base_delay(Duration::from_hours(1)),
    );

    assert!(read(&client).await.is_ok());

    assert_eq!(requests(&server).await.len(), 3);
}

#[tokio::test]
async fn retry_after_beyond_the_cap_is_returned_to_the_caller() {
    for (text, seconds) in [
        ("61", 61),
        ("3600", 3_600),
        ("99999999999999999999", u64::MAX),
    ] {
        let server = failing(
            answer(503, "error_transient.json").insert_header("retry-after", text),
            99,
        )
        .await;

        let error = read(&client(&server)).await.unwrap_err();

        assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
        assert_eq!(requests(&server).await.len(), 1);
    }
}

#[tokio::test]
async fn retry_after_as_a_date_counts_from_the_date_of_the_answer() {
    let response = answer(503, "error_transient.json")
        .insert_header("date", "Sun, 17 May 2026 05:42:03 GMT")
        .insert_header("retry-after", "Sun, 17 May 2026 07:42:03 GMT");
    let server = failing(response, 99).await;

    let error = read(&client(&server)).await.unwrap_err();

    assert_eq!(error.retry_after(), Some(Duration::from_hours(2)));
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_for_reads() {
    let base = support::peer::refused().await;

    let error = read(&support::client_at(&base)).await.unwrap_err();

    assert!(error.is_retryable());
    assert!(
        matches!(&error, Error::Transport(error) if TransportError::is_connect(error)),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_usage_of_the_last_answer_is_kept_also_from_errors() {
    let usage =
        |count: u32| format!(r#"{{"call_count":{count},"total_time":25,"total_cputime":3}}"#);
    let limited = ResponseTemplate::new(429).insert_header("x-app-usage", usage(99));
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(limited)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let answered = answer(200, "post.json").insert_header("x-app-usage", usage(28));
    Mock::given(any())
        .respond_with(answered)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "post.json"))
        .mount(&server)
        .await;
    let client = Client::builder()
        .access_token(AccessToken::new(TOKEN))
        .base_url(url(&server.uri()))
        .retry(RetryPolicy::none())
        .throttle(ThrottlePolicy::none())
        .build()
        .unwrap();
    let counts = |client: &Client| client.usage().map(|usage: AppUsage| usage.call_count);

    assert_eq!(counts(&client), None);
    read(&client).await.unwrap_err();
    assert_eq!(counts(&client), Some(99));
    read(&client).await.unwrap();
    assert_eq!(counts(&client), Some(28));
    read(&client).await.unwrap();
    assert_eq!(
        counts(&client),
        Some(28),
        "an absent header changes nothing"
    );
    assert_eq!(counts(&client.clone()), Some(28));
    assert_eq!(
        counts(&client.with_access_token(AccessToken::new("another"))),
        None
    );
}
