//! A chain goes from part to part, and stops where a part is not live.

use std::time::Duration;

use chrono::TimeDelta;
use threads_client::Draft;
use threads_monitor::publishing::{
    Answer, ChainChoice, ChainDecision, ChainStanding, Decision, Effect, Event, Next, PartState,
    Phase, Post, PostPolicy, Remedy, ScanResult, StatusReading, StopReason, step,
};
use threads_monitor::scheduler::JobId;

use crate::{after, start};

fn chain(parts: usize) -> Post {
    let parts = (1..=parts).map(|part| Draft::text(format!("part {part}")));
    Post::chain(parts.collect(), start(), None, Duration::from_hours(2)).unwrap()
}

/// From scheduled to the publish call, at its due time.
fn call(post: &Post) -> Post {
    let (post, _) = after(
        post,
        post.due_at,
        [
            Event::Woke,
            Event::Created(format!("c{}", post.containers_used).as_str().into()),
            Event::Status(StatusReading::Finished),
        ],
    );
    let (post, next) = after(&post, post.due_at + TimeDelta::seconds(30), [Event::Woke]);
    assert!(matches!(next, Next::Do(Effect::Publish { .. })), "{next:?}");
    post
}

fn answered(post: &Post, answer: Answer) -> (Post, Next) {
    let at = post.due_at + TimeDelta::seconds(40);
    after(post, at, [Event::Answered(answer)])
}

fn published(post: &Post, id: &str) -> (Post, Next) {
    answered(&call(post), Answer::Published(id.into()))
}

/// The next part, begun a minute later.
fn next_part(post: &Post) -> Post {
    let taken = step(
        &PostPolicy::default(),
        post,
        post.due_at + TimeDelta::minutes(1),
        Event::Woke,
    );
    assert_eq!(taken.post.phase.name(), "preparing");
    taken.post
}

fn unknown() -> Answer {
    Answer::Unknown {
        why: "no answer".to_owned(),
    }
}

/// A chain of three, of which the second part ended like this.
fn stopped_by(events: impl IntoIterator<Item = Event>) -> Post {
    let (first, _) = published(&chain(3), "m1");
    let second = next_part(&first);
    let at = second.due_at + TimeDelta::seconds(20);
    after(&second, at, events).0
}

#[test]
fn each_part_answers_the_one_before_and_only_once_its_id_is_known() {
    let (first, next) = published(&chain(3), "m1");

    assert_eq!(first.phase.name(), "published");
    assert!(matches!(next, Next::WaitUntil(_)), "{next:?}");
    assert!(!first.is_over());
    let second = next_part(&first);
    assert_eq!(second.draft.text.as_deref(), Some("part 2"));
    assert_eq!(second.draft.reply_to, Some("m1".into()));
    assert!(second.attempts.is_empty());
    let (second, _) = after(&second, second.due_at, [Event::Created("c".into())]);
    let (second, _) = after(
        &second,
        second.due_at,
        [Event::Status(StatusReading::Finished)],
    );
    let (second, _) = after(
        &second,
        second.due_at + TimeDelta::seconds(30),
        [Event::Woke],
    );
    let (second, _) = answered(&second, Answer::Published("m2".into()));
    let third = next_part(&second);
    assert_eq!(third.draft.reply_to, Some("m2".into()));
    assert_eq!(third.all_attempts().count(), 2);
}

#[test]
fn a_part_is_not_begun_while_the_id_above_it_is_not_known() {
    let post = call(&chain(2));
    let (post, _) = answered(&post, unknown());
    let (post, next) = after(
        &post,
        post.due_at + TimeDelta::minutes(1),
        [Event::Looked {
            status: StatusReading::Published,
            scan: None,
        }],
    );
    assert!(matches!(next, Next::WaitUntil(_)), "{next:?}");
    let (post, next) = after(&post, post.due_at + TimeDelta::minutes(1), [Event::Woke]);

    assert!(matches!(next, Next::Do(Effect::Scan { .. })), "{next:?}");
    assert_eq!(post.draft.text.as_deref(), Some("part 1"));
    let found = Event::Scanned(ScanResult::Match("m1".into()));
    let (post, _) = after(&post, post.due_at + TimeDelta::minutes(2), [found]);
    assert_eq!(next_part(&post).draft.reply_to, Some("m1".into()));
}

#[test]
fn an_id_that_is_never_found_stops_the_chain_until_a_person_asks_again() {
    let (post, _) = answered(&call(&chain(2)), unknown());
    let seen = Event::Looked {
        status: StatusReading::Published,
        scan: None,
    };
    let (mut post, _) = after(&post, post.due_at + TimeDelta::minutes(1), [seen]);
    let mut next = Next::End;
    for minutes in 2..7 {
        let clean = Event::Scanned(ScanResult::Clean);
        (post, next) = after(&post, post.due_at + TimeDelta::minutes(minutes), [clean]);
    }

    assert_eq!(next, Next::End);
    let status = post.chain_status().unwrap();
    assert_eq!(status.standing, ChainStanding::Partial);
    assert_eq!((status.published, status.of), (1, 2));
    assert_eq!(status.stopped.unwrap().reason, StopReason::IdUnknown);
    let asked = Event::ChainDecided(ChainDecision::Continue);
    let found = Event::Scanned(ScanResult::Match("m1".into()));
    let later = post.due_at + TimeDelta::hours(5);
    let (post, _) = after(&post, later, [asked, Event::Woke, found]);
    assert_eq!(
        post.chain_status().unwrap().standing,
        ChainStanding::Underway
    );
    // The lateness of a part counts from when it can be begun.
    let taken = step(&PostPolicy::default(), &post, later, Event::Woke);
    assert_eq!(taken.post.phase.name(), "preparing");
}

#[test]
fn a_part_that_failed_or_was_missed_stops_the_chain() {
    let refused = Event::CreateFailed {
        why: "no".to_owned(),
        remedy: Some(Remedy::Nothing),
        retry_after: None,
    };
    let failed = stopped_by([refused]);
    let (first, _) = published(&chain(3), "m1");
    let second = next_part(&first);
    let (missed, _) = after(&second, second.due_at + TimeDelta::hours(3), [Event::Woke]);

    for (post, reason) in [(failed, StopReason::Failed), (missed, StopReason::Missed)] {
        let status = post.chain_status().unwrap();
        assert_eq!(status.standing, ChainStanding::Partial);
        assert_eq!((status.published, status.of), (1, 3));
        assert_eq!(status.stopped.unwrap().reason, reason);
        assert_eq!(status.parts[1].state, PartState::Current);
        assert_eq!(status.parts[2].state, PartState::Blocked);
        assert_eq!(
            status.choices,
            [
                ChainChoice::FinishBelow,
                ChainChoice::FinishApart,
                ChainChoice::Discard
            ]
        );
        assert!(post.is_over());
    }
}

#[test]
fn a_part_that_cannot_be_known_stops_the_chain_and_goes_on_once_it_is_live() {
    let (first, _) = published(&chain(3), "m1");
    let (second, _) = answered(&call_again(&next_part(&first)), unknown());
    let unlisted = Event::Looked {
        status: StatusReading::NotFound,
        scan: Some(ScanResult::Unlisted {
            why: "may not be read".to_owned(),
        }),
    };
    let (asked, _) = after(&second, second.due_at + TimeDelta::minutes(10), [unlisted]);
    assert_eq!(asked.phase.name(), "needs_attention");
    let status = asked.chain_status().unwrap();
    assert_eq!((status.published, status.of), (1, 3));
    assert_eq!(status.stopped.unwrap().reason, StopReason::Unknown);
    assert_eq!(
        status.choices,
        [
            ChainChoice::Continue,
            ChainChoice::FinishApart,
            ChainChoice::Discard
        ]
    );

    let at = asked.due_at + TimeDelta::minutes(20);
    let live = Event::Decided(Decision::ItIsLive);
    let found = Event::Scanned(ScanResult::Match("m2".into()));
    let (post, _) = after(&asked, at, [live, Event::Woke, found, Event::Woke]);
    let (discarded, next) = after(&asked, at, [Event::ChainDecided(ChainDecision::Discard)]);

    assert_eq!(post.draft.reply_to, Some("m2".into()));
    assert_eq!(post.draft.text.as_deref(), Some("part 3"));
    assert_eq!((discarded.phase.name(), next), ("abandoned", Next::End));
    let status = discarded.chain_status().unwrap();
    assert_eq!(status.parts[2].state, PartState::Discarded);
    assert_eq!(status.choices, []);
}

/// The publish call of a part that is being prepared.
fn call_again(post: &Post) -> Post {
    let (post, _) = after(
        post,
        post.due_at,
        [
            Event::Created("c9".into()),
            Event::Status(StatusReading::Finished),
        ],
    );
    let (post, next) = after(&post, post.due_at + TimeDelta::seconds(30), [Event::Woke]);
    assert!(matches!(next, Next::Do(Effect::Publish { .. })), "{next:?}");
    post
}

#[test]
fn a_rest_that_moved_elsewhere_never_goes_out_from_here() {
    let (first, _) = published(&chain(3), "m1");
    let (second, _) = answered(&call_again(&next_part(&first)), unknown());
    let unlisted = Event::Looked {
        status: StatusReading::NotFound,
        scan: Some(ScanResult::Unlisted {
            why: "may not be read".to_owned(),
        }),
    };
    let to = JobId::random();
    let at = second.due_at + TimeDelta::minutes(10);
    let (moved, _) = after(&second, at, [unlisted, Event::RestMoved { to }]);

    let (live, next) = after(
        &moved,
        at + TimeDelta::hours(1),
        [
            Event::Looked {
                status: StatusReading::Published,
                scan: None,
            },
            Event::Woke,
            Event::Scanned(ScanResult::Match("m2".into())),
            Event::Woke,
        ],
    );

    assert_eq!(next, Next::End);
    let status = live.chain_status().unwrap();
    assert_eq!((status.published, status.of), (2, 3));
    assert_eq!(status.parts[2].state, PartState::Moved { to });
    assert_eq!(status.standing, ChainStanding::Partial);
}

#[test]
fn cancelling_calls_off_what_hangs_below() {
    let (first, _) = published(&chain(3), "m1");
    let between = after(&first, first.due_at, [Event::CancelRequested]);
    let second = next_part(&first);
    let prepared = after(&second, second.due_at, [Event::CancelRequested]);
    let in_flight = call_again(&second);
    let in_flight = after(
        &in_flight,
        in_flight.due_at,
        [
            Event::CancelRequested,
            Event::Answered(Answer::Published("m2".into())),
            Event::Woke,
        ],
    );
    let third = after(&second, second.due_at, [Event::PartCancelled { place: 2 }]);
    let (third, _) = answered(&call_again(&third.0), Answer::Published("m2".into()));
    let third = after(&third, third.due_at, [Event::Woke]);

    for ((post, next), published, phase) in [
        (between, 1, "published"),
        (prepared, 1, "cancelled"),
        (in_flight, 2, "published"),
        (third, 2, "published"),
    ] {
        assert_eq!((next, post.phase.name()), (Next::End, phase));
        let status = post.chain_status().unwrap();
        assert_eq!((status.published, status.of), (published, 3));
        assert_eq!(status.standing, ChainStanding::Partial);
        assert_eq!(status.parts[2].state, PartState::Cancelled);
        assert_eq!(status.stopped.unwrap().reason, StopReason::Cancelled);
        assert!(post.is_over());
    }
}

#[test]
fn a_parent_that_meta_no_longer_finds_fails_the_part() {
    let gone = || Event::CreateFailed {
        why: "Media Not Found".to_owned(),
        remedy: Some(Remedy::NewContainer),
        retry_after: None,
    };
    let (first, _) = published(&chain(2), "m1");
    let second = next_part(&first);

    // Right after publishing the parent may just not be found yet.
    let (soon, next) = after(&second, second.due_at + TimeDelta::minutes(5), [gone()]);
    let (late, _) = after(&soon, second.due_at + TimeDelta::minutes(20), [gone()]);

    assert_eq!(soon.phase.name(), "preparing");
    assert!(matches!(next, Next::WaitUntil(_)), "{next:?}");
    let Phase::Failed { reason, .. } = &late.phase else {
        panic!("not failed: {:?}", late.phase);
    };
    assert!(
        reason.contains("the post that it answers is gone"),
        "{reason}"
    );
    assert_eq!(late.chain_status().unwrap().published, 1);
}

#[test]
fn a_chain_from_a_backup_sends_nothing_by_itself() {
    let backed_up_at = start();
    let restored = Event::Restored { backed_up_at };
    let (first, _) = published(&chain(3), "m1");
    // The other instance went on: the second part is found, the third is not.
    let later = start() + TimeDelta::hours(1);
    let (second, next) = after(&first, later, [restored, Event::Woke]);
    assert_eq!(second.phase.name(), "restored");
    assert!(matches!(next, Next::Do(Effect::Scan { .. })), "{next:?}");

    let found = Event::Scanned(ScanResult::Match("m2".into()));
    let (third, next) = after(&second, later, [found, Event::Woke]);
    assert_eq!(third.draft.reply_to, Some("m2".into()));
    assert_eq!(third.phase.name(), "restored");
    assert!(matches!(next, Next::Do(Effect::Scan { .. })), "{next:?}");
    let mut asked = third;
    for minutes in [0, 10, 20, 30] {
        let clean = Event::Scanned(ScanResult::Clean);
        (asked, _) = after(&asked, later + TimeDelta::minutes(minutes), [clean]);
    }
    assert_eq!(asked.phase.name(), "needs_attention");
    assert_eq!(asked.chain_status().unwrap().published, 2);

    // One whose time is still to come was touched by nobody.
    let restored = Event::Restored { backed_up_at };
    let mut waiting = chain(3);
    waiting.due_at = start() + TimeDelta::days(1);
    let (waiting, next) = after(&waiting, start(), [restored, Event::Woke]);
    assert_eq!(waiting.phase.name(), "scheduled");
    assert!(matches!(next, Next::WaitUntil(_)), "{next:?}");
}

#[test]
fn without_a_token_the_next_part_is_blocked_and_not_lost() {
    let (first, _) = published(&chain(2), "m1");
    let no_token = Event::NoToken {
        why: "expired".to_owned(),
    };

    let (blocked, _) = after(&first, first.due_at + TimeDelta::minutes(1), [no_token]);

    assert_eq!(blocked.phase.name(), "blocked");
    assert_eq!(blocked.draft.reply_to, Some("m1".into()));
    assert_eq!(
        blocked.chain_status().unwrap().standing,
        ChainStanding::Underway
    );
}
