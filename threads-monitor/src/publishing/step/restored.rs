//! After a backup was put back: what the instance that it was made of has done since.
//!
//! That instance may have published every post whose time has passed, through any number of
//! containers that this one has never heard of. So neither a container that is still
//! unpublished nor a list without the post proves anything here, and nothing leads from
//! here to a publish call: the post is found, or a person is asked.
//!
//! The question "has its time passed" is asked when the restored instance first runs the
//! post, not when the backup is put back: the other one may go on in between.

use std::time::Duration;

use chrono::{DateTime, Utc};
use threads_client::ContainerId;

use super::{
    ATTENTION_DAY, Machine, SCAN_MARGIN, after, asked, before, delta, pause_after, says_unpublished,
};
use crate::publishing::event::{Next, ScanResult, StatusReading};
use crate::publishing::post::{Phase, PublishedSource};

impl Machine<'_> {
    /// Nothing is concluded yet; the post is to be run as soon as possible.
    pub(super) fn restored(&mut self, backed_up_at: DateTime<Utc>) -> Next {
        if let Some(chain) = &mut self.post.chain {
            // Its other parts may be live by now, too.
            let earlier = chain.backed_up_at.unwrap_or(backed_up_at);
            chain.backed_up_at = Some(backed_up_at.min(earlier));
        }
        let (backed_up_at, from) = match self.post.phase.clone() {
            phase if phase.is_final() => return self.go_on(),
            // A person is asked already, and only reads are made.
            Phase::NeedsAttention { .. } => return Next::WaitUntil(self.now),
            Phase::Restored {
                backed_up_at: earlier,
                from,
                ..
            } => (backed_up_at.min(earlier), from),
            phase => (backed_up_at, Box::new(phase)),
        };
        self.post.phase = Phase::Restored {
            backed_up_at,
            from,
            since: None,
            looks: 0,
            clean_scans: 0,
            last_clean_scan_at: None,
        };
        Next::WaitUntil(self.now)
    }

    /// Goes back to where it stood, if nobody can have published it yet.
    pub(super) fn leave_restored(&mut self) -> bool {
        let Phase::Restored { from, .. } = &self.post.phase else {
            return false;
        };
        // Clocks differ.
        let surely = before(self.post.due_at, SCAN_MARGIN);
        if self.post.has_open_attempt() || self.now >= surely {
            return false;
        }
        if let Some(chain) = &mut self.post.chain {
            chain.backed_up_at = None;
        }
        self.post.phase = if self.post.cancel_requested_at.is_some() {
            Phase::Cancelled { at: self.now }
        } else {
            (**from).clone()
        };
        true
    }

    pub(super) fn go_on_restored(&mut self, from: &Phase) -> Next {
        if self.leave_restored() {
            return self.go_on();
        }
        Next::Do(self.look_at(container_of(from)))
    }

    pub(super) fn restored_looked(
        &mut self,
        status: Option<&StatusReading>,
        scan: Option<ScanResult>,
    ) -> Next {
        let now = self.now;
        let between_scans = delta(self.policy.between_scans);
        let settle = self.policy.settle;
        let Phase::Restored {
            since,
            clean_scans,
            last_clean_scan_at,
            ..
        } = &mut self.post.phase
        else {
            return self.go_on();
        };
        if status == Some(&StatusReading::Published) {
            return self.live(PublishedSource::Status, None);
        }
        let is_settled = now >= after(*since.get_or_insert(now), settle);
        let is_unpublished = status.is_some_and(says_unpublished);
        match scan {
            Some(ScanResult::Match(media_id)) if !is_unpublished => {
                self.live(PublishedSource::Listing, Some(media_id))
            }
            // The status may lag behind the list.
            Some(ScanResult::Match(_)) if !is_settled => self.look_for_restored_again(None),
            Some(ScanResult::Match(_) | ScanResult::Near) => {
                self.ask_about_restored("a post like it is live; it may be this one")
            }
            Some(ScanResult::Unlisted { why }) => self.ask_about_restored(&why),
            Some(ScanResult::Clean) if is_settled => {
                if last_clean_scan_at.is_none_or(|last| now - last >= between_scans) {
                    *clean_scans += 1;
                    *last_clean_scan_at = Some(now);
                }
                let is_unreadable = matches!(status, Some(StatusReading::Unreadable { .. }));
                if *clean_scans >= self.policy.clean_scans && !is_unreadable {
                    self.ask_about_restored(
                        "it is not in the account's list, which does not prove that it was never \
                         published",
                    )
                } else {
                    self.look_for_restored_again(None)
                }
            }
            _ => {
                let retry_after = match status {
                    Some(StatusReading::Unreadable { retry_after, .. }) => *retry_after,
                    _ => None,
                };
                self.look_for_restored_again(retry_after)
            }
        }
    }

    pub(super) fn look_for_restored_again(&mut self, retry_after: Option<Duration>) -> Next {
        let now = self.now;
        let Phase::Restored { since, looks, .. } = &mut self.post.phase else {
            return self.go_on();
        };
        if now - *since.get_or_insert(now) > ATTENTION_DAY {
            return self.ask_about_restored(
                "whether it was published could not be found out within a day",
            );
        }
        let pause = pause_after(*looks);
        *looks = looks.saturating_add(1);
        Next::WaitUntil(after(now, asked(retry_after).max(pause)))
    }

    fn ask_about_restored(&mut self, reason: &str) -> Next {
        let Phase::Restored { backed_up_at, .. } = &self.post.phase else {
            return self.go_on();
        };
        let made = backed_up_at.format("%Y-%m-%d %H:%M UTC");
        let reason = format!(
            "It was put back from a backup of {made} and may have been published since: {reason}"
        );
        // Its container is not named: what becomes of that one says nothing of others.
        self.ask_a_person(None, None, reason)
    }
}

/// The container that a post in this phase has, if it has one.
fn container_of(phase: &Phase) -> Option<ContainerId> {
    match phase {
        Phase::Preparing { container, .. } => container.clone(),
        Phase::Ready { container, .. }
        | Phase::Publishing { container, .. }
        | Phase::Verifying { container, .. } => Some(container.clone()),
        Phase::Blocked { resume, .. } => container_of(resume),
        _ => None,
    }
}
