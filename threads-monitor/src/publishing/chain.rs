//! Chains: posts of which each answers the one before.
//!
//! A chain is one scheduled post that goes through its parts, and not a row for each of them.
//! So it is scheduled, called off, erased, exported and restored as one; a part can neither
//! overtake another nor answer the wrong one, because what a part answers is fixed in the step
//! that begins it, from the media id of the part before.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use threads_client::{Draft, PostId, UserId};

use super::post::{Attempt, Phase, Post, PublishedSource};
use super::{Due, NewPost};
use crate::scheduler::JobId;
use crate::zone::Zone;

/// A chain to schedule.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewChain {
    /// The account that will publish it.
    pub account: UserId,
    /// Its parts, in order; two at least. Only the first may answer a post, or it is a post of
    /// its own; every other answers the part before it.
    pub parts: Vec<Draft>,
    /// When the first part goes out. Each other follows as soon as the one before is live.
    pub due: Due,
    /// The same key of one account never makes a second chain, nor a post.
    pub idempotency_key: Option<String>,
    /// How late the first part may still go out, and each other after the one before it.
    /// Default: two hours.
    pub max_lateness: Option<Duration>,
    /// As [`NewPost::unless_warned`], for the first part.
    pub unless_warned: bool,
}

impl NewChain {
    /// A chain with the default lateness and no idempotency key.
    pub fn new(account: UserId, parts: Vec<Draft>, due: Due) -> Self {
        Self {
            account,
            parts,
            due,
            idempotency_key: None,
            max_lateness: None,
            unless_warned: false,
        }
    }

    /// The first part as a post of its own; `None` without parts.
    pub(crate) fn first(&self) -> Option<NewPost> {
        let draft = self.parts.first()?.clone();
        Some(NewPost {
            account: self.account.clone(),
            draft,
            due: self.due,
            idempotency_key: self.idempotency_key.clone(),
            max_lateness: self.max_lateness,
            unless_warned: self.unless_warned,
        })
    }
}

/// The chain around the part that a post is at.
///
/// Stored with the post; the field names are a storage format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// All parts, as they were asked for.
    pub parts: Vec<Draft>,
    /// When the first was asked for.
    pub due_at: DateTime<Utc>,
    /// The parts before the one that the post is at.
    pub published: Vec<PublishedPart>,
    /// How many parts go out, if a person called off the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_after: Option<usize>,
    /// Since when, and why, it does not go on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// What a person decided about the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<RestDecided>,
    /// When the backup was made that it was put back from: the instance of then may have gone
    /// on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backed_up_at: Option<DateTime<Utc>>,
}

/// A part of a chain that is live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedPart {
    /// Its media id, which the next part answers.
    pub media_id: PostId,
    /// When it was learned that it is live.
    pub at: DateTime<Utc>,
    /// How.
    pub source: PublishedSource,
    /// Every publish call that was authorised for it.
    pub attempts: Vec<Attempt>,
}

/// That a chain does not go on by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Since when.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: StopReason,
}

/// What became of the part at which a chain stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// It was not published; the post it answers may be gone.
    Failed,
    /// A person called it, or what follows it, off.
    Cancelled,
    /// Its time passed.
    Missed,
    /// Whether it is live cannot be known.
    Unknown,
    /// It is live, but under which id was not found, so nothing can answer it.
    IdUnknown,
}

/// What a person decided about the rest of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RestDecided {
    /// It is let be.
    Discarded {
        /// When.
        at: DateTime<Utc>,
    },
    /// It goes out as a chain of its own.
    Moved {
        /// Which.
        to: JobId,
        /// When that was decided.
        at: DateTime<Utc>,
    },
}

/// What a person decides about a chain that does not go on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChainDecision {
    /// "The part is live": its id is looked for, and then the chain goes on.
    Continue,
    /// "Let the rest be." A part whose outcome is not known is closed as abandoned.
    Discard,
}

/// Where the rest of a chain goes; see
/// [`Monitor::finish_chain`](crate::Monitor::finish_chain).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RestPlace {
    /// Below the last part that is live.
    Below,
    /// Into a chain that answers nothing.
    Apart,
}

/// Where a chain stands: `published` of `of`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChainStatus {
    /// In one word.
    pub standing: ChainStanding,
    /// How many parts are known to be live.
    pub published: usize,
    /// How many parts there are.
    pub of: usize,
    /// Why it does not go on; `None` while it does, and when it is complete.
    pub stopped: Option<Stopped>,
    /// What a person decided about the rest.
    pub decided: Option<RestDecided>,
    /// Each part, in order.
    pub parts: Vec<PartStatus>,
    /// What a person can decide now.
    pub choices: Vec<ChainChoice>,
}

/// Where a chain stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChainStanding {
    /// It goes on by itself.
    Underway,
    /// All parts are live.
    Complete,
    /// It stopped with fewer.
    Partial,
}

/// Something that a person can decide about a chain that stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChainChoice {
    /// [`ChainDecision::Continue`].
    Continue,
    /// [`RestPlace::Below`].
    FinishBelow,
    /// [`RestPlace::Apart`].
    FinishApart,
    /// [`ChainDecision::Discard`].
    Discard,
}

/// One part of a chain.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PartStatus {
    /// What it says; what it answers is known once it is begun.
    pub draft: Draft,
    /// Where it stands.
    pub state: PartState,
}

/// Where a part of a chain stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartState {
    /// It is live.
    Published {
        /// Its media id, once known.
        media_id: Option<PostId>,
    },
    /// It is the part that the post is at; see the post's phase.
    Current,
    /// It waits for the part before it.
    Waiting,
    /// The part before it is not live, or not known to be: a person decides.
    Blocked,
    /// A person called it off.
    Cancelled,
    /// A person let it be after the chain had stopped.
    Discarded,
    /// It goes out with another chain.
    Moved {
        /// Which.
        to: JobId,
    },
}

impl Chain {
    /// A chain of which nothing has happened yet.
    pub(crate) const fn new(parts: Vec<Draft>, due_at: DateTime<Utc>) -> Self {
        Self {
            parts,
            due_at,
            published: Vec::new(),
            ends_after: None,
            stopped: None,
            decided: None,
            backed_up_at: None,
        }
    }

    /// The place of the part that the post is at, from 0.
    pub const fn at(&self) -> usize {
        self.published.len()
    }

    /// How many parts go out at most.
    fn end(&self) -> usize {
        let all = self.parts.len();
        self.ends_after.map_or(all, |end| end.min(all))
    }
}

impl Post {
    /// A chain of these parts that nothing has happened to yet; a post if there is only one.
    /// `None` without parts.
    pub fn chain(
        parts: Vec<Draft>,
        due_at: DateTime<Utc>,
        zone: Option<Zone>,
        max_lateness: Duration,
    ) -> Option<Self> {
        let first = parts.first()?.clone();
        let mut post = Self::new(first, due_at, zone, max_lateness);
        post.chain = (parts.len() > 1).then(|| Chain::new(parts, due_at));
        Some(post)
    }

    /// What its first part, or the post, was asked to be.
    pub fn first_draft(&self) -> &Draft {
        let first = self.chain.as_ref().and_then(|chain| chain.parts.first());
        first.unwrap_or(&self.draft)
    }

    /// The place of the part that follows as soon as this one is live; `None` if none does.
    pub(crate) fn next_part(&self) -> Option<usize> {
        let chain = self.chain.as_ref()?;
        let next = chain.at() + 1;
        let goes_on = self.cancel_requested_at.is_none() && chain.decided.is_none();
        (goes_on && next < chain.end()).then_some(next)
    }

    /// Whether nothing more will be published of it unless a person says so.
    ///
    /// Of a post this is the end of its phases. A chain goes on after a part is published.
    pub fn is_over(&self) -> bool {
        let is_between = matches!(self.phase, Phase::Published { .. })
            && self.next_part().is_some()
            && self
                .chain
                .as_ref()
                .is_some_and(|chain| chain.stopped.is_none());
        self.phase.is_final() && !is_between
    }

    /// Every publish call that was authorised for it, in order, those of earlier parts first.
    pub fn all_attempts(&self) -> impl Iterator<Item = &Attempt> {
        let before = self.chain.iter().flat_map(|chain| &chain.published);
        before.flat_map(|part| &part.attempts).chain(&self.attempts)
    }

    /// Removes what is kept of all of them.
    pub(crate) fn forget_attempts(&mut self) {
        self.attempts.clear();
        if let Some(chain) = &mut self.chain {
            for part in &mut chain.published {
                part.attempts.clear();
            }
        }
    }

    /// The media ids of all of it that is known to be live.
    pub(crate) fn media_ids(&self) -> impl Iterator<Item = &PostId> {
        let before = self.chain.iter().flat_map(|chain| &chain.published);
        let current = match &self.phase {
            Phase::Published { media_id, .. } => media_id.as_ref(),
            _ => None,
        };
        before.map(|part| &part.media_id).chain(current)
    }

    /// Where its chain stands; `None` for a post that is none.
    pub fn chain_status(&self) -> Option<ChainStatus> {
        let chain = self.chain.as_ref()?;
        let of = chain.parts.len();
        let is_live = matches!(self.phase, Phase::Published { .. });
        let published = chain.at() + usize::from(is_live);
        let standing = if published == of {
            ChainStanding::Complete
        } else if chain.stopped.is_some() {
            ChainStanding::Partial
        } else {
            ChainStanding::Underway
        };
        let parts = chain.parts.iter().enumerate();
        Some(ChainStatus {
            standing,
            published,
            of,
            stopped: chain.stopped.clone(),
            decided: chain.decided,
            parts: parts
                .map(|(place, draft)| PartStatus {
                    draft: draft.clone(),
                    state: self.part_state(chain, place),
                })
                .collect(),
            choices: self.choices(chain),
        })
    }

    fn part_state(&self, chain: &Chain, place: usize) -> PartState {
        if let Some(part) = chain.published.get(place) {
            return PartState::Published {
                media_id: Some(part.media_id.clone()),
            };
        }
        if place == chain.at() {
            return match &self.phase {
                Phase::Published { media_id, .. } => PartState::Published {
                    media_id: media_id.clone(),
                },
                _ => PartState::Current,
            };
        }
        let is_called_off = self.cancel_requested_at.is_some()
            || place >= chain.end()
            || matches!(self.phase, Phase::Cancelled { .. });
        match (&chain.decided, &chain.stopped) {
            (Some(RestDecided::Moved { to, .. }), _) => PartState::Moved { to: *to },
            (Some(RestDecided::Discarded { .. }), _) => PartState::Discarded,
            _ if is_called_off => PartState::Cancelled,
            (None, Some(_)) => PartState::Blocked,
            (None, None) => PartState::Waiting,
        }
    }

    fn choices(&self, chain: &Chain) -> Vec<ChainChoice> {
        let (Some(stopped), None) = (&chain.stopped, &chain.decided) else {
            return Vec::new();
        };
        let mut choices = Vec::new();
        let is_cut = stopped.reason == StopReason::Cancelled;
        if matches!(stopped.reason, StopReason::Unknown | StopReason::IdUnknown) {
            choices.push(ChainChoice::Continue);
        } else if self.last_live().is_some() {
            choices.push(ChainChoice::FinishBelow);
        }
        if self.rest(chain).is_empty() {
            choices.retain(|choice| *choice != ChainChoice::FinishBelow);
        } else {
            choices.push(ChainChoice::FinishApart);
        }
        // Whoever called it off has let it be already.
        if !is_cut {
            choices.push(ChainChoice::Discard);
        }
        choices
    }

    /// The parts that are not live, as far as is known: those that a chain of their own may
    /// consist of. A part that may be live is not among them.
    pub(crate) fn rest<'a>(&self, chain: &'a Chain) -> &'a [Draft] {
        let begin = match &self.phase {
            Phase::Failed { .. } | Phase::Cancelled { .. } | Phase::Missed { .. } => chain.at(),
            _ => chain.at() + 1,
        };
        chain.parts.get(begin..).unwrap_or_default()
    }

    /// The last part that is live under a known id.
    pub(crate) fn last_live(&self) -> Option<&PostId> {
        match &self.phase {
            Phase::Published { media_id, .. } => media_id.as_ref(),
            _ => self
                .chain
                .as_ref()?
                .published
                .last()
                .map(|part| &part.media_id),
        }
    }
}
