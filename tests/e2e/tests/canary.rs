//! Marked secrets go through every path, and must come out of none.
//!
//! The secrets: the app secret, the authorization code, the login state, the session
//! cookie, the short-lived and the long-lived tokens, and a refreshed one. The places:
//! every log line of every crate at TRACE, every error's `Display`, `Debug` and source
//! chain, the `Debug` of every handle, and every page.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

use std::error::Error as StdError;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use chrono::TimeDelta;
use threads_client::{
    AccessToken, AccountMetric, AppSecret, AuthorizationCode, Client, Draft, OAuthClient,
    RetryPolicy, Scope, Timeouts, TokenGrant, TokenPlacement, WaitPolicy,
};
use threads_e2e::{Browser, Stage};
use threads_monitor::Storage;
use threads_sandbox::{Endpoint, Fault, FaultRule, Sandbox, When};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

const APP_SECRET: &str = "canary0app0secret0d41d8cd98f00b204";

/// Everything that anybody could read.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    fn add(&self, text: &str) {
        let mut bytes = self.0.lock().unwrap();
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'\n');
    }

    fn error(&self, error: &(dyn StdError + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.add(&format!("{error} {error:?} {error:#?}"));
            next = error.source();
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A secret in the disguises in which it could leak.
fn disguises(secret: &str) -> Vec<String> {
    let hex: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.concat();
    let bytes: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    vec![
        secret.to_owned(),
        secret.chars().rev().collect(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(secret),
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(secret),
        hex.clone(),
        hex.to_uppercase(),
        bytes.join(", "),
        secret.get(..secret.len() / 2).unwrap_or(secret).to_owned(),
    ]
}

fn assert_clean(seen: &str, secrets: &[(String, String)]) {
    for (name, secret) in secrets {
        assert!(secret.len() >= 16, "{name} is too short to be a marker");
        for disguise in disguises(secret) {
            if let Some(place) = seen.find(&disguise) {
                let start = seen[..place].rfind('\n').map_or(0, |start| start + 1);
                let line: String = seen[start..]
                    .lines()
                    .next()
                    .unwrap_or("")
                    .chars()
                    .take(300)
                    .collect();
                panic!("{name} is visible in: {line}");
            }
        }
    }
}

/// A server that answers everything with an error that repeats what it was sent.
async fn echo() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                let mut length = 0;
                // Small requests: the head and the form come within a few reads.
                while let Ok(read) = socket.read(&mut buffer[length..]).await {
                    length += read;
                    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let complete = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                        let wanted = head.to_lowercase().lines().find_map(|line| {
                            line.strip_prefix("content-length: ")
                                .and_then(|n| n.parse().ok())
                        });
                        body.len() >= wanted.unwrap_or(0)
                    });
                    if read == 0 || complete {
                        break;
                    }
                }
                let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let body = serde_json::json!({ "error": {
                    "message": format!("bad request: {request}"), "type": "OAuthException",
                    "code": 100, "error_user_title": request.clone(),
                    "error_user_msg": request, "fbtrace_id": "Aecho",
                }})
                .to_string();
                let answer = format!(
                    "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    url.parse().unwrap()
}

/// Calls everything with these credentials, and keeps what fails.
async fn call_everything(base: &Url, token: &str, seen: &Seen) {
    let hurried = Timeouts::default()
        .total(Duration::from_millis(300))
        .publish(Duration::from_millis(300));
    for placement in [TokenPlacement::Header, TokenPlacement::Query] {
        let client = Client::builder()
            .base_url(base.clone())
            .access_token(AccessToken::new(token))
            .token_placement(placement)
            .retry(RetryPolicy::none())
            .timeouts(hurried.clone())
            .build()
            .unwrap();
        seen.add(&format!("{client:?} {:?}", client.publishing()));
        macro_rules! call {
            ($future:expr) => {
                match $future.await {
                    Ok(answer) => seen.add(&format!("{answer:?}")),
                    Err(error) => seen.error(&error),
                }
            };
        }
        let draft = Draft::text("canary");
        let impatient = WaitPolicy::default()
            .first_pause(Duration::from_millis(1))
            .longest_pause(Duration::from_millis(1))
            .give_up_after(Duration::from_millis(20))
            .settle(Duration::ZERO);
        call!(client.profile().get());
        call!(client.profile().lookup("meta"));
        call!(client.posts().list().send());
        call!(client.posts().get(&"1790".into()));
        call!(
            client
                .insights()
                .account()
                .metrics([AccountMetric::Views])
                .send()
        );
        call!(
            client
                .insights()
                .post(&"1790".into())
                .metrics([threads_client::PostMetric::Views])
                .send()
        );
        call!(client.quota().publishing());
        call!(client.publishing().create_container(&draft));
        call!(client.publishing().container(&"1800".into()));
        call!(client.publishing().publish_container(&"1800".into()));
        call!(client.publishing().publish_with(draft, &impatient));
        call!(client.refresh_access_token());
        let redirect: Url = "https://app.example/callback".parse().unwrap();
        let oauth = OAuthClient::builder("1234567890", AppSecret::new(APP_SECRET), redirect)
            .base_url(base.clone())
            .retry(RetryPolicy::none())
            .timeouts(hurried.clone())
            .build()
            .unwrap();
        seen.add(&format!("{oauth:?}"));
        let access_token = AccessToken::new(token);
        call!(oauth.exchange_code(&AuthorizationCode::new("AQcanary0code0long0enough0to0find")));
        call!(oauth.exchange_long_lived(&access_token));
        call!(oauth.refresh(&access_token));
        call!(oauth.app_token());
        call!(oauth.debug_token(&access_token, &access_token));
    }
}

/// One test only, because the logs of the whole process are caught.
#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one story, which is easier to follow in one piece"
)]
async fn no_secret_comes_out_anywhere() {
    let seen = Seen::default();
    let logs = seen.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || logs.clone())
        .init();
    tracing::trace!("the trap is set");
    let mut secrets = vec![
        ("the app secret".to_owned(), APP_SECRET.to_owned()),
        (
            "a code".to_owned(),
            "AQcanary0code0long0enough0to0find".to_owned(),
        ),
    ];

    // The whole product, over HTTP.
    let directory = tempfile::tempdir().unwrap();
    let store = format!("file:{}", directory.path().join("data").display());
    let storage = Storage::open(&store).await.unwrap();
    let sandbox = Sandbox::builder().app("1234567890", APP_SECRET);
    let stage = Stage::start(sandbox, storage).await.unwrap();
    let mut browser = Browser::new().unwrap();
    let user = stage.sandbox.users()[0].clone();
    let ask = browser
        .open(stage.dashboard.join("connect").unwrap())
        .await
        .unwrap();
    let window = browser.submit(&ask, "/connect", &[]).await.unwrap();
    let request = window.input("request").unwrap();
    let account = browser
        .submit(
            &window,
            "/oauth/authorize",
            &[
                ("request", &request),
                ("account", &user.id),
                ("decision", "allow"),
            ],
        )
        .await
        .unwrap();
    assert_eq!(account.status, 200, "{}", account.body);
    for url in browser.visited.clone() {
        for (name, value) in url.query_pairs() {
            if matches!(&*name, "code" | "state") && value.len() >= 16 {
                secrets.push((
                    format!("the login's {name}"),
                    value.trim_end_matches("#_").to_owned(),
                ));
            }
        }
    }
    for cookie in browser.cookie_values() {
        secrets.push(("the session cookie".to_owned(), cookie));
    }
    let user_id = threads_client::UserId::new(user.id.clone());
    let token = |stored: threads_monitor::token_store::StoredToken| {
        stored.token.credential.access_token.expose().to_owned()
    };
    let first = token(stage.monitor.tokens().load(&user_id).await.unwrap());
    secrets.push(("the long-lived token".to_owned(), first.clone()));

    let page = browser.open(account.url.clone()).await.unwrap();
    let due = (stage.sandbox.now() + TimeDelta::minutes(10))
        .format("%Y-%m-%dT%H:%M")
        .to_string();
    let key = page.input("key").unwrap();
    let post = browser
        .submit(
            &page,
            &format!("/accounts/{}/posts", user.id),
            &[
                ("key", &key),
                ("text", "canary post"),
                ("due", &due),
                ("reply_control", ""),
            ],
        )
        .await
        .unwrap();
    stage
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
    stage
        .live(TimeDelta::minutes(30), TimeDelta::seconds(30))
        .await
        .unwrap();
    stage
        .live(TimeDelta::days(31), TimeDelta::hours(12))
        .await
        .unwrap();
    let second = token(stage.monitor.tokens().load(&user_id).await.unwrap());
    assert_ne!(first, second, "the token was refreshed");
    secrets.push(("the refreshed token".to_owned(), second));
    // Everything fails for a while, in every way.
    for fault in [
        Fault::status(500),
        Fault::code(4),
        Fault::subcode(190, 463),
        Fault::DropBeforeEffect,
        Fault::TruncatedBody,
        Fault::WrongJson,
        Fault::HtmlBody,
        Fault::Redirect {
            to: "http://127.0.0.1:9/".to_owned(),
            status: 307,
        },
    ] {
        stage.sandbox.clear_faults();
        stage
            .sandbox
            .add_fault(FaultRule::everywhere(When::Always, fault));
        stage.sandbox.advance(Duration::from_hours(7));
        stage.monitor.run_due_once().await.unwrap();
        for path in [
            "",
            "connect",
            "privacy",
            "terms",
            "healthz",
            "api/accounts",
            "api/jobs",
        ] {
            let page = browser
                .open(stage.dashboard.join(path).unwrap())
                .await
                .unwrap();
            seen.add(&page.headers);
            seen.add(&page.body);
        }
        for url in [account.url.clone(), post.url.clone()] {
            seen.add(&browser.open(url).await.unwrap().body);
        }
        let callback = "oauth/callback?code=AQcanary0code0long0enough0to0find&state=forged";
        seen.add(
            &browser
                .open(stage.dashboard.join(callback).unwrap())
                .await
                .unwrap()
                .body,
        );
    }
    stage.sandbox.clear_faults();
    seen.add(&format!(
        "{:?} {:#?}",
        stage.monitor,
        stage.monitor.storage()
    ));
    let stored = stage.monitor.tokens().load(&user_id).await.unwrap();
    seen.add(&format!("{stored:?} {stored:#?}"));

    // The client alone, against servers of every kind.
    let marked = "THQWcanary0token0a3f1c9e7b5d2f8a6c4e0";
    secrets.push(("the marked token".to_owned(), marked.to_owned()));
    let closed: Url = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
            .parse()
            .unwrap()
    };
    call_everything(&stage.sandbox.base_url(), marked, &seen).await;
    call_everything(&closed, marked, &seen).await;
    call_everything(&echo().await, marked, &seen).await;
    for fault in [
        Fault::HangBeforeEffect,
        Fault::DropBeforeEffect,
        Fault::ResetBeforeEffect,
        Fault::TruncatedBody,
        Fault::WrongJson,
        Fault::HtmlBody,
        Fault::status(503),
        Fault::Redirect {
            to: format!("{closed}?access_token=x"),
            status: 302,
        },
    ] {
        stage.sandbox.clear_faults();
        stage
            .sandbox
            .add_fault(FaultRule::everywhere(When::Always, fault));
        call_everything(&stage.sandbox.base_url(), marked, &seen).await;
    }
    let grant = TokenGrant::new(AccessToken::new(marked));
    seen.add(&format!("{grant:?}"));
    seen.error(
        &stage
            .monitor
            .connect(&grant, &[Scope::Basic])
            .await
            .unwrap_err(),
    );

    let text = seen.text();
    assert!(text.contains("the trap is set"), "logs are caught");
    assert!(
        text.contains("TRACE hyper"),
        "logs of dependencies are caught"
    );
    assert!(text.contains("bad request: "), "Meta's words are kept");
    assert!(
        text.len() > 1_000_000,
        "only {} bytes were seen",
        text.len()
    );
    assert_clean(&text, &secrets);
}

#[test]
fn the_search_finds_each_disguise() {
    let secret = "THQWcanary0token0a3f1c9e7b5d2f8a6c4e0";

    for disguise in disguises(secret) {
        let seen = format!("line one\nbefore {disguise} after");
        let secrets = [("the marker".to_owned(), secret.to_owned())];
        let found = std::panic::catch_unwind(|| assert_clean(&seen, &secrets));
        assert!(found.is_err(), "{disguise}");
    }
}
