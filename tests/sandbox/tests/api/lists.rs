//! Replies, mentions and ghost posts of an account, and the posts of public profiles.

use serde_json::json;
use threads_sandbox::{AccountSeed, Sandbox, Switches};

use crate::support::{DAY, HOUR, World, data, each};

#[tokio::test]
async fn own_replies_are_listed_apart_from_own_posts() {
    let world = World::rich().await;

    let page = world
        .get("me/replies?fields=id,text,is_reply,is_reply_owned_by_me,root_post,replied_to{username},hide_status,is_verified")
        .await
        .ok();

    assert_eq!(
        each(&page, "text"),
        ["Neat. Which paper?", "None, it is folded."]
    );
    let own = &page["data"][1];
    assert_eq!(own["is_reply"], true);
    assert_eq!(own["is_reply_owned_by_me"], true);
    assert_eq!(own["root_post"]["id"], world.post_like("Ask me"));
    assert_eq!(own["replied_to"]["username"], "ada.makes");
    assert_eq!(own["hide_status"], "NOT_HUSHED");
    assert_eq!(own["is_verified"], true);
}

#[tokio::test]
async fn lists_of_an_account_have_windows_limits_and_cursors_of_their_own() {
    let world = World::rich().await;
    let start = world.sandbox.now().timestamp();

    for list in ["me/replies", "me/mentions", "me/ghost_posts"] {
        let all = world.get(&format!("{list}?limit=100")).await.ok();
        let first = world.get(&format!("{list}?limit=1")).await.ok();
        let after = first["paging"]["cursors"]["after"].as_str().unwrap();
        let second = world
            .get(&format!("{list}?limit=1&after={after}"))
            .await
            .ok();
        let before = second["paging"]["cursors"]["before"].as_str().unwrap();
        let back = world
            .get(&format!("{list}?limit=1&before={before}"))
            .await
            .ok();
        let elsewhere = world.get(&format!("me/threads?after={after}")).await;
        let recent = world
            .get(&format!("{list}?since={}&until={start}", start - 86_400))
            .await
            .ok();

        assert!(data(&all).len() >= 2, "{list}");
        assert_eq!(second["data"][0], all["data"][1], "{list}");
        assert_eq!(back["data"], first["data"], "{list}");
        assert_eq!(elsewhere.code(), 100, "{list}");
        assert!(data(&recent).len() < data(&all).len(), "{list}");
        for wrong in [
            "limit=101",
            "since=1688540399",
            "until=2999-01-01",
            "after=x",
        ] {
            let reply = world.get(&format!("{list}?{wrong}")).await;
            assert_eq!(reply.code(), 100, "{list}?{wrong}");
        }
    }
}

#[tokio::test]
async fn mentions_are_public_posts_and_replies_of_others() {
    let world = World::rich().await;

    let page = world
        .get("me/mentions?fields=username,text,is_reply")
        .await
        .ok();

    assert_eq!(
        each(&page, "username"),
        ["tiny.telescope", "cy.carves", "bo.builds", "ada.makes"]
    );
    assert_eq!(page["data"][1]["is_reply"], true);
    assert!(
        each(&page, "text")
            .iter()
            .all(|text| text.contains("@studio.lab"))
    );
}

#[tokio::test]
async fn without_approval_only_testers_are_seen_to_mention() {
    let switches = Switches {
        advanced_access: false,
        ..Switches::default()
    };
    let world = World::with(Sandbox::builder().seed("rich").switches(switches)).await;

    let page = world.get("me/mentions?fields=username").await.ok();

    assert_eq!(each(&page, "username"), ["tiny.telescope"]);
}

#[tokio::test]
async fn a_ghost_post_is_archived_after_a_day_and_stays_out_of_other_lists() {
    let world = World::rich().await;
    let fields = "fields=text,ghost_post_status,ghost_post_expiration_timestamp,timestamp";

    let page = world.get(&format!("me/ghost_posts?{fields}")).await.ok();
    world.sandbox.advance(DAY);
    let later = world.get(&format!("me/ghost_posts?{fields}")).await.ok();
    let posts = world.get("me/threads?limit=100&fields=text").await.ok();

    assert_eq!(each(&page, "ghost_post_status"), ["ACTIVE", "ARCHIVED"]);
    assert_eq!(each(&later, "ghost_post_status"), ["ARCHIVED", "ARCHIVED"]);
    assert_eq!(
        page["data"][0]["ghost_post_expiration_timestamp"],
        "2026-06-02T09:00:00+0000"
    );
    assert!(!each(&posts, "text").contains(&"Gone by tomorrow."));
}

#[tokio::test]
async fn posts_of_a_public_profile_are_found_by_its_exact_name() {
    let world = World::rich().await;

    let page = world
        .get("profile_posts?username=noor.reads&limit=3&fields=id,username,text")
        .await
        .ok();
    let after = page["paging"]["cursors"]["after"].as_str().unwrap();
    let next = world
        .get(&format!(
            "profile_posts?username=noor.reads&limit=3&after={after}"
        ))
        .await
        .ok();

    let posts = world.sandbox.posts("noor.reads").unwrap();
    let newest: Vec<&str> = posts
        .iter()
        .rev()
        .take(6)
        .map(|post| post.id.as_str())
        .collect();
    assert_eq!([each(&page, "id"), each(&next, "id")].concat(), newest);
    assert_eq!(page["data"][0]["username"], "noor.reads");
    for wrong in [
        "username=nobody.here",
        "username=tiny.telescope",
        "username=@noor.reads",
        "username=",
        "limit=5",
        "username=noor.reads&limit=0",
        &format!("username=kedai.senja&after={after}"),
    ] {
        let reply = world.get(&format!("profile_posts?{wrong}")).await;
        assert_eq!(reply.code(), 100, "{wrong}");
    }
}

#[tokio::test]
async fn without_approval_only_the_profiles_of_meta_are_found() {
    let switches = Switches {
        advanced_access: false,
        ..Switches::default()
    };
    let world = World::with(Sandbox::builder().seed("rich").switches(switches)).await;

    let meta = world
        .get("profile_posts?username=meta&fields=text")
        .await
        .ok();
    let found = world.get("profile_lookup?username=meta").await.ok();

    assert_eq!(data(&meta).len(), 3);
    assert_eq!(found["is_verified"], true);
    for endpoint in ["profile_posts", "profile_lookup"] {
        for name in ["noor.reads", "nobody.here"] {
            let refused = world.get(&format!("{endpoint}?username={name}")).await;
            assert_eq!(
                (refused.status, refused.code()),
                (403, 10),
                "{endpoint} {name}"
            );
        }
    }
}

#[tokio::test]
async fn lookups_and_lists_of_profiles_are_counted_apart() {
    let switches = Switches {
        profile_discovery_quota: 2,
        ..Switches::default()
    };
    let account = AccountSeed::new("one").followers(200);
    let world = World::with(Sandbox::builder().account(account).switches(switches)).await;
    let (posts, lookup) = ("profile_posts?username=one", "profile_lookup?username=one");

    for _ in 0..2 {
        world.get(posts).await.ok();
        world.get(lookup).await.ok();
    }
    let refused = [
        world.get(posts).await.code(),
        world.get(lookup).await.code(),
    ];
    world.sandbox.advance(DAY);
    let again = world.get(posts).await.ok();

    assert_eq!(refused, [4, 4]);
    assert_eq!(again, json!({ "data": [] }));
}

#[tokio::test]
async fn every_list_can_lag() {
    let world = World::rich().await;
    world.sandbox.set_switches(Switches {
        listing_lag_seconds: 3_600,
        ..Switches::default()
    });
    world
        .sandbox
        .mention_as("ada.makes", "studio.lab", "fresh")
        .unwrap();

    let fresh = world.get("me/mentions?fields=text").await.ok();
    world.sandbox.advance(HOUR);
    let later = world.get("me/mentions?fields=text").await.ok();

    assert!(!each(&fresh, "text").contains(&"@studio.lab fresh"));
    assert!(each(&later, "text").contains(&"@studio.lab fresh"));
}
