//! What becomes of a post that comes from a backup.

use chrono::{DateTime, TimeDelta, Utc};
use threads_monitor::publishing::{
    Answer, Effect, Event, Next, Phase, Post, PostPolicy, ScanResult, StatusReading, step,
};

use crate::{after, publishing, start, text_post};

pub(crate) fn restored(post: &Post, at: DateTime<Utc>) -> Post {
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
    let unlisted = Event::Scanned(ScanResult::Unlisted {
        why: "replies are not listed".to_owned(),
    });

    let (post, _) = after(&restored, post.due_at, [Event::Woke, unlisted]);

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

#[test]
fn a_restored_post_with_an_open_call_does_not_go_on_though_a_clock_was_set_back() {
    let restored = restored(&publishing(), start() + TimeDelta::minutes(10));

    let (woken, next) = after(&restored, start(), [Event::Woke]);

    assert_eq!(woken.phase.name(), "restored");
    assert!(matches!(next, Next::Do(Effect::Look { .. })), "{next:?}");
}
