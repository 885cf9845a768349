//! What each event leads to.

use std::time::Duration;

use chrono::TimeDelta;
use threads_client::{Draft, PostId};
use threads_monitor::publishing::{
    Answer, Decision, Effect, Event, Next, Outcome, Phase, PostPolicy, Remedy, ScanResult,
    StatusReading, step,
};

use crate::{after, publishing, start, text_post};

#[test]
fn a_post_sleeps_until_it_has_to_be_prepared() {
    let post = text_post();

    let taken = step(&PostPolicy::default(), &post, start(), Event::Woke);

    assert_eq!(taken.post, post);
    assert_eq!(
        taken.next,
        Next::WaitUntil(post.due_at - TimeDelta::seconds(90))
    );
}

#[test]
fn a_publish_call_is_authorised_before_it_is_asked_for() {
    let post = publishing();

    assert_eq!(post.phase.name(), "publishing");
    assert_eq!(post.attempts.len(), 1);
    assert_eq!(post.attempts[0].outcome, Outcome::Pending);
}

#[test]
fn waking_up_in_publishing_never_sends_again() {
    let post = publishing();

    let (post, next) = after(&post, post.due_at + TimeDelta::minutes(5), [Event::Woke]);

    assert_eq!(post.phase.name(), "verifying");
    assert!(matches!(next, Next::Do(Effect::Look { .. })), "{next:?}");
}

#[test]
fn clean_looks_before_the_settle_time_do_not_count() {
    let post = publishing();
    let due = post.due_at;
    let unknown = Event::Answered(Answer::Unknown {
        why: "timeout".to_owned(),
    });
    let look = || Event::Looked {
        status: StatusReading::Finished,
        scan: Some(ScanResult::Clean),
    };
    let (post, _) = after(&post, due, [unknown]);

    let (early, _) = after(
        &post,
        due + TimeDelta::seconds(60),
        (0..200).map(|_| look()),
    );
    let (one, _) = after(&early, due + TimeDelta::seconds(361), [look()]);
    let (two_at_once, _) = after(&one, due + TimeDelta::seconds(362), [look()]);
    let (two, _) = after(&one, due + TimeDelta::seconds(422), [look()]);

    assert_eq!(early.phase.name(), "verifying");
    assert_eq!(one.phase.name(), "verifying");
    assert_eq!(two_at_once.phase.name(), "verifying", "looks must be apart");
    assert_eq!(two.phase.name(), "ready");
}

#[test]
fn a_near_match_stops_everything() {
    let post = publishing();
    let (post, _) = after(
        &post,
        post.due_at,
        [
            Event::Answered(Answer::Unknown {
                why: "reset".to_owned(),
            }),
            Event::Looked {
                status: StatusReading::Finished,
                scan: Some(ScanResult::Near),
            },
        ],
    );

    assert_eq!(post.phase.name(), "needs_attention");
}

#[test]
fn late_evidence_settles_what_nobody_else_could() {
    let post = publishing();
    let (verifying, _) = after(&post, post.due_at + TimeDelta::minutes(3), [Event::Woke]);

    let (ours, _) = after(
        &verifying,
        post.due_at + TimeDelta::minutes(4),
        [Event::LateAnswer {
            container: "c1".into(),
            media_id: "m1".into(),
        }],
    );
    let (foreign, _) = after(
        &verifying,
        post.due_at + TimeDelta::minutes(4),
        [Event::LateAnswer {
            container: "c9".into(),
            media_id: "m1".into(),
        }],
    );

    assert_eq!(ours.phase.name(), "published");
    assert_eq!(foreign.phase.name(), "verifying");
}

#[test]
fn an_absurd_retry_after_holds_a_post_up_for_an_hour_at_most() {
    let post = text_post();
    let (_, next) = after(
        &post,
        post.due_at,
        [
            Event::Woke,
            Event::CreateFailed {
                why: "slow down".to_owned(),
                remedy: None,
                retry_after: Some(Duration::MAX),
            },
        ],
    );

    // The second event came a second later.
    let hour_later = post.due_at + TimeDelta::hours(1) + TimeDelta::seconds(1);
    assert_eq!(next, Next::WaitUntil(hour_later));
}

/// Whether a twin may be live is found out for a post that is leased as ready.
#[test]
fn a_blocked_post_meets_its_twin_before_it_is_sent() {
    let mut post = publishing();
    post.phase = Phase::Ready {
        container: "c1".into(),
        since: start(),
    };
    post.attempts.clear();
    let no_token = Event::NoToken {
        why: "revoked".to_owned(),
    };
    let (blocked, _) = after(&post, post.due_at, [no_token]);

    let (woken, next) = after(
        &blocked,
        post.due_at + TimeDelta::minutes(15),
        [Event::Woke],
    );

    assert_eq!(blocked.phase.name(), "blocked");
    assert_eq!(woken.phase.name(), "ready");
    assert_eq!(next, Next::WaitUntil(post.due_at + TimeDelta::minutes(15)));
    assert!(woken.attempts.is_empty());
}

#[test]
fn nothing_can_be_decided_about_a_post_that_is_published() {
    let (live, _) = after(
        &publishing(),
        start() + TimeDelta::minutes(11),
        [Event::Answered(Answer::Published("m1".into()))],
    );

    let (same, next) = after(
        &live,
        start() + TimeDelta::minutes(12),
        [
            Event::CancelRequested,
            Event::Decided(Decision::Discard),
            Event::Woke,
        ],
    );

    assert_eq!(same, live);
    assert_eq!(next, Next::End);
}

#[test]
fn late_evidence_stops_a_second_call() {
    let post = publishing();
    let due = post.due_at;
    let look = || Event::Looked {
        status: StatusReading::Finished,
        scan: Some(ScanResult::Clean),
    };
    let (post, _) = after(
        &post,
        due,
        [Event::Answered(Answer::Unknown {
            why: "timeout".to_owned(),
        })],
    );
    let (post, _) = after(&post, due + TimeDelta::seconds(361), [look()]);
    let (ready, _) = after(&post, due + TimeDelta::seconds(422), [look()]);
    assert_eq!(ready.phase.name(), "ready");

    let (post, next) = after(
        &ready,
        due + TimeDelta::seconds(423),
        [Event::LateAnswer {
            container: "c1".into(),
            media_id: "m1".into(),
        }],
    );

    assert_eq!(post.phase.name(), "published");
    assert_eq!(next, Next::End);
    assert!(matches!(
        post.attempts[0].outcome,
        Outcome::Effective { .. }
    ));
}

#[test]
fn verifying_does_not_go_on_for_ever() {
    let post = publishing();
    let unreadable = || Event::Looked {
        status: StatusReading::Unreadable {
            why: "503".to_owned(),
            retry_after: None,
        },
        scan: None,
    };
    let (post, _) = after(
        &post,
        post.due_at,
        [Event::Answered(Answer::Unknown {
            why: "timeout".to_owned(),
        })],
    );

    let (day, _) = after(&post, post.due_at + TimeDelta::hours(24), [unreadable()]);
    let (more, next) = after(&day, post.due_at + TimeDelta::hours(26), [unreadable()]);

    assert_eq!(day.phase.name(), "verifying");
    assert_eq!(more.phase.name(), "needs_attention");
    assert!(matches!(next, Next::WaitUntil(_)), "{next:?}");
}

#[test]
fn a_reply_that_cannot_be_found_needs_a_person() {
    let mut post = publishing();
    post.draft.reply_to = Some("1790".into());
    let (post, _) = after(
        &post,
        post.due_at,
        [
            Event::Answered(Answer::Rejected {
                why: "no".to_owned(),
                remedy: Remedy::Nothing,
            }),
            Event::Looked {
                status: StatusReading::NotFound,
                scan: Some(ScanResult::Unlisted {
                    why: "replies are not listed".to_owned(),
                }),
            },
        ],
    );

    assert_eq!(post.phase.name(), "needs_attention");
}

#[test]
fn media_without_words_are_never_bound_by_looks() {
    let image = || Draft::image("https://media.example/a.jpg".parse().unwrap());
    let live: threads_client::Post = serde_json::from_value(serde_json::json!({
        "id": "17900000000000001", "media_type": "IMAGE",
        "timestamp": "2026-11-23T12:00:00+0000",
    }))
    .unwrap();
    let find = |draft: &Draft, live: &threads_client::Post| {
        let nobody = std::collections::HashSet::<PostId>::new();
        threads_monitor::publishing::matching::find(draft, [live], start(), &nobody)
    };
    let mut captioned = live.clone();
    captioned.text = Some("a  picture".to_owned());

    assert_eq!(find(&image(), &live), ScanResult::Near);
    assert_eq!(
        find(&image().with_text("a picture"), &captioned),
        ScanResult::Match(live.id.clone())
    );
    assert_eq!(
        find(&image().with_text("something else"), &live),
        ScanResult::Clean
    );
}
