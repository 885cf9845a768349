//! A machine whose clock is wrong.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use threads_monitor::{Clock, SystemClock};

use super::common::Dashboard;

/// The clock of a machine that is ahead.
#[derive(Debug)]
struct Ahead(TimeDelta);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + self.0
    }
    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        SystemClock.sleep_until(deadline - self.0).await;
    }
    fn is_time_of_day(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn every_page_says_that_the_clock_is_wrong() {
    // The sandbox's answers have the real date.
    let dashboard = Dashboard::start_by(Ahead(TimeDelta::minutes(95))).await;
    let unknown = dashboard.get("/healthz").await;
    assert!(
        unknown.body.contains("\"clock_ahead_seconds\":null"),
        "{}",
        unknown.body
    );

    dashboard.monitor.run_due_once().await.unwrap_err();

    for address in ["/", "/connect", "/privacy"] {
        let page = dashboard.get(address).await;
        assert!(
            page.body.contains("the clock of this machine is 9")
                && page.body.contains("minutes ahead of Meta"),
            "{address}: {}",
            page.body
        );
    }
    let health = dashboard.get("/healthz").await;
    assert!(
        health.body.contains("\"clock_ahead_seconds\":57") || health.body.contains("_seconds\":56"),
        "{}",
        health.body
    );
}

#[tokio::test]
async fn a_right_clock_is_no_news() {
    let dashboard = Dashboard::start_by(Ahead(TimeDelta::zero())).await;
    dashboard.monitor.run_due_once().await.unwrap();

    let page = dashboard.get("/").await;
    assert!(
        !page.body.contains("clock of this machine"),
        "{}",
        page.body
    );
    let health = dashboard.get("/healthz").await;
    assert!(
        !health.body.contains("\"clock_ahead_seconds\":null"),
        "{}",
        health.body
    );
}
