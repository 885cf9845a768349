//! Insights of accounts and posts: shapes, days, rules and development.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::Value;
use threads_sandbox::{AccountSeed, Sandbox, Switches};

use crate::support::{DAY, HOUR, World, send};

const INSIGHTS: &str = "me/threads_insights";

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn views(world: &World, since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(String, u64)> {
    let (since, until) = (since.timestamp(), until.timestamp());
    let answer = world
        .get(&format!(
            "{INSIGHTS}?metric=views&since={since}&until={until}"
        ))
        .await
        .ok();
    answer["data"][0]["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| {
            (
                point["end_time"].as_str().unwrap().to_owned(),
                point["value"].as_u64().unwrap(),
            )
        })
        .collect()
}

async fn total(world: &World, query: &str) -> u64 {
    let answer = world.get(&format!("{INSIGHTS}?{query}")).await.ok();
    answer["data"][0]["total_value"]["value"].as_u64().unwrap()
}

async fn post_metric(world: &World, post: &str, metric: &str) -> u64 {
    let answer = world
        .get(&format!("{post}/insights?metric={metric}"))
        .await
        .ok();
    answer["data"][0]["values"][0]["value"].as_u64().unwrap()
}

#[tokio::test]
async fn all_four_shapes_come_back() {
    let world = World::start().await;
    let until = world.sandbox.now().timestamp();
    let since = until - 20 * 86_400;

    let windowed = world
        .get(&format!(
            "{INSIGHTS}?metric=views,likes,replies,reposts,quotes,clicks&since={since}&until={until}"
        ))
        .await
        .ok();
    let ages = world
        .get(&format!(
            "{INSIGHTS}?metric=follower_demographics&breakdown=age"
        ))
        .await
        .ok();

    let metric = |name: &str| {
        let data = windowed["data"].as_array().unwrap();
        data.iter()
            .find(|metric| metric["name"] == name)
            .unwrap()
            .clone()
    };
    assert!(metric("views")["values"][0]["end_time"].is_string());
    for name in ["likes", "replies", "reposts", "quotes"] {
        assert!(
            metric(name)["total_value"]["value"].as_u64().unwrap() > 0,
            "{name}"
        );
    }
    let clicks = metric("clicks");
    assert!(clicks["link_total_values"][0]["link_url"].is_string());
    assert!(clicks["link_total_values"][0]["value"].as_u64().unwrap() > 0);
    assert_eq!(metric("likes")["period"], "day");
    assert_eq!(
        metric("likes")["id"],
        format!("{}/insights/likes/day", world.user)
    );
    let breakdown = &ages["data"][0]["total_value"]["breakdowns"][0];
    assert_eq!(breakdown["dimension_keys"], serde_json::json!(["age"]));
    let people: u64 = breakdown["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["value"].as_u64().unwrap())
        .sum();
    assert!((12_000..=12_480).contains(&people), "{people}");
}

#[tokio::test]
async fn without_a_window_yesterday_and_today_come_back() {
    let world = World::start().await;

    let answer = world.get(&format!("{INSIGHTS}?metric=views")).await.ok();

    let ends: Vec<&str> = answer["data"][0]["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["end_time"].as_str().unwrap())
        .collect();
    // It is five in the morning in California.
    assert_eq!(
        ends,
        ["2026-06-01T07:00:00+0000", "2026-06-02T07:00:00+0000"]
    );
}

#[tokio::test]
async fn days_end_at_pacific_midnight_on_both_sides_of_a_clock_change() {
    let builder = Sandbox::builder().start_at(instant("2026-03-12T12:00:00Z"));
    let world = World::with(builder).await;

    let days = views(
        &world,
        instant("2026-03-06T08:00:00Z"),
        instant("2026-03-10T07:00:00Z"),
    )
    .await;

    let ends: Vec<&str> = days.iter().map(|(end, _)| end.as_str()).collect();
    assert_eq!(
        ends,
        [
            "2026-03-07T08:00:00+0000",
            "2026-03-08T08:00:00+0000",
            "2026-03-09T07:00:00+0000",
            "2026-03-10T07:00:00+0000",
        ]
    );
}

#[tokio::test]
async fn a_window_shows_every_day_it_touches() {
    let world = World::start().await;
    let midnight = instant("2026-05-20T07:00:00Z");

    let one = views(&world, midnight, midnight + TimeDelta::days(1)).await;
    let two = views(
        &world,
        midnight - TimeDelta::seconds(1),
        midnight + TimeDelta::days(1),
    )
    .await;

    assert_eq!(one.len(), 1);
    assert_eq!(one[0].0, "2026-05-21T07:00:00+0000");
    assert_eq!(two.len(), 2);
    assert_eq!(two[1], one[0]);
}

#[tokio::test]
async fn past_days_never_change_and_today_grows() {
    let world = World::start().await;
    let since = instant("2026-05-10T07:00:00Z");
    let window = |world| views(world, since, since + TimeDelta::days(25));
    let before = window(&world).await;

    world.publish("does this change the past?").await;
    world.sandbox.advance(6 * HOUR);
    let after = window(&world).await;

    let complete = before.len() - 1;
    assert_eq!(before[..complete], after[..complete]);
    assert!(after[complete].1 > before[complete].1);
    assert!(
        before.iter().map(|(_, value)| value).max() > before.iter().map(|(_, value)| value).min()
    );
}

#[tokio::test]
async fn totals_of_neighbouring_windows_add_up() {
    let world = World::start().await;
    let (start, middle, end) = (
        instant("2026-05-01T00:00:00Z").timestamp(),
        instant("2026-05-11T00:00:00Z").timestamp(),
        instant("2026-05-21T00:00:00Z").timestamp(),
    );

    let first = total(
        &world,
        &format!("metric=likes&since={start}&until={middle}"),
    )
    .await;
    let second = total(&world, &format!("metric=likes&since={middle}&until={end}")).await;
    let both = total(&world, &format!("metric=likes&since={start}&until={end}")).await;

    assert!(first > 0 && second > 0);
    assert_eq!(first + second, both);
}

#[tokio::test]
async fn followers_follow_a_trend_with_good_and_bad_days() {
    let world = World::start().await;
    let mut counts = vec![total(&world, "metric=followers_count").await];
    assert_eq!(counts[0], 12_480);
    for _ in 0..90 {
        world.sandbox.advance(DAY);
        // The token lives 60 days; a test may take a new one.
        let token = world.token_with(&["threads_basic", "threads_manage_insights"]);
        let path = format!("{INSIGHTS}?metric=followers_count");
        let answer = world.get_as(&token, &path).await.ok();
        counts.push(answer["data"][0]["total_value"]["value"].as_u64().unwrap());
    }

    assert!(counts[90] > counts[0] * 11 / 10);
    let drops = counts.windows(2).filter(|pair| pair[1] < pair[0]).count();
    assert!((1..45).contains(&drops), "{drops}");
}

#[tokio::test]
async fn a_new_post_gathers_views_fast_and_then_slowly() {
    let world = World::start().await;
    let post = world.publish("look at me").await;
    let mut views = vec![post_metric(&world, &post, "views").await];
    for _ in 0..20 {
        world.sandbox.advance(DAY);
        views.push(post_metric(&world, &post, "views").await);
    }

    assert_eq!(views[0], 0);
    assert!(views.is_sorted());
    assert!(views[1] > 100, "{views:?}");
    assert!(views[1] - views[0] > views[20] - views[19], "{views:?}");
    assert!(views[7] * 10 > views[20] * 8, "{views:?}");
}

#[tokio::test]
async fn a_deleted_post_gains_nothing_more_and_keeps_what_it_gained() {
    let account = AccountSeed::new("one").followers(5_000);
    let world = World::with(Sandbox::builder().account(account)).await;
    let start = world.sandbox.now().timestamp();
    let post = world.publish("not for long").await;
    world.sandbox.advance(6 * HOUR);
    let deleted_at = world.sandbox.now().timestamp();
    let before = total(
        &world,
        &format!("metric=likes&since={start}&until={deleted_at}"),
    )
    .await;

    world.sandbox.delete_post(&post).unwrap();
    world.sandbox.advance(5 * DAY);

    let end = world.sandbox.now().timestamp();
    let kept = total(&world, &format!("metric=likes&since={start}&until={end}")).await;
    let gained = total(
        &world,
        &format!("metric=likes&since={deleted_at}&until={end}"),
    )
    .await;
    assert!(before > 0);
    assert_eq!((kept, gained), (before, 0));
}

#[tokio::test]
async fn post_insights_carry_six_lifetime_counters() {
    let world = World::start().await;
    let post = world.sandbox.posts(&world.user).unwrap()[0].id.clone();

    let answer = world
        .get(&format!(
            "{post}/insights?metric=views,likes,replies,reposts,quotes,shares"
        ))
        .await
        .ok();

    let data = answer["data"].as_array().unwrap();
    assert_eq!(data.len(), 6);
    for metric in data {
        assert_eq!(metric["period"], "lifetime");
        assert!(metric["values"][0]["value"].is_u64());
    }
    assert_eq!(data[2]["name"], "replies");
    assert_eq!(
        data[2]["id"],
        format!("{post}/insights/thread_replies/lifetime")
    );
}

#[tokio::test]
async fn post_insights_are_strict_and_private() {
    let world = World::start().await;
    let own = world.sandbox.posts(&world.user).unwrap()[0].id.clone();
    let foreign = world.sandbox.posts("noor.reads").unwrap()[0].id.clone();

    for query in [
        "",
        "?metric=clicks",
        "?metric=views,nope",
        "?metric=views&since=1780000000",
        "?metric=views&period=lifetime",
    ] {
        assert_eq!(
            world.get(&format!("{own}/insights{query}")).await.code(),
            100,
            "{query}"
        );
    }
    let reply = world.get(&format!("{foreign}/insights?metric=views")).await;
    assert_eq!(reply.codes(), (100, 33));
}

#[tokio::test]
async fn account_insights_are_strict() {
    let world = World::start().await;
    for query in [
        "",
        "metric=nope",
        "metric=shares",
        "metric=views&period=week",
        "metric=views&breakdown=age",
        "metric=views&since=1712991599&until=1713100000",
        "metric=views&since=1780000000&until=1780000000",
        "metric=views&since=1780000001&until=1780000000",
        "metric=views&since=2026-05-01",
        "metric=views&since=8210266876798&until=8210266876799",
        "metric=views&since=1770000000&until=1780000000",
        "metric=followers_count&since=1779900000",
        "metric=views,followers_count&since=1779900000&until=1780000000",
        "metric=follower_demographics",
        "metric=follower_demographics&breakdown=height",
        "metric=follower_demographics&breakdown=age,gender",
        "metric=follower_demographics&breakdown=age&since=1779900000",
    ] {
        let reply = world.get(&format!("{INSIGHTS}?{query}")).await;
        assert_eq!((reply.status, reply.code()), (400, 100), "{query}");
    }
    world
        .get(&format!("{INSIGHTS}?metric=views&period=day"))
        .await
        .ok();
    world
        .get(&format!(
            "{INSIGHTS}?metric=views&since=1712991600&until=1713100000"
        ))
        .await
        .ok();
}

#[tokio::test]
async fn demographics_need_a_hundred_followers() {
    let builder = Sandbox::builder().account(AccountSeed::new("small").followers(99));
    let world = World::with(builder).await;

    let refused = world
        .get(&format!(
            "{INSIGHTS}?metric=follower_demographics&breakdown=gender"
        ))
        .await;

    assert_eq!(refused.code(), 100);
    assert_eq!(total(&world, "metric=followers_count").await, 99);
}

#[tokio::test]
async fn links_to_other_windows_carry_the_token_and_lead_on() {
    let world = World::start().await;
    let since = world.sandbox.now().timestamp() - 2 * 86_400;
    let until = since + 86_400;

    let answer = world
        .get(&format!(
            "{INSIGHTS}?metric=views&since={since}&until={until}"
        ))
        .await
        .ok();
    let previous = answer["paging"]["previous"].as_str().unwrap();
    let next = answer["paging"]["next"].as_str().unwrap();
    let followed = send(world.http.request(Method::GET, next)).await;

    assert!(previous.contains(&format!("access_token={}", world.token)));
    assert!(previous.contains(&format!("until={since}")));
    assert_eq!(followed.status, 200);
}

#[tokio::test]
async fn an_account_without_activity_has_zeros_or_nothing() {
    let world = World::with(Sandbox::builder().seed("empty")).await;
    let path = format!("{INSIGHTS}?metric=likes,clicks");

    let zeros = world.get(&path).await.ok();
    world.sandbox.set_switches(Switches {
        omit_quiet_metrics: true,
        ..Switches::default()
    });
    let nothing = world.get(&path).await.ok();

    assert_eq!(zeros["data"][0]["total_value"]["value"], 0);
    assert!(zeros["data"][1].get("link_total_values").is_none());
    let names: Vec<&Value> = nothing["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| &metric["name"])
        .collect();
    assert_eq!(names, ["clicks"]);
}
