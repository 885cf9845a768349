//! Connecting and disconnecting accounts through the pages.

use std::time::Duration;

use crate::common::{Dashboard, small_account};
use threads_monitor::scheduler::JobQuery;
use threads_monitor::snapshot_store::SnapshotQuery;
use threads_sandbox::{AccountSeed, Endpoint, Fault};

#[tokio::test]
async fn an_account_is_connected_and_its_numbers_are_there_at_once() {
    let dashboard = Dashboard::start().await;
    let login = dashboard.start_login(&[]).await;
    let back = dashboard.decide(&login, 0, "allow").await;

    let done = dashboard.come_back(&back, Some(&login.session)).await;

    assert_eq!(done.status.as_u16(), 303, "{done:?}");
    let page = dashboard.get(&done.location()).await;
    assert!(page.body.contains("The account is connected."));
    assert!(
        page.body.contains("<span class=\"value\">240</span>"),
        "followers"
    );
    let account = &dashboard.monitor.accounts().await.unwrap()[0];
    let asked: Vec<&str> = account
        .token
        .scopes
        .iter()
        .map(threads_client::Scope::as_str)
        .collect();
    assert_eq!(
        asked,
        [
            "threads_basic",
            "threads_content_publish",
            "threads_manage_insights",
            "threads_profile_discovery",
            "threads_manage_replies",
            "threads_read_replies"
        ]
    );
}

#[tokio::test]
async fn the_permissions_are_explained_before_they_are_asked() {
    let dashboard = Dashboard::start().await;

    let page = dashboard.get("/connect").await;

    for (scope, reason) in &threads_dashboard::SCOPES {
        assert!(page.body.contains(scope.as_str()));
        assert!(
            page.body.contains(&reason.replace('\'', "&#39;")),
            "{reason}"
        );
    }
    assert!(
        dashboard.sandbox.requests().is_empty(),
        "nothing was asked yet"
    );
}

#[tokio::test]
async fn a_login_works_once() {
    let dashboard = Dashboard::start().await;
    let login = dashboard.start_login(&[]).await;
    let back = dashboard.decide(&login, 0, "allow").await;
    dashboard.come_back(&back, Some(&login.session)).await;
    let exchanges = || {
        let requests = dashboard.sandbox.requests();
        requests
            .iter()
            .filter(|request| request.endpoint == Some(Endpoint::ExchangeCode))
            .count()
    };
    assert_eq!(exchanges(), 1);

    let again = dashboard.come_back(&back, Some(&login.session)).await;

    assert_eq!(again.status.as_u16(), 400);
    assert!(again.body.contains("already used"));
    assert_eq!(exchanges(), 1);
}

#[tokio::test]
async fn a_login_ends_after_ten_minutes() {
    let dashboard = Dashboard::start().await;
    let login = dashboard.start_login(&[]).await;
    let back = dashboard.decide(&login, 0, "allow").await;

    dashboard.clock.advance(Duration::from_secs(601));
    let late = dashboard.come_back(&back, Some(&login.session)).await;

    assert_eq!(late.status.as_u16(), 400);
    assert!(late.body.contains("took too long"));
    assert!(dashboard.monitor.accounts().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_login_of_another_browser_is_refused() {
    let dashboard = Dashboard::start().await;
    let victim = dashboard.start_login(&[]).await;
    let attacker = dashboard.start_login(&[]).await;
    let back = dashboard.decide(&attacker, 0, "allow").await;

    for session in [Some(victim.session.as_str()), None] {
        let refused = dashboard.come_back(&back, session).await;

        assert_eq!(refused.status.as_u16(), 400);
        assert!(refused.body.contains("another browser"));
    }
    assert!(dashboard.monitor.accounts().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_state_that_is_wrong_or_missing_is_refused() {
    let dashboard = Dashboard::start().await;
    let login = dashboard.start_login(&[]).await;

    for query in [
        "code=abc&state=wrong",
        "code=abc&state=",
        "code=abc",
        "state=abc",
        "code=abc&state=a&state=b",
        "",
    ] {
        let refused = dashboard
            .come_back(&format!("/oauth/callback?{query}"), Some(&login.session))
            .await;

        assert_eq!(refused.status.as_u16(), 400, "{query}");
        assert!(!refused.body.contains("abc"), "{query} is shown");
    }
    assert!(
        dashboard
            .sandbox
            .requests()
            .iter()
            .all(|request| request.endpoint != Some(Endpoint::ExchangeCode))
    );
}

#[tokio::test]
async fn a_denial_is_told_kindly_and_stores_nothing() {
    let dashboard = Dashboard::start().await;
    let login = dashboard.start_login(&[]).await;
    let back = dashboard.decide(&login, 0, "deny").await;

    let told = dashboard.come_back(&back, Some(&login.session)).await;

    assert_eq!(told.status.as_u16(), 403);
    assert!(told.body.contains("You chose not to allow it"));
    assert!(told.body.contains("href=\"/connect\""));
    assert!(dashboard.monitor.accounts().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_failed_exchange_is_explained_without_any_secret() {
    let dashboard = Dashboard::start().await;
    let login = dashboard.start_login(&[]).await;
    let back = dashboard.decide(&login, 0, "allow").await;
    dashboard
        .sandbox
        .fail_next(Endpoint::ExchangeCode, Fault::code(101));

    let told = dashboard.come_back(&back, Some(&login.session)).await;

    assert_eq!(told.status.as_u16(), 502);
    assert!(told.body.contains("Error code 101"), "{}", told.body);
    assert!(told.body.contains("oauth/callback"));
    let code = back
        .split_once("code=")
        .unwrap()
        .1
        .split('&')
        .next()
        .unwrap();
    assert!(!told.body.contains(code));
    assert!(!told.body.contains(&dashboard.sandbox.app_secret()));
}

#[tokio::test]
async fn setup_errors_of_meta_are_explained() {
    let dashboard = Dashboard::start().await;

    for (code, words) in [
        ("1349168", "after the login is not registered"),
        ("4476002", "use the Threads app id"),
        ("1349245", "not one of its testers yet"),
        ("1", "tester of the app"),
    ] {
        let told = dashboard
            .get(&format!(
                "/oauth/callback?error_code={code}&error_message=x"
            ))
            .await;

        assert_eq!(told.status.as_u16(), 400);
        assert!(told.body.contains(words), "{code}");
    }
}

#[tokio::test]
async fn a_reconnect_takes_no_other_account() {
    let second = AccountSeed::new("somebody.else").name("Somebody Else");
    let dashboard = Dashboard::start_with(&[small_account(), second], None).await;
    let user = dashboard.connect(0).await;
    let login = dashboard.start_login(&[("account", user.as_str())]).await;
    let back = dashboard.decide(&login, 1, "allow").await;

    let told = dashboard.come_back(&back, Some(&login.session)).await;

    assert_eq!(told.status.as_u16(), 409);
    assert!(told.body.contains("another account"));
    assert_eq!(dashboard.monitor.accounts().await.unwrap().len(), 1);
}

#[tokio::test]
async fn looking_at_the_disconnect_page_deletes_nothing() {
    let (dashboard, user) = Dashboard::connected().await;

    let page = dashboard.get(&format!("/accounts/{user}/disconnect")).await;

    assert_eq!(page.status.as_u16(), 200);
    assert!(page.body.contains("Website permissions"));
    assert!(page.body.contains("permanently deletes"));
    assert_eq!(dashboard.monitor.accounts().await.unwrap().len(), 1);
}

#[tokio::test]
async fn disconnecting_leaves_nothing_behind() {
    let (dashboard, user) = Dashboard::connected().await;
    dashboard
        .post(
            &format!("/accounts/{user}/posts"),
            &[("text", "Tomorrow"), ("due", "2026-06-02T19:00")],
        )
        .await;

    let done = dashboard
        .post(&format!("/accounts/{user}/disconnect"), &[])
        .await;

    assert_eq!(done.location(), "/?notice=disconnected");
    let home = dashboard.get(&done.location()).await;
    assert!(home.body.contains("No account is connected yet"));
    assert!(!home.body.contains("small.cafe"));
    let storage = dashboard.monitor.storage();
    assert!(storage.tokens.load(&user).await.unwrap().is_none());
    let jobs = storage
        .scheduler
        .list(&JobQuery::account(user.clone()))
        .await;
    assert!(jobs.unwrap().is_empty());
    let snapshots = storage
        .snapshots
        .query(&SnapshotQuery::account(user.clone()))
        .await;
    assert!(snapshots.unwrap().is_empty());
    let gone = dashboard.get(&format!("/accounts/{user}")).await;
    assert_eq!(gone.status.as_u16(), 404);
}

#[tokio::test]
async fn a_dead_token_is_told_with_the_way_out() {
    let (dashboard, user) = Dashboard::connected().await;
    dashboard.sandbox.revoke("small.cafe").unwrap();
    dashboard.live(24, Duration::from_hours(3)).await;

    let page = dashboard.get(&format!("/accounts/{user}")).await;

    assert!(
        page.body
            .contains("nothing is measured and nothing is published")
    );
    assert!(page.body.contains("Connect again</button>"));
    assert!(
        page.body.contains("<span class=\"value\">240</span>"),
        "what was measured is kept"
    );
}

#[tokio::test]
async fn a_dead_token_is_told_with_the_posts_that_need_a_new_one() {
    let (dashboard, user) = Dashboard::connected().await;
    for (text, due) in [("Soon", "2026-06-01T20:00"), ("Later", "2026-06-02T20:00")] {
        let form = [("text", text), ("due", due)];
        let address = format!("/accounts/{user}/posts");
        let sent = dashboard.post(&address, &form).await;
        assert_eq!(sent.status.as_u16(), 303);
    }
    let health = dashboard.get("/healthz").await;
    assert!(health.body.contains("\"dead\":0"), "{}", health.body);
    dashboard.sandbox.revoke(user.as_str()).unwrap();

    dashboard.live(24, Duration::from_mins(20)).await;

    let page = dashboard.get(&format!("/accounts/{user}")).await;
    assert!(page.body.contains("Connect again"), "{}", page.body);
    assert!(
        page.body.contains("2 scheduled posts need it:"),
        "{}",
        page.body
    );
    assert!(
        page.body
            .contains("<time datetime=\"2026-06-01T20:00:00Z\">")
    );
    let home = dashboard.get("/").await;
    assert!(
        home.body.contains("2 scheduled posts need it:"),
        "{}",
        home.body
    );
    let health = dashboard.get("/healthz").await;
    assert!(health.body.contains("\"dead\":1"), "{}", health.body);
    assert!(
        health.body.contains("\"posts_at_stake\":2"),
        "{}",
        health.body
    );
    // With a new token nothing is left of it.
    dashboard.connect(0).await;
    let page = dashboard.get(&format!("/accounts/{user}")).await;
    assert!(!page.body.contains("need it:"), "{}", page.body);
    let health = dashboard.get("/healthz").await;
    assert!(
        health.body.contains("\"posts_at_stake\":0"),
        "{}",
        health.body
    );
}
