//! Figures: what is asked for, and the four shapes they come in.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use chrono::DateTime;
use threads_client::{AccountMetric, Breakdown, Error, Period, PostId, PostMetric};
use wiremock::MockServer;

use crate::support::{client, only_request, requests, server_answering};

#[tokio::test]
async fn figures_of_a_post_are_totals_found_by_name() {
    let server = server_answering(200, "post_insights.json").await;
    let metrics = [
        PostMetric::Views,
        PostMetric::Likes,
        PostMetric::Replies,
        PostMetric::Shares,
    ];

    let post = PostId::new("17900000000000001");
    let insights = client(&server)
        .insights()
        .post(&post)
        .metrics(metrics)
        .send()
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/17900000000000001/insights");
    assert_eq!(request.query(), [("metric", "views,likes,replies,shares")]);
    assert_eq!(insights.total(&PostMetric::Views), Some(1423));
    // The id of this one says `thread_replies`.
    assert_eq!(insights.total(&PostMetric::Replies), Some(7));
    assert_eq!(
        insights.series(&PostMetric::Views).unwrap()[0].end_time,
        None
    );
}

#[tokio::test]
async fn a_metric_that_is_missing_is_none_and_one_that_is_zero_is_zero() {
    let server = server_answering(200, "post_insights.json").await;

    let insights = of_a_post(&server).await;

    assert_eq!(insights.total(&PostMetric::Likes), Some(0));
    assert_eq!(insights.total(&PostMetric::Shares), None);
    assert_eq!(insights.series(&PostMetric::Shares), None);
}

#[tokio::test]
async fn a_metric_without_a_figure_is_none() {
    let server = server_answering(200, "post_insights_unmeasured.json").await;

    let insights = of_a_post(&server).await;

    for metric in [
        PostMetric::Views,
        PostMetric::Likes,
        PostMetric::Reposts,
        PostMetric::Quotes,
    ] {
        assert_eq!(insights.total(&metric), None, "{metric}");
    }
    assert_eq!(insights.series(&PostMetric::Views), Some(&[][..]));
    assert_eq!(insights.series(&PostMetric::Likes), Some(&[][..]));
    assert_eq!(insights.series(&PostMetric::Reposts), None);
}

#[tokio::test]
async fn a_repost_has_no_figures() {
    let server = server_answering(200, "insights_empty.json").await;

    assert!(of_a_post(&server).await.is_empty());
}

#[tokio::test]
async fn unknown_metrics_and_periods_are_kept() {
    let server = server_answering(200, "post_insights.json").await;

    let insights = of_a_post(&server).await;

    let unknown = PostMetric::Unknown("saves_of_tomorrow".to_owned());
    assert_eq!(insights.total(&unknown), Some(3));
    let period = insights
        .iter()
        .find(|insight| insight.metric == unknown)
        .unwrap()
        .period
        .clone();
    assert_eq!(period, Some(Period::Unknown("fortnight".to_owned())));
}

#[tokio::test]
async fn account_figures_come_as_series_totals_and_links() {
    let server = server_answering(200, "account_insights.json").await;

    let insights = client(&server)
        .insights()
        .account()
        .metrics([AccountMetric::Views, AccountMetric::Likes])
        .metrics([AccountMetric::Clicks])
        .since(DateTime::from_timestamp(1_783_600_000, 999_000_000).unwrap())
        .until(DateTime::from_timestamp(1_783_700_000, 0).unwrap())
        .period(Period::Day)
        .send()
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/me/threads_insights");
    let expected = [
        ("metric", "views,likes,clicks"),
        ("period", "day"),
        ("since", "1783600000"),
        ("until", "1783700000"),
    ];
    assert_eq!(request.query(), expected);
    assert_eq!(insights.total(&AccountMetric::Likes), Some(92));
    let days: Vec<_> = insights
        .series(&AccountMetric::Views)
        .unwrap()
        .iter()
        .map(|point| (point.value, point.end_time.unwrap().to_rfc3339()))
        .collect();
    let expected = [
        (130, "2026-07-10T07:00:00+00:00".to_owned()),
        (0, "2026-07-11T07:00:00+00:00".to_owned()),
    ];
    assert_eq!(days, expected);
    let links = insights.links(&AccountMetric::Clicks).unwrap();
    assert_eq!(
        (links[0].value, links[0].link_url.as_ref().unwrap().as_str()),
        (11, "https://example.com/a")
    );
    assert_eq!(links.len(), 2);
}

#[tokio::test]
async fn days_do_not_make_a_total() {
    for fixture in ["account_insights.json", "account_insights_one_day.json"] {
        let server = server_answering(200, fixture).await;

        let insights = client(&server)
            .insights()
            .account()
            .metrics([AccountMetric::Views])
            .send()
            .await
            .unwrap();

        assert_eq!(insights.total(&AccountMetric::Views), None, "{fixture}");
    }
}

#[tokio::test]
async fn clicks_without_links_are_none() {
    let server = server_answering(200, "account_insights_one_day.json").await;

    let insights = client(&server)
        .insights()
        .account()
        .metrics([AccountMetric::Clicks])
        .send()
        .await
        .unwrap();

    assert_eq!(insights.links(&AccountMetric::Clicks), None);
}

#[tokio::test]
async fn demographics_come_as_a_breakdown() {
    let server = server_answering(200, "follower_demographics.json").await;
    let metric = AccountMetric::FollowerDemographics;

    let client = client(&server);
    let request = client.insights().account().metrics([metric.clone()]);
    let insights = request.breakdown(Breakdown::Age).send().await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(
        request.query(),
        [("breakdown", "age"), ("metric", "follower_demographics")]
    );
    let breakdown = &insights.breakdowns(&metric).unwrap()[0];
    assert_eq!(breakdown.dimension_keys, ["age"]);
    let parts: Vec<_> = breakdown
        .results
        .iter()
        .map(|part| (part.dimension_values[0].as_str(), part.value))
        .collect();
    assert_eq!(parts, [("18-24", 30), ("25-34", 40)]);
    assert_eq!(insights.total(&metric), None);
}

#[tokio::test]
async fn requests_that_meta_would_misread_are_not_sent() {
    let server = server_answering(200, "account_insights.json").await;
    let client = client(&server);
    let time = DateTime::from_timestamp(1_783_600_000, 0).unwrap();
    let account = || client.insights().account();
    let followers = || account().metrics([AccountMetric::FollowersCount]);
    let cases = [
        ("metrics", account()),
        (
            "breakdown",
            account().metrics([AccountMetric::FollowerDemographics]),
        ),
        (
            "breakdown",
            account()
                .metrics([AccountMetric::Views])
                .breakdown(Breakdown::Age),
        ),
        ("since", followers().since(time)),
        (
            "since",
            followers().metrics([AccountMetric::Views]).until(time),
        ),
        (
            "since",
            account()
                .metrics([AccountMetric::Views])
                .since(time)
                .until(time),
        ),
        (
            "since",
            account()
                .metrics([AccountMetric::Views])
                .since(DateTime::from_timestamp(1_712_991_599, 0).unwrap()),
        ),
    ];

    for (field, request) in cases {
        let description = format!("{request:?}");
        match request.send().await.unwrap_err() {
            Error::InvalidRequest(invalid) => {
                assert_eq!(invalid.field.as_deref(), Some(field), "{description}");
            }
            other => panic!("{description}: {other:?}"),
        }
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn the_first_day_of_figures_can_be_asked_for() {
    let server = server_answering(200, "account_insights.json").await;
    let first = DateTime::from_timestamp(1_712_991_600, 0).unwrap();

    let client = client(&server);
    let request = client.insights().account().metrics([AccountMetric::Views]);
    request.since(first).send().await.unwrap();

    assert_eq!(
        only_request(&server).await.query(),
        [("metric", "views"), ("since", "1712991600")]
    );
}

async fn of_a_post(server: &MockServer) -> threads_client::Insights<PostMetric> {
    let post = PostId::new("17900000000000001");
    let request = client(server)
        .insights()
        .post(&post)
        .metrics([PostMetric::Views])
        .send()
        .await;
    request.unwrap()
}
