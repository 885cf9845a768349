//! What the state of a scheduled post means, in words.

use threads_client::Advice;
use threads_monitor::Zone;
use threads_monitor::publishing::{Attempt, Blocked, Outcome, Phase, Post, PublishedSource};

use crate::format::Moment;
use crate::problem::sentence;

/// A state, told to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateWords {
    /// One or two words.
    pub(crate) word: &'static str,
    /// The look: a class name.
    pub(crate) tone: &'static str,
    /// What it means.
    pub(crate) meaning: String,
    /// What happens next, or what to do.
    pub(crate) next: String,
    /// What Meta or the monitor said.
    pub(crate) detail: Option<String>,
    /// What that means and what to do about it.
    pub(crate) advice: Option<&'static str>,
}

impl StateWords {
    fn new(word: &'static str, tone: &'static str, meaning: &str, next: &str) -> Self {
        Self {
            word,
            tone,
            meaning: meaning.to_owned(),
            next: next.to_owned(),
            detail: None,
            advice: None,
        }
    }

    fn detail(mut self, detail: &str) -> Self {
        self.advice = advice(detail);
        self.detail = Some(detail.to_owned());
        self
    }
}

/// What to do about an error that was kept as text.
pub(crate) fn advice(text: &str) -> Option<&'static str> {
    Advice::of_text(text).as_ref().map(sentence)
}

/// The state of a post in words; times are in `zone`.
pub(crate) fn state(post: &Post, zone: Zone) -> StateWords {
    let due = Moment::new(post.due_at, zone).text;
    let time = |at| Moment::new(at, zone).text;
    match &post.phase {
        Phase::Scheduled => StateWords::new(
            "Scheduled",
            "busy",
            "It waits for its time. Nothing has been sent to Meta.",
            &format!("It is prepared shortly before {due}, then published."),
        ),
        Phase::Preparing { failures, .. } => StateWords::new(
            "Preparing",
            "busy",
            "Meta is given the text and files, and makes an unpublished container of them. Nobody can see it.",
            &if *failures == 0 {
                format!("When Meta has finished the container, the post is published at {due}.")
            } else {
                format!("The last try failed ({failures} in a row). It is tried again.")
            },
        ),
        Phase::Ready { .. } => StateWords::new(
            "Ready",
            "busy",
            "Meta has finished the container. Nobody can see it yet.",
            &format!("It is published at {due}."),
        ),
        Phase::Publishing { .. } => StateWords::new(
            "Publishing",
            "busy",
            "A publish call was authorised and may be under way. It is sent once.",
            "The answer decides. If it is lost, what happened is checked before anything else is done.",
        ),
        Phase::Verifying { unknown, settle_until, .. } => StateWords::new(
            "Verifying",
            "warn",
            if *unknown {
                "The answer to the publish call proves nothing: the post may be live."
            } else {
                "Meta refused the publish call. Whether that had no effect is being checked."
            },
            &format!(
                "The container and the account's own list are read until they show what happened. Before {} the absence of the post proves nothing. No second publish call is made on a guess.",
                time(*settle_until)
            ),
        ),
        Phase::Restored { backed_up_at, .. } => restored(&time(*backed_up_at)),
        Phase::Blocked { reason, detail, .. } => blocked(*reason).detail(detail),
        Phase::NeedsAttention { reason, .. } => StateWords::new(
            "Needs attention",
            "bad",
            "What happened cannot be known from here. The post may be live, and it may not.",
            "Look at the account on Threads, then decide. Reading goes on meanwhile and may still settle it.",
        )
        .detail(reason),
        Phase::Published {
            at,
            source,
            media_id,
            ..
        } => published(*source, &time(*at), media_id.is_some()),
        Phase::Failed { at, reason } => StateWords::new(
            "Failed",
            "bad",
            &format!("It was closed {} as not published.", time(*at)),
            "Nothing more is done. A corrected post can be scheduled as a new one.",
        )
        .detail(reason),
        Phase::Cancelled { at } => StateWords::new(
            "Cancelled",
            "",
            &format!("It was called off {}, and nothing was published.", time(*at)),
            "Nothing more is done.",
        ),
        Phase::Abandoned { at } => StateWords::new(
            "Discarded",
            "warn",
            &format!(
                "A person closed it {} without knowing whether it was published. It may be live.",
                time(*at)
            ),
            "Nothing more is done. Look at the account on Threads before scheduling it again.",
        ),
        Phase::Missed { at } => StateWords::new(
            "Missed",
            "bad",
            &format!(
                "Its time passed before it could be sent, and more than its allowed lateness went by. It was given up {}; nothing was published.",
                time(*at)
            ),
            "Nothing more is done. It can be scheduled again as a new post.",
        ),
        _ => StateWords::new(
            "Other",
            "warn",
            "It is in a state that this page does not know.",
            "See the JSON interface for its particulars.",
        ),
    }
}

fn restored(backed_up_at: &str) -> StateWords {
    StateWords::new(
        "Restored",
        "warn",
        &format!(
            "It comes from the backup of {backed_up_at}. What was done with it since is not known: it may be live."
        ),
        "If its time is still to come, it goes on from where it stood. Otherwise it is looked for on Threads, and no publish call is made.",
    )
}

fn published(source: PublishedSource, at: &str, has_id: bool) -> StateWords {
    let how = match source {
        PublishedSource::Answer => "Meta answered the publish call with the post's id.",
        PublishedSource::Status => {
            "The container's status says so; the answer to the publish call had not."
        }
        PublishedSource::Listing => {
            "It was found in the account's own list; the answer to the publish call had not said so."
        }
        PublishedSource::LateAnswer => "The answer came late.",
        PublishedSource::Person => "A person said so.",
        _ => "",
    };
    StateWords::new(
        "Published",
        "good",
        &format!("It is live. {how} That was {at}."),
        if has_id {
            "Nothing more is to be done."
        } else {
            "Its id on Threads is not known, so it has no link and no numbers here yet."
        },
    )
}

fn blocked(reason: Blocked) -> StateWords {
    let (meaning, next) = match reason {
        Blocked::Reconnect => (
            "Meta no longer accepts the account's access token.",
            "Connect the account again. The post goes on by itself if its time has not passed by too much.",
        ),
        Blocked::Permission => (
            "A permission is missing.",
            "Connect the account again and allow publishing, or add the permission to the app.",
        ),
        Blocked::Quota => (
            "Meta's limit of posts in 24 hours is used up.",
            "It is tried again when the limit allows, as long as it is not too late.",
        ),
        Blocked::Restricted => (
            "Meta restricts this account.",
            "Look at the account on Threads. It is tried again from time to time.",
        ),
        Blocked::Deadly => (
            "This program ended each time it worked on this post.",
            "It is left alone for a while, so that other posts go on, and then tried again. If that goes on, look for the reason in the program's log, or cancel it.",
        ),
        _ => (
            "Something outside is in the way.",
            "It is tried again from time to time.",
        ),
    };
    StateWords::new("Blocked", "warn", meaning, next)
}

/// A publish call, told to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttemptWords {
    pub(crate) word: &'static str,
    pub(crate) tone: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) answer: Option<String>,
    pub(crate) advice: Option<&'static str>,
}

/// What came of a publish call of a post that is in `phase`, in words.
pub(crate) fn attempt(attempt: &Attempt, phase: &Phase) -> AttemptWords {
    let (word, tone, meaning, answer) = match &attempt.outcome {
        Outcome::Pending => (
            "No answer known",
            "warn",
            "The call was authorised. It is under way, or its sender stopped before the answer was recorded.",
            None,
        ),
        Outcome::Effective { answer: None } => {
            ("Published", "good", "This call published the post.", None)
        }
        Outcome::Effective {
            answer: Some(answer),
        } => (
            "Published",
            "good",
            "This call published the post, though its answer did not say so.",
            Some(answer),
        ),
        Outcome::NotSent { why } => (
            "Not sent",
            "",
            "Nothing of the call left this machine, so it cannot have had an effect.",
            Some(why),
        ),
        Outcome::Rejected { why, .. } => (
            "Refused",
            "bad",
            "Meta refused the call in a way that means that it had no effect.",
            Some(why),
        ),
        Outcome::Unknown { why } => (
            "Unknown",
            "warn",
            "The answer proves nothing: the call may have published the post.",
            Some(why),
        ),
        Outcome::Ineffective { why, .. } => (
            "No effect",
            "",
            "It was verified afterwards that this call published nothing.",
            Some(why),
        ),
        _ => ("Other", "warn", "See the JSON interface.", None),
    };
    // Elsewhere the next call is made without the owner's help, there is none to make, or another call may have
    // published the post, so that nobody must be told to send it again.
    let needs_owner = matches!(phase, Phase::Blocked { .. } | Phase::Failed { .. });
    let advice = match &attempt.outcome {
        // A refusal of something else says nothing about a call whose effect is not known.
        Outcome::Unknown { .. } => Some(sentence(&Advice::outcome_unknown())),
        Outcome::NotSent { why }
        | Outcome::Rejected { why, .. }
        | Outcome::Ineffective { why, .. }
            if needs_owner =>
        {
            self::advice(why)
        }
        _ => None,
    };
    AttemptWords {
        word,
        tone,
        meaning,
        answer: answer.cloned(),
        advice,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, Utc};
    use threads_client::{ContainerId, Draft, PostId};

    use super::*;

    fn at() -> DateTime<Utc> {
        "2026-11-23T01:05:00Z".parse().unwrap()
    }

    fn words(phase: Phase) -> StateWords {
        let mut post = Post::new(Draft::text("Hello"), at(), None, Duration::from_hours(2));
        post.phase = phase;
        state(&post, Zone::UTC)
    }

    fn every_phase() -> Vec<Phase> {
        let container = ContainerId::new("18");
        vec![
            Phase::Scheduled,
            Phase::Preparing {
                since: at(),
                children: Vec::new(),
                children_finished: 0,
                container: None,
                failures: 0,
            },
            Phase::Ready {
                container: container.clone(),
                since: at(),
            },
            Phase::Publishing {
                container: container.clone(),
                finished_at: at(),
            },
            Phase::Verifying {
                container: container.clone(),
                finished_at: at(),
                unknown: true,
                since: at(),
                settle_until: at(),
                looks: 0,
                clean_scans: 0,
                last_clean_scan_at: None,
            },
            Phase::Blocked {
                reason: Blocked::Quota,
                detail: "quota".to_owned(),
                resume: Box::new(Phase::Scheduled),
            },
            Phase::Restored {
                backed_up_at: at(),
                from: Box::new(Phase::Scheduled),
                since: None,
                looks: 0,
                clean_scans: 0,
                last_clean_scan_at: None,
            },
            Phase::NeedsAttention {
                container: Some(container),
                finished_at: Some(at()),
                reason: "unreadable".to_owned(),
                since: at(),
            },
            Phase::Published {
                at: at(),
                source: PublishedSource::Answer,
                media_id: Some(PostId::new("17")),
                lookups: 0,
            },
            Phase::Failed {
                at: at(),
                reason: "refused".to_owned(),
            },
            Phase::Abandoned { at: at() },
            Phase::Cancelled { at: at() },
            Phase::Missed { at: at() },
        ]
    }

    #[test]
    fn every_state_has_its_own_word_a_meaning_and_a_next_step() {
        let told: Vec<StateWords> = every_phase().into_iter().map(words).collect();

        let mut names: Vec<&str> = told.iter().map(|state| state.word).collect();
        names.sort_unstable();
        names.dedup();

        assert_eq!(names.len(), told.len());
        assert!(!names.contains(&"Other"));
        for state in told {
            assert!(
                !state.meaning.is_empty() && !state.next.is_empty(),
                "{state:?}"
            );
        }
    }

    fn told_in(phase: &Phase, outcome: Outcome) -> AttemptWords {
        let call = Attempt {
            container: ContainerId::new("18"),
            authorised_at: at(),
            outcome,
        };
        attempt(&call, phase)
    }

    fn told(outcome: Outcome) -> AttemptWords {
        let failed = Phase::Failed {
            at: at(),
            reason: "refused".to_owned(),
        };
        told_in(&failed, outcome)
    }

    #[test]
    fn the_owner_is_not_asked_to_do_what_is_done_anyway() {
        let refused = || Outcome::Rejected {
            why: "Threads answered 400 (code 24, subcode 4279009): Media not found".to_owned(),
            remedy: threads_monitor::publishing::Remedy::NewContainer,
        };

        assert_eq!(told_in(&Phase::Scheduled, refused()).advice, None);
        for phase in every_phase() {
            if matches!(phase, Phase::NeedsAttention { .. }) {
                assert_eq!(told_in(&phase, refused()).advice, None);
            }
        }
        assert!(told(refused()).advice.is_some());
    }

    #[test]
    fn a_refusal_is_told_with_what_to_do() {
        let why = "Threads answered 400 (code 24, subcode 4279009): Media not found".to_owned();
        let remedy = threads_monitor::publishing::Remedy::NewContainer;

        let refused = told(Outcome::Rejected {
            why: why.clone(),
            remedy,
        });
        let unknown = told(Outcome::Unknown { why });
        let failed = words(Phase::Failed {
            at: at(),
            reason: "Meta could not process the post: INVALID_ASPEC_RATIO".to_owned(),
        });

        assert!(refused.advice.unwrap().contains("prepare it anew"));
        assert!(unknown.advice.unwrap().contains("Look at the account"));
        assert!(failed.advice.unwrap().contains("Width and height"));
        assert_eq!(told(Outcome::Pending).advice, None);
        let ours = words(Phase::Failed {
            at: at(),
            reason: "its container expired".to_owned(),
        });
        assert_eq!(ours.advice, None);
    }

    #[test]
    fn an_unknown_outcome_is_never_told_as_failed_or_published() {
        for phase in every_phase() {
            if matches!(
                phase,
                Phase::Verifying { .. }
                    | Phase::Restored { .. }
                    | Phase::NeedsAttention { .. }
                    | Phase::Publishing { .. }
                    | Phase::Abandoned { .. }
            ) {
                let state = words(phase);

                assert!(state.meaning.contains("may be"), "{state:?}");
                assert!(state.tone != "good", "{state:?}");
            }
        }
    }
}
