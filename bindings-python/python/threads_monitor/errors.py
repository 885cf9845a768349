"""What can go wrong, as one tree of exceptions under :class:`ThreadsError`.

No exception carries a URL, an access token or a response body.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Optional

if TYPE_CHECKING:
    from .planning import PlanWarning

__all__ = [
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AccountMismatchError",
    "AuthenticationError",
    "ContainerError",
    "ForkedProcessError",
    "InvalidParameterError",
    "InvalidRequestError",
    "MissingScopeError",
    "MonitorError",
    "NotConnectedError",
    "NotFoundError",
    "PageLimitError",
    "PermissionDeniedError",
    "PostStateError",
    "QueueFullError",
    "RateLimitError",
    "ServerError",
    "StoreError",
    "ThreadsError",
    "ThreadsInternalError",
    "ThrottledError",
    "TokenExpiredError",
    "WarnedError",
]


class ThreadsError(Exception):
    """Everything that this package raises about Threads, its stores or itself."""

    #: What went wrong, in one line.
    message: str
    #: Whether the same call may succeed if it is made again later.
    retryable: bool = False
    #: The container to ask about, where the failure concerns one.
    container_id: Optional[str] = None
    #: What helps, as one word: ``"retry_after"``, ``"recreate_container"``, ``"reauthorise"``,
    #: ``"ask_for_scope"``, ``"fix_media"``, ``"fix_request"``, ``"wait_for_quota"``,
    #: ``"check_before_retry"``, ``"set_up_app"``, ``"update_program"`` or ``"contact_meta"``.
    #: ``None`` where there is nothing to say. More words may come.
    action: Optional[str] = None
    #: The permission to ask for, where the action is to ask for one and Meta names it.
    scope: Optional[str] = None

    _english: Optional[str] = None
    _indonesian: Optional[str] = None

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    def advice(self, language: Literal["en", "id"] = "en") -> Optional[str]:
        """What happened and what to do, in plain words for the owner of the account.

        :param language: English or Indonesian.
        :returns: one or two sentences, or ``None`` where there is nothing to say.
        :raises ValueError: another language.
        """
        if language == "en":
            return self._english
        if language == "id":
            return self._indonesian
        raise ValueError("there is advice in `en` and `id` only")


class APIStatusError(ThreadsError):
    """Meta answered, and the answer is an error."""

    #: The HTTP status.
    status: int = 0
    #: The Graph error code.
    code: Optional[int] = None
    #: The Graph error subcode.
    subcode: Optional[int] = None
    #: The id to give to Meta's support.
    trace_id: Optional[str] = None


class AuthenticationError(APIStatusError):
    """The access token is missing, wrong, expired or withdrawn (codes 190, 102)."""


class PermissionDeniedError(APIStatusError):
    """The token lacks a permission (codes 10, 200 to 299)."""


class RateLimitError(APIStatusError):
    """Too many calls (codes 4, 17, 32, 613, or status 429)."""

    #: How long to wait, if Meta said so.
    retry_after: Optional[timedelta] = None


class NotFoundError(APIStatusError):
    """There is no such object, or the token may not see it."""


class ServerError(APIStatusError):
    """A failure on Meta's side that may pass (codes 1, 2, or status 5xx)."""


class InvalidRequestError(ThreadsError, ValueError):
    """A request that cannot work; raised before anything is sent."""

    #: The offending field, if it is one.
    field: Optional[str] = None
    #: The part of a chain that it is about, counted from 1, if it is about one.
    part: Optional[int] = None


class InvalidParameterError(APIStatusError, InvalidRequestError):
    """Meta refused a parameter (code 100); raised after the request was sent."""


class APIConnectionError(ThreadsError):
    """No answer: the connection failed or broke off."""


class APITimeoutError(APIConnectionError):
    """No answer in time. What was asked for may have happened all the same."""


class ThrottledError(ThreadsError):
    """A call that was held back here, to keep to Meta's limits or while Meta fails.

    Nothing was sent, so the call may be made again after ``retry_after``.
    """

    #: Why: ``"usage"`` (the call limit is nearly used up), ``"asked"`` (Meta asked to wait),
    #: ``"quota"`` (used up by the client's own count), ``"outage"`` (Meta fails to answer).
    reason: str = ""
    #: When it is worth trying again.
    retry_after: Optional[timedelta] = None


class APIResponseError(ThreadsError):
    """An answer that cannot be understood."""


class ContainerError(ThreadsError):
    """A container that will not become a post, or is not ready in time."""

    #: What Meta says of it: ``"ERROR"``, ``"EXPIRED"``, ``"IN_PROGRESS"``.
    container_status: str = ""


class PageLimitError(ThreadsError):
    """A listing was stopped after very many pages, with more to come."""


class StoreError(ThreadsError):
    """A store failed: locked, damaged, out of space, or at an unknown address."""


class MonitorError(ThreadsError):
    """An operation of the monitor that cannot be carried out."""


class NotConnectedError(MonitorError):
    """The account is not connected here."""


class TokenExpiredError(MonitorError):
    """The account's token is dead: a person has to connect the account again."""


class MissingScopeError(MonitorError):
    """The account did not grant what this needs: connect it again, and ask for ``.scope``."""


class AccountMismatchError(MonitorError):
    """Another account granted the token than the one that was expected."""


class PostStateError(MonitorError):
    """There is no such post, repeated post or draft, or it cannot be changed in this way."""


class QueueFullError(MonitorError):
    """The queue of the account has no free time within a year, or there is no queue."""


class WarnedError(MonitorError):
    """The post was not scheduled, because something speaks against it.

    It is, once it is scheduled without ``unless_warned``.
    """

    #: What speaks against it.
    warnings: tuple[PlanWarning, ...] = ()


class ThreadsInternalError(ThreadsError):
    """A defect of this package. Details are on standard error; please report them."""


class ForkedProcessError(ThreadsError):
    """The package was in use when the process forked, so it cannot be used in the child.

    Start child processes with the ``spawn`` or ``forkserver`` method, or make the
    first call of this package after the fork.
    """
