//! Scheduled posts of every kind: what goes out, what is found again, and what is refused.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::HashSet;

use threads_client::{
    Draft, DraftGif, DraftPoll, DraftSpoiler, DraftStyling, DraftTextAttachment, DraftTextStyle,
    Post as LivePost, PostId,
};
use threads_monitor::MonitorError;
use threads_monitor::publishing::matching::{find, is_listed, is_twin};
use threads_monitor::publishing::{Due, NewPost, Phase, Post, ScanResult};
use threads_sandbox::{Endpoint, Fault};

use crate::world::{World, minutes, settle};

fn poll() -> Draft {
    Draft::poll("Tea or coffee?", DraftPoll::new("Tea", "Coffee"))
}

fn gif() -> Draft {
    Draft::gif(DraftGif::giphy("3o7abKhOpu0NwenH3O")).with_text("Done")
}

fn long_text() -> Draft {
    let text = DraftTextAttachment::new("First things first").style(DraftTextStyle::new(
        0,
        5,
        [DraftStyling::Bold],
    ));
    Draft::text_attachment(text).with_text("A longer read")
}

fn spoiler() -> Draft {
    Draft::text("It was the gardener")
        .spoiler(DraftSpoiler::new(7, 12))
        .enable_reply_approvals()
}

#[tokio::test]
async fn every_kind_of_text_post_goes_out_once() {
    for draft in [poll(), gif(), long_text(), spoiler()] {
        let world = World::new().await;
        let user = world.connect(&world.username(0)).await.user;
        let post = world.schedule_in(&user, draft.clone(), 1).await;

        settle(&world).await;

        assert_eq!(world.phase(&post.id).await, "published", "{draft:?}");
        assert_eq!(world.published().len(), 1, "{draft:?}");
        assert_eq!(world.calls(Endpoint::PublishContainer), 1, "{draft:?}");
    }
}

#[tokio::test]
async fn every_kind_of_text_post_is_found_again_after_a_lost_answer() {
    for draft in [poll(), gif(), long_text(), spoiler()] {
        let world = World::new().await;
        let user = world.connect(&world.username(0)).await.user;
        world
            .sandbox
            .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
        let post = world.schedule_in(&user, draft.clone(), 1).await;

        settle(&world).await;

        let Phase::Published { media_id, .. } = world.post(&post.id).await.post.phase else {
            panic!("not published: {draft:?}");
        };
        assert_eq!(world.published().len(), 1, "{draft:?}");
        assert_eq!(
            media_id.map(|id| id.as_str().to_owned()),
            world.published()[0].post_id,
            "{draft:?}"
        );
    }
}

#[tokio::test]
async fn a_ghost_post_is_not_scheduled_because_it_could_not_be_checked() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;
    let before = world.sandbox.requests().len();
    let due = Due::At(world.monitor.now() + minutes(1));

    let refused = world
        .monitor
        .schedule(NewPost::new(user.clone(), Draft::ghost_post("Boo"), due))
        .await
        .unwrap_err();

    assert!(
        matches!(refused, MonitorError::NotSchedulable { .. }),
        "{refused:?}"
    );
    let text = refused.to_string();
    assert!(
        text.starts_with(
            "this draft cannot be scheduled: ghost posts are not in the account's list"
        ),
        "{text}"
    );
    assert_eq!(world.sandbox.requests().len(), before);
    let posts = world.monitor.scheduled_posts(&user).await.unwrap();
    assert!(posts.is_empty());
}

#[test]
fn replies_and_ghost_posts_are_not_in_the_list_of_posts() {
    assert!(is_listed(&poll()));
    assert!(is_listed(&Draft::text("x").quote("1".into())));
    assert!(!is_listed(&Draft::text("x").reply_to("1".into())));
    assert!(!is_listed(&Draft::ghost_post("Boo")));
}

fn live(media_type: &str, text: &str) -> LivePost {
    serde_json::from_value(serde_json::json!({
        "id": "17900000000000001", "media_type": media_type, "text": text,
        "timestamp": "2026-11-23T12:00:00+0000",
    }))
    .unwrap()
}

fn found(draft: &Draft, live: &LivePost) -> ScanResult {
    let since = "2026-11-23T11:59:00Z".parse().unwrap();
    find(draft, [live], since, &HashSet::<PostId>::new())
}

#[test]
fn polls_and_gifs_are_listed_as_texts_and_text_attachments_as_anything() {
    let is_ours = |draft: &Draft, media_type: &str| {
        let live = live(media_type, draft.text.as_deref().unwrap());
        match found(draft, &live) {
            ScanResult::Match(id) => id == live.id,
            ScanResult::Clean => false,
            other => panic!("{other:?}"),
        }
    };

    for draft in [poll(), gif(), long_text(), spoiler()] {
        assert!(is_ours(&draft, "TEXT_POST"), "{draft:?}");
    }
    assert!(!is_ours(&poll(), "IMAGE"));
    assert!(!is_ours(&gif(), "IMAGE"));
    // Meta does not say under which kind it lists them: "not there" must not be concluded.
    assert!(is_ours(&long_text(), "SOMETHING_NEW"));
}

#[test]
fn a_gif_without_words_is_never_bound_by_looks() {
    let draft = Draft::gif(DraftGif::giphy("3o7"));

    assert_eq!(found(&draft, &live("TEXT_POST", "")), ScanResult::Near);
    assert_eq!(found(&draft, &live("TEXT_POST", "else")), ScanResult::Clean);
}

#[test]
fn posts_of_the_same_words_are_twins_whatever_hangs_below_them() {
    let text = Draft::text("A longer read");

    assert!(is_twin(&text, &long_text()));
    assert!(is_twin(&poll(), &Draft::text("Tea or coffee?")));
    assert!(!is_twin(&poll(), &gif()));
    let image = Draft::image("https://media.example/a.jpg".parse().unwrap());
    assert!(!is_twin(&image.with_text("Tea or coffee?"), &poll()));
}

#[test]
fn a_scheduled_poll_is_kept_as_json() {
    let due = "2026-11-23T12:00:00Z".parse().unwrap();
    let post = Post::new(poll(), due, None, std::time::Duration::from_hours(2));

    let json = serde_json::to_value(&post).unwrap();

    assert_eq!(
        json["draft"],
        serde_json::json!({
            "content": { "poll": { "options": ["Tea", "Coffee"] } }, "text": "Tea or coffee?"
        })
    );
    assert_eq!(serde_json::from_value::<Post>(json).unwrap(), post);
}
