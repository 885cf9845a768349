"""What a monitor does with drafts, in both faces."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Optional, Union

from ._native import Draft
from ._native import Drafts as NativeDrafts
from .accounts import ScheduledPost
from .names import NextSlot
from .planning import KeptDraft

__all__ = ["AsyncDrafts", "Drafts"]


class Drafts:
    """The part of a monitor that is about drafts and their approval.

    Whoever changes or decides names the ``revision`` that they saw: if somebody changed the
    draft since, it is refused with a :class:`PostStateError`.
    """

    _drafts: NativeDrafts

    def keep_draft(
        self,
        user_id: str,
        draft: Draft,
        *,
        at: Union[datetime, NextSlot, None] = None,
        zone: Optional[str] = None,
        max_lateness: Optional[timedelta] = None,
        idempotency_key: Optional[str] = None,
    ) -> KeptDraft:
        """Keeps a draft. It is no post: nothing is sent, however long it lies there.

        :param draft: what it says so far; it may be :meth:`Draft.unfinished`.
        :param at: when, as for :meth:`schedule`; not given as long as nobody has decided.
        :param max_lateness: how late it may still go out; two hours if not given.
        :param idempotency_key: the same key of one account never makes a second draft.
        """
        return self._drafts.keep_draft(
            user_id, draft, at, zone, max_lateness, idempotency_key
        ).wait()

    def draft(self, draft_id: str) -> Optional[KeptDraft]:
        """One draft, by its id, or ``None``. A discarded one is there, without what it said."""
        return self._drafts.draft(draft_id).wait()

    def drafts(self, user_id: str) -> tuple[KeptDraft, ...]:
        """The drafts of an account that are neither posts nor discarded, oldest first."""
        return self._drafts.drafts(user_id).wait()

    def change_draft(
        self,
        draft_id: str,
        draft: Draft,
        *,
        revision: int,
        at: Union[datetime, NextSlot, None] = None,
        zone: Optional[str] = None,
        max_lateness: Optional[timedelta] = None,
    ) -> KeptDraft:
        """Changes all that a draft says, its time too. It does not wait for approval then.

        :raises PostStateError: there is no such draft, it is a post already, it was
            discarded, or somebody changed it since ``revision``.
        """
        return self._drafts.change_draft(draft_id, draft, revision, at, zone, max_lateness).wait()

    def discard_draft(self, draft_id: str) -> KeptDraft:
        """Throws a draft away: what it said is overwritten.

        :raises PostStateError: there is no such draft, it is a post already, or it was
            discarded before.
        """
        return self._drafts.discard_draft(draft_id).wait()

    def ask_approval(self, draft_id: str, *, revision: int, by: str) -> KeptDraft:
        """Asks for approval: from now on it is not scheduled unless somebody approves it.

        :param by: who asks: a name of 1 to 100 characters. That it is theirs is not checked.
        :raises InvalidRequestError: Meta would refuse it as it is.
        :raises MonitorError: it has no time yet.
        :raises PostStateError: as for :meth:`change_draft`.
        """
        return self._drafts.ask_approval(draft_id, revision, by).wait()

    def reject_draft(self, draft_id: str, *, revision: int, by: str, reason: str) -> KeptDraft:
        """Does not approve a draft. It stays, and can be changed and put forward again.

        :param reason: why; 1000 characters of it are kept.
        :raises PostStateError: it does not wait for approval, or not as ``revision``.
        """
        return self._drafts.reject_draft(draft_id, revision, by, reason).wait()

    def approve_draft(self, draft_id: str, *, revision: int, by: str) -> ScheduledPost:
        """Approves what a draft said as ``revision``: it becomes a scheduled post, once.

        If that is refused as by :meth:`schedule`, it still waits.

        :raises PostStateError: it does not wait for approval, or not as ``revision``.
        """
        return self._drafts.approve_draft(draft_id, revision, by).wait()

    def schedule_draft(self, draft_id: str, *, revision: int) -> ScheduledPost:
        """Schedules a draft that nobody has to approve.

        :raises MonitorError: it has no time yet.
        :raises PostStateError: it needs somebody's approval, or as for :meth:`change_draft`.
        """
        return self._drafts.schedule_draft(draft_id, revision).wait()


class AsyncDrafts:
    """The part of a monitor that is about drafts and their approval, inside asyncio.

    Whoever changes or decides names the ``revision`` that they saw: if somebody changed the
    draft since, it is refused with a :class:`PostStateError`.
    """

    _drafts: NativeDrafts

    async def keep_draft(
        self,
        user_id: str,
        draft: Draft,
        *,
        at: Union[datetime, NextSlot, None] = None,
        zone: Optional[str] = None,
        max_lateness: Optional[timedelta] = None,
        idempotency_key: Optional[str] = None,
    ) -> KeptDraft:
        """Keeps a draft. It is no post: nothing is sent, however long it lies there.

        :param draft: what it says so far; it may be :meth:`Draft.unfinished`.
        :param at: when, as for :meth:`schedule`; not given as long as nobody has decided.
        :param max_lateness: how late it may still go out; two hours if not given.
        :param idempotency_key: the same key of one account never makes a second draft.
        """
        return await self._drafts.keep_draft(
            user_id, draft, at, zone, max_lateness, idempotency_key
        )

    async def draft(self, draft_id: str) -> Optional[KeptDraft]:
        """One draft, by its id, or ``None``. A discarded one is there, without what it said."""
        return await self._drafts.draft(draft_id)

    async def drafts(self, user_id: str) -> tuple[KeptDraft, ...]:
        """The drafts of an account that are neither posts nor discarded, oldest first."""
        return await self._drafts.drafts(user_id)

    async def change_draft(
        self,
        draft_id: str,
        draft: Draft,
        *,
        revision: int,
        at: Union[datetime, NextSlot, None] = None,
        zone: Optional[str] = None,
        max_lateness: Optional[timedelta] = None,
    ) -> KeptDraft:
        """Changes all that a draft says, its time too. It does not wait for approval then.

        :raises PostStateError: there is no such draft, it is a post already, it was
            discarded, or somebody changed it since ``revision``.
        """
        return await self._drafts.change_draft(draft_id, draft, revision, at, zone, max_lateness)

    async def discard_draft(self, draft_id: str) -> KeptDraft:
        """Throws a draft away: what it said is overwritten.

        :raises PostStateError: there is no such draft, it is a post already, or it was
            discarded before.
        """
        return await self._drafts.discard_draft(draft_id)

    async def ask_approval(self, draft_id: str, *, revision: int, by: str) -> KeptDraft:
        """Asks for approval: from now on it is not scheduled unless somebody approves it.

        :param by: who asks: a name of 1 to 100 characters. That it is theirs is not checked.
        :raises InvalidRequestError: Meta would refuse it as it is.
        :raises MonitorError: it has no time yet.
        :raises PostStateError: as for :meth:`change_draft`.
        """
        return await self._drafts.ask_approval(draft_id, revision, by)

    async def reject_draft(
        self, draft_id: str, *, revision: int, by: str, reason: str
    ) -> KeptDraft:
        """Does not approve a draft. It stays, and can be changed and put forward again.

        :param reason: why; 1000 characters of it are kept.
        :raises PostStateError: it does not wait for approval, or not as ``revision``.
        """
        return await self._drafts.reject_draft(draft_id, revision, by, reason)

    async def approve_draft(self, draft_id: str, *, revision: int, by: str) -> ScheduledPost:
        """Approves what a draft said as ``revision``: it becomes a scheduled post, once.

        If that is refused as by :meth:`schedule`, it still waits.

        :raises PostStateError: it does not wait for approval, or not as ``revision``.
        """
        return await self._drafts.approve_draft(draft_id, revision, by)

    async def schedule_draft(self, draft_id: str, *, revision: int) -> ScheduledPost:
        """Schedules a draft that nobody has to approve.

        :raises MonitorError: it has no time yet.
        :raises PostStateError: it needs somebody's approval, or as for :meth:`change_draft`.
        """
        return await self._drafts.schedule_draft(draft_id, revision)
