//! The protocol as it is, and the mistakes that others make, as small changes to it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use threads_monitor::publishing::{
    Answer, Event, Next, Outcome, Phase, Post, PostPolicy, PublishMode, Remedy, ScanResult,
    StatusReading, Step, step,
};

/// A protocol under test: the reducer in one of its modes, whole or with one mistake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Design {
    /// The mode.
    pub mode: PublishMode,
    /// The mistake.
    pub mutant: Option<Mutant>,
}

/// A mistake. Each wraps the reducer, or leaves out one rule of the engine around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// M1: what is not there right after an unknown answer counts as not published.
    NoSettleTime,
    /// M2: the call is repeated after a time-out.
    RetryAfterTimeout,
    /// M3: a time-out starts the post over, with a new container.
    NewContainerAfterTimeout,
    /// M4: a time-out is recorded as a failure.
    TimeoutIsFailure,
    /// M5a: a job whose worker vanished is run again with its container.
    RescueSameContainer,
    /// M5b: a job whose worker vanished is run again from the start.
    RescueFromStart,
    /// M6: whoever once had the lease may write.
    NoFencing,
    /// M7: "no such container" counts as "not published".
    NotFoundIsUnpublished,
    /// M8: cancelling succeeds while a call is in flight.
    CancelInFlight,
    /// M9: a worker that was held up still sends.
    NoSendDeadline,
    /// M10: the content can be changed while a call is in flight.
    EditInFlight,
    /// One complete look is enough, though it may have begun before the settle time was over.
    OneLook,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::NoSettleTime,
        Self::RetryAfterTimeout,
        Self::NewContainerAfterTimeout,
        Self::TimeoutIsFailure,
        Self::RescueSameContainer,
        Self::RescueFromStart,
        Self::NoFencing,
        Self::NotFoundIsUnpublished,
        Self::CancelInFlight,
        Self::NoSendDeadline,
        Self::EditInFlight,
        Self::OneLook,
    ];

    /// As in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSettleTime => "M1 no settle time",
            Self::RetryAfterTimeout => "M2 retry after a time-out",
            Self::NewContainerAfterTimeout => "M3 new container after a time-out",
            Self::TimeoutIsFailure => "M4 a time-out is a failure",
            Self::RescueSameContainer => "M5a rescue with the same container",
            Self::RescueFromStart => "M5b rescue from the start",
            Self::NoFencing => "M6 no fencing",
            Self::NotFoundIsUnpublished => "M7 not found is not published",
            Self::CancelInFlight => "M8 cancel accepted in flight",
            Self::NoSendDeadline => "M9 no send deadline",
            Self::EditInFlight => "M10 edit accepted in flight",
            Self::OneLook => "M11 one look is enough",
        }
    }
}

impl From<PublishMode> for Design {
    fn from(mode: PublishMode) -> Self {
        Self { mode, mutant: None }
    }
}

impl From<Mutant> for Design {
    fn from(mutant: Mutant) -> Self {
        Self {
            mode: PublishMode::Safe,
            mutant: Some(mutant),
        }
    }
}

impl Design {
    /// The policy of this design.
    pub fn policy(self, mut policy: PostPolicy) -> PostPolicy {
        policy.mode = self.mode;
        match self.mutant {
            Some(Mutant::NoSettleTime) => policy.settle = Duration::ZERO,
            Some(Mutant::OneLook) => policy.clean_scans = 1,
            _ => {}
        }
        policy
    }

    /// Whether only the worker with the newest lease may write.
    pub fn is_fenced(self) -> bool {
        self.mutant != Some(Mutant::NoFencing)
    }

    /// Whether a call that was held up is not sent any more.
    pub fn has_send_deadline(self) -> bool {
        self.mutant != Some(Mutant::NoSendDeadline)
    }

    /// Whether the content may be changed in this phase, though a call may be in flight.
    pub fn edits_in_flight(self, phase: &Phase) -> bool {
        self.mutant == Some(Mutant::EditInFlight)
            && matches!(phase, Phase::Publishing { .. } | Phase::Verifying { .. })
    }

    /// Takes a step of the production reducer, wrapped in the mistake, if there is one.
    pub fn step(self, policy: &PostPolicy, post: &Post, now: DateTime<Utc>, event: Event) -> Step {
        let plain = |event| step(policy, post, now, event);
        // A refusal, and what its look found.
        let refused = |remedy, status| {
            let answered = Answer::Rejected {
                why: String::new(),
                remedy,
            };
            let post = plain(Event::Answered(answered)).post;
            let scan = Some(ScanResult::Clean);
            step(policy, &post, now, Event::Looked { status, scan })
        };
        let not_sent = Event::Answered(Answer::NotSent {
            why: String::new(),
            retry_after: None,
        });
        let Some(mutant) = self.mutant else {
            return plain(event);
        };
        let is_publishing = matches!(post.phase, Phase::Publishing { .. });
        let is_unknown = matches!(event, Event::Answered(Answer::Unknown { .. }));
        match mutant {
            Mutant::RetryAfterTimeout if is_publishing && is_unknown => plain(not_sent),
            Mutant::NewContainerAfterTimeout if is_publishing && is_unknown => {
                refused(Remedy::NewContainer, StatusReading::NotFound)
            }
            Mutant::TimeoutIsFailure if is_publishing && is_unknown => {
                refused(Remedy::Nothing, StatusReading::Finished)
            }
            Mutant::RescueSameContainer if is_publishing && event == Event::Woke => plain(not_sent),
            Mutant::RescueFromStart if is_publishing && event == Event::Woke => {
                refused(Remedy::NewContainer, StatusReading::NotFound)
            }
            Mutant::NotFoundIsUnpublished => match (&post.phase, &event) {
                (
                    Phase::Verifying { unknown: true, .. },
                    Event::Looked {
                        status: StatusReading::NotFound,
                        ..
                    },
                ) => step(policy, &as_if_refused(post.clone()), now, event),
                _ => plain(event),
            },
            Mutant::CancelInFlight if event == Event::CancelRequested => match post.phase {
                Phase::Publishing { .. } | Phase::Verifying { .. } => {
                    let mut post = post.clone();
                    post.phase = Phase::Cancelled { at: now };
                    let next = Next::End;
                    Step { post, next }
                }
                _ => plain(event),
            },
            _ => plain(event),
        }
    }
}

/// Takes an unknown answer for "Media not found".
fn as_if_refused(mut post: Post) -> Post {
    if let Phase::Verifying { unknown, .. } = &mut post.phase {
        *unknown = false;
    }
    if let Some(attempt) = post.attempts.last_mut() {
        attempt.outcome = Outcome::Rejected {
            why: String::new(),
            remedy: Remedy::NewContainer,
        };
    }
    post
}
