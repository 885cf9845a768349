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

mod calls;
mod echo;
mod seen;

use std::time::Duration;

use calls::{APP_SECRET, CODE, call_everything};
use chrono::TimeDelta;
use echo::echo;
use seen::{Seen, assert_clean, disguises};
use threads_client::{AccessToken, Scope, TokenGrant};
use threads_e2e::{Browser, Stage};
use threads_monitor::Storage;
use threads_sandbox::{Endpoint, Fault, FaultRule, Sandbox, When};
use tokio::net::TcpListener;
use url::Url;

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
        ("a code".to_owned(), CODE.to_owned()),
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
        let callback = format!("oauth/callback?code={CODE}&state=forged");
        seen.add(
            &browser
                .open(stage.dashboard.join(&callback).unwrap())
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
