"""What Threads answers.

Ids are strings, whatever Meta sends; instants are aware datetimes in UTC. What Meta
left out is ``None``; it is never 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Optional

from ._model import Model

__all__ = [
    "AppUsage",
    "BreakdownResult",
    "Container",
    "Insight",
    "InsightBreakdown",
    "InsightPoint",
    "Insights",
    "LinkClicks",
    "Pace",
    "Post",
    "Profile",
    "PublicProfile",
    "PublishingQuota",
    "QuotaConfig",
    "QuotaUse",
    "TokenInfo",
]


@dataclass(frozen=True)
class TokenInfo(Model):
    """What Meta knows about a token."""

    #: Whether the token can be used now.
    is_valid: bool
    #: Whose token it is.
    user_id: Optional[str]
    #: What the user granted, such as ``"threads_basic"``.
    scopes: tuple[str, ...]
    #: When the token was made.
    issued_at: Optional[datetime]
    #: When the token ends.
    expires_at: Optional[datetime]
    #: When the user's permission grant ends.
    data_access_expires_at: Optional[datetime]
    #: Name of the app that the token belongs to.
    application: Optional[str]
    #: Kind of token, such as ``"USER"``.
    kind: Optional[str]


@dataclass(frozen=True)
class AppUsage(Model):
    """How much of the call limit is used, in percent; at 100 Meta throttles."""

    #: Share of the calls.
    call_count: int
    #: Share of the total time.
    total_time: int
    #: Share of the processor time.
    total_cputime: int


@dataclass(frozen=True)
class QuotaUse(Model):
    """How much of a quota was used through this client."""

    #: Which quota: ``"calls"``, ``"keyword_searches"``, ``"profile_discovery"``,
    #: ``"location_searches"``, ``"embeds"``, ``"deletes"``, ``"posts"`` or ``"replies"``.
    quota: str
    #: Own count over the moving window, in this process alone.
    used: int
    #: How many Meta allows.
    limit: int


@dataclass(frozen=True)
class Pace(Model):
    """The pace of a token: own counts, what Meta has said, and what is still sent."""

    #: What is still sent: ``"full"``, ``"slow_polls"``, ``"publish_only"`` or ``"verify_only"``.
    step: str
    #: Share of the call limit that counts as used, in percent.
    used: int
    #: How long Meta asked to be left alone from now on.
    wait: Optional[timedelta]
    #: Own counts, one for each quota.
    quotas: tuple[QuotaUse, ...]


@dataclass(frozen=True)
class Profile(Model):
    """The profile of the token's own account."""

    #: Id of the account, scoped to the app.
    id: str
    #: Handle, without ``@``.
    username: str
    #: Display name.
    name: Optional[str]
    #: Address of the picture; it expires.
    picture_url: Optional[str]
    #: Text about the account.
    biography: Optional[str]
    #: Whether the account is verified.
    is_verified: Optional[bool]


@dataclass(frozen=True)
class PublicProfile(Model):
    """A public profile of any account; the counts cover the past seven days."""

    #: Handle, without ``@``.
    username: str
    #: Display name.
    name: Optional[str]
    #: Address of the picture; it expires.
    picture_url: Optional[str]
    #: Text about the account.
    biography: Optional[str]
    #: Whether the account is verified.
    is_verified: Optional[bool]
    #: Followers in all.
    follower_count: Optional[int]
    #: Likes.
    likes_count: Optional[int]
    #: Quotes.
    quotes_count: Optional[int]
    #: Replies.
    replies_count: Optional[int]
    #: Reposts.
    reposts_count: Optional[int]
    #: Views.
    views_count: Optional[int]


@dataclass(frozen=True)
class Post(Model):
    """A published post, as Meta describes it."""

    #: Id of the post.
    id: str
    #: What kind of post it is, such as ``"TEXT_POST"``.
    media_type: Optional[str]
    #: Text; absent on media without a caption.
    text: Optional[str]
    #: Address on the web.
    permalink: Optional[str]
    #: When it was published.
    timestamp: Optional[datetime]
    #: Handle of the author.
    username: Optional[str]
    #: Short form of the id in web addresses.
    shortcode: Optional[str]
    #: Address of the image or video; it expires.
    media_url: Optional[str]
    #: Address of a still of the video; it expires.
    thumbnail_url: Optional[str]
    #: Id of the author; only on own top-level posts.
    owner: Optional[str]
    #: Ids of the items of a carousel, in order.
    children: tuple[str, ...]
    #: Whether this post quotes another one.
    is_quote_post: Optional[bool]
    #: Id of the post that is quoted.
    quoted_post: Optional[str]
    #: Id of the post that is reposted.
    reposted_post: Optional[str]
    #: Link shown as a card; called ``link_attachment`` when publishing.
    link_attachment_url: Optional[str]
    #: Topic, without ``#``.
    topic_tag: Optional[str]
    #: Description of the media for people who do not see it.
    alt_text: Optional[str]
    #: Address of the GIF.
    gif_url: Optional[str]


@dataclass(frozen=True)
class InsightPoint(Model):
    """One figure of a series."""

    #: The figure.
    value: int
    #: End of the span that it covers.
    end_time: Optional[datetime]


@dataclass(frozen=True)
class LinkClicks(Model):
    """Clicks on one link."""

    #: How often it was clicked.
    value: int
    #: The link.
    link_url: Optional[str]


@dataclass(frozen=True)
class BreakdownResult(Model):
    """One part of a split."""

    #: Which part: one value for each dimension, such as ``"25-34"``.
    dimension_values: tuple[str, ...]
    #: The figure.
    value: int


@dataclass(frozen=True)
class InsightBreakdown(Model):
    """A figure split along one or more dimensions."""

    #: Names of the dimensions, such as ``"age"``.
    dimension_keys: tuple[str, ...]
    #: The parts.
    results: tuple[BreakdownResult, ...]


@dataclass(frozen=True)
class Insight(Model):
    """One metric with the figures that Meta sent for it."""

    #: Which metric, such as ``"views"``.
    metric: str
    #: What span one figure covers, such as ``"day"``.
    period: Optional[str]
    #: One figure for the whole span that was asked for.
    total: Optional[int]
    #: Figures over time.
    series: Optional[tuple[InsightPoint, ...]]
    #: Clicks, link by link.
    links: Optional[tuple[LinkClicks, ...]]
    #: The split by age, city, country or gender.
    breakdowns: Optional[tuple[InsightBreakdown, ...]]


@dataclass(frozen=True)
class Insights(Model):
    """Figures that were asked for, as far as Meta sent them.

    A metric that Meta left out is ``None`` everywhere here. It is never 0: 0 is a figure
    that was measured.
    """

    #: All metrics that Meta sent, in its order.
    data: tuple[Insight, ...]

    def total(self, metric: str) -> Optional[int]:
        """The one figure of a metric for the whole span that was asked for."""
        return next((i.total for i in self._of(metric) if i.total is not None), None)

    def series(self, metric: str) -> Optional[tuple[InsightPoint, ...]]:
        """The figures of a metric over time, oldest first; can be empty."""
        return next((i.series for i in self._of(metric) if i.series is not None), None)

    def links(self, metric: str) -> Optional[tuple[LinkClicks, ...]]:
        """The clicks of a metric, link by link; can be empty."""
        return next((i.links for i in self._of(metric) if i.links is not None), None)

    def breakdowns(self, metric: str) -> Optional[tuple[InsightBreakdown, ...]]:
        """The split of a metric; can be empty."""
        return next((i.breakdowns for i in self._of(metric) if i.breakdowns is not None), None)

    def _of(self, metric: str) -> Iterator[Insight]:
        return (insight for insight in self.data if insight.metric == metric)

    def __iter__(self) -> Iterator[Insight]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


@dataclass(frozen=True)
class Container(Model):
    """What Meta says about a container: a post that it prepares for publication."""

    #: Its id.
    id: str
    #: ``"IN_PROGRESS"``, ``"FINISHED"``, ``"PUBLISHED"``, ``"ERROR"`` or ``"EXPIRED"``.
    status: str
    #: Why it failed, if it did.
    error_message: Optional[str]


@dataclass(frozen=True)
class QuotaConfig(Model):
    """Size of one quota."""

    #: How many in one window.
    quota_total: Optional[int]
    #: Length of the moving window.
    quota_duration: Optional[timedelta]


@dataclass(frozen=True)
class PublishingQuota(Model):
    """Use and size of the publishing quotas. What was not asked for is ``None``."""

    #: Posts published in the window.
    quota_usage: Optional[int]
    #: Size of the post quota.
    config: Optional[QuotaConfig]
    #: Replies published in the window.
    reply_quota_usage: Optional[int]
    #: Size of the reply quota.
    reply_config: Optional[QuotaConfig]
