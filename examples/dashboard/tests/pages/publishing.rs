//! Scheduling posts through the pages.

use std::time::Duration;

use crate::common::{Answer, Dashboard};
use threads_client::UserId;
use threads_monitor::publishing::ScheduledPost;
use threads_sandbox::{Endpoint, Fault, FaultRule, When};

async fn schedule(dashboard: &Dashboard, user: &UserId, form: &[(&str, &str)]) -> Answer {
    dashboard
        .post(&format!("/accounts/{user}/posts"), form)
        .await
}

async fn only_post(dashboard: &Dashboard, user: &UserId) -> ScheduledPost {
    let mut posts = dashboard.monitor.scheduled_posts(user).await.unwrap();
    assert_eq!(posts.len(), 1);
    posts.remove(0)
}

async fn in_zone(dashboard: &Dashboard, user: &UserId, zone: &str) {
    let saved = dashboard
        .post(&format!("/accounts/{user}/zone"), &[("zone", zone)])
        .await;
    assert_eq!(saved.status.as_u16(), 303, "{saved:?}");
}

#[tokio::test]
async fn a_post_goes_out_at_its_time_in_the_zone_of_the_account() {
    let (dashboard, user) = Dashboard::connected().await;
    in_zone(&dashboard, &user, "Asia/Jakarta").await;

    let sent = schedule(
        &dashboard,
        &user,
        &[("text", "Senja"), ("due", "2026-06-01T19:30")],
    )
    .await;

    assert_eq!(sent.status.as_u16(), 303);
    let page = dashboard.get(&sent.location()).await;
    assert!(page.body.contains("The post is scheduled."));
    assert!(
        page.body
            .contains("<time datetime=\"2026-06-01T12:30:00Z\">1 Jun 2026, 19:30 WIB</time>")
    );
    dashboard.live(40, Duration::from_mins(1)).await;
    let page = dashboard.get(&sent.location()).await;
    assert!(page.body.contains("It is live."), "{}", page.body);
    let posts = dashboard.sandbox.posts(user.as_str()).unwrap();
    let live: Vec<_> = posts
        .iter()
        .filter(|post| post.text.as_deref() == Some("Senja"))
        .collect();
    assert_eq!(live.len(), 1);
    let late = live[0].published_at
        - "2026-06-01T12:30:00Z"
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap();
    assert!((0..=120).contains(&late.num_seconds()), "{late}");
}

#[tokio::test]
async fn sending_a_form_twice_makes_one_post() {
    let (dashboard, user) = Dashboard::connected().await;
    let page = dashboard.get(&format!("/accounts/{user}")).await;
    let key = page.body.split_once("name=\"key\" value=\"").unwrap().1;
    let key = key.split('"').next().unwrap();
    let form = [("key", key), ("text", "Once"), ("due", "2026-06-02T19:00")];

    let (first, second) = tokio::join!(
        schedule(&dashboard, &user, &form),
        schedule(&dashboard, &user, &form)
    );

    assert_eq!(first.location(), second.location());
    only_post(&dashboard, &user).await;
}

#[tokio::test]
async fn a_used_form_with_another_text_is_asked_about() {
    let (dashboard, user) = Dashboard::connected().await;
    let due = ("due", "2026-06-02T19:00");
    schedule(&dashboard, &user, &[("key", "k1"), ("text", "One"), due]).await;

    let asked = schedule(&dashboard, &user, &[("key", "k1"), ("text", "Two"), due]).await;

    assert_eq!(asked.status.as_u16(), 422);
    assert!(asked.body.contains("already used for another post"));
    assert!(asked.body.contains(">Two</textarea>"));
    assert!(!asked.body.contains("value=\"k1\""), "a new key");
    only_post(&dashboard, &user).await;
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed_and_says_what_is_wrong() {
    let (dashboard, user) = Dashboard::connected().await;
    let long = "ä".repeat(501);

    let refused = schedule(
        &dashboard,
        &user,
        &[
            ("text", &long),
            ("due", "2020-01-01T10:00"),
            ("media_url", "ftp://example.org/a.jpg"),
            ("media_kind", "video"),
            ("media_alt", "A cup & saucer"),
            ("topic_tag", "no.dots"),
            ("reply_control", "mentioned_only"),
        ],
    )
    .await;

    assert_eq!(refused.status.as_u16(), 422);
    let body = &refused.body;
    assert!(body.contains(&format!(">{long}</textarea>")));
    assert!(body.contains("501 of 500 characters, 1002 bytes"));
    assert!(body.contains("value=\"ftp://example.org/a.jpg\""));
    assert!(
        body.contains("value=\"A cup &#38; saucer\"")
            || body.contains("value=\"A cup &amp; saucer\"")
    );
    assert!(body.contains("<option value=\"video\" selected>"));
    assert!(body.contains("value=\"no.dots\""));
    assert!(body.contains("<option value=\"mentioned_only\" selected>"));
    assert!(body.contains("id=\"text-error\">501 characters are more than 500."));
    assert!(body.contains("id=\"due-error\">This time has passed"));
    assert!(body.contains("aria-invalid=\"true\" aria-describedby=\"text-error text-length\""));
    assert!(
        dashboard
            .monitor
            .scheduled_posts(&user)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_time_that_clocks_skip_is_told_and_the_next_one_offered() {
    let (dashboard, user) = Dashboard::connected().await;
    in_zone(&dashboard, &user, "America/New_York").await;

    let told = schedule(
        &dashboard,
        &user,
        &[("text", "Spring"), ("due", "2027-03-14T02:30")],
    )
    .await;

    assert_eq!(told.status.as_u16(), 422);
    assert!(told.body.contains("turned forward over this time"));
    assert!(told.body.contains("value=\"2027-03-14T03:00\""));
    assert!(
        dashboard
            .monitor
            .scheduled_posts(&user)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_time_that_comes_twice_is_the_first_and_told() {
    let (dashboard, user) = Dashboard::connected().await;
    in_zone(&dashboard, &user, "America/New_York").await;

    let sent = schedule(
        &dashboard,
        &user,
        &[("text", "Autumn"), ("due", "2026-11-01T01:30")],
    )
    .await;

    let page = dashboard.get(&sent.location()).await;
    assert!(
        page.body
            .contains("this time comes twice: the first one counts")
    );
    let post = only_post(&dashboard, &user).await;
    assert_eq!(post.post.due_at.to_rfc3339(), "2026-11-01T05:30:00+00:00");
}

#[tokio::test]
async fn a_zone_that_does_not_exist_is_refused_at_its_field() {
    let (dashboard, user) = Dashboard::connected().await;

    let refused = dashboard
        .post(
            &format!("/accounts/{user}/zone"),
            &[("zone", "Mars/Olympus")],
        )
        .await;

    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.body.contains("id=\"zone-error\""));
    assert!(refused.body.contains("value=\"Mars/Olympus\""));
}

#[tokio::test]
async fn a_carousel_is_scheduled_with_its_descriptions() {
    let (dashboard, user) = Dashboard::connected().await;

    let sent = schedule(
        &dashboard,
        &user,
        &[
            ("text", "Album"),
            ("due", "2026-06-02T19:00"),
            ("media_url", "https://media.example/1.jpg"),
            ("media_kind", "image"),
            ("media_alt", "One"),
            ("media_url", "https://media.example/2.mp4"),
            ("media_kind", "video"),
            ("media_alt", ""),
        ],
    )
    .await;

    let page = dashboard.get(&sent.location()).await;
    assert!(page.body.contains("Carousel of 2"));
    assert!(page.body.contains("https://media.example/2.mp4"));
}

#[tokio::test]
async fn what_comes_next_stands_first_and_what_is_over_last() {
    let (dashboard, user) = Dashboard::connected().await;
    for (text, due) in [
        ("in two weeks", "2026-06-15T09:00"),
        ("called off", "2026-06-03T09:00"),
        ("tomorrow", "2026-06-02T09:00"),
    ] {
        let sent = schedule(&dashboard, &user, &[("text", text), ("due", due)]).await;
        if text == "called off" {
            let post = sent.location();
            let post = post.split('?').next().unwrap();
            dashboard.post(&format!("{post}/cancel"), &[]).await;
        }
    }

    for page in [
        format!("/accounts/{user}/posts"),
        format!("/accounts/{user}"),
    ] {
        let page = dashboard.get(&page).await;

        let list = page.body.split_once("id=\"queue-list\"").unwrap().1;
        let place = |text: &str| list.find(text).unwrap();
        assert!(place("tomorrow") < place("in two weeks"));
        assert!(place("in two weeks") < place("called off"));
    }
}

#[tokio::test]
async fn a_scheduled_post_is_cancelled_once() {
    let (dashboard, user) = Dashboard::connected().await;
    let sent = schedule(
        &dashboard,
        &user,
        &[("text", "Never"), ("due", "2026-06-01T13:00")],
    )
    .await;
    let post = sent.location();
    let post = post.split('?').next().unwrap();

    let cancelled = dashboard.post(&format!("{post}/cancel"), &[]).await;
    let again = dashboard.post(&format!("{post}/cancel"), &[]).await;
    dashboard.live(90, Duration::from_mins(1)).await;

    assert_eq!(cancelled.location(), format!("{post}?notice=cancelled"));
    assert_eq!(again.status.as_u16(), 409);
    let page = dashboard.get(post).await;
    assert!(page.body.contains("nothing was published"));
    assert!(!page.body.contains("Cancel this post"));
    let texts = dashboard.sandbox.posts(user.as_str()).unwrap();
    assert!(
        texts
            .iter()
            .all(|post| post.text.as_deref() != Some("Never"))
    );
}

#[tokio::test]
async fn an_answer_that_gets_lost_is_verified_and_shown_as_published() {
    let (dashboard, user) = Dashboard::connected().await;
    let sent = schedule(
        &dashboard,
        &user,
        &[("text", "Lost answer"), ("due", "2026-06-01T12:05")],
    )
    .await;
    dashboard
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);

    dashboard.live(60, Duration::from_secs(15)).await;

    let page = dashboard.get(&sent.location()).await;
    assert!(page.body.contains("It is live."), "{}", page.body);
    assert!(page.body.contains("the answer to the publish call had not"));
    let posts = dashboard.sandbox.posts(user.as_str()).unwrap();
    let copies = posts
        .iter()
        .filter(|post| post.text.as_deref() == Some("Lost answer"))
        .count();
    assert_eq!(copies, 1);
}

/// The page of a post whose publish call never got there, and of which nothing can be read.
async fn with_unknown_outcome(dashboard: &Dashboard, user: &UserId, text: &str) -> String {
    let sent = schedule(
        dashboard,
        user,
        &[("text", text), ("due", "2026-06-01T12:05")],
    )
    .await;
    dashboard
        .sandbox
        .fail_next(Endpoint::PublishContainer, Fault::DropBeforeEffect);
    dashboard.live(4, Duration::from_mins(1)).await;
    // From now on the container cannot be read, and no list shows the post.
    dashboard.sandbox.add_fault(FaultRule::new(
        Endpoint::ContainerStatus,
        When::Always,
        Fault::subcode(100, 33),
    ));
    dashboard.live(180, Duration::from_mins(1)).await;
    let post = sent.location();
    post.split('?').next().unwrap().to_owned()
}

fn publish_calls(dashboard: &Dashboard) -> usize {
    let requests = dashboard.sandbox.requests();
    let calls = requests
        .iter()
        .filter(|request| request.endpoint == Some(Endpoint::PublishContainer));
    calls.count()
}

#[tokio::test]
async fn an_unknown_outcome_offers_a_decision_and_no_retry() {
    let (dashboard, user) = Dashboard::connected().await;

    let post = with_unknown_outcome(&dashboard, &user, "Unknown").await;
    let page = dashboard.get(&post).await;

    assert!(page.body.contains("Needs attention"), "{}", page.body);
    assert!(
        page.body
            .contains("value=\"it_is_live\">It is live</button>")
    );
    assert!(page.body.contains("value=\"discard\">Discard</button>"));
    for word in ["Retry", "Try again", "Publish again", "Cancel this post"] {
        assert!(!page.body.contains(word), "{word}");
    }
    let nonsense = dashboard
        .post(&format!("{post}/decide"), &[("decision", "publish")])
        .await;
    assert_eq!(nonsense.status.as_u16(), 400);
    let decided = dashboard
        .post(&format!("{post}/decide"), &[("decision", "it_is_live")])
        .await;
    assert_eq!(decided.location(), format!("{post}?notice=decided"));
    let page = dashboard.get(&post).await;
    assert!(page.body.contains("A person said so."));
}

#[tokio::test]
async fn a_discarded_post_becomes_one_draft_and_says_that_it_may_be_live() {
    let (dashboard, user) = Dashboard::connected().await;
    let post = with_unknown_outcome(&dashboard, &user, "Once more").await;
    let open = dashboard.get(&post).await;
    let early = dashboard.post(&format!("{post}/draft"), &[]).await;
    dashboard
        .post(&format!("{post}/decide"), &[("decision", "discard")])
        .await;

    let page = dashboard.get(&post).await;
    let key = page.body.split_once("name=\"key\" value=\"").unwrap().1;
    let key = key.split_once('"').unwrap().0;
    for _ in 0..2 {
        let made = dashboard
            .post(&format!("{post}/draft"), &[("key", key)])
            .await;
        assert_eq!(
            made.location(),
            format!("/accounts/{user}/plan?notice=reused#drafts")
        );
    }

    assert!(!open.body.contains("Make a draft of it"));
    assert_eq!(early.status.as_u16(), 409);
    assert!(page.body.contains("Make a draft of it"), "{}", page.body);
    assert!(page.body.contains("or readers may see it twice"));
    let drafts = dashboard.monitor.drafts(&user).await.unwrap();
    let texts: Vec<_> = drafts
        .iter()
        .map(|draft| draft.entry.content.draft.text.as_deref())
        .collect();
    assert_eq!(texts, [Some("Once more")]);
    assert_eq!(drafts[0].entry.content.due, None);
    assert!(dashboard.get(&post).await.body.contains("Discarded"));
    // Nothing was sent but the one call whose answer was lost.
    assert_eq!(publish_calls(&dashboard), 1);
}

#[tokio::test]
async fn a_thread_offers_no_draft() {
    let (dashboard, user) = Dashboard::connected().await;
    let due = ("due", "2026-06-02T19:00");
    let sent = schedule(&dashboard, &user, &[("text", "One"), ("part", "Two"), due]).await;
    let post = sent.location();
    let post = post.split('?').next().unwrap();
    dashboard.post(&format!("{post}/cancel"), &[]).await;

    let page = dashboard.get(post).await;
    let refused = dashboard.post(&format!("{post}/draft"), &[]).await;

    assert!(page.body.contains("Cancelled"), "{}", page.body);
    assert!(!page.body.contains("Make a draft of it"));
    assert_eq!(refused.status.as_u16(), 409);
}

#[tokio::test]
async fn changes_wait_while_the_demonstration_is_filled() {
    let (dashboard, user) = Dashboard::connected().await;
    dashboard
        .activity
        .send_replace(threads_dashboard::Activity::Filling {
            progress: "day 3 of 90".to_owned(),
        });

    let page = dashboard.get("/").await;
    let refused = schedule(
        &dashboard,
        &user,
        &[("text", "Too early"), ("due", "2026-06-02T19:00")],
    )
    .await;

    assert!(page.body.contains("day 3 of 90"));
    assert!(page.body.contains("http-equiv=\"refresh\""));
    assert_eq!(refused.status.as_u16(), 503);
    assert!(!refused.body.contains("http-equiv=\"refresh\""));
    assert!(
        dashboard
            .monitor
            .scheduled_posts(&user)
            .await
            .unwrap()
            .is_empty()
    );
}
