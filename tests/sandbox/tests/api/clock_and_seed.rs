//! Virtual time and determinism.

use std::time::Duration;

use chrono::TimeDelta;
use threads_sandbox::{AccountSeed, DEFAULT_START, Sandbox, SandboxError};

use crate::support::{DAY, World};

/// Everything a client could see in a few calls, without addresses.
async fn observe(world: &World) -> Vec<String> {
    let post = world.publish("the same everywhere").await;
    world.sandbox.advance(3 * DAY);
    let mut seen = vec![post.clone(), world.token.clone()];
    for path in [
        "me?fields=id,username,name",
        "me/threads?limit=100&fields=id,text,timestamp,shortcode,media_url",
        "me/threads_insights?metric=likes,followers_count,clicks",
        "profile_lookup?username=noor.reads",
        "nope",
        &format!("{post}/insights?metric=views,likes"),
    ] {
        let base = world.sandbox.base_url();
        let reply = world.get(path).await;
        seen.push(reply.text.replace(base.as_str(), ""));
    }
    seen
}

#[tokio::test]
async fn two_sandboxes_with_one_seed_answer_identically() {
    let first = World::with(Sandbox::builder().seed("twin")).await;
    let second = World::with(Sandbox::builder().seed("twin")).await;
    let other = World::with(Sandbox::builder().seed("stranger")).await;

    let seen = observe(&first).await;

    assert_eq!(seen, observe(&second).await);
    assert_ne!(seen, observe(&other).await);
}

#[tokio::test]
async fn a_frozen_sandbox_stands_at_the_documented_instant() {
    let sandbox = Sandbox::start().await.unwrap();

    assert_eq!(
        sandbox
            .now()
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        DEFAULT_START
    );
    assert_eq!(sandbox.now(), sandbox.now());
}

#[tokio::test]
async fn the_clock_is_advanced_set_and_never_turned_back() {
    let sandbox = Sandbox::start().await.unwrap();
    let start = sandbox.now();

    sandbox.advance(DAY);
    assert_eq!(sandbox.now(), start + TimeDelta::days(1));
    sandbox.set_time(start + TimeDelta::days(3)).unwrap();
    assert_eq!(sandbox.now(), start + TimeDelta::days(3));
    assert!(matches!(
        sandbox.set_time(start),
        Err(SandboxError::TimeGoesBack)
    ));
}

#[tokio::test]
async fn a_running_clock_moves_by_itself_until_it_is_frozen() {
    let sandbox = Sandbox::builder().running(true).start().await.unwrap();
    let start = sandbox.now();
    // Bounded waiting: the clock has a resolution far below one call.
    for _ in 0..1_000_000 {
        if sandbox.now() > start {
            break;
        }
    }

    assert!(sandbox.now() > start);
    sandbox.freeze();
    assert_eq!(sandbox.now(), sandbox.now());
}

#[tokio::test]
async fn the_demonstration_has_three_accounts_of_different_sizes() {
    let sandbox = Sandbox::start().await.unwrap();

    let users = sandbox.users();

    assert_eq!(users.len(), 3);
    assert!(users[0].followers > 10_000);
    assert!((100..1_000).contains(&users[1].followers));
    assert!(users[2].followers < 100);
    for user in &users {
        let posts = sandbox.posts(&user.id).unwrap();
        let months = posts[posts.len() - 1].published_at - posts[0].published_at;
        assert!(months > TimeDelta::days(90), "{}", user.username);
        assert!(posts.iter().all(|post| post.published_at < sandbox.now()));
        let ids: Vec<u64> = posts.iter().map(|post| post.id.parse().unwrap()).collect();
        assert!(ids.is_sorted());
    }
}

#[tokio::test]
async fn own_accounts_take_the_place_of_the_seeded_ones() {
    let builder = Sandbox::builder()
        .account(AccountSeed::new("one").followers(5).posts(3))
        .account(AccountSeed::new("two").name("Number Two"));
    let sandbox = builder.start().await.unwrap();

    let users = sandbox.users();

    assert_eq!(users.len(), 2);
    assert_eq!(sandbox.posts("one").unwrap().len(), 3);
    assert_eq!(users[1].name, "Number Two");
    assert!(sandbox.user("three").is_err());
}

#[tokio::test]
async fn accounts_of_the_same_name_are_refused() {
    let builder = Sandbox::builder()
        .account(AccountSeed::new("one"))
        .account(AccountSeed::new("one"));

    assert!(matches!(
        builder.start().await,
        Err(SandboxError::Setting(_))
    ));
}

#[tokio::test]
async fn the_end_of_time_is_survived() {
    let world = World::start().await;

    world.sandbox.advance(Duration::MAX);
    let token = world.token_with(Sandbox::all_scopes());

    let path = "me/threads_insights?metric=views,likes,followers_count";
    assert_eq!(world.get_as(&token, path).await.status, 200);
    assert_eq!(world.get_as(&token, "me/threads").await.status, 200);
}

#[tokio::test]
async fn starts_outside_of_history_are_refused() {
    for start in ["2023-07-05T00:00:00Z", "3000-01-01T00:00:00Z"] {
        let builder = Sandbox::builder().start_at(start.parse().unwrap());

        assert!(matches!(
            builder.start().await,
            Err(SandboxError::Setting(_))
        ));
    }
}

#[tokio::test]
async fn addresses_that_others_can_reach_are_refused() {
    for address in ["0.0.0.0", "192.168.1.7", "::"] {
        let builder = Sandbox::builder().address(address.parse().unwrap());

        let error = builder.start().await.unwrap_err();

        assert!(
            matches!(error, SandboxError::NotLoopback { .. }),
            "{address}"
        );
        assert!(error.to_string().contains("loopback"));
    }
}

#[tokio::test]
async fn a_port_in_use_is_reported() {
    let sandbox = Sandbox::start().await.unwrap();
    let port = sandbox.base_url().port().unwrap();

    let second = Sandbox::builder().port(port).start().await;

    assert!(matches!(second, Err(SandboxError::Listen { .. })));
}

#[tokio::test]
async fn shutting_down_frees_the_port_and_so_does_dropping_the_last_handle() {
    let sandbox = Sandbox::start().await.unwrap();
    let port = sandbox.base_url().port().unwrap();
    sandbox.clone().shutdown().await;
    let again = Sandbox::builder().port(port).start().await.unwrap();
    drop(again);

    let mut is_free = false;
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
        if tokio::net::TcpListener::bind(("127.0.0.1", port))
            .await
            .is_ok()
        {
            is_free = true;
            break;
        }
    }

    assert!(is_free);
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_shutdown() {
    let world = World::start().await;
    world.get("me").await.ok();

    let stopped = tokio::time::timeout(Duration::from_secs(10), world.sandbox.shutdown()).await;

    assert!(stopped.is_ok());
}
