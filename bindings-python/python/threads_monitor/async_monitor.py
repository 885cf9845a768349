"""The monitor for asyncio."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Optional, Union

from ._chains import AsyncChains
from ._drafts import AsyncDrafts
from ._native import Chains as NativeChains
from ._native import Draft, Storage, TokenGrant
from ._native import Drafts as NativeDrafts
from ._native import Monitor as NativeMonitor
from ._native import Queue as NativeQueue
from ._native import RepeatedPosts as NativeRepeatedPosts
from ._native import Tables as NativeTables
from ._queue import AsyncQueue
from ._repeated import AsyncRepeatedPosts
from ._tables import AsyncTables
from .accounts import AccountSummary, Erased, PostSummary, ScheduledPost
from .measurements import Point
from .names import Decision, NextSlot, Scope, Series

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AsyncMonitor"]


class AsyncMonitor(AsyncChains, AsyncRepeatedPosts, AsyncQueue, AsyncDrafts, AsyncTables):
    """A monitor on a storage, inside asyncio.

    Nothing runs by itself until :meth:`start`. Used as a context manager, it is shut
    down at the end of the block::

        storage = await Storage.open_async("sqlite:./data/threads.db")
        async with AsyncMonitor(storage).start() as monitor:
            ...
    """

    def __init__(self, storage: Storage, *, base_url: Optional[str] = None) -> None:
        """Makes a monitor; nothing is sent and nothing runs.

        :param base_url: another host than Meta's, such as a sandbox.
        :raises InvalidRequestError: an address that cannot be used.
        """
        self._native = NativeMonitor(storage, base_url)
        self._chains = NativeChains(self._native)
        self._repeated = NativeRepeatedPosts(self._native)
        self._queue = NativeQueue(self._native)
        self._drafts = NativeDrafts(self._native)
        self._tables = NativeTables(self._native)

    # --- Accounts ---

    async def connect(
        self,
        grant: TokenGrant,
        scopes: Iterable[Union[Scope, str]],
        *,
        expected: Optional[str] = None,
    ) -> AccountSummary:
        """Connects, or reconnects, the account that granted a long-lived token.

        :param scopes: what the person granted.
        :param expected: reconnect this account and no other.
        :raises AccountMismatchError: another account than ``expected`` granted the token;
            nothing changes then.
        """
        return await self._native.connect(grant, scopes, expected)

    async def disconnect(self, user_id: str) -> Erased:
        """Erases everything about an account; an unknown account is no error."""
        return await self._native.disconnect(user_id)

    async def accounts(self) -> tuple[AccountSummary, ...]:
        """All connected accounts."""
        return await self._native.accounts()

    async def account(self, user_id: str) -> Optional[AccountSummary]:
        """One account, or ``None`` if it is not connected."""
        return await self._native.account(user_id)

    async def set_zone(self, user_id: str, zone: str) -> None:
        """Sets the time zone of an account, such as ``"Asia/Jakarta"``.

        :raises InvalidRequestError: not an IANA time zone.
        """
        await self._native.set_zone(user_id, zone)

    # --- History ---

    async def series(
        self,
        user_id: str,
        metric: Series,
        *,
        since: datetime,
        until: datetime,
        post_id: Optional[str] = None,
    ) -> tuple[Point, ...]:
        """The readings of one number, in ascending order; ``since <= at < until``.

        :param post_id: a post of the account; without it, the account as a whole.
        """
        return await self._native.series(user_id, metric, since, until, post_id)

    async def recent_posts(self, user_id: str, *, limit: int = 25) -> tuple[PostSummary, ...]:
        """The account's latest posts with their numbers, newest first."""
        return await self._native.recent_posts(user_id, limit)

    async def collect_now(self, user_id: str) -> dict[str, Optional[str]]:
        """Measures everything at once: per kind of job ``None``, or what went wrong."""
        return await self._native.collect_now(user_id)

    # --- Scheduled posts ---

    async def schedule(
        self,
        user_id: str,
        draft: Draft,
        *,
        at: Union[datetime, NextSlot],
        zone: Optional[str] = None,
        idempotency_key: Optional[str] = None,
        max_lateness: Optional[timedelta] = None,
        unless_warned: bool = False,
    ) -> ScheduledPost:
        """Schedules a post.

        :param at: when: an aware datetime; or a naive one together with ``zone``; or
            ``"next_slot"``, the next free time of the account's queue.
        :param zone: the IANA time zone of a naive ``at``, such as ``"Asia/Jakarta"``.
        :param idempotency_key: the same key of one account never makes a second post.
        :param max_lateness: how late it may still go out; two hours if not given. Past that it
            is missed.
        :param unless_warned: whether it is scheduled only if nothing speaks against it: see
            :meth:`plan_warnings`.
        :raises InvalidRequestError: a draft that Meta would refuse, or a time without zone.
        :raises QueueFullError: the queue has no free time, or there is none.
        :raises WarnedError: something speaks against it, and ``unless_warned`` was wished for.
        """
        return await self._native.schedule(
            user_id, draft, at, zone, idempotency_key, max_lateness, unless_warned
        )

    async def scheduled(self, post_id: str) -> Optional[ScheduledPost]:
        """One scheduled post, by its id here, or ``None``."""
        return await self._native.scheduled(post_id)

    async def scheduled_posts(self, user_id: str) -> tuple[ScheduledPost, ...]:
        """The scheduled posts of an account, whatever became of them; latest due first."""
        return await self._native.scheduled_posts(user_id)

    async def cancel(self, post_id: str) -> ScheduledPost:
        """Calls a scheduled post off.

        While it may be on its way the wish is noted (``cancel_requested_at``) and the
        outcome is found out first.

        :raises PostStateError: too late, or there is no such post.
        """
        return await self._native.cancel(post_id)

    async def decide(self, post_id: str, decision: Decision) -> ScheduledPost:
        """Settles a post that needs attention, because a person knows more.

        :raises PostStateError: it does not need attention, or there is no such post.
        """
        return await self._native.decide(post_id, decision)

    # --- Running ---

    async def run_due_once(self) -> int:
        """Runs everything that is due now; returns how many jobs were run."""
        return await self._native.run_due_once()

    async def run_job(self, job_id: str) -> bool:
        """Runs one job, due or not; ``False`` if another worker has it."""
        return await self._native.run_job(job_id)

    def start(self) -> Self:
        """Starts to work in the background, once; returns the monitor itself."""
        self._native.start()
        return self

    async def shutdown(self) -> None:
        """Stops working in the background; jobs under way come to an end first."""
        self._native.shutdown().wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: Optional[type[BaseException]],
        exception: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.shutdown()

    def __repr__(self) -> str:
        return f"<AsyncMonitor {self._native!r}>"
