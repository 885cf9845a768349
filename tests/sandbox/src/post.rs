//! Published posts and the containers they come from.

use chrono::{DateTime, TimeDelta, Utc};

use crate::content::Content;
use crate::id::{PostId, UserId};
use crate::random::Seed;
use crate::switches::Readiness;

/// A published post, reply or carousel child.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) id: PostId,
    pub(crate) author: UserId,
    pub(crate) seed: Seed,
    pub(crate) content: Content,
    pub(crate) shortcode: String,
    pub(crate) published_at: DateTime<Utc>,
    pub(crate) deleted_at: Option<DateTime<Utc>>,
    /// The first post of the conversation, for replies.
    pub(crate) root: Option<PostId>,
    pub(crate) children: Vec<PostId>,
    /// How many people the post reaches in the end.
    pub(crate) reach: f64,
    /// What the author of the post above did with this reply.
    pub(crate) hide_status: HideStatus,
    /// Whether this reply had to be approved, and what was decided.
    pub(crate) approval: Option<Approval>,
    /// Whether the platform flagged the media, so that there is no permalink.
    pub(crate) is_flagged: bool,
}

/// What a reply's `hide_status` field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HideStatus {
    NotHushed,
    Unhushed,
    Hidden,
    Covered,
    Blocked,
    Restricted,
}

impl HideStatus {
    /// The spelling on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotHushed => "NOT_HUSHED",
            Self::Unhushed => "UNHUSHED",
            Self::Hidden => "HIDDEN",
            Self::Covered => "COVERED",
            Self::Blocked => "BLOCKED",
            Self::Restricted => "RESTRICTED",
        }
    }
}

/// Where a reply stands that its post's author has to approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approval {
    Pending,
    Ignored,
    Approved,
}

impl Approval {
    /// The spelling of the `reply_approval_status` field; none once approved.
    pub(crate) fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Pending => Some("pending"),
            Self::Ignored => Some("ignored"),
            Self::Approved => None,
        }
    }
}

impl Post {
    /// Whether the post can be read.
    pub(crate) fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Whether the post answers the first post of its conversation.
    pub(crate) fn is_direct_reply(&self) -> bool {
        self.root.is_some() && self.root == self.content.reply_to
    }

    /// Whether the post belongs into the author's list of posts.
    pub(crate) fn is_top_level(&self) -> bool {
        self.content.reply_to.is_none() && !self.content.is_carousel_item && !self.content.is_ghost
    }
}

/// A container: what `POST /{user}/threads` made.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) owner: UserId,
    pub(crate) content: Content,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) readiness: Readiness,
    /// How often its status was asked for.
    pub(crate) polls: u32,
    pub(crate) error: Option<String>,
    /// Whether publishing never finds it, whatever its status says.
    pub(crate) is_lost: bool,
    pub(crate) published: Option<Publication>,
}

/// That a container was published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Publication {
    pub(crate) post: PostId,
    pub(crate) at: DateTime<Utc>,
}

/// What a container's `status` field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContainerStatus {
    InProgress,
    Finished,
    Published,
    Error,
    Expired,
}

impl ContainerStatus {
    /// The spelling on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Finished => "FINISHED",
            Self::Published => "PUBLISHED",
            Self::Error => "ERROR",
            Self::Expired => "EXPIRED",
        }
    }
}

impl Container {
    /// How long a container may wait to be published.
    pub(crate) const LIFETIME: TimeDelta = TimeDelta::hours(24);

    /// The true status at `now`.
    pub(crate) fn status(&self, now: DateTime<Utc>) -> ContainerStatus {
        if self.published.is_some() {
            return ContainerStatus::Published;
        }
        if now - self.created_at >= Self::LIFETIME {
            return ContainerStatus::Expired;
        }
        let is_ready = self.polls > self.readiness.polls
            || now - self.created_at >= TimeDelta::seconds(i64::from(self.readiness.seconds));
        match (is_ready, &self.error) {
            (false, _) => ContainerStatus::InProgress,
            (true, Some(_)) => ContainerStatus::Error,
            (true, None) => ContainerStatus::Finished,
        }
    }
}
