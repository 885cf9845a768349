//! Keyword search and the keywords it leaves behind.

use threads_sandbox::{Sandbox, SearchPaging, Switches};

use crate::support::{DAY, World, data, each};

#[tokio::test]
async fn keywords_are_found_in_texts_and_topics_as_a_whole() {
    let world = World::rich().await;

    let texts = world
        .get("keyword_search?q=LAMP&fields=text,username,is_reply&limit=100")
        .await
        .ok();
    let topic = world
        .get("keyword_search?q=making&search_mode=TAG&fields=topic_tag&limit=100")
        .await
        .ok();
    let part = world
        .get("keyword_search?q=makin&search_mode=TAG")
        .await
        .ok();

    assert!(data(&texts).len() >= 3);
    assert!(
        each(&texts, "text")
            .iter()
            .all(|text| text.to_lowercase().contains("lamp"))
    );
    assert!(data(&texts).iter().any(|post| post["is_reply"] == true));
    assert!(!each(&topic, "topic_tag").is_empty());
    assert!(
        each(&topic, "topic_tag")
            .iter()
            .all(|topic| *topic == "Making")
    );
    assert!(data(&part).is_empty());
}

#[tokio::test]
async fn results_are_ordered_narrowed_and_limited() {
    let world = World::rich().await;
    let search = async |more: &str| {
        let path =
            format!("keyword_search?q=the&fields=username,media_type,timestamp&limit=100{more}");
        world.get(&path).await.ok()
    };

    let top = search("").await;
    let recent = search("&search_type=RECENT").await;
    let named_top = search("&search_type=TOP&search_mode=KEYWORD").await;

    assert_eq!(top, named_top);
    assert_ne!(top, recent);
    assert!(each(&recent, "timestamp").is_sorted_by(|newer, older| newer >= older));
    for (wanted, shown) in [
        ("TEXT", "TEXT_POST"),
        ("IMAGE", "IMAGE"),
        ("VIDEO", "VIDEO"),
    ] {
        let page = search(&format!("&media_type={wanted}")).await;
        assert!(!data(&page).is_empty(), "{wanted}");
        assert!(
            each(&page, "media_type").iter().all(|kind| *kind == shown),
            "{wanted}"
        );
    }
    let by_author = search("&author_username=tiny.telescope").await;
    assert!(!data(&by_author).is_empty());
    assert!(
        each(&by_author, "username")
            .iter()
            .all(|name| *name == "tiny.telescope")
    );
    let window = search("&since=2026-05-01&until=2026-05-20").await;
    assert!(!data(&window).is_empty());
    let in_may = |time: &&str| ("2026-05-01".."2026-05-20").contains(time);
    assert!(each(&window, "timestamp").iter().all(in_may));
    let few = world.get("keyword_search?q=the&limit=2").await.ok();
    assert_eq!(data(&few).len(), 2);
}

#[tokio::test]
async fn wrong_searches_are_refused() {
    let world = World::rich().await;
    for query in [
        "",
        "q=",
        "q=lamp&search_type=top",
        "q=lamp&search_type=BEST",
        "q=lamp&search_mode=tag",
        "q=lamp&media_type=CAROUSEL",
        "q=lamp&media_type=TEXT_POST",
        "q=lamp&author_username=@studio.lab",
        "q=lamp&limit=0",
        "q=lamp&limit=101",
        "q=lamp&since=1688540399",
        "q=lamp&since=2026-05-20&until=2026-05-01",
        "q=lamp&after=QVFI",
        "q=lamp&before=QVFI",
    ] {
        let reply = world.get(&format!("keyword_search?{query}")).await;
        assert_eq!(reply.code(), 100, "{query}");
    }
    let profile = world.get("me?fields=recently_searched_keywords").await.ok();
    assert_eq!(profile["recently_searched_keywords"], serde_json::json!([]));
}

#[tokio::test]
async fn private_ghost_and_waiting_posts_and_sensitive_words_find_nothing() {
    let world = World::rich().await;
    world
        .sandbox
        .post_as("ada.makes", "sandbox-sensitive things")
        .unwrap();
    for word in [
        "do not tell anybody",
        "Gone by tomorrow",
        "fireproof",
        "sandbox-sensitive",
    ] {
        let page = world.get(&format!("keyword_search?q={word}")).await.ok();
        assert_eq!(page, serde_json::json!({ "data": [] }), "{word}");
    }
}

#[tokio::test]
async fn without_approval_a_search_covers_own_posts_only() {
    let world = World::rich().await;
    world.sandbox.set_switches(Switches {
        advanced_access: false,
        ..Switches::default()
    });

    let page = world
        .get("keyword_search?q=lamp&fields=username")
        .await
        .ok();

    assert!(!data(&page).is_empty());
    assert!(
        each(&page, "username")
            .iter()
            .all(|name| *name == "studio.lab")
    );
}

#[tokio::test]
async fn searches_with_results_fill_a_rolling_day_and_repeated_ones_count() {
    let world = World::rich().await;
    world.sandbox.set_switches(Switches {
        keyword_search_quota: 2,
        ..Switches::default()
    });
    let search = async |word: &str| world.get(&format!("keyword_search?q={word}")).await;

    for _ in 0..3 {
        assert!(data(&search("zzzzzz").await.ok()).is_empty());
    }
    search("lamp").await.ok();
    search("lamp").await.ok();
    let refused = search("lamp").await;
    let also_refused = search("zzzzzz").await;
    world.sandbox.advance(DAY);
    search("lamp").await.ok();

    assert_eq!((refused.status, refused.code()), (400, 4));
    assert_eq!(also_refused.code(), 4);
    assert_eq!(Switches::default().keyword_search_quota, 2_200);
}

#[tokio::test]
async fn the_profile_remembers_the_last_keywords_in_milliseconds() {
    let world = World::rich().await;
    let now = world.sandbox.now().timestamp_millis();
    for number in 0..9 {
        world
            .get(&format!("keyword_search?q=word{number}"))
            .await
            .ok();
    }
    world.sandbox.advance(std::time::Duration::from_secs(1));
    for word in ["lamp", "paper", "lamp"] {
        world.get(&format!("keyword_search?q={word}")).await.ok();
    }

    let profile = world.get("me?fields=recently_searched_keywords").await.ok();

    let recent = &profile["recently_searched_keywords"];
    assert_eq!(recent.as_array().unwrap().len(), 10);
    assert_eq!(
        recent[0],
        serde_json::json!({ "query": "lamp", "timestamp": now + 1_000 })
    );
    assert_eq!(recent[1]["query"], "paper");
    assert_eq!(
        recent[2],
        serde_json::json!({ "query": "word8", "timestamp": now })
    );
    let noor = world
        .sandbox
        .issue_token(
            "noor.reads",
            Sandbox::all_scopes(),
            std::time::Duration::ZERO,
        )
        .unwrap();
    let other = world
        .get_as(&noor, "me?fields=recently_searched_keywords")
        .await
        .ok();
    assert_eq!(other["recently_searched_keywords"], serde_json::json!([]));
}

#[tokio::test]
async fn search_can_have_cursors_in_both_orders() {
    let world = World::rich().await;
    let bare = world.get("keyword_search?q=the&limit=2").await.ok();
    world.sandbox.set_switches(Switches {
        search_paging: SearchPaging::Cursors,
        ..Switches::default()
    });

    for order in ["TOP", "RECENT"] {
        let path = format!("keyword_search?q=the&search_type={order}");
        let all = world.get(&format!("{path}&limit=100")).await.ok();
        let first = world.get(&format!("{path}&limit=3")).await.ok();
        let after = first["paging"]["cursors"]["after"].as_str().unwrap();
        let second = world
            .get(&format!("{path}&limit=3&after={after}"))
            .await
            .ok();

        assert_eq!(second["data"][0], all["data"][3], "{order}");
    }
    assert!(bare.get("paging").is_none());
}
