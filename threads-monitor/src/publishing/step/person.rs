//! What people may say.

use super::Machine;
use crate::publishing::event::Next;
use crate::publishing::post::{Decision, Phase, PublishedSource};

impl Machine<'_> {
    pub(super) fn cancel_requested(&mut self) -> Next {
        let phase = match &self.post.phase {
            Phase::Blocked { resume, .. } => resume.as_ref(),
            phase => phase,
        };
        match phase {
            Phase::Scheduled | Phase::Preparing { .. } | Phase::Ready { .. }
                if !self.post.may_be_live() =>
            {
                self.end(Phase::Cancelled { at: self.now })
            }
            // Between two parts of a chain, the rest is called off.
            Phase::Published { .. } if self.post.next_part().is_some() => {
                if let Some(chain) = &mut self.post.chain {
                    chain.ends_after = Some(chain.at() + 1);
                }
                self.after_live()
            }
            phase if phase.is_final() => self.go_on(),
            _ => {
                self.post.cancel_requested_at.get_or_insert(self.now);
                Next::WaitUntil(self.now)
            }
        }
    }

    pub(super) fn decided(&mut self, decision: Decision) -> Next {
        if !matches!(self.post.phase, Phase::NeedsAttention { .. }) {
            return self.go_on();
        }
        match decision {
            Decision::ItIsLive => self.live(PublishedSource::Person, None),
            Decision::Discard => self.end(Phase::Abandoned { at: self.now }),
        }
    }
}
