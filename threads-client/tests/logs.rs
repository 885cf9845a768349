//! What is logged: enough to follow a call, and no secret. One test, because the subscriber is global.

mod support;

use std::io;
use std::sync::{Arc, Mutex};

use support::canary::assert_clean;
use support::{CODE, SECRET, TOKEN, answer, post, quick_retry, url};
use threads_client::{
    AccessToken, AppSecret, AuthorizationCode, Client, ContainerId, OAuthClient, PostId,
    TokenPlacement,
};
use tracing_subscriber::util::SubscriberInitExt;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .map_err(|_| io::ErrorKind::Other)?
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_call_is_logged_by_template_and_no_log_line_of_any_crate_shows_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    // Takes the lines of the HTTP stack, too.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish()
        .init();
    let server = MockServer::start().await;
    let unavailable = answer(503, "error_transient.json");
    post("/v1.0/me/threads_publish")
        .respond_with(unavailable)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(answer(200, "grant_long_lived.json"))
        .mount(&server)
        .await;
    let client = |placement| {
        let builder = Client::builder()
            .access_token(AccessToken::new(TOKEN))
            .token_placement(placement);
        builder
            .base_url(url(&server.uri()))
            .retry(quick_retry())
            .build()
            .unwrap()
    };
    let redirect = url("https://app.example/callback");
    let oauth = OAuthClient::builder("1234567890", AppSecret::new(SECRET), redirect)
        .base_url(url(&server.uri()));
    let oauth = oauth.build().unwrap();

    for placement in [TokenPlacement::Header, TokenPlacement::Query] {
        let client = client(placement);
        client
            .posts()
            .get(&PostId::new("17900000000000001"))
            .await
            .unwrap_err();
        client
            .publishing()
            .publish_container(&ContainerId::new("18000000000000001"))
            .await
            .unwrap_err();
        let query = [("q", "a private search")];
        client
            .get::<serde_json::Value>("keyword_search")
            .query(&query)
            .send()
            .await
            .unwrap();
        client.refresh_access_token().await.unwrap();
    }
    oauth
        .exchange_code(&AuthorizationCode::new(CODE))
        .await
        .unwrap();
    oauth
        .exchange_long_lived(&AccessToken::new(TOKEN))
        .await
        .unwrap();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // The server runs in this process as well, and writes down what it got.
    let ours: Vec<_> = text
        .lines()
        .filter(|line| !line.contains("wiremock"))
        .collect();
    let ours = ours.join("\n");
    assert_clean("the log", &ours);
    assert!(!ours.contains("private"), "{ours}");
    assert!(
        ours.contains("endpoint=GET /{post} attempt=1 status=200"),
        "{ours}"
    );
    assert!(
        ours.contains("endpoint=POST /me/threads_publish attempt=1 status=503"),
        "{ours}"
    );
    assert!(
        ours.contains("endpoint=GET /refresh_access_token attempt=1 status=200"),
        "{ours}"
    );
}
