//! Chains: scheduling, and deciding about one that stopped.

use threads_client::Draft;

use super::Monitor;
use crate::error::MonitorError;
use crate::publishing::{
    ChainChoice, ChainDecision, Due, Event, NewChain, NewPost, Post, RestDecided, RestPlace,
    ScheduledPost,
};
use crate::scheduler::JobId;

/// As many as fit into an hour of replies many times over; more is a mistake.
const MOST_PARTS: usize = 100;

impl Monitor {
    /// Schedules a chain: all of its parts or none.
    ///
    /// It is one [`ScheduledPost`] that goes through its parts: each after the first is a reply
    /// to the one before and is begun once that is live under a known id. Where it stands says
    /// [`Post::chain_status`]. With an idempotency key a repetition of the same call returns the
    /// same chain.
    ///
    /// Scopes: `threads_content_publish` and `threads_manage_replies`; with
    /// `threads_read_replies` a reply whose answer was lost is found again, without it a person
    /// is asked.
    ///
    /// # Errors
    ///
    /// `ChainPart` for a part that cannot be published, `Config` for fewer than two parts, for
    /// more than a hundred, and for a part after the first that answers a post of its own;
    /// otherwise those of [`schedule`](Self::schedule).
    pub async fn schedule_chain(&self, new: NewChain) -> Result<ScheduledPost, MonitorError> {
        let parts = new.parts.len();
        if !(2..=MOST_PARTS).contains(&parts) {
            return Err(MonitorError::Config(format!(
                "a chain has 2 to {MOST_PARTS} parts, and this one has {parts}"
            )));
        }
        for (place, draft) in new.parts.iter().enumerate() {
            let part = place + 1;
            draft
                .validate()
                .map_err(|source| MonitorError::ChainPart { part, source })?;
            if place > 0 && draft.reply_to.is_some() {
                return Err(MonitorError::Config(format!(
                    "part {part} of the chain answers a post of its own; it answers part {place}"
                )));
            }
        }
        let first = new
            .first()
            .ok_or_else(|| MonitorError::Config("a chain needs parts".to_owned()))?;
        self.schedule_parts(JobId::random(), first, new.parts).await
    }

    /// Calls off the part of a chain at this place, counted from 0, and all parts below it.
    ///
    /// For the part that the chain is at it is [`cancel`](Self::cancel).
    ///
    /// # Errors
    ///
    /// `NoSuchPost`, or `PostState` when there is no such part or it is live.
    pub async fn cancel_part(
        &self,
        id: &JobId,
        place: usize,
    ) -> Result<ScheduledPost, MonitorError> {
        self.tell(id, &Event::PartCancelled { place }, |post| {
            let Some(chain) = &post.chain else {
                return Some(("cancelled in part", "it is no chain"));
            };
            if place >= chain.parts.len() {
                Some(("cancelled in part", "it has no such part"))
            } else if place < chain.at() {
                Some(("cancelled", "that part is already published"))
            } else if post.is_over() {
                Some(("cancelled", "it has already ended"))
            } else {
                None
            }
        })
        .await
    }

    /// Decides about a chain that does not go on by itself.
    ///
    /// # Errors
    ///
    /// `NoSuchPost`, or `PostState` when the decision is not among the
    /// [`choices`](crate::publishing::ChainStatus::choices).
    pub async fn decide_chain(
        &self,
        id: &JobId,
        decision: ChainDecision,
    ) -> Result<ScheduledPost, MonitorError> {
        let choice = match decision {
            ChainDecision::Continue => ChainChoice::Continue,
            ChainDecision::Discard => ChainChoice::Discard,
        };
        self.tell(id, &Event::ChainDecided(decision), |post| {
            refused(post, choice)
        })
        .await
    }

    /// Lets the rest of a chain that stopped go out as a chain of its own, or as a post if only
    /// one part is left. A part that may be live is not among the rest.
    ///
    /// The chain keeps what became of it, and says where the rest went. Safe to repeat: the
    /// rest is scheduled once.
    ///
    /// # Errors
    ///
    /// `NoSuchPost`, `PostState` when that is not among the choices, and those of
    /// [`schedule`](Self::schedule); in the latter case the same call again does the rest.
    pub async fn finish_chain(
        &self,
        id: &JobId,
        place: RestPlace,
        due: Due,
    ) -> Result<ScheduledPost, MonitorError> {
        let choice = match place {
            RestPlace::Below => ChainChoice::FinishBelow,
            RestPlace::Apart => ChainChoice::FinishApart,
        };
        let before = self
            .scheduled(id)
            .await?
            .ok_or(MonitorError::NoSuchPost { id: *id })?;
        // The row says first where the rest goes, so that two callers cannot both schedule it,
        // and nobody discards it in between.
        let moved = if let Some(to) = moved_to(&before.post) {
            if let Some(there) = self.scheduled(&to).await? {
                return Ok(there);
            }
            before
        } else {
            let to = JobId::random();
            self.tell(id, &Event::RestMoved { to }, |post| refused(post, choice))
                .await?
        };
        let rest = rest(&moved.post, place);
        let (Some(to), Some(first)) = (moved_to(&moved.post), rest.first()) else {
            return Err(MonitorError::PostState {
                action: "finished",
                reason: "nothing is left of it".to_owned(),
            });
        };
        let mut new = NewPost::new(moved.account, first.clone(), due);
        new.idempotency_key = Some(format!("rest-of-{id}"));
        self.schedule_parts(to, new, rest).await
    }
}

fn refused(post: &Post, choice: ChainChoice) -> Option<(&'static str, &'static str)> {
    let Some(status) = post.chain_status() else {
        return Some(("decided about as a chain", "it is none"));
    };
    if status.choices.contains(&choice) {
        None
    } else if status.decided.is_some() {
        Some(("decided about", "its rest was decided about already"))
    } else if status.stopped.is_none() {
        Some(("decided about", "the chain goes on by itself"))
    } else {
        Some((
            "finished in this way",
            "that does not fit what became of its part",
        ))
    }
}

fn moved_to(post: &Post) -> Option<JobId> {
    match post.chain.as_ref()?.decided? {
        RestDecided::Moved { to, .. } => Some(to),
        RestDecided::Discarded { .. } => None,
    }
}

/// The drafts of the rest, the first of them answering the last live part if it is to.
fn rest(post: &Post, place: RestPlace) -> Vec<Draft> {
    let Some(chain) = &post.chain else {
        return Vec::new();
    };
    let mut rest = post.rest(chain).to_vec();
    if let (RestPlace::Below, Some(first), Some(above)) =
        (place, rest.first_mut(), post.last_live())
    {
        first.reply_to = Some(above.clone());
    }
    rest
}
