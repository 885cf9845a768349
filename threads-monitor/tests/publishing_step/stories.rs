//! Promises that hold whatever happens, in whatever order.

use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;
use threads_client::{ContainerId, PostId};
use threads_monitor::publishing::{
    Answer, Decision, Effect, Event, Next, Outcome, Phase, Post, PostPolicy, Remedy, ScanResult,
    StatusReading, step,
};

use crate::restored::restored;
use crate::{carousel_post, start, text_post};

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
        1 => Just(Event::QuotaFull { why: "250 of 250".to_owned() }),
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
