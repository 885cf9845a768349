//! Own and public profiles.

use threads_sandbox::{AccountSeed, Sandbox, Switches};

use crate::support::{DAY, World};

#[tokio::test]
async fn the_profile_has_the_fields_asked_for() {
    let world = World::start().await;

    let own = world
        .get("v1.0/me?fields=id,username,name,threads_profile_picture_url,threads_biography,is_verified,recently_searched_keywords,is_eligible_for_geo_gating")
        .await
        .ok();
    let bare = world.get("v1.0/me").await.ok();

    assert_eq!(own["id"], world.user.as_str());
    assert_eq!(own["username"], "kedai.senja");
    assert_eq!(own["is_verified"], true);
    assert_eq!(own["is_eligible_for_geo_gating"], true);
    assert!(own["threads_biography"].is_string());
    assert!(own["threads_profile_picture_url"].is_string());
    assert_eq!(own["recently_searched_keywords"], serde_json::json!([]));
    assert_eq!(bare, serde_json::json!({ "id": world.user }));
}

#[tokio::test]
async fn the_id_of_the_account_works_like_me() {
    let world = World::start().await;

    let by_id = world
        .get(&format!("v1.0/{}?fields=username", world.user))
        .await
        .ok();

    assert_eq!(by_id["username"], "kedai.senja");
}

#[tokio::test]
async fn other_accounts_are_out_of_reach() {
    let world = World::start().await;
    let other = &world.sandbox.users()[1].id;

    assert_eq!(world.get(other).await.codes(), (100, 33));
    assert_eq!(
        world.get(&format!("{other}/threads")).await.codes(),
        (100, 33)
    );
}

#[tokio::test]
async fn a_public_profile_is_found_by_its_exact_name() {
    let world = World::start().await;

    let found = world.get("profile_lookup?username=noor.reads").await.ok();

    assert_eq!(found["follower_count"], 642);
    for count in [
        "likes_count",
        "quotes_count",
        "replies_count",
        "reposts_count",
        "views_count",
    ] {
        assert!(found[count].is_u64(), "{count}");
    }
    assert!(found.get("id").is_none());
    assert_eq!(
        world.get("profile_lookup?username=nobody").await.code(),
        100
    );
    assert_eq!(world.get("profile_lookup").await.code(), 100);
    assert_eq!(
        world
            .get("profile_lookup?username=noor.reads&fields=name")
            .await
            .code(),
        100
    );
}

#[tokio::test]
async fn small_profiles_are_not_found() {
    let world = World::start().await;

    assert_eq!(
        world
            .get("profile_lookup?username=tiny.telescope")
            .await
            .code(),
        100
    );
}

#[tokio::test]
async fn looking_up_needs_its_scope_and_approval() {
    let world = World::start().await;
    let basic = world.token_with(&["threads_basic"]);

    let without_scope = world
        .get_as(&basic, "profile_lookup?username=noor.reads")
        .await;
    world.sandbox.set_switches(Switches {
        advanced_access: false,
        ..Switches::default()
    });
    let without_approval = world.get("profile_lookup?username=noor.reads").await;

    assert_eq!((without_scope.status, without_scope.code()), (403, 10));
    assert_eq!(without_approval.code(), 10);
}

#[tokio::test]
async fn a_thousand_lookups_fill_a_day() {
    let account = AccountSeed::new("one").followers(200);
    let world = World::with(Sandbox::builder().account(account)).await;
    for _ in 0..1_000 {
        world.get("profile_lookup?username=one").await.ok();
    }

    assert_eq!(world.get("profile_lookup?username=one").await.code(), 4);

    world.sandbox.advance(DAY);
    world.get("profile_lookup?username=one").await.ok();
}
