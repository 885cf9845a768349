//! Secrets do not come back out: not in errors, not in `Debug`, not through redirects.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use threads_client::{
    AccessToken, AppSecret, AuthorizationCode, AuthorizationResponse, Client, ContainerId,
    CsrfState, Draft, Error, OAuthClient, PostId, RetryPolicy, Timeouts, TokenPlacement,
};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::canary::{assert_clean, assert_error_is_clean};
use crate::support::peer::{Behaviour, Peer, refused};
use crate::support::{self, CODE, SECRET, TOKEN, answer, url};

fn quick() -> Timeouts {
    Timeouts::default()
        .total(Duration::from_millis(100))
        .publish(Duration::from_millis(100))
}

fn client(base: &str, placement: TokenPlacement) -> Client {
    Client::builder()
        .access_token(AccessToken::new(TOKEN))
        .base_url(url(base))
        .token_placement(placement)
        .timeouts(quick())
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

fn oauth(base: &str) -> OAuthClient {
    OAuthClient::builder(
        "1234567890",
        AppSecret::new(SECRET),
        url("https://app.example/callback"),
    )
    .base_url(url(base))
    .timeouts(quick())
    .retry(RetryPolicy::none())
    .build()
    .unwrap()
}

/// The errors of every kind of call that carries a secret.
async fn errors(base: &str) -> Vec<(&'static str, Error)> {
    let (header, query) = (
        client(base, TokenPlacement::Header),
        client(base, TokenPlacement::Query),
    );
    let oauth = oauth(base);
    let (token, code) = (AccessToken::new(TOKEN), AuthorizationCode::new(CODE));
    let (post, container) = (PostId::new("1"), ContainerId::new("1"));
    vec![
        ("read, header", header.posts().get(&post).await.unwrap_err()),
        ("read, query", query.posts().get(&post).await.unwrap_err()),
        (
            "create, header",
            header
                .publishing()
                .create_container(&Draft::text("x"))
                .await
                .unwrap_err(),
        ),
        (
            "create, form",
            query
                .publishing()
                .create_container(&Draft::text("x"))
                .await
                .unwrap_err(),
        ),
        (
            "publish, header",
            header
                .publishing()
                .publish_container(&container)
                .await
                .unwrap_err(),
        ),
        (
            "publish, form",
            query
                .publishing()
                .publish_container(&container)
                .await
                .unwrap_err(),
        ),
        (
            "delete, header",
            header.posts().delete(&post).await.unwrap_err(),
        ),
        (
            "delete, query",
            query.posts().delete(&post).await.unwrap_err(),
        ),
        ("hide, form", query.replies().hide(&post).await.unwrap_err()),
        (
            "search, query",
            query.search().keyword("x").send().await.unwrap_err(),
        ),
        ("refresh", header.refresh_access_token().await.unwrap_err()),
        (
            "exchange a code",
            oauth.exchange_code(&code).await.unwrap_err(),
        ),
        (
            "exchange a token",
            oauth.exchange_long_lived(&token).await.unwrap_err(),
        ),
        (
            "refresh by the app",
            oauth.refresh(&token).await.unwrap_err(),
        ),
        ("app token", oauth.app_token().await.unwrap_err()),
        (
            "inspect",
            oauth.debug_token(&token, &token).await.unwrap_err(),
        ),
    ]
}

/// Sends back all that it got, as a careless server would: `ECHO` as it came, `BARE` the values alone.
struct Echo {
    status: u16,
    template: &'static str,
}

impl Respond for Echo {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let header = request
            .headers
            .get("authorization")
            .map_or("", |value| value.to_str().unwrap());
        let body = String::from_utf8_lossy(&request.body);
        let mut bare = header.replace("Bearer", "");
        for (_, value) in request
            .url
            .query_pairs()
            .chain(url::form_urlencoded::parse(&request.body))
        {
            bare = format!("{bare} {value},{}", value.get(3..20).unwrap_or_default());
        }
        let body = self
            .template
            .replace("ECHO", &format!("{header} {} {body}", request.url))
            .replace("BARE", &bare);
        ResponseTemplate::new(self.status).set_body_raw(body, "application/json")
    }
}

async fn echoing(status: u16, template: &'static str) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(Echo { status, template })
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn no_error_of_a_broken_connection_shows_a_secret() {
    let truncated =
        "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{\"access_token\":\"THQVJcanaryInBody0001";
    let peers = [
        ("silence", Peer::start(Behaviour::Silence).await),
        ("closed", Peer::start(Behaviour::Close).await),
        (
            "truncated",
            Peer::start(Behaviour::Write(truncated.to_owned())).await,
        ),
        (
            "not HTTP",
            Peer::start(Behaviour::Write(
                "THQVJcanaryInBody0001 is not HTTP\r\n\r\n".to_owned(),
            ))
            .await,
        ),
    ];

    for (fault, peer) in &peers {
        for (call, error) in errors(&peer.base).await {
            assert!(
                matches!(error, Error::Timeout { .. } | Error::Transport(_)),
                "{fault}, {call}: {error:?}"
            );
            assert_error_is_clean(&format!("{fault}, {call}"), &error);
        }
    }
    for (call, error) in errors(&refused().await).await {
        assert!(
            matches!(&error, Error::Transport(error) if error.is_connect()),
            "{call}: {error:?}"
        );
        assert_error_is_clean(&format!("refused, {call}"), &error);
    }
}

#[tokio::test]
async fn no_error_that_echoes_the_request_shows_a_secret() {
    let bodies = [
        r#"{"error":{"message":"ECHO","type":"ECHO","code":100,"error_user_title":"ECHO","error_user_msg":"ECHO","fbtrace_id":"ECHO"}}"#,
        r#"{"error":{"message":"the token BARE is wrong","type":"BARE","code":190,"fbtrace_id":"BARE"}}"#,
        r#"{"error_type":"ECHO","code":400,"error_message":"ECHO"}"#,
        r#"{"error":"ECHO","error_description":"ECHO"}"#,
        r#"{"error_message":"ECHO","error_code":1349187}"#,
        "ECHO",
    ];

    for body in bodies {
        let server = echoing(400, body).await;
        for (call, error) in errors(&server.uri()).await {
            assert!(error.api().is_some(), "{call}: {error:?}");
            assert_error_is_clean(&format!("{body}, {call}"), &error);
        }
    }
}

#[tokio::test]
async fn no_decode_error_shows_the_body() {
    for body in [
        "ECHO",
        r#"{"id":["ECHO"],"access_token":["ECHO"],"data":"ECHO"}"#,
        r#""ECHO""#,
        r#"{"ECHO": }"#,
    ] {
        let server = echoing(200, body).await;
        for (call, error) in errors(&server.uri()).await {
            assert!(
                matches!(error, Error::Decode { .. }),
                "{body}, {call}: {error:?}"
            );
            assert_error_is_clean(&format!("{body}, {call}"), &error);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_takes_no_secret_along() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Peer::start(Behaviour::Close).await;
        let server = MockServer::start().await;
        let location = format!("{}/v1.0/me/threads_publish", elsewhere.base);
        let response = ResponseTemplate::new(status).insert_header("location", location.as_str());
        Mock::given(any())
            .respond_with(response)
            .mount(&server)
            .await;

        let errors = errors(&server.uri()).await;
        let sent = server.received_requests().await.unwrap().len();

        assert_eq!(sent, errors.len(), "{status}: every call is one request");
        assert_eq!(elsewhere.connections(), 0, "{status}");
        for (call, error) in errors {
            assert_eq!(error.api().unwrap().status, status, "{call}: {error:?}");
            assert_error_is_clean(&format!("{status}, {call}"), &error);
            let text = support::canary::everything_of(&error);
            assert!(
                !text.contains(&elsewhere.base),
                "{call} shows where it was sent: {text}"
            );
        }
    }
}

#[tokio::test]
async fn paging_that_holds_a_token_is_not_kept() {
    let server = support::server_answering(200, "account_insights.json").await;
    let client = client(&server.uri(), TokenPlacement::Header);

    let insights = client
        .insights()
        .account()
        .metrics([threads_client::AccountMetric::Likes])
        .send()
        .await
        .unwrap();
    assert_clean("insights", &format!("{insights:?}"));

    server.reset().await;
    Mock::given(any())
        .respond_with(answer(200, "posts_page_1.json"))
        .mount(&server)
        .await;
    let page = client.posts().list().send().await.unwrap();
    assert_clean("page", &format!("{page:?}"));
}

#[tokio::test]
async fn no_debug_output_shows_a_secret() {
    let server = support::server_answering(200, "grant_long_lived.json").await;
    let base = server.uri();
    let client = client(&base, TokenPlacement::Header);
    let oauth = oauth(&base);
    let grant = oauth.refresh(&AccessToken::new(TOKEN)).await.unwrap();
    let query = format!("code={CODE}&state={SECRET}");
    let texts = [
        format!("{:?}", AccessToken::new(TOKEN)),
        format!("{:#?}", AppSecret::new(SECRET)),
        format!("{:?}", AuthorizationCode::new(CODE)),
        format!("{:?}", CsrfState::from_stored(SECRET.to_owned())),
        format!("{:?}", AuthorizationResponse::from_query(&query).unwrap()),
        format!(
            "{:#?}",
            Client::builder()
                .access_token(AccessToken::new(TOKEN))
                .base_url(url(&base))
        ),
        format!(
            "{client:#?} {:?} {:?}",
            client.posts(),
            client.posts().list()
        ),
        format!("{:?}", client.get::<String>("me").query(&[("q", TOKEN)])),
        format!("{oauth:#?}"),
        format!(
            "{:?}",
            OAuthClient::builder("1", AppSecret::new(SECRET), url("https://app.example/"))
        ),
    ];

    for text in texts {
        assert_clean("debug output", &text);
    }
    let text = format!("{grant:?}");
    assert!(
        !text.contains("THQWJlongLivedGrant00002") && text.contains("5183944"),
        "{text}"
    );
}

#[test]
fn a_client_says_where_it_talks_to_and_whether_it_has_a_token() {
    let without = Client::builder().build().unwrap();
    let with = without.with_access_token(AccessToken::new(TOKEN));

    assert_eq!(
        format!("{without:?}"),
        r#"Client { host: "graph.threads.net", token: absent }"#
    );
    assert_eq!(
        format!("{with:?}"),
        r#"Client { host: "graph.threads.net", token: present }"#
    );
}
