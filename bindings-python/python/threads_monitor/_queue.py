"""How an account posts, and what speaks against a post, in both faces."""

from __future__ import annotations

from datetime import datetime
from typing import Optional, Union

from ._native import Draft
from ._native import Queue as NativeQueue
from .names import NextSlot
from .planning import PlanWarning, PostingPlan, QueueTime

__all__ = ["AsyncQueue", "Queue"]


class Queue:
    """The part of a monitor that is about the queue of an account."""

    _queue: NativeQueue

    def posting_plan(self, user_id: str) -> PostingPlan:
        """How an account posts.

        Until somebody chose it: no queue, no spacing, and a week for duplicates, in the
        account's zone.
        """
        return self._queue.posting_plan(user_id).wait()

    def set_posting_plan(self, user_id: str, plan: PostingPlan) -> None:
        """Chooses how an account posts; what is scheduled already stays where it is.

        :raises InvalidRequestError: a plan that makes no sense, or an unknown zone or day.
        :raises NotConnectedError: the account is not connected.
        """
        self._queue.set_posting_plan(user_id, plan).wait()

    def queue_times(self, user_id: str, *, limit: int = 10) -> tuple[QueueTime, ...]:
        """The next times of an account's queue within a year, and which of them are free.

        :param limit: how many at most. Without a queue there are none.
        """
        return self._queue.queue_times(user_id, limit).wait()

    def plan_warnings(
        self,
        user_id: str,
        draft: Draft,
        *,
        at: Union[datetime, NextSlot],
        zone: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> tuple[PlanWarning, ...]:
        """What speaks against scheduling a post; nothing is scheduled.

        The same content is planned, or went out lately; or another post is too near. How
        lately and how near says :meth:`posting_plan`.

        :param at: as for :meth:`schedule`. The queue keeps its distance by itself.
        :param idempotency_key: a post with the same key is the same post, and no warning.
        """
        return self._queue.plan_warnings(user_id, draft, at, zone, idempotency_key).wait()


class AsyncQueue:
    """The part of a monitor that is about the queue of an account, inside asyncio."""

    _queue: NativeQueue

    async def posting_plan(self, user_id: str) -> PostingPlan:
        """How an account posts.

        Until somebody chose it: no queue, no spacing, and a week for duplicates, in the
        account's zone.
        """
        return await self._queue.posting_plan(user_id)

    async def set_posting_plan(self, user_id: str, plan: PostingPlan) -> None:
        """Chooses how an account posts; what is scheduled already stays where it is.

        :raises InvalidRequestError: a plan that makes no sense, or an unknown zone or day.
        :raises NotConnectedError: the account is not connected.
        """
        await self._queue.set_posting_plan(user_id, plan)

    async def queue_times(self, user_id: str, *, limit: int = 10) -> tuple[QueueTime, ...]:
        """The next times of an account's queue within a year, and which of them are free.

        :param limit: how many at most. Without a queue there are none.
        """
        return await self._queue.queue_times(user_id, limit)

    async def plan_warnings(
        self,
        user_id: str,
        draft: Draft,
        *,
        at: Union[datetime, NextSlot],
        zone: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> tuple[PlanWarning, ...]:
        """What speaks against scheduling a post; nothing is scheduled.

        The same content is planned, or went out lately; or another post is too near. How
        lately and how near says :meth:`posting_plan`.

        :param at: as for :meth:`schedule`. The queue keeps its distance by itself.
        :param idempotency_key: a post with the same key is the same post, and no warning.
        """
        return await self._queue.plan_warnings(user_id, draft, at, zone, idempotency_key)
