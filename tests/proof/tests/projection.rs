//! What the model forgets of a post makes no difference to the reducer.

use chrono::TimeDelta;
use proptest::prelude::*;
use threads_monitor::publishing::{
    Answer, Decision, Event, Next, Remedy, ScanResult, StatusReading, step,
};
use threads_proof::model::{NOW, SETTLE, new_post, policy, project};

fn why() -> String {
    String::new()
}

/// The events that the model knows.
fn any_event() -> impl Strategy<Value = Event> {
    let status = prop_oneof![
        3 => Just(StatusReading::Finished),
        1 => Just(StatusReading::Published),
        1 => Just(StatusReading::Expired),
        1 => Just(StatusReading::NotFound),
        1 => Just(StatusReading::Error { message: "UNKNOWN".to_owned() }),
    ];
    let scan = prop_oneof![
        4 => Just(ScanResult::Clean),
        1 => Just(ScanResult::Near),
        1 => Just(ScanResult::Match("m1".into())),
    ];
    let remedy = prop_oneof![
        2 => Just(Remedy::NewContainer),
        1 => Just(Remedy::Nothing),
        1 => Just(Remedy::Quota),
    ];
    prop_oneof![
        6 => Just(Event::Woke),
        4 => (1..3_u8).prop_map(|number| Event::Created(format!("c{number}").as_str().into())),
        3 => status.clone().prop_map(Event::Status),
        1 => Just(Event::Answered(Answer::Published("m1".into()))),
        2 => Just(Event::Answered(Answer::NotSent { why: why(), retry_after: None })),
        4 => Just(Event::Answered(Answer::Unknown { why: why() })),
        2 => remedy.prop_map(|remedy| Event::Answered(Answer::Rejected { why: why(), remedy })),
        8 => (status, scan).prop_map(|(status, scan)| Event::Looked { status, scan: Some(scan) }),
        1 => Just(Event::LateAnswer { container: "c1".into(), media_id: "m1".into() }),
        1 => Just(Event::CancelRequested),
        1 => Just(Event::Decided(Decision::Discard)),
    ]
}

/// What a worker does, without the times in it.
fn kind(next: &Next) -> String {
    match next {
        Next::WaitUntil(_) => "wait".to_owned(),
        Next::End => "end".to_owned(),
        Next::Do(effect) => format!("{effect:?}")
            .split(", s")
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Forgetting before a step comes to the same as forgetting after it, at any pace. The
    /// model has no step of a preparation that Meta still works on, so no pause ends there.
    #[test]
    fn what_the_model_forgets_makes_no_difference(
        story in proptest::collection::vec((any_event(), 1..2_000_i64), 1..40),
    ) {
        let policy = policy(3, 3);
        let mut post = new_post(0);
        let mut now = NOW;
        for (event, pause) in story {
            now += TimeDelta::seconds(if pause < 700 { pause } else { 1 });
            let whole = step(&policy, &post, now, event.clone());
            let mut forgetful = post.clone();
            project(&mut forgetful, now);
            let mut taken = step(&policy, &forgetful, NOW, event);

            prop_assert_eq!(kind(&whole.next), kind(&taken.next));
            post = whole.post;
            let mut whole = post.clone();
            project(&mut whole, now);
            project(&mut taken.post, NOW);
            prop_assert_eq!(whole, taken.post);
        }
        prop_assert!(SETTLE.num_seconds() < 700);
    }
}
