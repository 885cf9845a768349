"""What a monitor does with repeated posts, in both faces."""

from __future__ import annotations

from datetime import timedelta
from typing import Optional

from ._native import Draft, Repeat
from ._native import RepeatedPosts as NativeRepeatedPosts
from .planning import RepeatedPost

__all__ = ["AsyncRepeatedPosts", "RepeatedPosts"]


class RepeatedPosts:
    """The part of a monitor that is about repeated posts."""

    _repeated: NativeRepeatedPosts

    def repeat(
        self,
        user_id: str,
        draft: Draft,
        repeat: Repeat,
        *,
        idempotency_key: Optional[str] = None,
        max_lateness: Optional[timedelta] = None,
    ) -> RepeatedPost:
        """Repeats a post by a rule, from now on.

        Each time of the rule becomes a scheduled post of its own, a quarter of an hour before
        it; those from before now are left out. Of several that went by because nothing ran,
        at most the last one is made.

        :param idempotency_key: the same key of one account never makes a second series.
        :param max_lateness: how late each may still go out; past that it is missed. Half an
            hour if not given.
        :raises InvalidRequestError: a draft that Meta would refuse.
        :raises MonitorError: all times of the rule are over.
        """
        return self._repeated.repeat(user_id, draft, repeat, idempotency_key, max_lateness).wait()

    def repeated(self, series_id: str) -> Optional[RepeatedPost]:
        """One repeated post, by its id, or ``None``."""
        return self._repeated.repeated(series_id).wait()

    def repeated_posts(self, user_id: str) -> tuple[RepeatedPost, ...]:
        """The repeated posts of an account, oldest first; those that have ended, too."""
        return self._repeated.repeated_posts(user_id).wait()

    def change_repeated(self, series_id: str, draft: Draft, repeat: Repeat) -> RepeatedPost:
        """Repeats something else, or at other times, from now on.

        What is a scheduled post already is called off, and made anew if the new rule has its
        time. If it is too late to call it off, it goes out as it was.

        :raises InvalidRequestError: a draft that Meta would refuse.
        :raises MonitorError: all times of the rule are over.
        :raises PostStateError: there is no such repeated post, or it has ended.
        """
        return self._repeated.change_repeated(series_id, draft, repeat).wait()

    def end_repeated(self, series_id: str) -> RepeatedPost:
        """Ends a repeated post: nothing more comes of it.

        What is a scheduled post already is called off as by :meth:`cancel`.

        :raises PostStateError: there is no such repeated post, or it has ended.
        """
        return self._repeated.end_repeated(series_id).wait()


class AsyncRepeatedPosts:
    """The part of a monitor that is about repeated posts, inside asyncio."""

    _repeated: NativeRepeatedPosts

    async def repeat(
        self,
        user_id: str,
        draft: Draft,
        repeat: Repeat,
        *,
        idempotency_key: Optional[str] = None,
        max_lateness: Optional[timedelta] = None,
    ) -> RepeatedPost:
        """Repeats a post by a rule, from now on.

        Each time of the rule becomes a scheduled post of its own, a quarter of an hour before
        it; those from before now are left out. Of several that went by because nothing ran,
        at most the last one is made.

        :param idempotency_key: the same key of one account never makes a second series.
        :param max_lateness: how late each may still go out; past that it is missed. Half an
            hour if not given.
        :raises InvalidRequestError: a draft that Meta would refuse.
        :raises MonitorError: all times of the rule are over.
        """
        return await self._repeated.repeat(user_id, draft, repeat, idempotency_key, max_lateness)

    async def repeated(self, series_id: str) -> Optional[RepeatedPost]:
        """One repeated post, by its id, or ``None``."""
        return await self._repeated.repeated(series_id)

    async def repeated_posts(self, user_id: str) -> tuple[RepeatedPost, ...]:
        """The repeated posts of an account, oldest first; those that have ended, too."""
        return await self._repeated.repeated_posts(user_id)

    async def change_repeated(self, series_id: str, draft: Draft, repeat: Repeat) -> RepeatedPost:
        """Repeats something else, or at other times, from now on.

        What is a scheduled post already is called off, and made anew if the new rule has its
        time. If it is too late to call it off, it goes out as it was.

        :raises InvalidRequestError: a draft that Meta would refuse.
        :raises MonitorError: all times of the rule are over.
        :raises PostStateError: there is no such repeated post, or it has ended.
        """
        return await self._repeated.change_repeated(series_id, draft, repeat)

    async def end_repeated(self, series_id: str) -> RepeatedPost:
        """Ends a repeated post: nothing more comes of it.

        What is a scheduled post already is called off as by :meth:`cancel`.

        :raises PostStateError: there is no such repeated post, or it has ended.
        """
        return await self._repeated.end_repeated(series_id)
