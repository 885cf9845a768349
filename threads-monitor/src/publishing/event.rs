//! What can happen to a scheduled post, and what it asks for.

use std::time::Duration;

use chrono::{DateTime, Utc};
use threads_client::{ContainerId, PostId};

use super::answer::{Answer, Remedy};
use super::chain::ChainDecision;
use super::post::{Decision, Post};
use crate::scheduler::JobId;

/// Something that happened, or was learned.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A worker has leased the post.
    Woke,
    /// The container, or the child, that was asked for is made.
    Created(ContainerId),
    /// It could not be made. Nothing is visible to anybody.
    CreateFailed {
        /// Why.
        why: String,
        /// What helps; `None` when trying again may.
        remedy: Option<Remedy>,
        /// When Meta asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The status of the container, or of the child, that was asked for.
    Status(StatusReading),
    /// The publish call was answered, or was not.
    Answered(Answer),
    /// The container and the account's list were looked at.
    Looked {
        /// The container's status.
        status: StatusReading,
        /// The account's list; `None` when the status was enough.
        scan: Option<ScanResult>,
    },
    /// The account's list was searched for a post that is known to be live.
    Scanned(ScanResult),
    /// A worker that had lost its lease learned the answer of this container's call.
    LateAnswer {
        /// The container that was published.
        container: ContainerId,
        /// The media id.
        media_id: PostId,
    },
    /// The account has no usable token.
    NoToken {
        /// Why not.
        why: String,
    },
    /// Another post of the account with the same content may be live or becoming so.
    /// Until that is known, a second one could not be told from it.
    TwinOpen,
    /// Whoever worked on the post died, again and again, without a step of it.
    Deadly {
        /// How often, in words.
        why: String,
    },
    /// The account's publishing quota is used up, or posts that were due earlier wait for it.
    QuotaFull {
        /// In which way.
        why: String,
    },
    /// A person asks to cancel.
    CancelRequested,
    /// A person decides about a post that needs attention.
    Decided(Decision),
    /// A person calls off a part of a chain, and all parts below it.
    PartCancelled {
        /// Its place, from 0.
        place: usize,
    },
    /// A person decides about a chain that stopped.
    ChainDecided(ChainDecision),
    /// The rest of a chain that stopped goes out as a chain of its own.
    RestMoved {
        /// Which.
        to: JobId,
    },
    /// The post was put back from a backup: what was done with it since is not known.
    Restored {
        /// When the backup was made.
        backed_up_at: DateTime<Utc>,
    },
}

/// What is known of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusReading {
    /// Meta still works on it.
    InProgress,
    /// It may be published.
    Finished,
    /// It was published.
    Published,
    /// It was not published within a day, and cannot be any more.
    Expired,
    /// It failed.
    Error {
        /// Meta's word for it.
        message: String,
    },
    /// Meta says there is no such container. After a publish call that proves nothing.
    NotFound,
    /// The status could not be read.
    Unreadable {
        /// Why not.
        why: String,
        /// When Meta asks to be left alone.
        retry_after: Option<Duration>,
    },
}

/// What a search of the account's own list found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanResult {
    /// Exactly one post matches, and no other scheduled post claims it.
    Match(PostId),
    /// Something like it is there; it may be ours.
    Near,
    /// The list was read to its end, and nothing like it is there.
    Clean,
    /// The list could not be read to its end.
    Incomplete {
        /// Why not.
        why: String,
    },
    /// No list that this program may read shows such a post.
    Unlisted {
        /// Why not.
        why: String,
    },
}

/// The one thing to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Commit the post, do this, and come back with what happened.
    Do(Effect),
    /// Commit the post and sleep.
    WaitUntil(DateTime<Utc>),
    /// Commit the post; nothing more will happen to it.
    End,
}

/// Something to do at Meta.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Make the child container of this item of the carousel.
    CreateChild {
        /// Which item.
        index: usize,
    },
    /// Make the container.
    CreateContainer {
        /// The children of a carousel.
        children: Vec<ContainerId>,
    },
    /// Read a container's status.
    ReadStatus {
        /// Which one.
        container: ContainerId,
    },
    /// Make the publish call: once, and only within `send_before`.
    Publish {
        /// Which container.
        container: ContainerId,
        /// After this instant it must not be sent any more.
        send_before: DateTime<Utc>,
    },
    /// Read the container's status and, unless that is enough, the account's list.
    Look {
        /// Which container.
        container: ContainerId,
        /// Posts from this instant on may be ours.
        since: DateTime<Utc>,
    },
    /// Search the account's list for a post that is known to be live.
    Scan {
        /// Posts from this instant on may be ours.
        since: DateTime<Utc>,
    },
}

/// The outcome of [`step`](crate::publishing::step()).
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The post as it is now.
    pub post: Post,
    /// What to do next.
    pub next: Next,
}
