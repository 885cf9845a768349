//! A post whose workers die.

use super::Machine;
use crate::publishing::event::{Next, ScanResult};
use crate::publishing::post::{Blocked, Phase};

impl Machine<'_> {
    /// Does nothing with it for a while that could end the program once more. What ended it may
    /// have been something else, so it is not given up.
    pub(super) fn deadly(&mut self, why: String) -> Next {
        if self.is_too_late() {
            return self.end(Phase::Missed { at: self.now });
        }
        match self.post.phase.clone() {
            Phase::Blocked { resume, .. } => {
                self.post.phase = *resume;
                self.deadly(why)
            }
            resume @ (Phase::Scheduled
            | Phase::Preparing { .. }
            | Phase::Ready { .. }
            | Phase::Verifying { .. }) => {
                self.post.times_left_alone = self.post.times_left_alone.saturating_add(1);
                self.block_for(Blocked::Deadly, why, resume)
            }
            Phase::Restored { .. } => self.look_for_restored_again(Some(self.policy.blocked)),
            Phase::NeedsAttention { since, .. } => self.wait_for_attention(since),
            Phase::Published { .. } if self.begin_next_part() => self.deadly(why),
            Phase::Published { .. } => self.scanned(ScanResult::Incomplete { why }),
            _ => self.go_on(),
        }
    }
}
