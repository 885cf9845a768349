//! Posts that may be what brought a program down: a program works on one at a time, so that
//! the others do not go down with the one that did it.

use chrono::TimeDelta;

use super::Monitor;
use crate::error::StoreError;
use crate::publishing::engine::read_post;
use crate::publishing::lease::Claimed;
use crate::publishing::{lease, state};
use crate::scheduler::{Change, JobKind};

/// How often a post is given back that a person changes at the same moment.
const TRIES: usize = 3;

/// What was claimed, as far as it may be begun.
#[derive(Debug)]
pub(super) struct SetApart {
    /// What nobody died of, as far as is known.
    pub(super) leases: Vec<Claimed>,
    /// The one whose turn it is.
    pub(super) suspect: Option<Claimed>,
    /// How many were given back, to come again.
    pub(super) given_back: usize,
}

impl Monitor {
    /// Picks one of the suspects, if there is room for one, and gives the others back, to come
    /// again after `pause`. That comes first: what is still in hand when the one is begun would
    /// be lost with it, and count as a further death of its own.
    pub(super) async fn set_suspects_apart(
        &self,
        claimed: Vec<Claimed>,
        is_room: bool,
        pause: TimeDelta,
    ) -> SetApart {
        let (mut suspects, leases): (Vec<_>, Vec<_>) = claimed.into_iter().partition(is_suspect);
        let suspect = (is_room && !suspects.is_empty()).then(|| suspects.remove(0));
        let given_back = suspects.len();
        for claimed in suspects {
            let id = claimed.lease.job.id;
            if let Err(error) = self.give_back(claimed, pause).await {
                tracing::warn!(job.id = %id, %error, "a post is left to the end of its lease");
            }
        }
        SetApart {
            leases,
            suspect,
            given_back,
        }
    }

    /// Its lease was no chance that it had, so it does not count as a death.
    async fn give_back(&self, claimed: Claimed, pause: TimeDelta) -> Result<(), StoreError> {
        let scheduler = &self.storage().scheduler;
        let mut lease = claimed.lease;
        // The store's time, as everything that is written down about a post.
        let now = self.now() + claimed.ahead;
        for attempt in 1.. {
            let mut post = read_post(&lease.job)?;
            lease::did_nothing(&mut post);
            let change = Change {
                state: state(&post)?,
                wake_at: Some(now + pause),
                events: Vec::new(),
            };
            match scheduler.release(lease.clone(), change).await {
                Ok(()) | Err(StoreError::LeaseLost { .. }) => return Ok(()),
                Err(StoreError::Conflict { .. }) if attempt < TRIES => {}
                Err(error) => return Err(error),
            }
            match scheduler.get(&lease.job.id).await? {
                Some(job) if job.epoch == lease.epoch => lease.job = job,
                _ => break,
            }
        }
        Ok(())
    }
}

/// What cannot be read is no suspect: whoever runs it says so.
fn is_suspect(Claimed { lease, .. }: &Claimed) -> bool {
    lease.job.kind == JobKind::PublishPost
        && read_post(&lease.job).is_ok_and(|post| lease::is_suspect(lease, &post))
}
