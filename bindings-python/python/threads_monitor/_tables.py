"""Many posts from a table, and the plan as one, in both faces."""

from __future__ import annotations

from typing import Union

from ._native import Tables as NativeTables
from .names import BulkMode
from .planning import BulkReport

__all__ = ["AsyncTables", "Tables"]


class Tables:
    """The part of a monitor that is about tables of posts."""

    _tables: NativeTables

    def import_posts(
        self,
        user_id: str,
        table: Union[bytes, str],
        *,
        zone: str,
        mode: BulkMode = "dry_run",
        accept_warnings: bool = False,
    ) -> BulkReport:
        """Schedules the rows of a CSV file, or says what would become of them.

        The columns, in any order, are ``date`` (``2026-11-24``) and ``time`` (``19:30``), at
        least one of ``text`` and ``media`` (addresses with spaces between them), and as
        wanted ``zone``, ``alt_text``, ``topic`` and ``key``; an export has ``post``,
        ``state`` and ``complete`` as well. A row is one post by its ``key``, or by what it
        says: the same file twice schedules nothing twice. If a store fails on the way, the
        same file once more does the rest.

        :param table: the bytes of the file, which are UTF-8, or its text; 5000 rows at most.
        :param zone: the IANA time zone of rows that name none.
        :param mode: only say what would be, which is what happens unless another is asked
            for; schedule all rows, or none if one has a problem; or schedule every row
            without one.
        :param accept_warnings: schedule rows that something speaks against, too.
        :returns: what became of each row. A row with a problem is no exception.
        :raises InvalidRequestError: the file is no table of posts, or an unknown zone.
        :raises NotConnectedError: the account is not connected.
        """
        return self._tables.import_posts(user_id, table, zone, mode, accept_warnings).wait()

    def export_posts(self, user_id: str, *, zone: str) -> str:
        """The posts of an account that are still to come, as CSV for :meth:`import_posts`.

        The next due is first. Taken back where it comes from, it changes nothing. What a
        table has no column for, as a poll, is not in it; its ``complete`` is ``no`` then,
        and it is taken by no other account. The text begins with a byte order mark, and its
        lines end as CSV has it: write it with ``encoding="utf-8", newline=""``.

        :param zone: the IANA time zone for posts that were scheduled without one.
        """
        return self._tables.export_posts(user_id, zone).wait()


class AsyncTables:
    """The part of a monitor that is about tables of posts, inside asyncio."""

    _tables: NativeTables

    async def import_posts(
        self,
        user_id: str,
        table: Union[bytes, str],
        *,
        zone: str,
        mode: BulkMode = "dry_run",
        accept_warnings: bool = False,
    ) -> BulkReport:
        """Schedules the rows of a CSV file, or says what would become of them.

        The columns, in any order, are ``date`` (``2026-11-24``) and ``time`` (``19:30``), at
        least one of ``text`` and ``media`` (addresses with spaces between them), and as
        wanted ``zone``, ``alt_text``, ``topic`` and ``key``; an export has ``post``,
        ``state`` and ``complete`` as well. A row is one post by its ``key``, or by what it
        says: the same file twice schedules nothing twice. If a store fails on the way, the
        same file once more does the rest.

        :param table: the bytes of the file, which are UTF-8, or its text; 5000 rows at most.
        :param zone: the IANA time zone of rows that name none.
        :param mode: only say what would be, which is what happens unless another is asked
            for; schedule all rows, or none if one has a problem; or schedule every row
            without one.
        :param accept_warnings: schedule rows that something speaks against, too.
        :returns: what became of each row. A row with a problem is no exception.
        :raises InvalidRequestError: the file is no table of posts, or an unknown zone.
        :raises NotConnectedError: the account is not connected.
        """
        return await self._tables.import_posts(user_id, table, zone, mode, accept_warnings)

    async def export_posts(self, user_id: str, *, zone: str) -> str:
        """The posts of an account that are still to come, as CSV for :meth:`import_posts`.

        The next due is first. Taken back where it comes from, it changes nothing. What a
        table has no column for, as a poll, is not in it; its ``complete`` is ``no`` then,
        and it is taken by no other account. The text begins with a byte order mark, and its
        lines end as CSV has it: write it with ``encoding="utf-8", newline=""``.

        :param zone: the IANA time zone for posts that were scheduled without one.
        """
        return await self._tables.export_posts(user_id, zone)
