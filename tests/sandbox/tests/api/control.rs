//! The control interface over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, World, send};

async fn control(world: &World, method: Method, path: &str, body: Value) -> Reply {
    let mut request = world.request(method, &format!("__sandbox/{path}"));
    if !body.is_null() {
        request = request.json(&body);
    }
    send(request).await
}

#[tokio::test]
async fn the_state_shows_time_accounts_and_switches() {
    let world = World::start().await;

    let state = control(&world, Method::GET, "state", Value::Null)
        .await
        .ok();

    assert_eq!(state["now"], "2026-06-01T12:00:00Z");
    assert_eq!(state["running"], false);
    assert_eq!(state["users"][0]["username"], "kedai.senja");
    assert_eq!(state["users"][0]["posts"], 168);
    assert_eq!(state["switches"]["post_quota"], 250);
    assert_eq!(state["app_id"], world.sandbox.app_id());
    let secret = world.sandbox.app_secret();
    assert!(!state.to_string().contains(&secret));
}

#[tokio::test]
async fn time_is_advanced_set_and_let_run() {
    let world = World::start().await;

    let day = json!({ "seconds": 86_400 });
    let advanced = control(&world, Method::POST, "time/advance", day)
        .await
        .ok();
    let set = json!({ "set": "2026-06-10T00:00:00Z" });
    let set = control(&world, Method::POST, "time", set).await.ok();
    let back = json!({ "set": "2026-06-01T00:00:00Z" });
    let back = control(&world, Method::POST, "time", back).await;
    let running = control(&world, Method::POST, "time", json!({ "running": true }))
        .await
        .ok();

    assert_eq!(advanced["now"], "2026-06-02T12:00:00Z");
    assert_eq!(set["now"], "2026-06-10T00:00:00Z");
    assert_eq!(back.status, 400);
    assert_eq!(running["running"], true);
}

#[tokio::test]
async fn a_token_is_issued_for_any_account_scopes_and_age() {
    let world = World::start().await;

    let wanted =
        json!({ "user": "noor.reads", "scopes": ["threads_basic"], "age_seconds": 90_000 });
    let grant = control(&world, Method::POST, "tokens", wanted).await.ok();

    let token = grant["access_token"].as_str().unwrap();
    let own = world.get_as(token, "me?fields=username").await.ok();
    assert_eq!(own["username"], "noor.reads");
    let refresh = format!("refresh_access_token?grant_type=th_refresh_token&access_token={token}");
    assert_eq!(send(world.request(Method::GET, &refresh)).await.status, 200);
    let unknown = control(&world, Method::POST, "tokens", json!({ "user": "nobody" })).await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn faults_are_added_replaced_and_cleared() {
    let world = World::start().await;
    let rule = json!({
        "endpoint": "profile",
        "when": { "next": 1 },
        "fault": { "kind": "graph", "code": 190, "subcode": 463 },
    });

    control(&world, Method::POST, "faults", rule.clone())
        .await
        .ok();
    assert_eq!(world.get("me").await.codes(), (190, 463));
    assert_eq!(world.get("me").await.status, 200);

    let plan = json!({ "seed": 1, "rules": [
        { "when": "always", "fault": { "kind": "status", "status": 503 } },
    ] });
    control(&world, Method::PUT, "faults", plan).await.ok();
    assert_eq!(world.get("me").await.status, 503);

    control(&world, Method::DELETE, "faults", Value::Null)
        .await
        .ok();
    assert_eq!(world.get("me").await.status, 200);

    let misspelt = json!({ "endpoint": "profil", "when": "always", "fault": { "kind": "drop" } });
    assert_eq!(
        control(&world, Method::POST, "faults", misspelt)
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn requests_and_ledger_are_readable() {
    let world = World::start().await;
    world.publish("hello").await;

    let log = control(&world, Method::GET, "requests", Value::Null)
        .await
        .ok();
    let ledger = control(&world, Method::GET, "ledger", Value::Null)
        .await
        .ok();
    control(&world, Method::DELETE, "requests", Value::Null)
        .await
        .ok();

    assert_eq!(log["requests"][0]["endpoint"], "create_container");
    assert_eq!(log["requests"][1]["path"], "/me/threads_publish");
    assert_eq!(log["requests"][1]["status"], 200);
    let last = ledger["ledger"].as_array().unwrap().last().unwrap();
    assert_eq!(last["kind"], "post_published");
    assert_eq!(last["text"], "hello");
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn switches_are_patched_one_by_one() {
    let world = World::start().await;

    let patch = json!({ "post_quota": 1, "republish": "same_post" });
    control(&world, Method::PATCH, "switches", patch).await.ok();
    let wrong = control(&world, Method::PATCH, "switches", json!({ "nope": 1 })).await;

    let switches = world.sandbox.switches();
    assert_eq!(switches.post_quota, 1);
    assert_eq!(switches.reply_quota, 1_000);
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn users_revoke_and_posts_are_deleted() {
    let world = World::start().await;
    let post = world.publish("hello").await;

    control(
        &world,
        Method::DELETE,
        &format!("posts/{post}"),
        Value::Null,
    )
    .await
    .ok();
    assert_eq!(world.get(&post).await.codes(), (100, 33));

    control(
        &world,
        Method::POST,
        "users/kedai.senja/revoke",
        Value::Null,
    )
    .await
    .ok();
    assert_eq!(world.get("me").await.codes(), (190, 458));
}

#[tokio::test]
async fn redirect_uris_are_registered_and_checked() {
    let world = World::start().await;

    let local = json!({ "redirect_uri": "http://localhost:3000/cb" });
    let remote = json!({ "redirect_uri": "http://remote.example/cb" });

    assert_eq!(
        control(&world, Method::POST, "redirect_uris", local)
            .await
            .status,
        200
    );
    assert_eq!(
        control(&world, Method::POST, "redirect_uris", remote)
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn unknown_control_paths_are_404_and_faults_do_not_reach_them() {
    let world = World::start().await;
    let plan =
        json!({ "rules": [{ "when": "always", "fault": { "kind": "drop_before_effect" } }] });
    control(&world, Method::PUT, "faults", plan).await.ok();

    assert_eq!(
        control(&world, Method::GET, "nope", Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(
        control(&world, Method::GET, "state", Value::Null)
            .await
            .status,
        200
    );
}
