//! Exchange, refresh, debugging and the app's own token.

use std::time::Duration;

use reqwest::Method;
use threads_sandbox::{LedgerKind, RefreshedToken, Sandbox, Switches};

use crate::support::{DAY, HOUR, Reply, World, send};

async fn refresh(world: &World, token: &str) -> Reply {
    let query = [("grant_type", "th_refresh_token"), ("access_token", token)];
    send(
        world
            .request(Method::GET, "refresh_access_token")
            .query(&query),
    )
    .await
}

async fn short_lived(world: &World) -> String {
    let id = world.sandbox.app_id();
    let page = send(world.request(Method::GET, "oauth/authorize").query(&[
        ("client_id", id.as_str()),
        ("redirect_uri", "https://app.example/callback"),
        ("scope", "threads_basic"),
        ("response_type", "code"),
    ]))
    .await;
    let location = page.headers["location"].to_str().unwrap();
    let (_, code) = location.split_once("code=").unwrap();
    let code = code.trim_end_matches("#_");
    let secret = world.sandbox.app_secret();
    let grant = send(world.request(Method::POST, "oauth/access_token").form(&[
        ("client_id", id.as_str()),
        ("client_secret", &secret),
        ("grant_type", "authorization_code"),
        ("redirect_uri", "https://app.example/callback"),
        ("code", code),
    ]))
    .await
    .ok();
    grant["access_token"].as_str().unwrap().to_owned()
}

async fn exchange(world: &World, secret: &str, token: &str) -> Reply {
    send(world.request(Method::GET, "access_token").query(&[
        ("grant_type", "th_exchange_token"),
        ("client_secret", secret),
        ("access_token", token),
    ]))
    .await
}

#[tokio::test]
async fn a_short_lived_token_becomes_a_long_lived_one() {
    let world = World::with(Sandbox::builder().auto_approve(true)).await;
    let short = short_lived(&world).await;

    let long = exchange(&world, &world.sandbox.app_secret(), &short)
        .await
        .ok();

    assert_eq!(long["token_type"], "bearer");
    assert_eq!(long["expires_in"], 5_183_944);
    let long = long["access_token"].as_str().unwrap();
    world.sandbox.advance(HOUR);
    assert_eq!(world.get_as(&short, "me").await.codes(), (190, 463));
    assert_eq!(world.get_as(long, "me").await.status, 200);
}

#[tokio::test]
async fn the_exchange_needs_the_secret_and_a_good_short_lived_token() {
    let world = World::with(Sandbox::builder().auto_approve(true)).await;
    let secret = world.sandbox.app_secret();
    let short = short_lived(&world).await;

    assert_eq!(exchange(&world, "wrong", &short).await.code(), 101);
    assert_eq!(
        exchange(&world, &secret, "nobody").await.codes(),
        (190, 467)
    );
    assert_eq!(exchange(&world, &secret, &world.token).await.code(), 100);
    world.sandbox.advance(HOUR);
    assert_eq!(exchange(&world, &secret, &short).await.codes(), (190, 463));
}

#[tokio::test]
async fn a_token_is_refreshed_from_24_hours_on() {
    let world = World::start().await;

    world.sandbox.advance(Duration::from_secs(86_399));
    assert_eq!(refresh(&world, &world.token).await.code(), 100);
    world.sandbox.advance(Duration::from_secs(1));
    let fresh = refresh(&world, &world.token).await.ok();

    assert_eq!(fresh["expires_in"], 5_183_944);
    assert_ne!(fresh["access_token"], world.token.as_str());
}

#[tokio::test]
async fn an_expired_token_cannot_be_refreshed() {
    let world = World::start().await;
    world.sandbox.advance(60 * DAY);

    assert_eq!(refresh(&world, &world.token).await.codes(), (190, 463));
}

#[tokio::test]
async fn refreshing_keeps_a_login_alive_for_ever() {
    let world = World::start().await;
    let mut token = world.token.clone();
    for _ in 0..6 {
        world.sandbox.advance(50 * DAY);
        let fresh = refresh(&world, &token).await.ok();
        fresh["access_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut token);
    }

    assert_eq!(world.get_as(&token, "me").await.status, 200);
    let refreshed = world
        .sandbox
        .ledger()
        .iter()
        .filter(|entry| entry.kind == LedgerKind::TokenRefreshed)
        .count();
    assert_eq!(refreshed, 6);
}

#[tokio::test]
async fn each_world_treats_the_old_token_string_in_its_way() {
    for (refreshed, is_same, old_works) in [
        (RefreshedToken::Same, true, true),
        (RefreshedToken::NewAndOldValid, false, true),
        (RefreshedToken::NewAndOldInvalid, false, false),
    ] {
        let switches = Switches {
            refresh: refreshed,
            ..Switches::default()
        };
        let world = World::with(Sandbox::builder().switches(switches)).await;
        world.sandbox.advance(2 * DAY);

        let fresh = refresh(&world, &world.token).await.ok();

        let fresh = fresh["access_token"].as_str().unwrap();
        assert_eq!(fresh == world.token, is_same, "{refreshed:?}");
        assert_eq!(
            world.get("me").await.status == 200,
            old_works,
            "{refreshed:?}"
        );
        assert_eq!(world.get_as(fresh, "me").await.status, 200, "{refreshed:?}");
    }
}

#[tokio::test]
async fn the_same_string_is_too_young_right_after_a_refresh() {
    let switches = Switches {
        refresh: RefreshedToken::Same,
        ..Switches::default()
    };
    let world = World::with(Sandbox::builder().switches(switches)).await;
    world.sandbox.advance(2 * DAY);
    refresh(&world, &world.token).await.ok();

    assert_eq!(refresh(&world, &world.token).await.code(), 100);
}

#[tokio::test]
async fn exchange_and_refresh_take_the_token_in_the_query_only() {
    let world = World::start().await;
    world.sandbox.advance(2 * DAY);

    let reply = world
        .get("refresh_access_token?grant_type=th_refresh_token")
        .await;

    assert_eq!(reply.code(), 100);
}

#[tokio::test]
async fn debugging_a_token_shows_its_scopes_and_times_in_seconds() {
    let world = World::start().await;
    let input = world.token_with(&["threads_basic", "threads_delete"]);

    let info = world
        .get(&format!("debug_token?input_token={input}"))
        .await
        .ok();

    let data = &info["data"];
    assert_eq!(data["is_valid"], true);
    assert_eq!(data["type"], "USER");
    assert_eq!(data["user_id"], world.user.as_str());
    assert_eq!(
        data["scopes"],
        serde_json::json!(["threads_basic", "threads_delete"])
    );
    let issued = data["issued_at"].as_i64().unwrap();
    assert_eq!(issued, world.sandbox.now().timestamp());
    assert_eq!(data["expires_at"].as_i64().unwrap() - issued, 5_183_944);
    assert_eq!(
        data["data_access_expires_at"].as_i64().unwrap() - issued,
        90 * 86_400
    );
}

#[tokio::test]
async fn debugging_an_unknown_token_says_that_it_is_not_valid() {
    let world = World::start().await;

    let info = world.get("debug_token?input_token=nobody").await.ok();

    assert_eq!(info["data"]["is_valid"], false);
    assert_eq!(world.get("debug_token").await.code(), 100);
}

#[tokio::test]
async fn the_apps_own_token_needs_the_secret_and_reads_no_user() {
    let world = World::start().await;
    let id = world.sandbox.app_id();
    let secret = world.sandbox.app_secret();
    let ask = |secret: String| {
        world.request(Method::GET, "oauth/access_token").query(&[
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", id.clone()),
            ("client_secret", secret),
        ])
    };

    let grant = send(ask(secret)).await.ok();

    let token = grant["access_token"].as_str().unwrap();
    assert!(token.starts_with(&format!("TH|{id}|")));
    assert_eq!(world.get_as(token, "me").await.code(), 190);
    assert_eq!(send(ask("wrong".to_owned())).await.code(), 101);
}

#[tokio::test]
async fn a_user_can_take_the_access_back_and_grant_it_again() {
    let world = World::start().await;

    world.sandbox.revoke(&world.user).unwrap();

    assert_eq!(world.get("me").await.codes(), (190, 458));
    let again = world.token_with(&["threads_basic"]);
    assert_eq!(world.get_as(&again, "me").await.status, 200);
    assert_eq!(world.get("me").await.codes(), (190, 458));
}

#[tokio::test]
async fn an_issued_token_is_as_old_as_asked() {
    let world = World::start().await;
    let old = world
        .sandbox
        .issue_token(&world.user, &["threads_basic"], 59 * DAY)
        .unwrap();
    let dead = world
        .sandbox
        .issue_token(&world.user, &["threads_basic"], 61 * DAY)
        .unwrap();

    assert_eq!(world.get_as(&old, "me").await.status, 200);
    assert_eq!(world.get_as(&dead, "me").await.codes(), (190, 463));
    assert!(world.sandbox.issue_token("nobody", &[], DAY).is_err());
    assert!(
        world
            .sandbox
            .issue_token(&world.user, &["made_up"], DAY)
            .is_err()
    );
}
