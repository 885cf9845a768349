//! Repeated posts, the queue, drafts and tables through the pages.

use std::time::Duration;

use threads_client::UserId;
use threads_monitor::planning::{KeptDraft, Stage};

use crate::common::{Answer, Dashboard};

async fn plan(dashboard: &Dashboard, user: &UserId) -> String {
    let page = dashboard.get(&format!("/accounts/{user}/plan")).await;
    assert_eq!(page.status.as_u16(), 200, "{page:?}");
    page.body
}

async fn send(dashboard: &Dashboard, user: &UserId, form: &str, fields: &[(&str, &str)]) -> Answer {
    dashboard
        .post(&format!("/accounts/{user}/{form}"), fields)
        .await
}

async fn posts(dashboard: &Dashboard, user: &UserId) -> usize {
    dashboard.monitor.scheduled_posts(user).await.unwrap().len()
}

async fn only_draft(dashboard: &Dashboard, user: &UserId) -> KeptDraft {
    let mut drafts = dashboard.monitor.drafts(user).await.unwrap();
    assert_eq!(drafts.len(), 1);
    drafts.remove(0)
}

const REPEAT: [(&str, &str); 6] = [
    ("text", "Selamat pagi"),
    ("every", "week"),
    ("interval", "1"),
    ("days", "Mon"),
    ("times", "12:30"),
    ("first", "2026-06-01"),
];

#[tokio::test]
async fn an_account_without_plans_says_so_and_how_to_begin() {
    let (dashboard, user) = Dashboard::connected().await;

    let page = plan(&dashboard, &user).await;

    for words in [
        "No drafts.",
        "Nothing is repeated yet.",
        "The queue has no times yet.",
    ] {
        assert!(page.contains(words), "{words}");
    }
    // Every field has a name that a screen reader says.
    for field in page.split("<input id=\"").skip(1) {
        let id = field.split('"').next().unwrap();
        assert!(page.contains(&format!("for=\"{id}\"")), "{id}");
    }
    let account = dashboard.get(&format!("/accounts/{user}")).await;
    assert!(account.body.contains(&format!("/accounts/{user}/plan\"")));
}

#[tokio::test]
async fn a_post_is_repeated_until_it_is_ended() {
    let (dashboard, user) = Dashboard::connected().await;

    // It is Monday, 12:00.
    let sent = send(&dashboard, &user, "repeated", &REPEAT).await;
    assert_eq!(sent.status.as_u16(), 303, "{}", sent.body);
    let page = dashboard.get(&sent.location()).await.body;
    assert!(page.contains("The post is repeated from now on."));
    assert!(
        page.contains("Every week on Mon, at 12:30 in UTC"),
        "{page}"
    );
    assert!(page.contains("1 Jun 2026, 12:30 UTC") && page.contains("8 Jun 2026, 12:30 UTC"));
    dashboard.live(40, Duration::from_mins(1)).await;
    assert_eq!(posts(&dashboard, &user).await, 1);
    let page = plan(&dashboard, &user).await;
    assert!(page.contains("1 post was made of it."), "{page}");

    let end = page.split("action=\"/repeated/").nth(1).unwrap();
    let id = end.split('/').next().unwrap();
    let ended = dashboard.post(&format!("/repeated/{id}/end"), &[]).await;
    assert_eq!(ended.status.as_u16(), 303);
    dashboard.live(9, Duration::from_hours(24)).await;
    assert_eq!(posts(&dashboard, &user).await, 1);
    let page = plan(&dashboard, &user).await;
    assert!(page.contains("Ended") && !page.contains("/end\""));
    let again = dashboard.post(&format!("/repeated/{id}/end"), &[]).await;
    assert_eq!(again.status.as_u16(), 409);
}

#[tokio::test]
async fn a_repetition_that_makes_no_sense_keeps_what_was_typed() {
    let (dashboard, user) = Dashboard::connected().await;
    let with = |field: &str, value: &'static str| {
        REPEAT.map(|(name, old)| {
            if name == field {
                (name, value)
            } else {
                (name, old)
            }
        })
    };

    for (form, told) in [
        (with("times", "noon"), "“noon” is not a time"),
        (with("first", "tomorrow"), "“tomorrow” is not a date"),
        (with("interval", "0"), "interval must be between"),
        (with("days", "Someday"), "it names no day"),
        (with("every", "month"), "the day of the month needs one"),
        (with("text", ""), "text"),
    ] {
        let refused = send(&dashboard, &user, "repeated", &form).await;
        assert_eq!(refused.status.as_u16(), 422, "{form:?}");
        assert!(refused.body.contains(told), "{told}: {}", refused.body);
        let typed = form.iter().find(|(name, _)| *name == "times").unwrap().1;
        assert!(refused.body.contains(&format!("value=\"{typed}\"")));
    }
    let series = dashboard.monitor.repeated_posts(&user).await.unwrap();
    assert!(series.is_empty());
}

#[tokio::test]
async fn a_repetition_sent_twice_is_one() {
    let (dashboard, user) = Dashboard::connected().await;
    let mut form = REPEAT.to_vec();
    form.push(("key", "k1"));

    send(&dashboard, &user, "repeated", &form).await;
    send(&dashboard, &user, "repeated", &form).await;

    let series = dashboard.monitor.repeated_posts(&user).await.unwrap();
    assert_eq!(series.len(), 1);
}

#[tokio::test]
async fn a_queued_post_takes_the_next_free_time() {
    let (dashboard, user) = Dashboard::connected().await;
    let queue = ("action", "queue");
    let none = send(&dashboard, &user, "posts", &[("text", "One"), queue]).await;
    assert_eq!(none.status.as_u16(), 422);
    assert!(none.body.contains("The queue has no free time."));
    assert!(none.body.contains(">One</textarea>"));

    let form = [
        ("Mon", "18:00, 13:00"),
        ("Fri", "09:00"),
        ("spacing", "30"),
        ("duplicate_days", "7"),
    ];
    let saved = send(&dashboard, &user, "queue", &form).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    let first = send(&dashboard, &user, "posts", &[("text", "One"), queue]).await;
    let first = dashboard.get(&first.location()).await.body;
    send(&dashboard, &user, "posts", &[("text", "Two"), queue]).await;

    assert!(first.contains("The post is in the queue"));
    assert!(first.contains("1 Jun 2026, 13:00 UTC"), "{first}");
    let page = plan(&dashboard, &user).await;
    assert_eq!(page.matches(">taken<").count(), 2, "{page}");
    assert!(page.contains("value=\"13:00, 18:00\""));
}

#[tokio::test]
async fn a_queue_that_makes_no_sense_keeps_what_was_typed() {
    let (dashboard, user) = Dashboard::connected().await;

    for (day, spacing, told) in [
        ("25:00", "0", "“25:00” is not a time"),
        ("09:00", "soon", "the gap between posts needs one"),
        (
            "09:00",
            "99999",
            "the gap between posts may be a week at most",
        ),
    ] {
        let form = [("Tue", day), ("spacing", spacing), ("duplicate_days", "7")];
        let refused = send(&dashboard, &user, "queue", &form).await;
        assert_eq!(refused.status.as_u16(), 422);
        assert!(refused.body.contains(told), "{told}: {}", refused.body);
        assert!(refused.body.contains(&format!("value=\"{spacing}\"")));
    }
}

#[tokio::test]
async fn the_same_content_has_to_be_confirmed() {
    let (dashboard, user) = Dashboard::connected().await;
    let form = |due| vec![("text", "Promo"), ("due", due)];
    send(&dashboard, &user, "posts", &form("2026-06-02T19:00")).await;

    let warned = send(&dashboard, &user, "posts", &form("2026-06-03T19:00")).await;
    assert_eq!(warned.status.as_u16(), 422);
    assert!(
        warned
            .body
            .contains("Another scheduled post has the same content (2 Jun 2026, 19:00 UTC).")
    );
    assert!(warned.body.contains("name=\"confirm\""));
    assert!(warned.body.contains(">Promo</textarea>"));
    assert_eq!(posts(&dashboard, &user).await, 1);

    let mut confirmed = form("2026-06-03T19:00");
    confirmed.push(("confirm", "yes"));
    let sent = send(&dashboard, &user, "posts", &confirmed).await;
    assert_eq!(sent.status.as_u16(), 303);
    assert_eq!(posts(&dashboard, &user).await, 2);
}

#[tokio::test]
async fn a_draft_waits_for_approval_and_says_who_gave_it() {
    let (dashboard, user) = Dashboard::connected().await;
    let form = [
        ("text", "Almost <b>ready</b>"),
        ("due", "2026-06-01T12:30"),
        ("action", "draft"),
    ];
    let kept = send(&dashboard, &user, "posts", &form).await;
    assert_eq!(kept.status.as_u16(), 303, "{}", kept.body);
    let draft = only_draft(&dashboard, &user).await;
    let address = format!("/drafts/{}", draft.id);
    let tell = async |fields: &[(&str, &str)]| dashboard.post(&address, fields).await;
    let page = plan(&dashboard, &user).await;
    assert!(page.contains("Almost &#60;b&#62;ready"), "{page}");
    assert!(page.contains("Schedule as it was saved"));

    let nameless = tell(&[("action", "ask"), ("revision", "0"), ("by", " ")]).await;
    assert_eq!(nameless.status.as_u16(), 422);
    tell(&[("action", "ask"), ("revision", "0"), ("by", "Ani")]).await;
    let page = plan(&dashboard, &user).await;
    assert!(page.contains("Waits for approval"));
    assert!(page.contains("Put forward by Ani on 1 Jun 2026, 12:00 UTC"));
    assert!(!page.contains("Schedule as it was saved"));
    let around = tell(&[("action", "schedule"), ("revision", "0")]).await;
    assert_eq!(around.status.as_u16(), 422);
    dashboard.live(20, Duration::from_mins(1)).await;
    assert_eq!(posts(&dashboard, &user).await, 0);

    let approved = tell(&[("action", "approve"), ("revision", "0"), ("by", "Budi")]).await;
    assert_eq!(approved.status.as_u16(), 303, "{}", approved.body);
    assert!(
        dashboard
            .get(&approved.location())
            .await
            .body
            .contains("The draft is approved and scheduled.")
    );
    dashboard.live(60, Duration::from_mins(1)).await;
    let live = dashboard.sandbox.posts(user.as_str()).unwrap();
    let text = Some("Almost <b>ready</b>");
    assert_eq!(
        live.iter()
            .filter(|post| post.text.as_deref() == text)
            .count(),
        1
    );
    let draft = dashboard.monitor.draft(&draft.id).await.unwrap().unwrap();
    let Stage::Scheduled { approved, .. } = draft.entry.stage else {
        panic!("not scheduled");
    };
    assert_eq!(approved.unwrap().by, "Budi");
}

#[tokio::test]
async fn a_draft_is_changed_rejected_and_discarded() {
    let (dashboard, user) = Dashboard::connected().await;
    send(
        &dashboard,
        &user,
        "posts",
        &[("text", "One"), ("action", "draft")],
    )
    .await;
    let draft = only_draft(&dashboard, &user).await;
    let address = format!("/drafts/{}", draft.id);
    let tell = async |fields: &[(&str, &str)]| dashboard.post(&address, fields).await;
    let change = |text, due| {
        [
            ("action", "change"),
            ("revision", "0"),
            ("text", text),
            ("due", due),
        ]
    };

    let timeless = tell(&[("action", "schedule"), ("revision", "0")]).await;
    assert_eq!(timeless.status.as_u16(), 422);
    assert!(timeless.body.contains("The draft has no time yet"));
    let refused = tell(&change("Two &amp; more", "soon")).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(
        refused.body.contains("Two &#38;amp; more</textarea>"),
        "{}",
        refused.body
    );
    let saved = tell(&change("Two", "2026-06-05T09:00")).await;
    assert_eq!(saved.status.as_u16(), 303);
    // Somebody still looks at the first text.
    let stale = tell(&change("Three", "2026-06-05T09:00")).await;
    assert_eq!(stale.status.as_u16(), 422);
    assert!(stale.body.contains("somebody changed it in the meantime"));
    tell(&[("action", "ask"), ("revision", "1"), ("by", "Ani")]).await;
    let no = [
        ("action", "reject"),
        ("revision", "1"),
        ("by", "Budi"),
        ("reason", "Too loud"),
    ];
    tell(&no).await;
    let page = plan(&dashboard, &user).await;
    assert!(
        page.contains("Not approved by Budi on 1 Jun 2026, 12:00 UTC: Too loud"),
        "{page}"
    );

    let gone = tell(&[("action", "discard")]).await;
    assert_eq!(gone.status.as_u16(), 303);
    assert!(plan(&dashboard, &user).await.contains("No drafts."));
    assert_eq!(posts(&dashboard, &user).await, 0);
}

#[tokio::test]
async fn a_draft_that_says_what_another_post_says_is_warned_of() {
    let (dashboard, user) = Dashboard::connected().await;
    send(
        &dashboard,
        &user,
        "posts",
        &[("text", "Promo"), ("due", "2026-06-02T19:00")],
    )
    .await;
    send(
        &dashboard,
        &user,
        "posts",
        &[("text", "promo"), ("action", "draft")],
    )
    .await;

    let page = plan(&dashboard, &user).await;

    assert!(
        page.contains("Another scheduled post has the same content"),
        "{page}"
    );
}

#[tokio::test]
async fn a_table_is_checked_before_anything_is_scheduled() {
    let (dashboard, user) = Dashboard::connected().await;
    let blank = dashboard.get(&format!("/accounts/{user}/table")).await;
    assert_eq!(blank.status.as_u16(), 200);
    // Only a check can be asked for first.
    assert!(!blank.body.contains("value=\"all\"") && !blank.body.contains("value=\"good\""));
    let bad = "text,date,time\r\nOne,2026-06-02,09:00\r\nTwo,2026-06-02,late\r\n";
    let good = "text,date,time\r\nOne,2026-06-02,09:00\r\nTwo,2026-06-02,10:00\r\n";
    let take = async |csv, action| {
        send(
            &dashboard,
            &user,
            "table",
            &[("csv", csv), ("action", action)],
        )
        .await
    };

    let checked = take(bad, "check").await.body;
    assert!(checked.contains("Rows that can be scheduled: 1. Rows with a problem: 1."));
    assert!(checked.contains("<td data-name=\"Line\">3</td>"));
    assert!(checked.contains("`late` is no time"), "{checked}");
    assert!(checked.contains("value=\"good\"") && !checked.contains("value=\"all\""));
    assert!(
        checked.contains("Two,2026-06-02,late"),
        "what was pasted stays"
    );
    let refused = take(bad, "all").await;
    assert_eq!(refused.status.as_u16(), 422);
    assert_eq!(posts(&dashboard, &user).await, 0);

    let checked = take(good, "check").await.body;
    assert!(checked.contains("value=\"all\""));
    assert_eq!(posts(&dashboard, &user).await, 0);
    for _ in 0..2 {
        let taken = take(good, "all").await;
        assert_eq!(taken.status.as_u16(), 303, "{}", taken.body);
        assert_eq!(posts(&dashboard, &user).await, 2);
    }
    let some = take("text,date,time\nThree,2026-06-02,11:00\nFour,x,y\n", "good").await;
    assert!(some.body.contains("Scheduled: 1. Not scheduled: 1."));
    assert_eq!(posts(&dashboard, &user).await, 3);
    let no_table = take("hello", "check").await;
    assert_eq!(no_table.status.as_u16(), 422);
    assert!(
        no_table.body.contains("is none of its columns"),
        "{}",
        no_table.body
    );
}

#[tokio::test]
async fn the_plan_is_a_file() {
    let (dashboard, user) = Dashboard::connected().await;
    send(
        &dashboard,
        &user,
        "posts",
        &[("text", "=1+1"), ("due", "2026-06-02T19:00")],
    )
    .await;

    let file = dashboard.get(&format!("/accounts/{user}/plan.csv")).await;

    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(file.header("content-disposition").contains("attachment"));
    assert!(
        file.body.contains("\r\n'=1+1,2026-06-02,19:00:00,UTC,"),
        "{}",
        file.body
    );
}

#[tokio::test]
async fn plans_of_nobody_are_not_found() {
    let dashboard = Dashboard::start().await;
    for path in [
        "/accounts/12345/plan",
        "/accounts/12345/table",
        "/accounts/12345/plan.csv",
    ] {
        assert_eq!(dashboard.get(path).await.status.as_u16(), 404, "{path}");
    }
    let id = "01a20f90-a976-7616-85a7-02ed6de926ab";
    for path in [
        format!("/drafts/{id}"),
        format!("/repeated/{id}/end"),
        "/drafts/x".to_owned(),
    ] {
        assert_eq!(
            dashboard.post(&path, &[]).await.status.as_u16(),
            404,
            "{path}"
        );
    }
}
