//! Lists, cursors and single posts.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use threads_sandbox::{ListedText, Sandbox, Switches};

use crate::support::{World, send};

fn ids(page: &Value) -> Vec<String> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|post| post["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn posts_come_newest_first_25_at_a_time() {
    let world = World::start().await;

    let page = world.get("me/threads?fields=id,timestamp").await.ok();

    let times: Vec<&str> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|post| post["timestamp"].as_str().unwrap())
        .collect();
    assert_eq!(times.len(), 25);
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    assert!(times[0].ends_with("+0000"), "{}", times[0]);
}

#[tokio::test]
async fn cursors_walk_through_every_post_once_and_back_again() {
    let world = World::start().await;
    let mut seen = Vec::new();
    let mut path = "me/threads?limit=50".to_owned();
    let mut last_page = Value::Null;
    for _ in 0..10 {
        let page = world.get(&path).await.ok();
        if ids(&page).is_empty() {
            assert!(page.get("paging").is_none());
            break;
        }
        seen.extend(ids(&page));
        let after = page["paging"]["cursors"]["after"].as_str().unwrap();
        path = format!("me/threads?limit=50&after={after}");
        last_page = page;
    }

    let mut truth: Vec<String> = world
        .sandbox
        .posts(&world.user)
        .unwrap()
        .into_iter()
        .map(|post| post.id)
        .collect();
    truth.reverse();
    assert_eq!(seen, truth);
    assert!(last_page["paging"].get("next").is_none());
    let before = last_page["paging"]["cursors"]["before"].as_str().unwrap();
    let back = world
        .get(&format!("me/threads?limit=50&before={before}"))
        .await
        .ok();
    assert_eq!(ids(&back), truth[100..150]);
}

#[tokio::test]
async fn a_cursor_stays_good_while_posts_appear_and_disappear() {
    let world = World::start().await;
    let first = world.get("me/threads?limit=10").await.ok();
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let next = format!("me/threads?limit=10&after={after}");
    let expected = ids(&world.get(&next).await.ok());

    world.publish("in between").await;
    world.sandbox.delete_post(&ids(&first)[9]).unwrap();

    assert_eq!(ids(&world.get(&next).await.ok()), expected);
}

#[tokio::test]
async fn limits_and_cursors_are_checked() {
    let world = World::start().await;
    let page = world.get("me/threads?limit=1").await.ok();
    let cursor = page["paging"]["cursors"]["after"].as_str().unwrap();
    let noor = world
        .sandbox
        .issue_token("noor.reads", &["threads_basic"], Duration::ZERO)
        .unwrap();

    for query in [
        "limit=0".to_owned(),
        "limit=101".to_owned(),
        "limit=x".to_owned(),
        "after=QVFInonsense".to_owned(),
        format!("after={cursor}&before={cursor}"),
    ] {
        assert_eq!(
            world.get(&format!("me/threads?{query}")).await.code(),
            100,
            "{query}"
        );
    }
    let foreign = world
        .get_as(&noor, &format!("me/threads?after={cursor}"))
        .await;
    assert_eq!(foreign.code(), 100);
    assert_eq!(
        ids(&world.get("me/threads?limit=100").await.ok()).len(),
        100
    );
}

#[tokio::test]
async fn since_and_until_cut_the_list_and_are_checked() {
    let world = World::start().await;
    let now = world.sandbox.now().timestamp();
    let (week, day) = (now - 7 * 86_400, now - 86_400);

    let page = world
        .get(&format!("me/threads?limit=100&since={week}&until={day}"))
        .await
        .ok();
    let by_date = world
        .get("me/threads?limit=100&since=2026-05-25&until=2026-05-31")
        .await
        .ok();

    let truth: Vec<_> = world
        .sandbox
        .posts(&world.user)
        .unwrap()
        .into_iter()
        .filter(|post| (week..day).contains(&post.published_at.timestamp()))
        .collect();
    assert!(!truth.is_empty());
    assert_eq!(ids(&page).len(), truth.len());
    assert!(!ids(&by_date).is_empty());
    for query in [
        "since=1688540399".to_owned(),
        format!("until={}", now + 1),
        format!("since={day}&until={week}"),
        format!("since={day}&until={day}"),
        "since=yesterday".to_owned(),
    ] {
        assert_eq!(
            world.get(&format!("me/threads?{query}")).await.code(),
            100,
            "{query}"
        );
    }
}

#[tokio::test]
async fn next_links_carry_the_token_as_meta_sends_them_and_can_be_switched_off() {
    let world = World::start().await;

    let page = world.get("me/threads?limit=5&fields=id").await.ok();
    let next = page["paging"]["next"].as_str().unwrap();
    let followed = send(world.http.request(Method::GET, next)).await.ok();
    world.sandbox.set_switches(Switches {
        paging_links: false,
        ..Switches::default()
    });
    let bare = world.get("me/threads?limit=5").await.ok();

    assert!(next.contains(&format!("access_token={}", world.token)));
    assert_eq!(ids(&followed).len(), 5);
    assert!(followed["paging"]["previous"].is_string());
    assert!(bare["paging"].get("next").is_none());
    assert!(bare["paging"]["cursors"]["after"].is_string());
}

#[tokio::test]
async fn a_single_post_shows_what_was_published() {
    let world = World::start().await;
    let container = world
        .post(
            "me/threads",
            &[
                ("media_type", "TEXT"),
                ("text", "Which tea? 🍵"),
                ("topic_tag", "Tea"),
                ("reply_control", "followers_only"),
                (
                    "poll_attachment",
                    r#"{"option_a":"green","option_b":"black"}"#,
                ),
            ],
        )
        .await
        .id();
    let post = world
        .post("me/threads_publish", &[("creation_id", &container)])
        .await
        .id();

    let read = world
        .get(&format!(
            "{post}?fields=text,topic_tag,reply_audience,media_type,media_product_type,permalink,username,owner,is_quote_post,has_replies,poll_attachment{{option_a,option_b,option_c,total_votes}}"
        ))
        .await
        .ok();

    assert_eq!(read["id"], post.as_str());
    assert_eq!(read["text"], "Which tea? 🍵");
    assert_eq!(read["topic_tag"], "Tea");
    assert_eq!(read["reply_audience"], "FOLLOWERS_ONLY");
    assert_eq!(read["media_type"], "TEXT_POST");
    assert_eq!(read["media_product_type"], "THREADS");
    assert_eq!(read["owner"]["id"], world.user.as_str());
    assert_eq!(read["is_quote_post"], false);
    assert_eq!(read["has_replies"], false);
    assert_eq!(read["poll_attachment"]["option_a"], "green");
    assert!(read["poll_attachment"].get("option_c").is_none());
    let permalink = read["permalink"].as_str().unwrap();
    assert!(permalink.starts_with("https://www.threads.com/@kedai.senja/post/"));
}

#[tokio::test]
async fn replies_and_quotes_point_to_their_posts_and_replies_stay_out_of_the_list() {
    let world = World::start().await;
    let parent = world.publish("the first").await;
    let make = |name: &'static str, to: String| {
        let world = &world;
        async move {
            let form = [
                ("media_type", "TEXT"),
                ("text", "more"),
                (name, to.as_str()),
            ];
            let container = world.post("me/threads", &form).await.id();
            world
                .post("me/threads_publish", &[("creation_id", &container)])
                .await
                .id()
        }
    };
    let reply = make("reply_to_id", parent.clone()).await;
    let nested = make("reply_to_id", reply.clone()).await;
    let quote = make("quote_post_id", parent.clone()).await;

    let nested = world
        .get(&format!(
            "{nested}?fields=is_reply,is_reply_owned_by_me,root_post,replied_to,owner"
        ))
        .await
        .ok();
    let quoting = world
        .get(&format!("{quote}?fields=is_quote_post,quoted_post{{text}}"))
        .await
        .ok();
    let parent_now = world
        .get(&format!("{parent}?fields=has_replies"))
        .await
        .ok();
    let listed = ids(&world.get("me/threads?limit=5").await.ok());

    assert_eq!(nested["is_reply"], true);
    assert_eq!(nested["root_post"]["id"], parent.as_str());
    assert_eq!(nested["replied_to"]["id"], reply.as_str());
    assert!(nested.get("owner").is_none());
    assert_eq!(quoting["quoted_post"]["text"], "the first");
    assert_eq!(parent_now["has_replies"], true);
    assert!(listed.contains(&quote) && listed.contains(&parent));
    assert!(!listed.contains(&reply));
    let entry = world
        .sandbox
        .ledger()
        .into_iter()
        .find(|entry| entry.post_id.as_deref() == Some(reply.as_str()));
    assert_eq!(entry.unwrap().parent.unwrap(), parent);
}

#[tokio::test]
async fn a_deleted_post_is_gone_and_in_the_ledger() {
    let world = World::start().await;
    let post = world.publish("short-lived").await;

    world.sandbox.delete_post(&post).unwrap();

    assert_eq!(world.get(&post).await.codes(), (100, 33));
    assert!(!ids(&world.get("me/threads").await.ok()).contains(&post));
    let last = world.sandbox.ledger().pop().unwrap();
    assert_eq!(last.kind, threads_sandbox::LedgerKind::PostDeleted);
    assert_eq!(last.post_id.unwrap(), post);
    assert!(world.sandbox.delete_post(&post).is_err());
}

#[tokio::test]
async fn lists_can_lag_and_texts_can_come_back_changed() {
    let switches = Switches {
        listing_lag_seconds: 30,
        listed_text: ListedText::Collapsed,
        ..Switches::default()
    };
    let world = World::with(Sandbox::builder().switches(switches)).await;

    let post = world.publish("two  spaces\nand a line ").await;

    assert!(!ids(&world.get("me/threads").await.ok()).contains(&post));
    world.sandbox.advance(Duration::from_secs(30));
    let page = world.get("me/threads?fields=text").await.ok();
    assert_eq!(page["data"][0]["text"], "two spaces and a line");
    let truth = world.sandbox.ledger().pop().unwrap();
    assert_eq!(truth.text.unwrap(), "two  spaces\nand a line ");
}

#[tokio::test]
async fn seeded_carousels_have_children() {
    let world = World::start().await;
    let mut path = "me/threads?limit=100&fields=id,media_type,children{media_url}".to_owned();
    let mut carousels = 0;
    for _ in 0..2 {
        let page = world.get(&path).await.ok();
        for post in page["data"].as_array().unwrap() {
            if post["media_type"] == "CAROUSEL_ALBUM" {
                carousels += 1;
                let children = post["children"]["data"].as_array().unwrap();
                assert!(children.len() >= 2);
                assert!(children[0]["media_url"].is_string());
            }
        }
        let after = page["paging"]["cursors"]["after"]
            .as_str()
            .unwrap()
            .to_owned();
        path = format!("{path}&after={after}");
    }

    assert!(carousels > 0);
}
