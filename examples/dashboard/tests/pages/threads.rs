//! Threads: several parts at once, and what becomes of them.

use std::time::Duration;

use threads_client::{Scope, UserId};
use threads_monitor::publishing::ScheduledPost;
use threads_sandbox::{Endpoint, Fault, FaultRule, When};

use crate::common::{Answer, Dashboard};

const DUE: (&str, &str) = ("due", "2026-06-01T12:30");

async fn send(dashboard: &Dashboard, user: &UserId, form: &[(&str, &str)]) -> Answer {
    let address = format!("/accounts/{user}/posts");
    dashboard.post(&address, form).await
}

async fn posts(dashboard: &Dashboard, user: &UserId) -> Vec<ScheduledPost> {
    dashboard.monitor.scheduled_posts(user).await.unwrap()
}

/// The texts that became visible, newest last.
fn live(dashboard: &Dashboard) -> Vec<String> {
    let ledger = dashboard.sandbox.ledger();
    let published = ledger
        .into_iter()
        .filter(|entry| entry.kind == threads_sandbox::LedgerKind::PostPublished);
    published.map(|entry| entry.text.unwrap()).collect()
}

#[tokio::test]
async fn parts_are_added_one_by_one_without_scripts_and_go_out_as_a_thread() {
    let (dashboard, user) = Dashboard::connected().await;
    let one = ("text", "One");

    let more = send(&dashboard, &user, &[one, DUE, ("action", "add-part")]).await;
    let form = [one, DUE, ("part", "Two"), ("action", "add-part")];
    let most = send(&dashboard, &user, &form).await;

    assert_eq!(more.status.as_u16(), 200);
    assert!(more.body.contains("Part 2 of the thread"), "{}", more.body);
    assert!(most.body.contains("Part 3 of the thread"));
    assert!(most.body.contains(">Two</textarea>"));
    assert!(most.body.contains(">One</textarea>"));
    assert!(most.body.contains("value=\"2026-06-01T12:30\""));
    assert_eq!(posts(&dashboard, &user).await.len(), 0);
    let form = [
        one,
        DUE,
        ("part", "Two"),
        ("part", ""),
        ("part", "Three"),
        ("action", "schedule"),
    ];
    let sent = send(&dashboard, &user, &form).await;
    assert_eq!(sent.status.as_u16(), 303, "{}", sent.body);
    let waiting = dashboard.get(&sent.location()).await;
    assert!(waiting.body.contains("0 of 3 live"), "{}", waiting.body);
    assert!(waiting.body.contains("Call off from here"));
    dashboard.live(60, Duration::from_mins(1)).await;
    let page = dashboard.get(&sent.location()).await;
    assert!(page.body.contains("3 of 3 live"), "{}", page.body);
    assert_eq!(live(&dashboard), ["One", "Two", "Three"]);
    let list = dashboard.get(&format!("/accounts/{user}/posts")).await;
    assert!(list.body.contains("3 of 3 live"));
}

#[tokio::test]
async fn a_thread_that_stopped_says_how_far_it_came_and_goes_on_as_chosen() {
    let (dashboard, user) = Dashboard::connected().await;
    dashboard.sandbox.add_fault(FaultRule::new(
        Endpoint::CreateContainer,
        When::Nth(2),
        Fault::code(100),
    ));
    let form = [("text", "One"), DUE, ("part", "Two"), ("part", "Three")];
    let sent = send(&dashboard, &user, &form).await;
    dashboard.live(60, Duration::from_mins(1)).await;
    let address = sent.location();
    let page = dashboard.get(&address).await;
    assert!(page.body.contains("Partial: 1 of 3 live"), "{}", page.body);
    assert!(page.body.contains("Go on below the last live part"));
    assert!(page.body.contains("Let the rest be"));
    let list = dashboard.get(&format!("/accounts/{user}/posts")).await;
    assert!(list.body.contains("Partial: 1 of 3 live"));

    let post = address.split('?').next().unwrap();
    let chosen = dashboard
        .post(&format!("{post}/chain"), &[("choice", "below")])
        .await;
    assert_eq!(chosen.status.as_u16(), 303, "{}", chosen.body);
    dashboard.live(40, Duration::from_mins(1)).await;

    assert_eq!(live(&dashboard), ["One", "Two", "Three"]);
    let page = dashboard.get(post).await;
    assert!(page.body.contains("Where it goes out"), "{}", page.body);
    let again = dashboard
        .post(&format!("{post}/chain"), &[("choice", "discard")])
        .await;
    assert_eq!(again.status.as_u16(), 409);
}

#[tokio::test]
async fn a_part_can_be_called_off_with_those_below_it() {
    let (dashboard, user) = Dashboard::connected().await;
    let form = [("text", "One"), DUE, ("part", "Two"), ("part", "Three")];
    let sent = send(&dashboard, &user, &form).await;
    let address = sent.location();
    let post = address.split('?').next().unwrap();

    let cut = dashboard
        .post(&format!("{post}/chain"), &[("cancel", "1")])
        .await;
    dashboard.live(60, Duration::from_mins(1)).await;

    assert_eq!(cut.status.as_u16(), 303);
    assert_eq!(live(&dashboard), ["One"]);
    let page = dashboard.get(post).await;
    assert!(page.body.contains("Partial: 1 of 3 live"), "{}", page.body);
    assert!(page.body.contains("Called off"));
}

#[tokio::test]
async fn what_is_wrong_with_a_part_is_told_at_it() {
    let (dashboard, user) = Dashboard::connected().await;
    let long = "x".repeat(501);

    let refused = send(
        &dashboard,
        &user,
        &[("text", "One"), DUE, ("part", "Two"), ("part", &long)],
    )
    .await;
    let kept = send(
        &dashboard,
        &user,
        &[("text", "One"), ("part", "Two"), ("action", "draft")],
    )
    .await;

    assert_eq!(refused.status.as_u16(), 422);
    assert!(
        refused.body.contains("id=\"part-3-error\""),
        "{}",
        refused.body
    );
    assert!(!refused.body.contains("id=\"part-2-error\""));
    assert_eq!(kept.status.as_u16(), 422);
    assert!(kept.body.contains("A draft is one post"), "{}", kept.body);
    assert_eq!(posts(&dashboard, &user).await.len(), 0);
}

#[tokio::test]
async fn a_missing_permission_is_told_before_anything_is_scheduled() {
    let dashboard = Dashboard::start().await;
    let scopes = [Scope::Basic, Scope::ContentPublish];
    let user = dashboard.connect_with(&scopes).await;

    let form = [("text", "One"), DUE, ("part", "Two")];
    let refused = send(&dashboard, &user, &form).await;

    assert_eq!(refused.status.as_u16(), 422, "{}", refused.body);
    assert!(
        refused.body.contains("threads_manage_replies"),
        "{}",
        refused.body
    );
    assert_eq!(posts(&dashboard, &user).await.len(), 0);
}
