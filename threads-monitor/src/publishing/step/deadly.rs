//! A post whose workers die.

use std::time::Duration;

use super::{Machine, after};
use crate::publishing::event::{Next, ScanResult};
use crate::publishing::post::{Blocked, Phase};

impl Machine<'_> {
    /// Does nothing more with it that could end the program once more: what was never sent
    /// waits for a person until it is too late, and what may be live is a person's to decide.
    pub(super) fn deadly(&mut self, why: String) -> Next {
        if self.is_too_late() {
            return self.end(Phase::Missed { at: self.now });
        }
        match self.post.phase.clone() {
            Phase::Blocked { resume, .. } => {
                self.post.phase = *resume;
                self.deadly(why)
            }
            resume @ (Phase::Scheduled | Phase::Preparing { .. } | Phase::Ready { .. }) => {
                self.post.phase = Phase::Blocked {
                    reason: Blocked::Deadly,
                    detail: why,
                    resume: Box::new(resume),
                };
                // Then it is missed, and that is told.
                Next::WaitUntil(after(self.post.latest_at(), Duration::from_secs(1)))
            }
            Phase::Verifying { .. } => self.needs_attention(&why),
            Phase::Restored { .. } => self.ask_about_restored(&why),
            Phase::NeedsAttention { since, .. } => self.wait_for_attention(since),
            Phase::Published { .. } if self.begin_next_part() => self.deadly(why),
            Phase::Published { .. } => self.scanned(ScanResult::Incomplete { why }),
            _ => self.go_on(),
        }
    }
}
