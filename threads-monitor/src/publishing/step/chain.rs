//! From one part of a chain to the next, and what stops it.

use super::Machine;
use crate::publishing::chain::{
    Chain, ChainDecision, PublishedPart, RestDecided, StopReason, Stopped,
};
use crate::publishing::event::Next;
use crate::publishing::post::{Phase, PublishedSource};
use crate::scheduler::JobId;

impl Machine<'_> {
    /// Begins the next part, if this one is live under a known id. That id is what the next
    /// part answers: Meta takes it with the container and never changes it.
    pub(super) fn begin_next_part(&mut self) -> bool {
        let Some(next) = self.post.next_part() else {
            return false;
        };
        let Phase::Published {
            at,
            source,
            media_id: Some(media_id),
            ..
        } = self.post.phase.clone()
        else {
            return false;
        };
        let Some(chain) = &mut self.post.chain else {
            return false;
        };
        let Some(draft) = chain.parts.get(next).cloned() else {
            return false;
        };
        chain.published.push(PublishedPart {
            media_id: media_id.clone(),
            at,
            source,
            attempts: std::mem::take(&mut self.post.attempts),
        });
        self.post.draft = draft.reply_to(media_id);
        self.post.containers_used = 0;
        // The instance that a backup was made of may have gone on with it.
        if let Some(backed_up_at) = chain.backed_up_at {
            // It may have gone out at any time since, and is looked for from there on.
            self.post.due_at = at.min(backed_up_at);
            self.post.phase = Phase::Restored {
                backed_up_at,
                from: Box::new(Phase::Scheduled),
                since: None,
                looks: 0,
                clean_scans: 0,
                last_clean_scan_at: None,
            };
        } else {
            self.post.due_at = self.now;
            self.post.phase = Phase::Scheduled;
        }
        true
    }

    /// What follows once a post is live: its id is looked for, or the next part is begun.
    pub(super) fn after_live(&self) -> Next {
        let is_known =
            self.post.media_ids().count() > self.post.chain.as_ref().map_or(0, Chain::at);
        if self.post.next_part().is_some() || !is_known {
            Next::WaitUntil(self.now)
        } else {
            Next::End
        }
    }

    /// A person calls off the part at this place, counted from 0, and all below it.
    pub(super) fn cancel_from(&mut self, place: usize) -> Next {
        let Some(chain) = &mut self.post.chain else {
            return self.go_on();
        };
        if place <= chain.at() {
            return self.cancel_requested();
        }
        if place < chain.parts.len() {
            chain.ends_after = Some(chain.ends_after.map_or(place, |end| end.min(place)));
        }
        if matches!(self.post.phase, Phase::Published { .. }) {
            return self.after_live();
        }
        Next::WaitUntil(self.now)
    }

    pub(super) fn chain_decided(&mut self, decision: ChainDecision) -> Next {
        let stopped = self
            .post
            .chain
            .as_ref()
            .filter(|chain| chain.decided.is_none())
            .and_then(|chain| chain.stopped.as_ref())
            .map(|stopped| stopped.reason);
        match (decision, stopped) {
            (ChainDecision::Continue, Some(StopReason::Unknown)) => {
                self.live(PublishedSource::Person, None)
            }
            (ChainDecision::Continue, Some(StopReason::IdUnknown)) => {
                if let Phase::Published { lookups, .. } = &mut self.post.phase {
                    *lookups = 0;
                }
                Next::WaitUntil(self.now)
            }
            (ChainDecision::Discard, Some(_)) => {
                self.decide_rest(RestDecided::Discarded { at: self.now });
                if matches!(self.post.phase, Phase::NeedsAttention { .. }) {
                    return self.end(Phase::Abandoned { at: self.now });
                }
                Next::End
            }
            _ => self.go_on(),
        }
    }

    /// The rest goes out as a chain of its own. A part that may be live is still looked for.
    pub(super) fn rest_moved(&mut self, to: JobId) -> Next {
        let is_stopped = self
            .post
            .chain
            .as_ref()
            .is_some_and(|chain| chain.stopped.is_some() && chain.decided.is_none());
        if !is_stopped {
            return self.go_on();
        }
        self.decide_rest(RestDecided::Moved { to, at: self.now });
        match &self.post.phase {
            Phase::NeedsAttention { since, .. } => self.wait_for_attention(*since),
            _ => Next::End,
        }
    }

    fn decide_rest(&mut self, decided: RestDecided) {
        if let Some(chain) = &mut self.post.chain {
            chain.decided = Some(decided);
        }
    }

    /// Notes whether the chain stops here. Whatever led here, this is the one place that does.
    pub(super) fn note_whether_stopped(&mut self, next: &Next) {
        let goes_on = self.post.next_part().is_some();
        let Some(chain) = &mut self.post.chain else {
            return;
        };
        let reason = match &self.post.phase {
            Phase::Failed { .. } => Some(StopReason::Failed),
            Phase::Cancelled { .. } => Some(StopReason::Cancelled),
            Phase::Missed { .. } => Some(StopReason::Missed),
            Phase::NeedsAttention { .. } | Phase::Abandoned { .. } => Some(StopReason::Unknown),
            Phase::Published { .. } if chain.at() + 1 >= chain.parts.len() => None,
            // Once the rest is decided about, the reason of then stays.
            Phase::Published { .. } if chain.decided.is_some() => {
                chain.stopped.as_ref().map(|stopped| stopped.reason)
            }
            Phase::Published { .. } if !goes_on => Some(StopReason::Cancelled),
            Phase::Published { media_id: None, .. } if *next == Next::End => {
                Some(StopReason::IdUnknown)
            }
            _ => None,
        };
        chain.stopped = match (reason, chain.stopped.take()) {
            (Some(reason), Some(before)) => Some(Stopped {
                at: before.at,
                reason,
            }),
            (Some(reason), None) => Some(Stopped {
                at: self.now,
                reason,
            }),
            (None, _) => None,
        };
    }
}
