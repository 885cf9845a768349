"""What the monitor knows about accounts and their posts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Optional, Union

from ._model import Model
from ._native import Draft
from .chains import ChainStatus
from .measurements import Measurement
from .names import PhaseName

__all__ = [
    "AccountSummary",
    "AffectedPost",
    "AffectedPosts",
    "Attempt",
    "CollectionHealth",
    "Connected",
    "Connection",
    "Erased",
    "Expiring",
    "NeedsReconnect",
    "Phase",
    "PostReading",
    "PostSummary",
    "ProfileReading",
    "ScheduledPost",
    "Thinned",
    "TokenDates",
    "TokenNotice",
]


@dataclass(frozen=True)
class ProfileReading(Model):
    """A profile as it was read."""

    #: Handle, without ``@``.
    username: Optional[str]
    #: Display name.
    name: Optional[str]
    #: Address of the picture; it expires.
    picture_url: Optional[str]
    #: Text about the account.
    biography: Optional[str]
    #: Whether the account has the badge.
    is_verified: Optional[bool]


@dataclass(frozen=True)
class Connected(Model):
    """The account's token works, as far as is known."""

    def to_dict(self) -> dict[str, Any]:
        """``{"state": "connected"}``."""
        return {"state": "connected"}


@dataclass(frozen=True)
class Expiring(Model):
    """The token still works, though refreshing has failed for long."""

    #: When it ends.
    expires_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, with ``"state": "expiring"``."""
        return {"state": "expiring", **super().to_dict()}


@dataclass(frozen=True)
class NeedsReconnect(Model):
    """The token is dead: a person has to connect the account again."""

    #: Since when.
    since: datetime
    #: What Meta said.
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, with ``"state": "needs_reconnect"``."""
        return {"state": "needs_reconnect", **super().to_dict()}


#: Whether an account's token works.
Connection = Union[Connected, Expiring, NeedsReconnect]


@dataclass(frozen=True)
class TokenDates(Model):
    """The dates of an account's token; never the token."""

    #: When Meta gave it to us, or refreshed it last.
    obtained_at: datetime
    #: When it ends unless it is refreshed.
    expires_at: datetime
    #: Whether ``expires_at`` is assumed, because Meta did not say.
    expiry_assumed: bool
    #: When a person connected the account, last time.
    connected_at: datetime
    #: What the person granted, such as ``"threads_basic"``.
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class AffectedPost(Model):
    """A scheduled post that cannot go out without a new token."""

    #: Its id here.
    id: str
    #: When it is due.
    due_at: datetime


@dataclass(frozen=True)
class AffectedPosts(Model):
    """Scheduled posts that cannot go out without a new token."""

    #: How many.
    count: int
    #: The first of them, the next due first; five at most.
    first: tuple[AffectedPost, ...]


@dataclass(frozen=True)
class TokenNotice(Model):
    """What is at stake while a token ends soon, or is dead."""

    #: The stage that was told last, in days before the end: 14, 7, 3 or 1. ``None`` before
    #: the first, and when the token is dead.
    stage: Optional[int]
    #: When the token ends, or ended; earlier if Meta refuses it already.
    ends_at: datetime
    #: The scheduled posts that are due after that.
    posts: AffectedPosts


@dataclass(frozen=True)
class Thinned(Model):
    """What was removed of an account because it was kept for long enough."""

    #: Numbers, since the account was connected.
    numbers: int
    #: Attempts of posts, and pieces of evidence about them.
    attempts: int
    #: When it was last looked for.
    last_success_at: Optional[datetime]
    #: Why that failed since, if it did.
    last_error: Optional[str]


@dataclass(frozen=True)
class CollectionHealth(Model):
    """How one kind of collecting goes."""

    #: What is collected, such as ``"collect_followers"``.
    kind: str
    #: When it last worked.
    last_success_at: Optional[datetime]
    #: When it is tried next.
    next_at: Optional[datetime]
    #: Failures in a row.
    failures: int
    #: What the last failure was; ``None`` when the last run worked.
    last_error: Optional[str]


@dataclass(frozen=True)
class AccountSummary(Model):
    """An account with its newest numbers and its health."""

    #: The account's id.
    user: str
    #: Its profile, once read.
    profile: Optional[ProfileReading]
    #: When the profile was read like this for the first time.
    profile_measured_at: Optional[datetime]
    #: The IANA time zone that a person chose for it; ``"UTC"`` until then.
    zone: str
    #: Whether its token works.
    connection: Connection
    #: The dates of its token.
    token: TokenDates
    #: What is at stake while its token ends soon, or is dead; ``None`` while all is well.
    notice: Optional[TokenNotice]
    #: Followers.
    followers: Measurement
    #: Accounts that it follows: not provided by Meta.
    following: Measurement
    #: Its number of posts: not provided by Meta. See ``posts_seen``.
    media_count: Measurement
    #: Posts of it that this monitor has seen; our own count.
    posts_seen: Measurement
    #: Profile views of the last Meta day that is over.
    views_last_day: Measurement
    #: How collecting goes, by kind.
    collection: tuple[CollectionHealth, ...]
    #: What was removed because it was kept for long enough; ``None`` while everything is kept.
    thinned: Optional[Thinned]


@dataclass(frozen=True)
class PostReading(Model):
    """A post as it was listed."""

    #: Text; absent on media without a caption.
    text: Optional[str]
    #: What kind of post it is, such as ``"TEXT_POST"``.
    media_type: Optional[str]
    #: Address on the web.
    permalink: Optional[str]
    #: Topic, without ``#``.
    topic_tag: Optional[str]
    #: Whether it is a repost, for which Meta has no numbers.
    is_repost: bool


@dataclass(frozen=True)
class PostSummary(Model):
    """A post of an account with its newest numbers."""

    #: Id of the post.
    id: str
    #: When it was published.
    published_at: datetime
    #: What it says.
    post: PostReading
    #: Lifetime views.
    views: Measurement
    #: Lifetime likes.
    likes: Measurement
    #: Lifetime replies, in the whole tree below it.
    replies: Measurement
    #: Lifetime reposts.
    reposts: Measurement
    #: Lifetime quotes.
    quotes: Measurement
    #: Lifetime shares.
    shares: Measurement


@dataclass(frozen=True)
class Erased(Model):
    """What a disconnect removed."""

    #: Jobs, scheduled posts among them.
    jobs: int
    #: Scheduled posts whose outcome was not known yet. They may be live.
    undecided_posts: int
    #: Observations.
    snapshots: int
    #: Whether there was a token.
    token: bool


@dataclass(frozen=True)
class Attempt(Model):
    """One authorised publish call."""

    #: Id of the container that it publishes.
    container: str
    #: When it was authorised; the call is made within seconds or never.
    authorised_at: datetime
    #: What came of it: ``"pending"``, ``"effective"``, ``"not_sent"``, ``"rejected"``,
    #: ``"unknown"`` or ``"ineffective"``.
    outcome: str
    #: In words, where there is something to say.
    why: Optional[str]


@dataclass(frozen=True)
class Phase(Model):
    """Where a scheduled post stands."""

    #: Its name.
    name: PhaseName
    #: Whether the outcome is decided.
    is_final: bool
    #: Since when, or when it was learned.
    at: Optional[datetime]
    #: Why, if it is blocked, has failed or needs attention.
    reason: Optional[str]
    #: Id of the container, once made.
    container: Optional[str]
    #: Id of the post, once it is live and the id is known.
    media_id: Optional[str]


@dataclass(frozen=True)
class ScheduledPost(Model):
    """A scheduled post, and what became of it."""

    #: Its id here, which is also the id of its job.
    id: str
    #: Id of the account that publishes it.
    account: str
    #: What is published; of a chain, the part that it is at.
    draft: Draft
    #: When.
    due_at: datetime
    #: The IANA time zone in which a person chose the time.
    zone: Optional[str]
    #: How late it may still go out.
    max_lateness: timedelta
    #: Where it stands; of a chain, the part that it is at.
    phase: Phase
    #: Whether nothing more is published of it unless a person says so. A chain goes on after
    #: a part is published, although the phase of that part is final.
    is_over: bool
    #: Where the chain stands that it is; ``None`` if it is none.
    chain: Optional[ChainStatus]
    #: Every publish call that was authorised, in order. One attempt, one request.
    attempts: tuple[Attempt, ...]
    #: When a person asked to cancel while a publish call may have been under way.
    cancel_requested_at: Optional[datetime]
    #: When it was scheduled.
    created_at: datetime
    #: When something happens to it next; ``None`` at its end.
    next_wake_at: Optional[datetime]
