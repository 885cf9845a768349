//! From nothing to published and back to nothing, over HTTP.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use chrono::TimeDelta;
use threads_e2e::{Browser, Page, Stage};
use threads_monitor::{Storage, Zone};
use threads_sandbox::{LedgerKind, Sandbox};

/// Connects one of the sandbox's accounts by its own page's Allow button.
async fn connect(stage: &Stage, browser: &mut Browser, username: &str) -> Page {
    let ask = browser
        .open(stage.dashboard.join("connect").unwrap())
        .await
        .unwrap();
    let window = browser.submit(&ask, "/connect", &[]).await.unwrap();
    assert_eq!(window.status, 200, "{}", window.body);
    let request = window.input("request").unwrap();
    let user = stage.sandbox.user(username).unwrap();
    browser
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
        .unwrap()
}

#[tokio::test]
async fn connect_collect_schedule_publish_disconnect() {
    whole_life("file:{}/data").await;
}

#[tokio::test]
async fn connect_collect_schedule_publish_disconnect_on_sqlite() {
    whole_life("sqlite:{}/data/threads.db").await;
}

async fn whole_life(store: &str) {
    let directory = tempfile::tempdir().unwrap();
    let store = store.replace("{}", directory.path().to_str().unwrap());
    let storage = Storage::open(&store).await.unwrap();
    let stage = Stage::start(Sandbox::builder(), storage).await.unwrap();
    let username = stage.sandbox.users()[0].username.clone();
    let user = stage.sandbox.user(&username).unwrap();
    let mut browser = Browser::new().unwrap();

    // Connect.
    let account = connect(&stage, &mut browser, &username).await;
    assert_eq!(account.status, 200, "{}", account.body);
    assert_eq!(account.url.path(), format!("/accounts/{}", user.id));
    let issued = |kind: LedgerKind| {
        let entries = stage.sandbox.ledger();
        entries.iter().filter(|entry| entry.kind == kind).count()
    };
    assert!(issued(LedgerKind::TokenIssued) >= 1);

    // Collect: the page shows the sandbox's own number.
    stage
        .live(TimeDelta::days(2), TimeDelta::hours(6))
        .await
        .unwrap();
    let followers = stage.sandbox.user(&username).unwrap().followers;
    let api = browser
        .open(stage.dashboard.join("api/accounts").unwrap())
        .await
        .unwrap();
    let api: serde_json::Value = serde_json::from_str(&api.body).unwrap();
    let text = api.to_string();
    assert!(
        text.contains(&format!("\"value\":{followers}")),
        "{followers} in {text}"
    );
    assert!(text.contains("not_provided"), "{text}");

    // Schedule, in the account's zone, ten minutes ahead.
    let page = browser.open(account.url.clone()).await.unwrap();
    let due = stage.sandbox.now() + TimeDelta::minutes(10);
    let local = Zone::UTC.local(due).format("%Y-%m-%dT%H:%M").to_string();
    let scheduled = browser
        .submit(
            &page,
            &format!("/accounts/{}/posts", user.id),
            &[
                ("key", &page.input("key").unwrap()),
                ("text", "Selamat pagi dari dasbor"),
                ("due", &local),
                ("reply_control", ""),
            ],
        )
        .await
        .unwrap();
    assert_eq!(scheduled.status, 200, "{}", scheduled.body);
    assert!(
        scheduled.url.path().starts_with("/posts/")
            || scheduled.body.contains("Selamat pagi dari dasbor")
    );
    assert!(stage.published().is_empty());

    // Publish.
    stage
        .live(TimeDelta::minutes(15), TimeDelta::seconds(10))
        .await
        .unwrap();
    let published = stage.published();
    assert_eq!(published.len(), 1);
    assert_eq!(
        published[0].text.as_deref(),
        Some("Selamat pagi dari dasbor")
    );
    assert_eq!(published[0].account.as_deref(), Some(user.id.as_str()));
    let post = browser.open(scheduled.url.clone()).await.unwrap();
    assert!(
        post.body.to_lowercase().contains("published"),
        "{}",
        post.body
    );

    // Disconnect: asking is not doing.
    let action = format!("/accounts/{}/disconnect", user.id);
    let ask = browser
        .open(stage.dashboard.join(&action).unwrap())
        .await
        .unwrap();
    assert_eq!(stage.monitor.accounts().await.unwrap().len(), 1);
    let gone = browser.submit(&ask, &action, &[]).await.unwrap();
    assert_eq!(gone.status, 200, "{}", gone.body);
    assert!(stage.monitor.accounts().await.unwrap().is_empty());
    let missing = browser.open(account.url).await.unwrap();
    assert_eq!(missing.status, 404);

    // Nothing of the account is left in any file, and nothing happens any more.
    let requests = stage.sandbox.requests().len();
    stage
        .live(TimeDelta::days(2), TimeDelta::hours(6))
        .await
        .unwrap();
    assert_eq!(stage.sandbox.requests().len(), requests);
    assert_eq!(stage.published().len(), 1);
    for marker in [
        user.id.as_str(),
        username.as_str(),
        "Selamat pagi dari dasbor",
    ] {
        let hits = files_with(directory.path(), marker.as_bytes());
        assert!(hits.is_empty(), "`{marker}` is left in {hits:?}");
    }
}

#[tokio::test]
async fn a_denied_login_connects_nothing_and_says_so() {
    let stage = Stage::start(Sandbox::builder(), Storage::in_memory())
        .await
        .unwrap();
    let mut browser = Browser::new().unwrap();
    let ask = browser
        .open(stage.dashboard.join("connect").unwrap())
        .await
        .unwrap();
    let window = browser.submit(&ask, "/connect", &[]).await.unwrap();

    let request = window.input("request").unwrap();
    let back = browser
        .submit(
            &window,
            "/oauth/authorize",
            &[("request", &request), ("decision", "deny")],
        )
        .await
        .unwrap();

    assert!(
        back.body.contains("No account was connected"),
        "{}",
        back.body
    );
    assert!(stage.monitor.accounts().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_restart_goes_on_where_the_last_run_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("file:{}", directory.path().join("data").display());
    let sandbox = Sandbox::start().await.unwrap();
    let username = sandbox.users()[0].username.clone();
    let monitor = |storage: Storage| {
        threads_monitor::Monitor::builder(storage)
            .client(
                threads_client::Client::builder()
                    .base_url(sandbox.base_url())
                    .build()
                    .unwrap(),
            )
            .clock(std::sync::Arc::new(threads_e2e::SandboxClock(
                sandbox.clone(),
            )))
            .build()
            .unwrap()
    };
    let scopes: Vec<&str> = threads_dashboard::SCOPES
        .iter()
        .map(|(scope, _)| scope.as_str())
        .collect();
    let token = sandbox
        .issue_token(&username, &scopes, std::time::Duration::ZERO)
        .unwrap();
    let mut grant = threads_client::TokenGrant::new(threads_client::AccessToken::new(token));
    grant.expires_in = Some(std::time::Duration::from_hours(60 * 24));
    let scopes: Vec<_> = threads_dashboard::SCOPES
        .iter()
        .map(|(scope, _)| scope.clone())
        .collect();

    let (user, post, before) = {
        let first = monitor(Storage::open(&store).await.unwrap());
        let user = first.connect(&grant, &scopes).await.unwrap().user;
        first.run_due_once().await.unwrap();
        let due = threads_monitor::publishing::Due::At(sandbox.now() + TimeDelta::minutes(30));
        let post = first
            .schedule(threads_monitor::publishing::NewPost::new(
                user.clone(),
                threads_client::Draft::text("after the restart"),
                due,
            ))
            .await
            .unwrap();
        let before = first.account(&user).await.unwrap().unwrap();
        (user, post, before)
    };
    let requests = sandbox.requests().len();
    let second = monitor(Storage::open(&store).await.unwrap());

    // Nothing recurring is run again just because the program was started again.
    second.run_due_once().await.unwrap();
    assert_eq!(sandbox.requests().len(), requests);
    assert_eq!(second.account(&user).await.unwrap().unwrap(), before);
    for _ in 0..12 {
        sandbox.advance(std::time::Duration::from_mins(3));
        second.run_due_once().await.unwrap();
    }
    let after = second.scheduled(&post.id).await.unwrap().unwrap();
    assert_eq!(after.post.phase.name(), "published");
    let published = sandbox
        .ledger()
        .into_iter()
        .filter(|entry| entry.kind == LedgerKind::PostPublished)
        .count();
    assert_eq!(published, 1);
}

/// Files below `directory` that hold these bytes. Another process reads them: closing a file
/// of SQLite in this one would drop the locks on it.
fn files_with(directory: &std::path::Path, marker: &[u8]) -> Vec<std::path::PathBuf> {
    let mut hits = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            hits.extend(files_with(&path, marker));
            continue;
        }
        let content = std::process::Command::new("cat").arg(&path).output();
        let content = content.unwrap().stdout;
        if content.windows(marker.len()).any(|window| window == marker) {
            hits.push(path);
        }
    }
    hits
}
