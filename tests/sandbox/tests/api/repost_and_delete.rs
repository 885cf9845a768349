//! Reposting and deleting through the API.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use threads_sandbox::{Endpoint, Fault, LedgerKind, Republish, Sandbox, Switches};

use crate::support::{DAY, Reply, World, send};

async fn repost(world: &World, token: &str, post: &str) -> Reply {
    let request = world.request(Method::POST, &format!("{post}/repost"));
    send(request.bearer_auth(token)).await
}

async fn delete(world: &World, token: &str, post: &str) -> Reply {
    let request = world.request(Method::DELETE, post);
    send(request.bearer_auth(token)).await
}

fn noor(world: &World) -> String {
    world
        .sandbox
        .issue_token("noor.reads", Sandbox::all_scopes(), Duration::ZERO)
        .unwrap()
}

fn reposts(world: &World) -> usize {
    let ledger = world.sandbox.ledger();
    let is_repost = |kind| kind == LedgerKind::PostReposted;
    ledger.iter().filter(|entry| is_repost(entry.kind)).count()
}

#[tokio::test]
async fn a_repost_is_a_facade_in_the_list_and_an_entry_in_the_ledger() {
    let world = World::start().await;
    let original = world.publish("spread me").await;
    let noor = noor(&world);

    let facade = repost(&world, &noor, &original).await.id();

    let list = "me/threads?limit=1&fields=id,media_type,reposted_post{id,text,username}";
    let listed = world.get_as(&noor, list).await.ok();
    let first = &listed["data"][0];
    assert_eq!(first["id"], facade.as_str());
    assert_eq!(first["media_type"], "REPOST_FACADE");
    assert_eq!(first["reposted_post"]["id"], original.as_str());
    assert_eq!(first["reposted_post"]["text"], "spread me");
    assert_eq!(first["reposted_post"]["username"], "kedai.senja");
    let entry = world.sandbox.ledger().pop().unwrap();
    assert_eq!(entry.kind, LedgerKind::PostReposted);
    assert_eq!(entry.post_id.unwrap(), facade);
    assert_eq!(entry.original.unwrap(), original);
    assert_eq!(
        entry.account.unwrap(),
        world.sandbox.user("noor.reads").unwrap().id
    );
}

#[tokio::test]
async fn a_repost_has_no_insights_and_cannot_be_answered_quoted_or_reposted() {
    let world = World::start().await;
    let original = world.publish("x").await;
    let facade = repost(&world, &world.token, &original).await.id();

    let insights = world.get(&format!("{facade}/insights?metric=views")).await;
    assert_eq!(insights.ok(), json!({ "data": [] }));
    for name in ["reply_to_id", "quote_post_id"] {
        let form = [("media_type", "TEXT"), ("text", "y"), (name, &facade)];
        assert_eq!(
            world.post("me/threads", &form).await.codes(),
            (24, 4_279_009)
        );
    }
    let again = repost(&world, &world.token, &facade).await;
    assert_eq!(again.codes(), (100, 33));
}

#[tokio::test]
async fn a_repost_needs_its_scope_a_live_post_and_no_parameters() {
    let world = World::start().await;
    let original = world.publish("x").await;
    let reader = world.token_with(&["threads_basic"]);

    assert_eq!(repost(&world, &reader, &original).await.code(), 10);
    let form = [("text", "y")];
    let with_text = world.post(&format!("{original}/repost"), &form).await;
    assert_eq!(with_text.code(), 100);
    let get = world.get(&format!("{original}/repost")).await;
    assert_eq!(get.codes(), (100, 33));
    world.sandbox.delete_post(&original).unwrap();
    let gone = repost(&world, &world.token, &original).await;
    assert_eq!(gone.codes(), (100, 33));
    assert_eq!(reposts(&world), 0);
}

#[tokio::test]
async fn reposting_again_is_a_switch_and_the_ledger_tells() {
    for (repeat_repost, works, count) in [
        (Republish::SecondPost, true, 2),
        (Republish::SamePost, true, 1),
        (Republish::Refused, false, 1),
    ] {
        let switches = Switches {
            repeat_repost,
            ..Switches::default()
        };
        let world = World::with(Sandbox::builder().switches(switches)).await;
        let original = world.publish("x").await;
        let first = repost(&world, &world.token, &original).await.id();

        let second = repost(&world, &world.token, &original).await;

        assert_eq!(second.status == 200, works, "{repeat_repost:?}");
        assert_eq!(reposts(&world), count, "{repeat_repost:?}");
        let is_same = second.json["id"] == first.as_str();
        assert_eq!(is_same, repeat_repost == Republish::SamePost);
    }
}

#[tokio::test]
async fn a_repost_can_happen_though_its_answer_is_lost() {
    let world = World::start().await;
    let original = world.publish("x").await;
    world
        .sandbox
        .fail_next(Endpoint::Repost, Fault::StatusAfterEffect { status: 502 });

    let reply = repost(&world, &world.token, &original).await;

    assert_eq!(reply.status, 502);
    assert_eq!(reposts(&world), 1);
}

#[tokio::test]
async fn a_deleted_post_is_gone_counted_and_written_down() {
    let world = World::start().await;
    let post = world.publish("oops").await;

    let answer = delete(&world, &world.token, &post).await.ok();

    assert_eq!(answer, json!({ "success": true, "deleted_id": post }));
    assert_eq!(world.get(&post).await.codes(), (100, 33));
    let again = delete(&world, &world.token, &post).await;
    assert_eq!(again.codes(), (100, 33));
    let entry = world.sandbox.ledger().pop().unwrap();
    assert_eq!(entry.kind, LedgerKind::PostDeleted);
    assert_eq!(entry.text.unwrap(), "oops");
    let limit = "me/threads_publishing_limit?fields=delete_quota_usage,delete_config";
    let quota = world.get(limit).await.ok();
    assert_eq!(quota["data"][0]["delete_quota_usage"], 1);
    assert_eq!(quota["data"][0]["delete_config"]["quota_total"], 100);
}

#[tokio::test]
async fn a_repost_is_taken_back_by_deleting_it() {
    let world = World::start().await;
    let original = world.publish("x").await;
    let facade = repost(&world, &world.token, &original).await.id();

    delete(&world, &world.token, &facade).await.ok();

    assert_eq!(world.get(&original).await.status, 200);
    let entry = world.sandbox.ledger().pop().unwrap();
    assert_eq!(entry.kind, LedgerKind::PostDeleted);
    assert_eq!(entry.original.unwrap(), original);
}

#[tokio::test]
async fn only_ones_own_posts_are_deleted_with_the_scope_for_it() {
    let world = World::start().await;
    let post = world.publish("mine").await;
    let publisher = world.token_with(&["threads_basic", "threads_content_publish"]);

    assert_eq!(delete(&world, &publisher, &post).await.code(), 10);
    let noor = noor(&world);
    assert_eq!(delete(&world, &noor, &post).await.codes(), (100, 33));
    let request = world.request(Method::DELETE, &format!("{post}?force=true"));
    let forced = send(request.bearer_auth(&world.token)).await;
    assert_eq!(forced.code(), 100);
    assert_eq!(world.get(&post).await.status, 200);
}

#[tokio::test]
async fn a_hundred_deletions_fit_into_24_hours() {
    let world = World::start().await;
    let posts: Vec<String> = world
        .sandbox
        .posts(&world.user)
        .unwrap()
        .into_iter()
        .map(|post| post.id)
        .collect();
    for post in &posts[..100] {
        delete(&world, &world.token, post).await.ok();
    }

    let refused = delete(&world, &world.token, &posts[100]).await;
    world.sandbox.advance(DAY);
    delete(&world, &world.token, &posts[100]).await.ok();

    assert_eq!(refused.codes(), (9, 2_207_042));
}
