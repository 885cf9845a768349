//! Properties of the publish protocol as a pure function.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use threads_client::{ContainerId, Draft, Media, PostId};
use threads_monitor::publishing::{
    Answer, Decision, Effect, Event, Next, Outcome, Phase, Post, PostPolicy, Remedy, ScanResult,
    StatusReading, step,
};

fn start() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn text_post() -> Post {
    let due = start() + TimeDelta::minutes(10);
    Post::new(Draft::text("hello"), due, None, Duration::from_hours(2))
}

fn carousel_post() -> Post {
    let item = Media::image("https://media.example/a.jpg".parse().unwrap());
    let draft = Draft::carousel(vec![item.clone(), item]);
    Post::new(draft, start(), None, Duration::from_hours(2))
}

/// Takes events in order, a second apart, and returns the last post and what is next.
fn after(post: &Post, at: DateTime<Utc>, events: impl IntoIterator<Item = Event>) -> (Post, Next) {
    let mut post = post.clone();
    let mut next = Next::End;
    for (seconds, event) in (0..).zip(events) {
        let now = at + TimeDelta::seconds(seconds);
        let taken = step(&PostPolicy::default(), &post, now, event);
        post = taken.post;
        next = taken.next;
    }
    (post, next)
}

fn publishing() -> Post {
    let post = text_post();
    let (post, _) = after(
        &post,
        post.due_at - TimeDelta::seconds(30),
        [
            Event::Woke,
            Event::Created("c1".into()),
            Event::Status(StatusReading::Finished),
        ],
    );
    let (post, next) = after(&post, post.due_at, [Event::Woke]);
    assert!(matches!(next, Next::Do(Effect::Publish { .. })), "{next:?}");
    post
}

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
                scan: Some(ScanResult::Incomplete {
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

fn restored(post: &Post, at: DateTime<Utc>) -> Post {
    let event = Event::Restored { backed_up_at: at };
    step(&PostPolicy::default(), post, at, event).post
}

#[test]
fn a_restored_post_whose_time_is_to_come_goes_on_from_where_it_stood() {
    let post = text_post();
    let restored = restored(&post, start());

    let woken = step(&PostPolicy::default(), &restored, start(), Event::Woke);

    assert_eq!(restored.phase.name(), "restored");
    assert_eq!(woken.post, post);
    assert_eq!(
        woken.next,
        Next::WaitUntil(post.due_at - TimeDelta::seconds(90))
    );
}

#[test]
fn a_restored_post_whose_time_has_passed_is_looked_for_before_anything_else() {
    let restored = restored(&text_post(), start());

    let woken = step(
        &PostPolicy::default(),
        &restored,
        restored.due_at,
        Event::Woke,
    );

    let since = restored.due_at - TimeDelta::seconds(120);
    assert_eq!(woken.next, Next::Do(Effect::Scan { since }));
    assert_eq!(woken.post.phase.name(), "restored");
}

#[test]
fn a_restored_post_near_its_time_counts_as_past_it_because_clocks_differ() {
    let restored = restored(&text_post(), start());
    let at = |seconds| restored.due_at - TimeDelta::seconds(seconds);

    let near = step(&PostPolicy::default(), &restored, at(120), Event::Woke);
    let far = step(&PostPolicy::default(), &restored, at(121), Event::Woke);

    assert!(matches!(near.next, Next::Do(Effect::Scan { .. })));
    assert_eq!(far.post.phase.name(), "scheduled");
}

#[test]
fn a_restored_post_that_is_found_is_published_with_its_id() {
    let restored = restored(&text_post(), start());
    let found = Event::Scanned(ScanResult::Match("m9".into()));

    let (post, next) = after(&restored, restored.due_at, [Event::Woke, found]);

    let Phase::Published { media_id, .. } = post.phase else {
        panic!("{:?}", post.phase);
    };
    assert_eq!(media_id, Some("m9".into()));
    assert_eq!(next, Next::End);
    assert!(post.attempts.is_empty());
}

#[test]
fn a_restored_post_that_is_not_found_is_left_to_a_person() {
    let restored = restored(&text_post(), start());
    let due = restored.due_at;
    let clean = || Event::Scanned(ScanResult::Clean);

    let (early, _) = after(&restored, due, (0..100).map(|_| clean()));
    let (one, _) = after(&early, due + TimeDelta::seconds(361), [clean()]);
    let (two, next) = after(&one, due + TimeDelta::seconds(422), [clean()]);

    assert_eq!(early.phase.name(), "restored");
    assert_eq!(one.phase.name(), "restored");
    let Phase::NeedsAttention { reason, .. } = &two.phase else {
        panic!("{:?}", two.phase);
    };
    assert!(reason.contains("2026-11-23 12:00 UTC"), "{reason}");
    assert!(two.may_be_live());
    assert!(matches!(next, Next::WaitUntil(_)), "{next:?}");
}

#[test]
fn a_post_that_was_being_published_is_not_sent_again_though_its_container_is_unpublished() {
    let restored = restored(&publishing(), start() + TimeDelta::minutes(10));
    let looked = || Event::Looked {
        status: StatusReading::Finished,
        scan: Some(ScanResult::Clean),
    };

    let (woken, next) = after(&restored, restored.due_at, [Event::Woke]);
    let (first, _) = after(&woken, restored.due_at, [looked()]);
    let (second, _) = after(&first, restored.due_at + TimeDelta::minutes(10), [looked()]);
    let (third, _) = after(
        &second,
        restored.due_at + TimeDelta::minutes(20),
        [looked()],
    );

    assert!(
        matches!(&next, Next::Do(Effect::Look { container, .. }) if container.as_str() == "c1"),
        "{next:?}"
    );
    assert_eq!(third.phase.name(), "needs_attention");
}

#[test]
fn a_restored_reply_is_left_to_a_person_at_once() {
    let mut post = text_post();
    post.draft.reply_to = Some("1790".into());
    let restored = restored(&post, start());
    let incomplete = Event::Scanned(ScanResult::Incomplete {
        why: "replies are not listed".to_owned(),
    });

    let (post, _) = after(&restored, post.due_at, [Event::Woke, incomplete]);

    assert_eq!(post.phase.name(), "needs_attention");
}

#[test]
fn a_restored_post_that_a_person_is_asked_about_is_still_found_later() {
    let restored = restored(&text_post(), start());
    let near = Event::Scanned(ScanResult::Near);
    let (asked, _) = after(&restored, restored.due_at, [Event::Woke, near]);

    let later = restored.due_at + TimeDelta::hours(1);
    let (woken, next) = after(&asked, later, [Event::Woke]);
    let (found, _) = after(
        &woken,
        later,
        [Event::Scanned(ScanResult::Match("m9".into()))],
    );

    assert_eq!(asked.phase.name(), "needs_attention");
    assert!(matches!(next, Next::Do(Effect::Scan { .. })), "{next:?}");
    assert_eq!(found.phase.name(), "published");
}

#[test]
fn a_restored_post_is_cancelled_if_its_time_is_to_come() {
    let restored = restored(&text_post(), start());
    let events = [Event::CancelRequested, Event::Woke];

    let (post, next) = after(&restored, start(), events.clone());
    let (too_late, _) = after(&restored, restored.due_at, events);

    assert_eq!(post.phase.name(), "cancelled");
    assert_eq!(next, Next::End);
    assert_eq!(too_late.phase.name(), "restored");
}

#[test]
fn a_post_at_its_end_is_restored_as_it_is() {
    let published = [Event::Answered(Answer::Published("m1".into()))];
    let (live, _) = after(&publishing(), start() + TimeDelta::minutes(11), published);

    let same = restored(&live, start() + TimeDelta::days(1));

    assert_eq!(same, live);
}

fn any_status() -> impl Strategy<Value = StatusReading> {
    prop_oneof![
        1 => Just(StatusReading::InProgress),
        4 => Just(StatusReading::Finished),
        1 => Just(StatusReading::Published),
        1 => Just(StatusReading::Expired),
        1 => Just(StatusReading::NotFound),
        1 => Just(StatusReading::Error {
            message: "UNKNOWN".to_owned()
        }),
        1 => Just(StatusReading::Unreadable {
            why: "503".to_owned(),
            retry_after: None
        }),
    ]
}

fn any_scan() -> impl Strategy<Value = ScanResult> {
    prop_oneof![
        4 => Just(ScanResult::Clean),
        1 => Just(ScanResult::Near),
        1 => Just(ScanResult::Match(PostId::from("m7"))),
        1 => Just(ScanResult::Incomplete {
            why: "503".to_owned()
        }),
    ]
}

fn any_remedy() -> impl Strategy<Value = Remedy> {
    prop_oneof![
        1 => Just(Remedy::NewContainer),
        1 => Just(Remedy::Nothing),
        1 => Just(Remedy::Reconnect),
        1 => Just(Remedy::Permission),
        1 => Just(Remedy::Quota),
        1 => Just(Remedy::Restricted),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let why = || "why".to_owned();
    prop_oneof![
        6 => Just(Event::Woke),
        4 => (0..5_u8).prop_map(|n| Event::Created(ContainerId::from(format!("c{n}")))),
        1 => (proptest::option::of(any_remedy()), proptest::option::of(0..9999_u64)).prop_map(
            move |(remedy, wait)| Event::CreateFailed {
                why: why(),
                remedy,
                retry_after: wait.map(Duration::from_secs),
            }
        ),
        6 => any_status().prop_map(Event::Status),
        2 => Just(Event::Answered(Answer::Published("m1".into()))),
        2 => Just(Event::Answered(Answer::NotSent {
            why: why(),
            retry_after: None,
        })),
        4 => Just(Event::Answered(Answer::Unknown { why: why() })),
        3 => any_remedy().prop_map(move |remedy| Event::Answered(Answer::Rejected {
            why: why(),
            remedy
        })),
        8 => (any_status(), proptest::option::of(any_scan()))
            .prop_map(|(status, scan)| Event::Looked { status, scan }),
        2 => any_scan().prop_map(Event::Scanned),
        1 => (0..5_u8).prop_map(|n| Event::LateAnswer {
            container: ContainerId::from(format!("c{n}")),
            media_id: "m2".into(),
        }),
        1 => Just(Event::NoToken { why: why() }),
        1 => Just(Event::TwinOpen),
        1 => Just(Event::CancelRequested),
        1 => Just(Event::Decided(Decision::ItIsLive)),
        1 => Just(Event::Decided(Decision::Discard)),
        1 => Just(Event::Restored {
            backed_up_at: start(),
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever happens, in whatever order, at whatever pace.
    #[test]
    fn no_story_authorises_a_second_call_while_a_first_may_be_live(
        is_carousel in any::<bool>(),
        story in proptest::collection::vec((any_event(), 0..900_i64), 1..80),
    ) {
        let policy = PostPolicy::default();
        let mut post = if is_carousel { carousel_post() } else { text_post() };
        let mut now = start();
        for (event, pause) in story {
            now += TimeDelta::seconds(pause);
            let was_final = post.phase.is_final();
            let before = post.clone();
            let taken = step(&policy, &post, now, event.clone());
            prop_assert_eq!(
                &taken,
                &step(&policy, &post, now, event.clone()),
                "the same arguments give the same answer"
            );
            post = taken.post;

            // One attempt may be open at most. Only evidence from outside can contradict
            // what was proven of an earlier one, and then the post is live.
            let open = post.attempts.iter().filter(|attempt| !attempt.is_harmless()).count();
            prop_assert!(open <= 1 || post.phase.name() == "published", "{:?}", post.attempts);
            if let Next::Do(Effect::Publish { container, send_before }) = &taken.next {
                prop_assert!(!before.may_be_live(), "sent while an earlier call may be live");
                let attempt = post.attempts.last().unwrap();
                prop_assert_eq!(&attempt.outcome, &Outcome::Pending);
                prop_assert_eq!(&attempt.container, container);
                prop_assert!(now >= post.due_at, "sent early");
                prop_assert!(*send_before > now);
                prop_assert!(post.cancel_requested_at.is_none(), "sent though cancelled");
            }
            // Endings tell the truth.
            match &post.phase {
                Phase::Failed { .. } | Phase::Cancelled { .. } | Phase::Missed { .. } => {
                    prop_assert!(!post.may_be_live(), "{:?}", post);
                }
                _ => {}
            }
            // An ending is an ending.
            if was_final {
                prop_assert_eq!(before.phase.name(), post.phase.name());
            }
            // Never silent: whatever is not at its end wakes up again.
            if matches!(taken.next, Next::End) {
                prop_assert!(post.phase.is_final(), "{:?}", post.phase);
            }
            // What is stored can be read back.
            let stored = serde_json::to_value(&post).unwrap();
            prop_assert_eq!(serde_json::from_value::<Post>(stored).unwrap(), post.clone());
        }
    }

    /// Whatever had happened before the backup, and whatever happens after it.
    #[test]
    fn no_story_sends_a_restored_post_whose_time_had_passed(
        is_carousel in any::<bool>(),
        before in proptest::collection::vec((any_event(), 0..900_i64), 0..40),
        away in 0..10_000_i64,
        story in proptest::collection::vec((any_event(), 0..900_i64), 1..80),
    ) {
        let policy = PostPolicy::default();
        let mut post = if is_carousel { carousel_post() } else { text_post() };
        let mut now = start();
        for (event, pause) in before {
            now += TimeDelta::seconds(pause);
            post = step(&policy, &post, now, event).post;
        }
        post = restored(&post, now);
        now = (now + TimeDelta::seconds(away)).max(post.due_at - TimeDelta::seconds(120));
        for (event, pause) in story {
            let taken = step(&policy, &post, now, event);
            let is_sent = matches!(taken.next, Next::Do(Effect::Publish { .. }));
            prop_assert!(!is_sent, "{:?}", taken.post);
            post = taken.post;
            now += TimeDelta::seconds(pause);
        }
    }
}
