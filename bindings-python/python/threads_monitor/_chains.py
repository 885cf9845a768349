"""What a monitor does with chains, in both faces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Optional, Union

from ._native import Chains as NativeChains
from ._native import Draft
from .accounts import ScheduledPost
from .names import ChainDecision, NextSlot, RestPlace

__all__ = ["AsyncChains", "Chains"]


class Chains:
    """The part of a monitor that is about chains."""

    _chains: NativeChains

    def schedule_chain(
        self,
        user_id: str,
        parts: Sequence[Draft],
        *,
        at: Union[datetime, NextSlot],
        zone: Optional[str] = None,
        idempotency_key: Optional[str] = None,
        max_lateness: Optional[timedelta] = None,
        unless_warned: bool = False,
    ) -> ScheduledPost:
        """Schedules a chain, which people call a thread: all of its parts or none.

        It is one scheduled post that goes through its parts: each after the first is a reply
        to the one before, and is begun once that is live under a known id. Where it stands
        says ``.chain`` of the answer.

        :param parts: 2 to 100 drafts, in order; only the first may answer a post.
        :param at: when the first goes out, as for :meth:`schedule`; each other follows as soon
            as the one before is live.
        :param max_lateness: how late the first may still go out, and each other after the one
            before it; two hours if not given.
        :param unless_warned: as for :meth:`schedule`, about the first part.
        :raises InvalidRequestError: a part that Meta would refuse; ``.part`` says which.
        :raises MissingScopeError: the account did not grant ``threads_manage_replies``.
        """
        return self._chains.schedule_chain(
            user_id, parts, at, zone, idempotency_key, max_lateness, unless_warned
        ).wait()

    def cancel_part(self, post_id: str, place: int) -> ScheduledPost:
        """Calls off the part of a chain at this place, and all parts below it.

        :param place: counted from 0. For the part that the chain is at it is :meth:`cancel`.
        :raises PostStateError: there is no such part, or it is live.
        """
        return self._chains.cancel_part(post_id, place).wait()

    def decide_chain(self, post_id: str, decision: ChainDecision) -> ScheduledPost:
        """Decides about a chain that does not go on by itself.

        :raises PostStateError: the decision is not among the ``choices`` of its status.
        """
        return self._chains.decide_chain(post_id, decision).wait()

    def finish_chain(
        self,
        post_id: str,
        place: RestPlace,
        *,
        at: Union[datetime, NextSlot],
        zone: Optional[str] = None,
    ) -> ScheduledPost:
        """Lets the rest of a chain that stopped go out as a scheduled post of its own.

        A part that may be live is not among the rest. The chain keeps what became of it, and
        says where the rest went. Safe to repeat: the rest is scheduled once.

        :param place: below the last part that is live, or apart from it.
        :param at: when, as for :meth:`schedule`.
        :returns: the scheduled post of the rest.
        :raises PostStateError: that is not among the ``choices`` of its status.
        """
        return self._chains.finish_chain(post_id, place, at, zone).wait()


class AsyncChains:
    """The part of a monitor that is about chains, inside asyncio."""

    _chains: NativeChains

    async def schedule_chain(
        self,
        user_id: str,
        parts: Sequence[Draft],
        *,
        at: Union[datetime, NextSlot],
        zone: Optional[str] = None,
        idempotency_key: Optional[str] = None,
        max_lateness: Optional[timedelta] = None,
        unless_warned: bool = False,
    ) -> ScheduledPost:
        """Schedules a chain, which people call a thread: all of its parts or none.

        It is one scheduled post that goes through its parts: each after the first is a reply
        to the one before, and is begun once that is live under a known id. Where it stands
        says ``.chain`` of the answer.

        :param parts: 2 to 100 drafts, in order; only the first may answer a post.
        :param at: when the first goes out, as for :meth:`schedule`; each other follows as soon
            as the one before is live.
        :param max_lateness: how late the first may still go out, and each other after the one
            before it; two hours if not given.
        :param unless_warned: as for :meth:`schedule`, about the first part.
        :raises InvalidRequestError: a part that Meta would refuse; ``.part`` says which.
        :raises MissingScopeError: the account did not grant ``threads_manage_replies``.
        """
        return await self._chains.schedule_chain(
            user_id, parts, at, zone, idempotency_key, max_lateness, unless_warned
        )

    async def cancel_part(self, post_id: str, place: int) -> ScheduledPost:
        """Calls off the part of a chain at this place, and all parts below it.

        :param place: counted from 0. For the part that the chain is at it is :meth:`cancel`.
        :raises PostStateError: there is no such part, or it is live.
        """
        return await self._chains.cancel_part(post_id, place)

    async def decide_chain(self, post_id: str, decision: ChainDecision) -> ScheduledPost:
        """Decides about a chain that does not go on by itself.

        :raises PostStateError: the decision is not among the ``choices`` of its status.
        """
        return await self._chains.decide_chain(post_id, decision)

    async def finish_chain(
        self,
        post_id: str,
        place: RestPlace,
        *,
        at: Union[datetime, NextSlot],
        zone: Optional[str] = None,
    ) -> ScheduledPost:
        """Lets the rest of a chain that stopped go out as a scheduled post of its own.

        A part that may be live is not among the rest. The chain keeps what became of it, and
        says where the rest went. Safe to repeat: the rest is scheduled once.

        :param place: below the last part that is live, or apart from it.
        :param at: when, as for :meth:`schedule`.
        :returns: the scheduled post of the rest.
        :raises PostStateError: that is not among the ``choices`` of its status.
        """
        return await self._chains.finish_chain(post_id, place, at, zone)
