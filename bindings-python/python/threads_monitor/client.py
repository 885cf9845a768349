"""The client of the Threads API that blocks until the answer is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Literal, Optional, TypeVar, Union

from ._native import AccessToken, Draft, Media, Stream, TokenGrant
from ._native import Client as NativeClient
from .models import (
    AppUsage,
    Container,
    Insights,
    Pace,
    Post,
    Profile,
    PublicProfile,
    PublishingQuota,
)
from .names import AccountMetric, Breakdown, PostMetric

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "InsightsApi",
    "Page",
    "PostsApi",
    "ProfileApi",
    "PublishingApi",
    "QuotaApi",
    "ThreadsClient",
]

Item = TypeVar("Item")


class Page(Generic[Item]):
    """A page of a listing. Iterating over it goes on through all later pages."""

    def __init__(
        self,
        items: tuple[Item, ...],
        next_cursor: Optional[str],
        more: Callable[[str], Stream[Item]],
    ) -> None:
        #: The items of this page alone.
        self.items = items
        #: Where the next page begins (for ``after=``); ``None`` on the last page.
        self.next_cursor = next_cursor
        self._more = more

    def __iter__(self) -> Iterator[Item]:
        """All items from here on; later pages are read when they are needed."""
        yield from self.items
        if self.next_cursor is not None:
            stream = self._more(self.next_cursor)
            while (later := stream.next().wait()) is not None:
                yield later

    def __repr__(self) -> str:
        return f"Page(items={self.items!r}, next_cursor={self.next_cursor!r})"


class ThreadsClient:
    """A client of the Threads API for one account; blocks until the answer is there.

    All methods may be called from any thread, and other threads run while one waits.
    """

    def __init__(
        self,
        *,
        access_token: Union[str, AccessToken, None] = None,
        base_url: Optional[str] = None,
        timeout: Optional[timedelta] = None,
        attempts: Optional[int] = None,
        token_placement: Literal["header", "query"] = "header",
        user_agent: Optional[str] = None,
    ) -> None:
        """Makes a client; nothing is sent.

        :param access_token: the account's token.
        :param base_url: another host than Meta's, such as a sandbox. Without TLS only
            loopback addresses are accepted.
        :param timeout: how long one request may take.
        :param attempts: how often a read is tried at most. Writes are never repeated.
        :param token_placement: where the token travels.
        :param user_agent: what to call this program.
        :raises InvalidRequestError: an address that cannot be used.
        """
        self._bind(
            NativeClient(
                access_token=access_token,
                base_url=base_url,
                timeout=timeout,
                attempts=attempts,
                token_placement=token_placement,
                user_agent=user_agent,
            )
        )

    def _bind(self, native: NativeClient) -> None:
        self._native = native
        #: The account's own profile, and public ones.
        self.profile = ProfileApi(native)
        #: Views, likes and other numbers.
        self.insights = InsightsApi(native)
        #: The account's posts.
        self.posts = PostsApi(native)
        #: Making posts.
        self.publishing = PublishingApi(native)
        #: How many posts and replies may still be made.
        self.quota = QuotaApi(native)

    def with_access_token(self, access_token: Union[str, AccessToken]) -> Self:
        """A client for another account that shares the connections of this one."""
        other = type(self).__new__(type(self))
        other._bind(self._native.with_access_token(access_token))
        return other

    def background(self) -> Self:
        """A client for reads that nobody waits for, such as polls.

        When the call limit runs short they are the first to be held back, with
        :class:`ThrottledError`. Take one for each run of polls.
        """
        other = type(self).__new__(type(self))
        other._bind(self._native.background())
        return other

    def refresh_access_token(self) -> TokenGrant:
        """Exchanges the long-lived token, at least a day old, for one with 60 new days.

        The client goes on using the old token.
        """
        return self._native.refresh_access_token().wait()

    @property
    def usage(self) -> Optional[AppUsage]:
        """How much of the app's call limit is used up, as of the last answer."""
        return self._native.usage()

    @property
    def pace(self) -> Pace:
        """Own counts of this token, what Meta has said, and what is still sent."""
        return self._native.pace()

    def close(self) -> None:
        """Gives up the connections; later calls raise ``RuntimeError``."""
        self._native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: Optional[type[BaseException]],
        exception: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ThreadsClient {self._native!r}>"


class ProfileApi:
    """Profiles: ``client.profile``."""

    def __init__(self, native: NativeClient) -> None:
        self._native = native

    def get(self) -> Profile:
        """The profile of the token's own account. Scope: ``threads_basic``."""
        return self._native.profile().wait()

    def lookup(self, username: str) -> PublicProfile:
        """A public profile. Scope: ``threads_profile_discovery``."""
        return self._native.lookup_profile(username).wait()


class InsightsApi:
    """Numbers: ``client.insights``. Scope: ``threads_manage_insights``."""

    def __init__(self, native: NativeClient) -> None:
        self._native = native

    def account(
        self,
        *,
        metrics: Iterable[Union[AccountMetric, str]],
        since: Optional[datetime] = None,
        until: Optional[datetime] = None,
        breakdown: Union[Breakdown, str, None] = None,
    ) -> Insights:
        """Numbers of the account, over a range of days if one is given.

        :param since: start of the range; Meta has nothing before 13 April 2024.
        :param until: end of the range.
        :param breakdown: how to divide ``"follower_demographics"``, which needs it.
        """
        return self._native.account_insights(metrics, since, until, breakdown).wait()

    def post(self, post_id: str, *, metrics: Iterable[Union[PostMetric, str]]) -> Insights:
        """Numbers of a post, over its lifetime."""
        return self._native.post_insights(post_id, metrics).wait()


class PostsApi:
    """The account's posts: ``client.posts``. Scope: ``threads_basic``."""

    def __init__(self, native: NativeClient) -> None:
        self._native = native

    def list(
        self,
        *,
        limit: Optional[int] = None,
        since: Optional[datetime] = None,
        until: Optional[datetime] = None,
        after: Optional[str] = None,
    ) -> Page[Post]:
        """The account's posts, newest first: one page, which iterates through all.

        :param limit: how many posts a page has, 1 to 100.
        :param since: only posts from this instant on.
        :param until: only posts up to this instant.
        :param after: the ``next_cursor`` of an earlier page.
        """
        items, next_cursor = self._native.posts(limit, since, until, after).wait()
        return Page(
            items,
            next_cursor,
            lambda cursor: self._native.post_stream(limit, since, until, cursor),
        )

    def get(self, post_id: str) -> Post:
        """One post."""
        return self._native.post(post_id).wait()


class PublishingApi:
    """Making posts: ``client.publishing``. Scope: ``threads_content_publish``.

    Meta publishes in two steps: a *container* is created and processed, and then
    published. :meth:`publish` does it all.
    """

    def __init__(self, native: NativeClient) -> None:
        self._native = native

    def publish(self, draft: Draft) -> str:
        """Publishes a draft and returns the id of the post.

        :raises ContainerError: Meta could not process the draft; nothing was published.
        :raises ThreadsError: any other failure. If its ``container_id`` is set, the last
            step failed and *the post may be live*: ask :meth:`container` before trying
            again.
        """
        return self._native.publish(draft).wait()

    def create_container(self, draft: Draft) -> str:
        """Creates the container of any draft but a carousel and returns its id."""
        return self._native.create_container(draft).wait()

    def create_child(self, media: Media) -> str:
        """Creates the container of one item of a carousel and returns its id."""
        return self._native.create_child(media).wait()

    def create_carousel(self, draft: Draft, children: Iterable[str]) -> str:
        """Creates the container of a carousel from finished children."""
        return self._native.create_carousel(draft, children).wait()

    def container(self, container_id: str) -> Container:
        """How far a container has come."""
        return self._native.container(container_id).wait()

    def wait_until_finished(
        self, container_id: str, *, give_up_after: Optional[timedelta] = None
    ) -> Container:
        """Waits until a container can be published.

        :raises ContainerError: it failed, expired, or was not ready in time.
        """
        return self._native.wait_until_finished(container_id, give_up_after).wait()

    def publish_container(self, container_id: str) -> str:
        """Publishes a finished container and returns the id of the post.

        Exactly one request is sent, whatever happens to it. After a timeout or a broken
        connection the post may be live: ask :meth:`container`.
        """
        return self._native.publish_container(container_id).wait()

    def auto_publish_text(self, draft: Draft) -> str:
        """Creates and publishes a text post in one request and returns its id.

        Exactly one request is sent, whatever happens to it. There is no container to ask
        about: after a timeout or a broken connection the post may be live, and only the
        account's own posts can tell.
        """
        return self._native.auto_publish_text(draft).wait()

    def repost(self, post_id: str) -> str:
        """Reposts a post and returns the id of the repost.

        Exactly one request is sent, whatever happens to it. After a timeout or a broken
        connection it may be reposted.
        """
        return self._native.repost(post_id).wait()


class QuotaApi:
    """What may still be published today: ``client.quota``. Scope: ``threads_content_publish``."""

    def __init__(self, native: NativeClient) -> None:
        self._native = native

    def publishing(self) -> PublishingQuota:
        """How many posts of the last 24 hours count against the limit."""
        return self._native.publishing_quota().wait()

    def replies(self) -> PublishingQuota:
        """How many replies of the last 24 hours count against the limit."""
        return self._native.reply_quota().wait()
