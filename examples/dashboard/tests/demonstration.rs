//! The demonstration's history is collected by the product, honestly.

use std::collections::BTreeMap;

use threads_dashboard::Activity;
use threads_dashboard::demo::Demo;
use threads_monitor::snapshot_store::{Metric, Subject};
use threads_monitor::{Storage, trends};
use tokio::sync::watch;

#[tokio::test(flavor = "multi_thread")]
async fn three_accounts_live_through_three_months() {
    let redirect = "http://127.0.0.1:9/oauth/callback".parse().unwrap();
    let demo = Demo::start(Storage::in_memory(), redirect, true)
        .await
        .unwrap();
    let (activity, watched) = watch::channel(Activity::Idle);

    demo.fill(&activity).await.unwrap();

    let monitor = demo.monitor().unwrap();
    let now = monitor.now();
    assert!(
        matches!(&*watched.borrow(), Activity::Filling { progress } if progress == "day 90 of 90")
    );
    let accounts = monitor.accounts().await.unwrap();
    assert_eq!(accounts.len(), 3);
    let mut phases: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lost = 0;
    for account in &accounts {
        // Every number comes from the sandbox: the newest one is what it says now.
        let truth = demo
            .sandbox()
            .user(account.user.as_str())
            .unwrap()
            .followers;
        let shown = account.followers.value().unwrap();
        assert!(shown.abs_diff(truth) <= 1, "{shown} {truth}");
        let points = monitor
            .series(
                &account.user,
                Subject::Account,
                Metric::Followers,
                now - chrono::TimeDelta::days(91),
                now + chrono::TimeDelta::days(1),
            )
            .await
            .unwrap();
        let zone = account.zone;
        let days = trends::daily(
            &points,
            zone,
            zone.date(now - chrono::TimeDelta::days(89)),
            zone.date(now),
        );
        let missing = days.iter().filter(|day| day.point.is_none()).count();
        assert!(
            (1..=3).contains(&missing),
            "the days off are missing: {missing}"
        );
        for post in monitor.scheduled_posts(&account.user).await.unwrap() {
            *phases.entry(post.post.phase.name()).or_default() += 1;
            if post.post.phase.name() == "published" {
                let text = post.post.draft.text.unwrap();
                let live = demo.sandbox().posts(account.user.as_str()).unwrap();
                let copies = live
                    .iter()
                    .filter(|live| live.text.as_deref() == Some(&*text))
                    .count();
                assert_eq!(copies, 1, "{text}");
            }
            lost += usize::from(post.post.attempts.iter().any(|attempt| {
                !matches!(
                    attempt.outcome,
                    threads_monitor::publishing::Outcome::Effective { answer: None }
                )
            }));
        }
    }
    assert!(phases["published"] >= 20, "{phases:?}");
    assert_eq!(phases["scheduled"], 4, "{phases:?}");
    assert_eq!(phases["cancelled"], 1, "{phases:?}");
    assert_eq!(lost, 1, "one answer is lost on purpose: {phases:?}");
    demo.sandbox().shutdown().await;
}
