//! The client itself: where the token travels, what is refused, and reads of any path.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::BTreeMap;

use threads_client::{
    AccessToken, Client, ContainerId, Draft, Error, Page, Post, PostId, TokenPlacement,
};
use wiremock::MockServer;

use crate::support::{TOKEN, client, client_at, only_request, requests, server_answering, url};

const POST: &str = "17900000000000001";

fn placing(server: &MockServer, placement: TokenPlacement) -> Client {
    let builder = Client::builder().access_token(AccessToken::new(TOKEN));
    builder
        .base_url(url(&server.uri()))
        .token_placement(placement)
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_token_travels_in_the_header_and_nowhere_else() {
    let server = server_answering(200, "post.json").await;
    let client = placing(&server, TokenPlacement::Header);

    client.posts().get(&PostId::new(POST)).await.unwrap();
    client
        .publishing()
        .create_container(&Draft::text("Hello"))
        .await
        .unwrap();
    client
        .publishing()
        .publish_container(&ContainerId::new("1"))
        .await
        .unwrap();

    for request in requests(&server).await {
        assert_eq!(
            request.authorization.as_deref(),
            Some(format!("Bearer {TOKEN}").as_str())
        );
        assert!(!request.query.contains_key("access_token"), "{request:?}");
        assert!(!request.form.contains_key("access_token"), "{request:?}");
    }
}

#[tokio::test]
async fn the_token_can_travel_as_a_parameter() {
    let server = server_answering(200, "post.json").await;
    let client = placing(&server, TokenPlacement::Query);

    client.posts().get(&PostId::new(POST)).await.unwrap();
    client
        .publishing()
        .publish_container(&ContainerId::new("1"))
        .await
        .unwrap();

    let requests = requests(&server).await;
    assert_eq!(requests[0].query["access_token"], TOKEN);
    assert_eq!(
        requests[1].form(),
        [("access_token", TOKEN), ("creation_id", "1")]
    );
    assert_eq!(requests[1].query(), []);
    assert!(
        requests
            .iter()
            .all(|request| request.authorization.is_none())
    );
}

#[tokio::test]
async fn no_request_carries_a_referer_or_cookie() {
    let server = server_answering(200, "post.json").await;

    client(&server)
        .posts()
        .get(&PostId::new(POST))
        .await
        .unwrap();

    let request = only_request(&server).await;
    let names: Vec<_> = request.headers.keys().map(String::as_str).collect();
    assert_eq!(names, ["accept", "authorization", "host", "user-agent"]);
    assert_eq!(
        request.headers["user-agent"],
        concat!("threads-client/", env!("CARGO_PKG_VERSION"))
    );
}

#[tokio::test]
async fn a_client_for_another_account_shares_all_but_the_token() {
    let server = server_answering(200, "post.json").await;
    let first = client(&server);

    let second = first.with_access_token(AccessToken::new("THQVJsecondAccount"));
    second.posts().get(&PostId::new(POST)).await.unwrap();

    assert_eq!(
        only_request(&server).await.authorization.as_deref(),
        Some("Bearer THQVJsecondAccount")
    );
}

#[tokio::test]
async fn a_call_without_a_usable_token_is_not_sent() {
    let server = server_answering(200, "post.json").await;
    let without = Client::builder()
        .base_url(url(&server.uri()))
        .build()
        .unwrap();
    let unusable = ["", "two words", "line\nbreak", "umläut"]
        .map(|token| without.with_access_token(AccessToken::new(token)));

    for client in unusable.iter().chain([&without]) {
        let error = client.posts().get(&PostId::new(POST)).await.unwrap_err();
        match error {
            Error::InvalidRequest(invalid) => {
                assert_eq!(invalid.field.as_deref(), Some("access_token"));
            }
            other => panic!("{other:?}"),
        }
        assert!(client.refresh_access_token().await.is_err());
    }
    assert!(requests(&server).await.is_empty());
    assert!(
        Client::builder()
            .access_token(AccessToken::new("two words"))
            .build()
            .is_err()
    );
}

#[test]
fn a_client_is_refused_for_hosts_and_names_it_cannot_use() {
    let bad_base = |base: &str| Client::builder().base_url(url(base)).build();

    assert!(bad_base("http://graph.threads.net").is_err());
    assert!(bad_base("https://me:pw@graph.threads.net").is_err());
    assert!(Client::builder().user_agent("line\nbreak").build().is_err());
    assert!(Client::builder().build().is_ok());
}

#[tokio::test]
async fn a_base_url_keeps_its_path() {
    for base in ["/proxy", "/proxy/"] {
        let server = server_answering(200, "post.json").await;
        let client = client_at(&format!("{}{base}", server.uri()));

        client.posts().get(&PostId::new(POST)).await.unwrap();

        assert_eq!(
            only_request(&server).await.line,
            format!("GET /proxy/v1.0/{POST}")
        );
    }
}

#[tokio::test]
async fn any_path_can_be_read() {
    let server = server_answering(200, "posts_page_1.json").await;

    let client = client(&server);
    let parameters = [("fields", "id,text"), ("q", "a&b=c d")];
    let page: Page<Post> = client
        .get("/me/mentions")
        .query(&parameters)
        .query(&[("limit", "3")])
        .send()
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/me/mentions");
    assert_eq!(
        request.query(),
        [("fields", "id,text"), ("limit", "3"), ("q", "a&b=c d")]
    );
    assert_eq!(
        request.authorization.as_deref(),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert_eq!(page.items.len(), 2);
}

#[tokio::test]
async fn a_read_of_any_path_has_the_errors_of_all_reads() {
    let server = server_answering(401, "error_expired_token.json").await;

    let error = client(&server)
        .get::<BTreeMap<String, String>>("me")
        .send()
        .await
        .unwrap_err();

    assert!(error.is_auth(), "{error:?}");
}

#[tokio::test]
async fn paths_that_are_more_than_a_path_are_not_sent() {
    let server = server_answering(200, "post.json").await;
    let client = client(&server);

    for path in [
        "",
        "/",
        "//evil.example/x",
        "me//x",
        "me/../x",
        "./me",
        "me?access_token=x",
        "me#x",
        "https://evil.example",
        "a\\b",
        "a\nb",
    ] {
        let error = client.get::<Post>(path).send().await.unwrap_err();
        assert!(
            matches!(error, Error::InvalidRequest(_)),
            "{path:?}: {error:?}"
        );
    }
    for name in ["access_token", "client_secret"] {
        assert!(
            client
                .get::<Post>("me")
                .query(&[(name, "x")])
                .send()
                .await
                .is_err()
        );
    }
    assert!(requests(&server).await.is_empty());
}

#[test]
fn clients_are_cheap_to_share_between_threads() {
    fn is_shareable<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}

    is_shareable::<Client>();
    is_shareable::<threads_client::ClientBuilder>();
    is_shareable::<threads_client::OAuthClient>();
    is_shareable::<AccessToken>();
}

#[test]
fn errors_can_cross_threads() {
    fn is_portable<T: Send + Sync + std::error::Error + 'static>() {}

    is_portable::<Error>();
    assert!(size_of::<Error>() <= 128, "{}", size_of::<Error>());
}
