//! The moving 24 hours of the publishing quotas.

use std::time::Duration;

use serde_json::json;
use threads_sandbox::{Sandbox, Switches};

use crate::support::{HOUR, World};

const FIELDS: &str = "me/threads_publishing_limit?fields=quota_usage,config";

#[tokio::test]
async fn usage_counts_posts_of_the_last_24_hours() {
    let world = World::start().await;
    world.publish("one").await;
    world.sandbox.advance(23 * HOUR);
    world.publish("two").await;

    let before = world.get(FIELDS).await.ok();
    world.sandbox.advance(HOUR);
    let after = world.get(FIELDS).await.ok();

    assert_eq!(
        before,
        json!({ "data": [{
            "quota_usage": 2,
            "config": { "quota_total": 250, "quota_duration": 86_400 },
        }] })
    );
    assert_eq!(after["data"][0]["quota_usage"], 1);
}

#[tokio::test]
async fn the_quota_is_enforced_on_publishing_and_moves_on() {
    let switches = Switches {
        post_quota: 2,
        ..Switches::default()
    };
    let world = World::with(Sandbox::builder().switches(switches)).await;
    world.publish("one").await;
    world.sandbox.advance(HOUR);
    world.publish("two").await;
    let third = world.create("three").await;
    let form = [("creation_id", third.as_str())];

    let refused = world.post("me/threads_publish", &form).await;
    let at_once = [
        ("media_type", "TEXT"),
        ("text", "x"),
        ("auto_publish_text", "true"),
    ];
    let also_refused = world.post("me/threads", &at_once).await;
    world.sandbox.advance(23 * HOUR);
    world.post("me/threads_publish", &form).await.id();

    assert_eq!(refused.codes(), (9, 2_207_042));
    assert_eq!(also_refused.codes(), (9, 2_207_042));
    assert_eq!(world.published(), 3);
}

#[tokio::test]
async fn the_real_quota_is_250() {
    let world = World::start().await;
    for number in 0..250 {
        world.publish(&format!("post {number}")).await;
    }
    let last = world.create("one too many").await;

    let refused = world
        .post("me/threads_publish", &[("creation_id", &last)])
        .await;

    assert_eq!(refused.status, 400);
    assert_eq!(world.published(), 250);
}

#[tokio::test]
async fn replies_have_a_counter_of_their_own() {
    let world = World::start().await;
    let parent = world.publish("parent").await;
    let form = [
        ("media_type", "TEXT"),
        ("text", "reply"),
        ("reply_to_id", parent.as_str()),
        ("auto_publish_text", "true"),
    ];
    world.post("me/threads", &form).await.id();

    let usage = world
        .get("me/threads_publishing_limit?fields=quota_usage,reply_quota_usage,reply_config")
        .await
        .ok();

    assert_eq!(usage["data"][0]["quota_usage"], 1);
    assert_eq!(usage["data"][0]["reply_quota_usage"], 1);
    assert_eq!(usage["data"][0]["reply_config"]["quota_total"], 1_000);
}

#[tokio::test]
async fn each_family_needs_its_scopes() {
    let world = World::start().await;
    let token = world.token_with(&["threads_basic", "threads_content_publish"]);
    let ask = |fields: &'static str| {
        let path = format!("me/threads_publishing_limit?fields={fields}");
        let (world, token) = (&world, &token);
        async move { world.get_as(token, &path).await }
    };

    assert_eq!(ask("quota_usage").await.status, 200);
    assert_eq!(ask("quota_usage,reply_quota_usage").await.code(), 10);
    assert_eq!(ask("delete_config").await.code(), 10);
    assert_eq!(ask("location_search_config").await.code(), 10);
    assert_eq!(
        world.get("me/threads_publishing_limit").await.ok(),
        json!({ "data": [{ "quota_usage": 0 }] })
    );
}

#[tokio::test]
async fn other_accounts_have_other_quotas() {
    let world = World::start().await;
    world.publish("mine").await;
    let noor = world
        .sandbox
        .issue_token("noor.reads", Sandbox::all_scopes(), Duration::ZERO)
        .unwrap();

    let usage = world.get_as(&noor, FIELDS).await.ok();

    assert_eq!(usage["data"][0]["quota_usage"], 0);
}
