//! What each mode concludes once the settle time is over and the post was not found.

use chrono::TimeDelta;
use rstest::rstest;
use threads_monitor::publishing::{
    Answer, Event, Post, PostPolicy, PublishMode, ScanResult, StatusReading, step,
};

use crate::publishing;

fn finished() -> StatusReading {
    StatusReading::Finished
}

fn failed() -> StatusReading {
    StatusReading::Error {
        message: "UNKNOWN".to_owned(),
    }
}

/// After an unknown answer, two complete looks past the settle time, without the post.
fn after_two_looks(mode: PublishMode, status: &StatusReading) -> Post {
    let mut policy = PostPolicy::default();
    policy.mode = mode;
    let mut post = publishing();
    let sent_at = post.due_at;
    let unknown = Event::Answered(Answer::Unknown {
        why: "timeout".to_owned(),
    });
    let looked = || Event::Looked {
        status: status.clone(),
        scan: Some(ScanResult::Clean),
    };
    for (seconds, event) in [(1, unknown), (400, looked()), (500, looked())] {
        let now = sent_at + TimeDelta::seconds(seconds);
        post = step(&policy, &post, now, event).post;
    }
    post
}

#[rstest]
#[case::still_publishable(finished(), "ready", "needs_attention", "ready")]
#[case::failed(failed(), "preparing", "needs_attention", "preparing")]
#[case::expired(StatusReading::Expired, "preparing", "preparing", "preparing")]
#[case::not_found(
    StatusReading::NotFound,
    "needs_attention",
    "needs_attention",
    "preparing"
)]
#[case::published(StatusReading::Published, "published", "published", "published")]
fn a_mode_decides_what_an_unknown_outcome_becomes(
    #[case] status: StatusReading,
    #[case] safe: &str,
    #[case] paranoid: &str,
    #[case] auto_replace: &str,
) {
    let phase = |mode| after_two_looks(mode, &status).phase.name();

    assert_eq!(phase(PublishMode::Safe), safe);
    assert_eq!(phase(PublishMode::Paranoid), paranoid);
    assert_eq!(phase(PublishMode::AutoReplace), auto_replace);
}

#[test]
fn a_refusal_is_taken_at_its_word_in_every_mode() {
    let mut policy = PostPolicy::default();
    policy.mode = PublishMode::Paranoid;
    let post = publishing();
    let refused = Event::Answered(Answer::Rejected {
        why: "not there".to_owned(),
        remedy: threads_monitor::publishing::Remedy::NewContainer,
    });
    let looked = Event::Looked {
        status: StatusReading::Finished,
        scan: Some(ScanResult::Clean),
    };

    let refused = step(&policy, &post, post.due_at, refused).post;
    let again = step(&policy, &refused, post.due_at, looked).post;

    assert_eq!(again.phase.name(), "ready");
}
