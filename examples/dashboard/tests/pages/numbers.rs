//! Numbers on pages, in files and for programs.

use std::time::Duration;

use crate::common::Dashboard;
use serde_json::Value;
use threads_client::UserId;
use threads_monitor::Retention;
use threads_sandbox::{AccountSeed, Endpoint, Fault, FaultRule, When};

const HOUR: Duration = Duration::from_hours(1);

/// A dashboard that has measured for some days, with a day off in between.
async fn with_history() -> (Dashboard, UserId) {
    let (dashboard, user) = Dashboard::connected().await;
    dashboard.live(12, 6 * HOUR).await;
    dashboard.sandbox.advance(48 * HOUR);
    dashboard.live(12, 6 * HOUR).await;
    (dashboard, user)
}

fn section<'a>(body: &'a str, id: &str) -> &'a str {
    let start = format!("aria-labelledby=\"{id}-heading\"");
    let rest = body.split_once(&start).unwrap().1;
    rest.split("</section>").next().unwrap()
}

#[tokio::test]
async fn a_chart_its_table_and_its_file_say_the_same() {
    let (dashboard, user) = with_history().await;

    let page = dashboard.get(&format!("/accounts/{user}?range=30d")).await;
    let csv = dashboard
        .get(&format!("/accounts/{user}/followers.csv?range=30d"))
        .await;

    let section = section(&page.body, "followers");
    let mut marks: Vec<(String, String)> = section
        .split("<circle")
        .skip(1)
        .map(|mark| {
            let title = mark.split("<title>").nth(1).unwrap();
            let title = title.split("</title>").next().unwrap();
            let (date, value) = title.split_once(": ").unwrap();
            (
                date.split_once(' ').unwrap().1.to_owned(),
                value.trim_end_matches(" followers").to_owned(),
            )
        })
        .collect();
    let mut rows = Vec::new();
    let mut missing = 0;
    for row in section.split("<tr>").skip(2) {
        let cells: Vec<&str> = row.split("<td").skip(1).collect();
        let text = |cell: &str| {
            cell.split_once('>')
                .unwrap()
                .1
                .split("</td>")
                .next()
                .unwrap()
                .to_owned()
        };
        if cells[1].contains("unmeasured") {
            missing += 1;
        } else {
            rows.push((text(cells[0]), text(cells[1])));
        }
    }
    rows.reverse();
    assert!(marks.len() >= 5, "{marks:?}");
    assert_eq!(marks, rows);
    assert_eq!(marks.len() + missing, 30);
    assert!(
        section.contains("threads-chart-gap"),
        "the days off are a gap"
    );
    let in_file: Vec<&str> = csv
        .body
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(3).unwrap())
        .collect();
    assert_eq!(in_file.len(), 30);
    let measured: Vec<&&str> = in_file.iter().filter(|value| !value.is_empty()).collect();
    for (_, value) in &mut marks {
        *value = value.replace(',', "");
    }
    assert_eq!(measured.len(), marks.len());
    assert!(
        measured
            .iter()
            .zip(&marks)
            .all(|(left, (_, right))| *left == right)
    );
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(csv.header("content-disposition").starts_with("attachment"));
}

#[tokio::test]
async fn zero_unmeasured_and_unprovided_look_different() {
    let silent = AccountSeed::new("silent")
        .name("Silent")
        .followers(0)
        .posts(0);
    let dashboard = Dashboard::start_with(&[silent], None).await;
    dashboard.sandbox.add_fault(FaultRule::new(
        Endpoint::AccountInsights,
        When::Always,
        Fault::code(1),
    ));
    let user = dashboard.connect(0).await;
    let before = dashboard.get(&format!("/accounts/{user}")).await;
    dashboard.sandbox.clear_faults();
    dashboard.monitor.collect_now(&user).await.unwrap();

    let after = dashboard.get(&format!("/accounts/{user}")).await;

    let followers = |body: &str| {
        let rest = body.split_once("<dt>Followers</dt>").unwrap().1;
        rest.split("</dd>").next().unwrap().to_owned()
    };
    let unmeasured = followers(&before.body);
    assert!(unmeasured.contains("not measured yet"), "{unmeasured}");
    assert!(!unmeasured.contains(">0<"), "{unmeasured}");
    let zero = followers(&after.body);
    assert!(zero.contains("<span class=\"value\">0</span>"), "{zero}");
    assert!(zero.contains("<time datetime="), "{zero}");
    assert_eq!(
        after.body.matches("not provided by Meta").count(),
        2,
        "following and media count"
    );
}

#[tokio::test]
async fn a_failing_collection_is_told_on_the_page() {
    let (dashboard, user) = Dashboard::connected().await;
    dashboard.sandbox.add_fault(FaultRule::new(
        Endpoint::AccountInsights,
        When::Always,
        Fault::code(10),
    ));

    let done = dashboard
        .post(&format!("/accounts/{user}/collect"), &[])
        .await;

    assert_eq!(
        done.location(),
        format!("/accounts/{user}?notice=collected-partly")
    );
    let page = dashboard.get(&done.location()).await;
    assert!(page.body.contains("Not everything could be collected"));
    assert!(page.body.contains("Failed, is tried again"));
}

#[tokio::test]
async fn programs_get_three_kinds_of_numbers() {
    let (dashboard, _) = Dashboard::connected().await;

    let answer = dashboard.get("/api/accounts").await;

    let accounts: Value = serde_json::from_str(&answer.body).unwrap();
    let account = &accounts["accounts"][0];
    assert_eq!(account["followers"]["state"], "measured");
    assert_eq!(account["followers"]["value"], 240);
    assert_eq!(account["followers"]["source"], "insights");
    assert_eq!(account["following"]["state"], "not_provided");
    assert_eq!(account["media_count"]["state"], "not_provided");
    let token = dashboard
        .sandbox
        .issue_token("small.cafe", &["threads_basic"], Duration::ZERO)
        .unwrap();
    assert!(
        !answer.body.contains(&token[..8]),
        "no token, not even its beginning"
    );
}

#[tokio::test]
async fn programs_get_series_by_local_days() {
    let (dashboard, user) = with_history().await;

    let all = dashboard
        .get(&format!("/api/accounts/{user}/series?metric=followers"))
        .await;
    let day = dashboard
        .get(&format!(
            "/api/accounts/{user}/series?metric=followers&from=2026-06-02&to=2026-06-03"
        ))
        .await;
    let wrong = dashboard
        .get(&format!(
            "/api/accounts/{user}/series?metric=followers&from=soon"
        ))
        .await;

    let all: Value = serde_json::from_str(&all.body).unwrap();
    let day: Value = serde_json::from_str(&day.body).unwrap();
    let wrong_body: Value = serde_json::from_str(&wrong.body).unwrap();
    assert!(all["points"].as_array().unwrap().len() > 15);
    let points = day["points"].as_array().unwrap();
    assert!((1..=4).contains(&points.len()), "{points:?}");
    assert!(
        points
            .iter()
            .all(|point| point["at"].as_str().unwrap().starts_with("2026-06-02"))
    );
    assert_eq!(wrong.status.as_u16(), 400);
    assert!(
        wrong_body["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("2026-11-23")
    );
}

#[tokio::test]
async fn health_tells_what_runs() {
    let (dashboard, _) = Dashboard::connected().await;

    let answer = dashboard.get("/healthz").await;

    let health: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(health["ok"], true);
    assert_eq!(health["accounts"], 1);
    assert_eq!(health["monitor"], "running");
    assert_eq!(health["mode"], "demo");
}

#[tokio::test]
async fn the_policy_tells_where_data_is_and_what_meta_does_not_provide() {
    let dashboard = Dashboard::start().await;

    let page = dashboard.get("/privacy").await;

    for words in [
        "Last updated:",
        "the memory of this test",
        "privacy@example.org",
        "not encrypted",
        "Meta does not provide them",
        "Website permissions",
        "Kembali ke Dashboard",
    ] {
        assert!(page.body.contains(words), "{words}");
    }
    for (scope, _) in &threads_dashboard::SCOPES {
        assert!(page.body.contains(scope.as_str()));
    }
}

#[tokio::test]
async fn what_was_removed_is_counted_on_the_page_and_the_policy_says_when() {
    let day = 24 * HOUR;
    let mut retention = Retention::default();
    retention.raw = Some(3 * day);
    retention.daily = Some(762 * day);
    let dashboard = Dashboard::start_small(retention).await;
    let user = dashboard.connect(0).await;
    dashboard.live(20, 6 * HOUR).await;
    let removed = dashboard
        .monitor
        .account(&user)
        .await
        .unwrap()
        .unwrap()
        .thinned
        .unwrap()
        .numbers;
    assert!(removed > 0);

    let page = dashboard.get(&format!("/accounts/{user}")).await;
    let policy = dashboard.get("/privacy").await;

    let words = format!("{removed} numbers and 0 attempts of posts removed so far");
    assert!(page.body.contains(&words), "{words}");
    assert!(policy.body.contains("is kept for 3 days"));
    assert!(policy.body.contains("removed after 762 days"));
    assert!(
        !policy
            .body
            .contains("attempts to publish a post is removed")
    );
    let (without, user) = Dashboard::connected().await;
    let page = without.get(&format!("/accounts/{user}")).await;
    assert!(!page.body.contains("removed so far"));
    let policy = without.get("/privacy").await;
    assert!(
        policy
            .body
            .contains("kept as long as your account stays connected. When")
    );
}
