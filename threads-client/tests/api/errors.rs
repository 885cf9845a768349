//! Every kind of failure, as a caller sees it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use threads_client::{
    AccessToken, ApiError, ApiErrorKind, Client, DecodeFailure, Error, PostId, RetryPolicy,
    Timeouts,
};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::peer::{Behaviour, Peer};
use crate::support::{self, TOKEN, answer, client, client_at, server_answering, url};

async fn read(client: &Client) -> Error {
    client
        .posts()
        .get(&PostId::new("17900000000000001"))
        .await
        .unwrap_err()
}

async fn read_from(server: &MockServer) -> Error {
    read(&client(server)).await
}

#[tokio::test]
async fn every_answer_of_meta_has_a_kind_a_caller_can_act_on() {
    use ApiErrorKind::{
        InvalidParameter, NotFound, Other, PermissionDenied, RateLimited, Transient,
        Unauthenticated,
    };
    // Status, body, kind, code, subcode; is_auth and is_retryable follow from the kind.
    let cases = [
        (
            401,
            "error_expired_token.json",
            Unauthenticated,
            Some(190),
            Some(463),
        ),
        (
            500,
            "error_permission.json",
            PermissionDenied,
            Some(10),
            None,
        ),
        (400, "error_rate_limit.json", RateLimited, Some(4), None),
        (
            400,
            "error_media_not_found.json",
            NotFound,
            Some(24),
            Some(4_279_009),
        ),
        (
            400,
            "error_parameter.json",
            InvalidParameter,
            Some(100),
            Some(9_007_199_254_740_993),
        ),
        (400, "error_transient.json", Transient, Some(2), None),
        (400, "error_unknown_code.json", Other, Some(987_654), None),
        (502, "error_page.html", Transient, None, None),
        (404, "error_page.html", NotFound, None, None),
        (418, "error_page.html", Other, None, None),
    ];

    for (status, fixture, kind, code, subcode) in cases {
        let error = read_from(&server_answering(status, fixture).await).await;

        let api = error.api().unwrap();
        assert_eq!(
            (api.status, api.kind, api.code, api.subcode),
            (status, kind, code, subcode),
            "{fixture}"
        );
        assert_eq!(error.is_auth(), kind == Unauthenticated);
        assert_eq!(
            error.is_retryable(),
            matches!(kind, RateLimited | Transient)
        );
    }
}

#[tokio::test]
async fn all_of_metas_texts_are_kept() {
    let error = read_from(&server_answering(400, "error_media_not_found.json").await).await;

    let api = error.api().unwrap();
    assert_eq!(api.message, "The requested resource does not exist");
    assert_eq!(api.error_type.as_deref(), Some("OAuthException"));
    assert_eq!(api.is_transient, Some(false));
    assert_eq!(api.user_title.as_deref(), Some("Media Not Found"));
    assert_eq!(
        api.user_message.as_deref(),
        Some("The media with id 18000000000000001 cannot be found.")
    );
    assert_eq!(api.trace_id.as_deref(), Some("AbcDef4"));
    assert_eq!(
        error.to_string(),
        "Threads answered 400 (code 24, subcode 4279009) to `GET /{post}`: The requested resource does not exist"
    );
}

#[tokio::test]
async fn an_error_under_status_200_is_an_error() {
    let error = read_from(&server_answering(200, "error_expired_token.json").await).await;

    assert!(error.is_auth(), "{error:?}");
    assert_eq!(error.api().unwrap().status, 200);
}

#[tokio::test]
async fn a_body_of_another_shape_names_the_place() {
    let error = read_from(&server_answering(200, "not_a_post.json").await).await;
    assert_eq!(
        error.to_string(),
        "could not decode the answer of `GET /{post}` at `is_quote_post`"
    );

    let server = server_answering(200, "posts_page_broken.json").await;
    let error = client(&server).posts().list().send().await.unwrap_err();
    match error {
        Error::Decode {
            endpoint,
            path,
            source,
        } => {
            assert_eq!(endpoint, "GET /me/threads");
            assert_eq!(path, "data[1].timestamp");
            assert!(
                matches!(source, DecodeFailure::Shape { line: 1, .. }),
                "{source:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_told_apart_from_one_that_is_cut_off() {
    let cases = [
        ("<html>", DecodeFailure::Syntax { line: 1, column: 1 }),
        (
            r#"{"id":"1"} x"#,
            DecodeFailure::Syntax {
                line: 1,
                column: 12,
            },
        ),
        ("", DecodeFailure::UnexpectedEnd),
        (r#"{"id":"17"#, DecodeFailure::UnexpectedEnd),
    ];

    for (body, expected) in cases {
        let server = MockServer::start().await;
        let response = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        Mock::given(any())
            .respond_with(response)
            .mount(&server)
            .await;

        match read_from(&server).await {
            Error::Decode { source, .. } => assert_eq!(source, expected, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_whether_announced_or_not() {
    const LIMIT: usize = 16 * 1024 * 1024;
    let announced = Peer::start(Behaviour::Write(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
        LIMIT + 1
    )))
    .await;
    let spaces = " ".repeat(LIMIT + 1);
    let unannounced = Peer::start(Behaviour::Write(format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{spaces}"
    )))
    .await;

    for peer in [announced, unannounced] {
        match read(&client_at(&peer.base)).await {
            Error::Decode { source, .. } => {
                assert_eq!(source, DecodeFailure::TooLarge { limit: LIMIT });
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_body_in_many_pieces_is_read_whole() {
    let text = "x".repeat(300_000);
    let body = format!(r#"{{"id":"1","text":"{text}"}}"#);
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(200).set_body_raw(body, "application/json");
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;

    let post = client(&server)
        .posts()
        .get(&PostId::new("1"))
        .await
        .unwrap();

    assert_eq!(post.text.unwrap().len(), 300_000);
}

#[tokio::test]
async fn connections_that_fail_are_told_apart() {
    let cut = Peer::start(Behaviour::Write(
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_owned(),
    ))
    .await;
    let closed = Peer::start(Behaviour::Close).await;
    let refused = support::peer::refused().await;
    let cases = [
        (
            cut.base.clone(),
            false,
            "the answer of `GET /{post}` broke off",
        ),
        (
            closed.base.clone(),
            false,
            "the connection failed during `GET /{post}`",
        ),
        (refused, true, "could not connect for `GET /{post}`"),
    ];

    for (base, is_connect, text) in cases {
        let error = read(&client_at(&base)).await;

        assert_eq!(error.to_string(), text);
        match error {
            Error::Transport(error) => {
                assert_eq!(error.is_connect(), is_connect);
                assert_eq!(error.endpoint(), "GET /{post}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let peer = Peer::start(Behaviour::Silence).await;
    let client = Client::builder()
        .access_token(AccessToken::new(TOKEN))
        .base_url(url(&peer.base))
        .timeouts(Timeouts::default().total(Duration::from_millis(100)))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();

    let error = read(&client).await;

    assert_eq!(error.to_string(), "`GET /{post}` did not answer in time");
    assert!(error.is_retryable() && !error.is_auth());
}

#[test]
fn odd_members_do_not_hide_the_others() {
    let cases: [(&str, Option<i64>, Option<i64>, &str); 7] = [
        (
            r#"{"error":{"message":"m","code":"190","error_subcode":"463"}}"#,
            Some(190),
            Some(463),
            "m",
        ),
        (
            r#"{"error":{"message":["m"],"code":190,"error_subcode":{"a":[1]}}}"#,
            Some(190),
            None,
            "HTTP status 400 without a message",
        ),
        (r#"{"error":{"code":1.5,"message":"m"}}"#, None, None, "m"),
        (
            r#"{"error":{"message":7,"code":18446744073709551615}}"#,
            None,
            None,
            "7",
        ),
        (
            r#"{"error":true}"#,
            None,
            None,
            "HTTP status 400 without a message",
        ),
        (r#"{"error":"invalid_grant"}"#, None, None, "invalid_grant"),
        (
            r#"{"error":null,"error_message":"m","code":100}"#,
            Some(100),
            None,
            "m",
        ),
    ];

    for (body, code, subcode, message) in cases {
        let error = ApiError::from_response(400, body.as_bytes());

        assert_eq!(
            (error.code, error.subcode, error.message.as_str()),
            (code, subcode, message),
            "{body}"
        );
    }
}

#[tokio::test]
async fn foreign_texts_cannot_forge_log_lines() {
    let server = MockServer::start().await;
    let body = r#"{"error":{"message":"a\r\nINFO all is well\u001b[2J","code":100}}"#;
    let response = ResponseTemplate::new(400).set_body_raw(body, "application/json");
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;

    let error = read_from(&server).await;

    assert!(!error.to_string().chars().any(char::is_control), "{error}");
}

#[tokio::test]
async fn a_retry_hint_is_part_of_the_error() {
    let server = MockServer::start().await;
    let response = answer(400, "error_rate_limit.json").insert_header("retry-after", "7200");
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;

    assert_eq!(
        read_from(&server).await.retry_after(),
        Some(Duration::from_hours(2))
    );
}
