//! The publish protocol as a pure function.
//!
//! ```text
//! scheduled -> preparing -> ready -> publishing -> published
//!     ^            |          ^          |
//!     |            v          |          v
//!     +------ (new container) +------ verifying -> published | cancelled | failed
//!                                        |
//!                                        v
//!                                  needs attention -> published | abandoned | failed
//! ```
//!
//! A post from a backup is *restored*, wherever it stood: it goes back there if its time is
//! still to come, and otherwise leads to published or needs attention, never to a call.
//!
//! A chain goes from published back to scheduled, with its next part (`chain`).
//!
//! Four rules carry the safety of it:
//!
//! 1. A publish call is authorised by an [`Attempt`] that is durable before the call,
//!    and one attempt is one call.
//! 2. A second attempt is authorised only when every earlier one is known to have had
//!    no effect: never sent, refused with a listed refusal, or verified.
//! 3. "Not found" is never read as "not published". Only a container that is still
//!    publishable, has expired or has failed is taken as proof, and after an unknown
//!    answer only once the settle time is over.
//! 4. A post is sent only when it wakes up as ready. Whoever wakes it looks for twins first
//!    ([`Event::TwinOpen`]), so however it became ready, no twin of it is open.

mod chain;
mod deadly;
mod person;
mod prepare;
mod restored;
mod verify;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{ContainerId, DraftContent, MediaKind, PostId};

use super::answer::Remedy;
use super::event::{Effect, Event, Next, ScanResult, StatusReading, Step};
use super::post::{Attempt, Blocked, Outcome, Phase, Post, PostPolicy, PublishedSource};

/// Clocks differ: posts a little older than the authorisation may be ours.
const SCAN_MARGIN: Duration = Duration::from_mins(2);
/// Reads after an unknown answer come quickly at first.
const FIRST_LOOKS: [u64; 3] = [2, 10, 30];
/// After that, once a minute, as Meta asks.
const LATER_LOOKS: u64 = 60;
/// "Media not found" right after creation is usually propagation.
const MISSING_CONTAINER_TRIES: usize = 4;
/// A container that needs attention expires after a day; then looking may be rare.
const ATTENTION_DAY: TimeDelta = TimeDelta::hours(25);

/// Takes one step of the publish protocol.
///
/// Pure: the same arguments give the same answer. An event that does not fit the
/// phase changes nothing and leads on from the phase.
pub fn step(policy: &PostPolicy, post: &Post, now: DateTime<Utc>, event: Event) -> Step {
    let mut machine = Machine {
        policy,
        now,
        may_send: event == Event::Woke && matches!(post.phase, Phase::Ready { .. }),
        post: post.clone(),
    };
    let next = machine.take(event);
    machine.note_whether_stopped(&next);
    Step {
        post: machine.post,
        next,
    }
}

struct Machine<'a> {
    policy: &'a PostPolicy,
    now: DateTime<Utc>,
    /// Whether it woke up as ready: then it is known that no twin of it is open.
    may_send: bool,
    post: Post,
}

impl Machine<'_> {
    pub(super) fn take(&mut self, event: Event) -> Next {
        match event {
            Event::Woke => self.go_on(),
            Event::Created(id) => self.created(id),
            Event::CreateFailed {
                why,
                remedy,
                retry_after,
            } => self.create_failed(why, remedy, retry_after),
            Event::Status(status) => self.status(status),
            Event::Answered(answer) => self.answered(answer),
            Event::Looked { status, scan } => self.looked(&status, scan),
            Event::Scanned(result) => self.scanned(result),
            Event::LateAnswer {
                container,
                media_id,
            } => self.late_answer(&container, media_id),
            Event::NoToken { why } => self.no_token(why),
            Event::TwinOpen => self.twin_open(),
            Event::Deadly { why } => self.deadly(why),
            Event::QuotaFull { why } => self.quota_full(why),
            Event::CancelRequested => self.cancel_requested(),
            Event::Decided(decision) => self.decided(decision),
            Event::PartCancelled { place } => self.cancel_from(place),
            Event::ChainDecided(decision) => self.chain_decided(decision),
            Event::RestMoved { to } => self.rest_moved(to),
            Event::Restored { backed_up_at } => self.restored(backed_up_at),
        }
    }

    /// What a post in this phase does when nothing new is known.
    pub(super) fn go_on(&mut self) -> Next {
        if let Phase::Blocked { resume, .. } = &self.post.phase {
            self.post.phase = (**resume).clone();
        }
        if self.is_too_late() {
            return self.end(Phase::Missed { at: self.now });
        }
        match self.post.phase.clone() {
            Phase::Scheduled => {
                let start = before(self.post.due_at, self.lead());
                if self.now < start {
                    Next::WaitUntil(start)
                } else {
                    self.prepare()
                }
            }
            Phase::Preparing { .. } => self.preparation(),
            Phase::Ready { container, since } => self.ready(container, since),
            Phase::Publishing {
                container,
                finished_at,
            } => {
                // Whoever authorised the call is gone, and with it the answer.
                self.resolve(Outcome::Unknown {
                    why: "the program stopped before it knew the answer".to_owned(),
                });
                self.verify(container, finished_at, true)
            }
            Phase::Verifying { container, .. } => Next::Do(self.look(container)),
            Phase::NeedsAttention { container, .. } => Next::Do(self.look_at(container)),
            Phase::Restored { from, .. } => self.go_on_restored(&from),
            Phase::Published {
                media_id: None,
                lookups,
                ..
            } if lookups < self.policy.lookups => Next::Do(Effect::Scan {
                since: self.scan_from(),
            }),
            Phase::Published { .. } if self.begin_next_part() => self.go_on(),
            _ => Next::End,
        }
    }

    /// Only what was never authorised, or is known to have had no effect, is missed.
    pub(super) fn is_too_late(&self) -> bool {
        matches!(
            self.post.phase,
            Phase::Scheduled | Phase::Preparing { .. } | Phase::Ready { .. }
        ) && !self.post.may_be_live()
            && self.now > self.post.latest_at()
    }

    pub(super) fn lead(&self) -> Duration {
        match &self.post.draft.content {
            content if content.is_text() => self.policy.lead_text,
            DraftContent::Single(media) if media.kind == MediaKind::Image => self.policy.lead_image,
            _ => self.policy.lead_video,
        }
    }

    /// Only a post that is about to be sent has to wait for its twin.
    pub(super) fn twin_open(&mut self) -> Next {
        if self.is_too_late() || !matches!(self.post.phase, Phase::Ready { .. }) {
            return self.go_on();
        }
        Next::WaitUntil(after(self.now, self.policy.between_scans))
    }

    /// Only a post that is about to be sent waits for the quota.
    pub(super) fn quota_full(&mut self, why: String) -> Next {
        if let Phase::Blocked { resume, .. } = &self.post.phase {
            self.post.phase = (**resume).clone();
        }
        match self.post.phase.clone() {
            phase @ Phase::Ready { .. } if !self.is_too_late() => {
                self.block(Remedy::Quota, why, phase)
            }
            _ => self.go_on(),
        }
    }

    pub(super) fn ready(&mut self, container: ContainerId, since: DateTime<Utc>) -> Next {
        if self.now - since > delta(self.policy.container_age) {
            return self.abandon_container("its container became too old");
        }
        let start = self
            .post
            .due_at
            .max(after(since, self.policy.pause_after_finished));
        if self.now < start {
            return Next::WaitUntil(start);
        }
        if !self.may_send {
            return Next::WaitUntil(self.now);
        }
        let counted = self.post.attempts.iter().filter(|attempt| attempt.counts());
        if counted.count() >= self.policy.attempts {
            let why = self.last_answer();
            return self.fail(format!("gave up after repeated refusals: {why}"));
        }
        self.post.attempts.push(Attempt {
            container: container.clone(),
            authorised_at: self.now,
            outcome: Outcome::Pending,
        });
        self.post.phase = Phase::Publishing {
            container: container.clone(),
            finished_at: since,
        };
        Next::Do(Effect::Publish {
            container,
            send_before: after(self.now, self.policy.send_within),
        })
    }

    pub(super) fn no_token(&mut self, why: String) -> Next {
        match self.post.phase.clone() {
            Phase::Publishing {
                container,
                finished_at,
            } => {
                self.resolve(Outcome::Unknown {
                    why: "the program stopped before it knew the answer".to_owned(),
                });
                let _ = self.verify(container, finished_at, true);
                self.look_again(None)
            }
            // After a refusal nothing is under way that would have to be watched.
            phase @ Phase::Verifying {
                unknown: false,
                since,
                ..
            } if self.now - since <= ATTENTION_DAY => self.block(Remedy::Reconnect, why, phase),
            Phase::Verifying { .. } => self.look_again(Some(self.policy.blocked)),
            Phase::Restored { .. } => {
                if self.leave_restored() {
                    return self.no_token(why);
                }
                self.look_for_restored_again(Some(self.policy.blocked))
            }
            Phase::NeedsAttention { since, .. } => self.wait_for_attention(since),
            Phase::Published { .. } if self.begin_next_part() => self.no_token(why),
            Phase::Published { .. } => self.scanned(ScanResult::Incomplete { why }),
            Phase::Blocked { resume, .. } => {
                self.post.phase = *resume;
                self.no_token(why)
            }
            phase @ Phase::Ready { .. } => {
                if self.is_too_late() {
                    return self.end(Phase::Missed { at: self.now });
                }
                self.block(Remedy::Reconnect, why, phase)
            }
            Phase::Scheduled | Phase::Preparing { .. } => {
                let start = before(self.post.due_at, self.lead());
                if self.is_too_late() {
                    return self.end(Phase::Missed { at: self.now });
                }
                if self.now < start {
                    return Next::WaitUntil(start);
                }
                self.block(Remedy::Reconnect, why, Phase::Scheduled)
            }
            Phase::Failed { .. }
            | Phase::Abandoned { .. }
            | Phase::Cancelled { .. }
            | Phase::Missed { .. } => Next::End,
        }
    }

    pub(super) fn live(&mut self, source: PublishedSource, media_id: Option<PostId>) -> Next {
        let answer = match source {
            PublishedSource::Answer => None,
            _ => Some(self.last_answer()),
        };
        // Somebody else's call leaves the harmless ones of ours what they are.
        if self.post.has_open_attempt() {
            self.resolve(Outcome::Effective { answer });
        }
        let known = media_id.is_some();
        self.post.phase = Phase::Published {
            at: self.now,
            source,
            media_id,
            lookups: 0,
        };
        if known {
            self.after_live()
        } else {
            // The outcome is committed first; the id is looked up from there.
            Next::WaitUntil(self.now)
        }
    }

    pub(super) fn fail(&mut self, reason: String) -> Next {
        self.end(Phase::Failed {
            at: self.now,
            reason,
        })
    }

    pub(super) fn end(&mut self, phase: Phase) -> Next {
        self.post.phase = phase;
        Next::End
    }

    pub(super) fn block(&mut self, remedy: Remedy, detail: String, resume: Phase) -> Next {
        let reason = match remedy {
            Remedy::Permission => Blocked::Permission,
            Remedy::Quota => Blocked::Quota,
            Remedy::Restricted => Blocked::Restricted,
            Remedy::Reconnect | Remedy::NewContainer | Remedy::Nothing => Blocked::Reconnect,
        };
        self.block_for(reason, detail, resume)
    }

    pub(super) fn block_for(&mut self, reason: Blocked, detail: String, resume: Phase) -> Next {
        self.post.phase = Phase::Blocked {
            reason,
            detail,
            resume: Box::new(resume),
        };
        let again = after(self.now, self.policy.blocked);
        // Just past its last moment it is missed, and that is told without delay.
        let last = after(self.post.latest_at(), Duration::from_secs(1));
        Next::WaitUntil(if last > self.now {
            again.min(last)
        } else {
            again
        })
    }

    /// The container is of no more use, and nothing of it is or becomes visible.
    pub(super) fn abandon_container(&mut self, why: &str) -> Next {
        if self.post.cancel_requested_at.is_some() {
            return self.end(Phase::Cancelled { at: self.now });
        }
        if let Phase::Preparing {
            container: None,
            children,
            ..
        } = &self.post.phase
            && !children.is_empty()
        {
            // A carousel whose child failed has cost a try, too.
            self.post.containers_used += 1;
        }
        if self.post.containers_used >= self.policy.containers {
            let tries = self.post.containers_used;
            return self.fail(format!("{why} ({tries} containers were tried)"));
        }
        self.post.phase = Phase::Scheduled;
        self.go_on()
    }

    pub(super) fn back_to_ready(
        &mut self,
        container: ContainerId,
        finished_at: DateTime<Utc>,
        pause: Duration,
    ) -> Next {
        if self.post.cancel_requested_at.is_some() {
            return self.end(Phase::Cancelled { at: self.now });
        }
        self.post.phase = Phase::Ready {
            container,
            since: finished_at,
        };
        Next::WaitUntil(after(self.now, pause))
    }

    pub(super) fn resolve(&mut self, outcome: Outcome) {
        if let Some(attempt) = self.post.attempts.last_mut() {
            attempt.outcome = outcome;
        }
    }

    pub(super) fn without_effect(&mut self) {
        let (why, remedy) = match self.post.attempts.last().map(|attempt| &attempt.outcome) {
            Some(Outcome::Rejected { why, remedy }) => (why.clone(), Some(*remedy)),
            _ => (self.last_answer(), None),
        };
        self.resolve(Outcome::Ineffective { why, remedy });
    }

    pub(super) fn last_answer(&self) -> String {
        self.post
            .attempts
            .last()
            .map_or_else(String::new, |attempt| attempt.outcome.why().to_owned())
    }
}

/// Meta's word for "something went wrong with the media".
const UNKNOWN_FAILURE: &str = "UNKNOWN";

/// 5 s, 10 s, 20 s … at most two minutes.
fn backoff(tries: usize) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(5);
    Duration::from_secs(5)
        .saturating_mul(1 << doublings)
        .min(Duration::from_mins(2))
}

/// The pause after so many looks at what is not known.
fn pause_after(looks: u32) -> Duration {
    let seconds = usize::try_from(looks)
        .ok()
        .and_then(|looks| FIRST_LOOKS.get(looks));
    Duration::from_secs(seconds.copied().unwrap_or(LATER_LOOKS))
}

/// Whether Meta says that the container is unpublished.
///
/// Somebody may post the same words by hand. While Meta says so, a post like ours in the
/// list is a riddle, not an answer.
const fn says_unpublished(status: &StatusReading) -> bool {
    matches!(
        status,
        StatusReading::Finished
            | StatusReading::InProgress
            | StatusReading::Expired
            | StatusReading::Error { .. }
    )
}

/// No answer of Meta makes a post wait for longer than this without another look.
const LONGEST_PAUSE_ASKED: Duration = Duration::from_hours(1);

/// The pause that Meta asked for, within reason.
fn asked(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_default().min(LONGEST_PAUSE_ASKED)
}

/// Later, or the end of time.
fn after(instant: DateTime<Utc>, pause: Duration) -> DateTime<Utc> {
    instant
        .checked_add_signed(delta(pause))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn before(instant: DateTime<Utc>, lead: Duration) -> DateTime<Utc> {
    instant
        .checked_sub_signed(delta(lead))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
