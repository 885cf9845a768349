//! The durable side: posts with leases, fences, evidence and one write at a time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{ContainerId, PostId};
use threads_monitor::publishing::{Next, Phase, Post, Step, matching};

/// As the engine leases.
pub(super) const LEASE: TimeDelta = TimeDelta::minutes(3);

/// A scheduled post.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) post: Post,
    /// Posts of one account are run one after the other.
    pub(super) account: usize,
    /// The job that this one replaced when it was edited, or itself.
    pub(super) root: usize,
    pub(super) epoch: u64,
    pub(super) lease: Option<Held>,
    pub(super) wake_at: Option<DateTime<Utc>>,
    pub(super) evidence: Option<(ContainerId, PostId)>,
    /// Endings that were told; each write that ends the post tells one.
    pub(super) endings: u32,
}

/// Who has the newest lease, and until when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) epoch: u64,
    pub(super) until: DateTime<Utc>,
}

impl Job {
    pub(super) fn new(post: Post, account: usize, root: usize) -> Self {
        Self {
            wake_at: Some(post.due_at - TimeDelta::minutes(10)),
            post,
            account,
            root,
            epoch: 0,
            lease: None,
            evidence: None,
            endings: 0,
        }
    }

    /// When it can be leased next.
    pub(super) fn due(&self) -> Option<DateTime<Utc>> {
        let wake_at = self.wake_at?;
        Some(self.lease.map_or(wake_at, |held| held.until.max(wake_at)))
    }

    /// Whether a worker's lease is still the newest, and was not given back.
    pub(super) fn is_held(&self, epoch: u64) -> bool {
        self.lease.is_some_and(|held| held.epoch == epoch)
    }

    /// Stores a step. What a person says keeps the lease.
    pub(super) fn write(&mut self, step: &Step, now: DateTime<Utc>, gives_back: bool) {
        if !self.post.phase.is_final() && step.post.phase.is_final() {
            self.endings += 1;
        }
        self.post = step.post.clone();
        self.wake_at = match step.next {
            Next::Do(_) => Some(now),
            Next::WaitUntil(at) => Some(at),
            Next::End => None,
        };
        if gives_back {
            self.lease = None;
        }
    }
}

/// Leases a post to a new epoch, if it is due and nobody works for its account.
pub(super) fn claim(jobs: &mut [Job], id: usize, now: DateTime<Utc>) -> Option<u64> {
    let account = jobs[id].account;
    let is_busy = jobs
        .iter()
        .any(|job| job.account == account && job.lease.is_some_and(|held| held.until > now));
    let job = &mut jobs[id];
    if is_busy || job.due().is_none_or(|due| due > now) {
        return None;
    }
    job.epoch += 1;
    job.lease = Some(Held {
        epoch: job.epoch,
        until: now + LEASE,
    });
    Some(job.epoch)
}

/// Whether another open post of the account could not be told from this one.
pub(super) fn has_open_twin(jobs: &[Job], id: usize) -> bool {
    let this = &jobs[id];
    jobs.iter().enumerate().any(|(other, job)| {
        other != id
            && job.account == this.account
            && job.wake_at.is_some()
            && is_unbound(&job.post)
            && matching::is_twin(&this.post.draft, &job.post.draft)
    })
}

/// As the engine has it: live or possibly live, without its id being known.
fn is_unbound(post: &Post) -> bool {
    match &post.phase {
        Phase::Published { media_id, .. } => media_id.is_none(),
        phase => !phase.is_final() && post.may_be_live(),
    }
}

/// The ids that other posts of the account became.
pub(super) fn claimed(jobs: &[Job], id: usize) -> std::collections::HashSet<PostId> {
    let account = jobs[id].account;
    jobs.iter()
        .enumerate()
        .filter(|(other, job)| *other != id && job.account == account)
        .filter_map(|(_, job)| match &job.post.phase {
            Phase::Published { media_id, .. } => media_id.clone(),
            _ => None,
        })
        .collect()
}

/// How late a post may go out.
pub(super) const LATENESS: Duration = Duration::from_hours(2);
