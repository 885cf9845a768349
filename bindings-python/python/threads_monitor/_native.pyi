"""The native half of the package: what is made in Rust.

``Call``, ``Chains``, ``Client``, ``Drafts``, ``Monitor``, ``OAuthClient``, ``Queue``,
``RepeatedPosts``, ``Stream`` and ``Tables`` are private: the classes of ``threads_monitor``
are made of them.
"""

from collections.abc import Awaitable, Generator, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from os import PathLike
from types import GenericAlias
from typing import Any, Generic, Literal, TypeVar, final

from .accounts import AccountSummary, Erased, PostSummary, ScheduledPost
from .measurements import Point
from .models import (
    AppUsage,
    Container,
    Insights,
    Pace,
    Post,
    Profile,
    PublicProfile,
    PublishingQuota,
    TokenInfo,
)
from .names import InstagramShare, ReplyControl, ShortMonth, Styling, Weekday
from .planning import (
    BulkReport,
    KeptDraft,
    Occurrence,
    PlanWarning,
    PostingPlan,
    QueueTime,
    RepeatedPost,
)

__all__ = [
    "AccessToken",
    "AppSecret",
    "AuthorizationCode",
    "AuthorizationResponse",
    "Call",
    "Chains",
    "Client",
    "CsrfState",
    "Draft",
    "Drafts",
    "Media",
    "Monitor",
    "OAuthClient",
    "Queue",
    "Repeat",
    "RepeatedPosts",
    "Storage",
    "Stream",
    "Tables",
    "TokenGrant",
]

_T = TypeVar("_T")

@final
class Call(Generic[_T]):
    """An operation that was not started yet.

    Start it once: with ``wait()``, which blocks, or with ``await``, inside asyncio.
    """

    def wait(self) -> _T:
        """Runs the operation and waits for its outcome. Other threads go on meanwhile."""

    def __await__(self) -> Generator[Any, None, _T]: ...
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...

@final
class Stream(Generic[_T]):
    """All posts from some place on; pages are read when they are needed."""

    def next(self) -> Call[_T | None]:
        """The next post, or ``None`` at the end."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...

@final
class AccessToken:
    """An access token, short-lived or long-lived.

    Its ``repr`` is a placeholder, it has no ``==``, and it cannot be pickled.
    """

    def __new__(cls, text: str) -> AccessToken: ...
    def expose(self) -> str:
        """The secret itself; keep it out of logs, errors and addresses."""

@final
class AppSecret:
    """The secret of the Threads app (not of the Meta app around it).

    Its ``repr`` is a placeholder, it has no ``==``, and it cannot be pickled.
    """

    def __new__(cls, text: str) -> AppSecret: ...
    def expose(self) -> str:
        """The secret itself; keep it out of logs, errors and addresses."""

@final
class AuthorizationCode:
    """The one-time code of an authorization redirect; it lives one hour.

    Its ``repr`` is a placeholder, it has no ``==``, and it cannot be pickled.
    """

    def __new__(cls, text: str) -> AuthorizationCode: ...
    def expose(self) -> str:
        """The secret itself; keep it out of logs, errors and addresses."""

@final
class CsrfState:
    """The random value that ties a redirect to the session that started it.

    Its ``repr`` is a placeholder, it has no ``==``, and it cannot be pickled.
    """

    def __new__(cls, stored: str) -> CsrfState:
        """A state that was kept with a session."""

    def expose(self) -> str:
        """The state itself, to keep it with a session."""

    def matches(self, other: str) -> bool:
        """Whether another state is the same one; takes equally long for all of one length."""

@final
class AuthorizationResponse:
    """What the browser brings back from the authorization page."""

    @staticmethod
    def from_url(url: str) -> AuthorizationResponse:
        """Reads the whole address of the redirect.

        :raises InvalidRequestError: neither an error nor both a code and a state, or one
            of them twice.
        """

    @staticmethod
    def from_query(query: str) -> AuthorizationResponse:
        """Reads the query of the redirect, with or without the leading ``?``.

        :raises InvalidRequestError: neither an error nor both a code and a state, or one
            of them twice.
        """

    @property
    def error(self) -> str | None:
        """Such as ``"access_denied"``, if the user, or Meta, refused."""

    def code_for(self, expected: CsrfState) -> AuthorizationCode:
        """The code, if the user agreed and the state is the expected one.

        :raises InvalidRequestError: the state differs, which means that somebody else
            started this login; or the user refused.
        """

@final
class TokenGrant:
    """A token as Meta hands it out. It cannot be pickled."""

    def __new__(
        cls,
        access_token: str | AccessToken,
        *,
        expires_in: timedelta | None = None,
        token_type: str | None = None,
        user_id: str | None = None,
    ) -> TokenGrant:
        """A token that comes from elsewhere, such as from Meta's token generator."""

    @property
    def access_token(self) -> AccessToken:
        """The token."""

    @property
    def expires_in(self) -> timedelta | None:
        """How long it lives from the moment of the answer, where Meta says so."""

    @property
    def token_type(self) -> str | None:
        """Usually ``"bearer"``; older answers lack it."""

    @property
    def user_id(self) -> str | None:
        """Whose token it is; only the exchange of a code tells."""

@final
class Media:
    """An image or a video that Meta will fetch from a public address."""

    @staticmethod
    def image(url: str, *, alt_text: str | None = None) -> Media:
        """An image: JPEG or PNG, up to 8 MB."""

    @staticmethod
    def video(url: str, *, alt_text: str | None = None) -> Media:
        """A video: MP4 or MOV, up to 1 GB and five minutes."""

    @property
    def kind(self) -> Literal["image", "video"]:
        """Which of the two."""

    @property
    def url(self) -> str:
        """Where Meta fetches it."""

    @property
    def alt_text(self) -> str | None:
        """Description for people who do not see it."""

    def __eq__(self, other: object, /) -> bool: ...

@final
class Draft:
    """A post to be published.

    It is checked when it is made, other than by :meth:`unfinished`:
    :class:`InvalidRequestError` names the field and the rule that Meta would refuse it for.
    """

    @staticmethod
    def text(
        text: str,
        *,
        link_attachment: str | None = None,
        topic_tag: str | None = None,
        reply_control: ReplyControl | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        location: str | None = None,
        countries: Iterable[str] = (),
        spoilers: Iterable[tuple[int, int]] = (),
        enable_reply_approvals: bool = False,
        share_to_instagram: InstagramShare | None = None,
    ) -> Draft:
        """A text post.

        :param text: up to 500 characters.
        :param link_attachment: link to show as a card.
        :param topic_tag: topic of 1 to 50 characters, without ``#``.
        :param reply_control: who may reply.
        :param reply_to: id of the post that this one replies to.
        :param quote: id of the post that this one quotes.
        :param location: id of the place to tag.
        :param countries: where the post is shown (ISO 3166-1 alpha-2); everywhere if empty.
        :param spoilers: parts of the text to blur, each an offset and a length; up to ten.
            Meta does not say in what it counts: certain for ASCII only.
        :param enable_reply_approvals: whether replies wait for the author's approval.
        :param share_to_instagram: whether, and in which look, it goes to the author's
            Instagram story, too.
        """

    @staticmethod
    def poll(
        question: str,
        choices: Iterable[str],
        *,
        topic_tag: str | None = None,
        reply_control: ReplyControl | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        location: str | None = None,
        countries: Iterable[str] = (),
        spoilers: Iterable[tuple[int, int]] = (),
        enable_reply_approvals: bool = False,
        share_to_instagram: InstagramShare | None = None,
    ) -> Draft:
        """A poll.

        :param question: the text of the post.
        :param choices: two to four of 1 to 25 characters.

        The other options are those of :meth:`text`.
        """

    @staticmethod
    def gif(
        gif_id: str,
        *,
        text: str | None = None,
        link_attachment: str | None = None,
        topic_tag: str | None = None,
        reply_control: ReplyControl | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        location: str | None = None,
        countries: Iterable[str] = (),
        spoilers: Iterable[tuple[int, int]] = (),
        enable_reply_approvals: bool = False,
        share_to_instagram: InstagramShare | None = None,
    ) -> Draft:
        """A post of one GIF, named by its id at GIPHY.

        The other options are those of :meth:`text`.
        """

    @staticmethod
    def text_attachment(
        plaintext: str,
        *,
        text: str | None = None,
        styles: Iterable[tuple[int, int, Iterable[Styling]]] = (),
        link_attachment_url: str | None = None,
        link_attachment: str | None = None,
        topic_tag: str | None = None,
        reply_control: ReplyControl | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        location: str | None = None,
        countries: Iterable[str] = (),
        spoilers: Iterable[tuple[int, int]] = (),
        enable_reply_approvals: bool = False,
        share_to_instagram: InstagramShare | None = None,
    ) -> Draft:
        """A post with a longer text attached.

        :param plaintext: up to 10,000 characters.
        :param text: the text of the post itself.
        :param styles: parts of ``plaintext``, each an offset, a length and how it looks.
        :param link_attachment_url: link to show below ``plaintext``.

        The other options are those of :meth:`text`.
        """

    @staticmethod
    def ghost_post(
        text: str,
        *,
        topic_tag: str | None = None,
        reply_control: ReplyControl | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        location: str | None = None,
        countries: Iterable[str] = (),
        spoilers: Iterable[tuple[int, int]] = (),
        enable_reply_approvals: bool = False,
        share_to_instagram: InstagramShare | None = None,
    ) -> Draft:
        """A text that is archived after 24 hours.

        It takes spoilers; most other options of :meth:`text` are refused. It cannot be
        scheduled, because a lost answer could not be checked.
        """

    @staticmethod
    def image(
        url: str,
        *,
        text: str | None = None,
        alt_text: str | None = None,
        is_spoiler_media: bool = False,
        topic_tag: str | None = None,
        reply_control: ReplyControl | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        location: str | None = None,
        countries: Iterable[str] = (),
        spoilers: Iterable[tuple[int, int]] = (),
        enable_reply_approvals: bool = False,
        share_to_instagram: InstagramShare | None = None,
    ) -> Draft:
        """A post of one image, which Meta will fetch from a public address.

        :param text: the caption, up to 500 characters.
        :param alt_text: description for people who do not see it.
        :param is_spoiler_media: whether to blur it until it is tapped.

        The other options are those of :meth:`text`.
        """

    @staticmethod
    def video(
        url: str,
        *,
        text: str | None = None,
        alt_text: str | None = None,
        is_spoiler_media: bool = False,
        topic_tag: str | None = None,
        reply_control: ReplyControl | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        location: str | None = None,
        countries: Iterable[str] = (),
        spoilers: Iterable[tuple[int, int]] = (),
        enable_reply_approvals: bool = False,
        share_to_instagram: InstagramShare | None = None,
    ) -> Draft:
        """A post of one video; the options are those of :meth:`image`."""

    @staticmethod
    def carousel(
        media: Sequence[Media],
        *,
        text: str | None = None,
        is_spoiler_media: bool = False,
        topic_tag: str | None = None,
        reply_control: ReplyControl | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        location: str | None = None,
        countries: Iterable[str] = (),
        spoilers: Iterable[tuple[int, int]] = (),
        enable_reply_approvals: bool = False,
        share_to_instagram: InstagramShare | None = None,
    ) -> Draft:
        """A post of two to twenty images and videos.

        Each has its own description; the other options are those of :meth:`image`.
        """

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Draft:
        """The draft that :meth:`to_dict` gave.

        :raises InvalidRequestError: not a draft, or one that Meta would refuse.
        """

    @staticmethod
    def unfinished(values: dict[str, Any]) -> Draft:
        """The same of a draft that need not be fit to be published yet.

        It can be kept (:meth:`Monitor.keep_draft`). What schedules or publishes it refuses
        it as long as Meta would.

        :raises InvalidRequestError: not a draft.
        """

    def to_dict(self) -> dict[str, Any]:
        """The draft as plain values, ready for ``json.dumps``."""

    @property
    def body(self) -> str | None:
        """The text, or the caption of media."""

    @property
    def media(self) -> tuple[Media, ...]:
        """Its images and videos, in order."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What Meta may or may not refuse, in words."""

    def __eq__(self, other: object, /) -> bool: ...

@final
class Repeat:
    """When a post is repeated, on the walls of a time zone.

    It is checked when it is made: :class:`InvalidRequestError` says what makes no sense.

    09:00 stays 09:00 when the clocks change. A time that they skip becomes the first minute
    after it, and one that comes twice means the first.
    """

    @staticmethod
    def daily(
        *,
        zone: str,
        times: Iterable[time],
        first: date,
        interval: int = 1,
        last: date | None = None,
        count: int | None = None,
    ) -> Repeat:
        """Every day, or every so many days.

        :param zone: the IANA time zone on whose walls the times are.
        :param times: 1 to 24 times of the day: whole minutes, without a time zone.
        :param first: the first day that it may be on.
        :param interval: every how many days, up to 1000; 1 leaves none out.
        :param last: the last day that it may be on; it does not end if not given.
        :param count: how many occurrences there are at most, counted from the first day on.
        """

    @staticmethod
    def weekly(
        days: Iterable[Weekday],
        *,
        zone: str,
        times: Iterable[time],
        first: date,
        interval: int = 1,
        last: date | None = None,
        count: int | None = None,
    ) -> Repeat:
        """On these days of the week, in every week or every so many weeks.

        Weeks begin on Monday, and the first is that of ``first``. The other options are
        those of :meth:`daily`.
        """

    @staticmethod
    def monthly(
        day: int,
        *,
        zone: str,
        times: Iterable[time],
        first: date,
        short: ShortMonth = "last_day",
        interval: int = 1,
        last: date | None = None,
        count: int | None = None,
    ) -> Repeat:
        """On this day of the month, in every month or every so many months.

        :param day: from 1 to 31.
        :param short: what becomes of it in months that have no such day.

        The other options are those of :meth:`daily`.
        """

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Repeat:
        """The rule that :meth:`to_dict` gave.

        :raises InvalidRequestError: not a rule, or one that makes no sense.
        """

    def to_dict(self) -> dict[str, Any]:
        """The rule as plain values, ready for ``json.dumps``."""

    def occurrences(
        self, *, after: datetime | None = None, limit: int = 10
    ) -> tuple[Occurrence, ...]:
        """The times of this rule, in order.

        :param after: only those later than this instant, an aware datetime.
        :param limit: how many at most. No rule goes on after the year 2200.
        """

    @property
    def zone(self) -> str:
        """The IANA time zone on whose walls the times are."""

    @property
    def every(self) -> Literal["day", "week", "month"]:
        """In what it counts."""

    @property
    def days(self) -> tuple[Weekday, ...]:
        """The days of the week; none unless it is weekly."""

    @property
    def day(self) -> int | None:
        """The day of the month, if it is monthly."""

    @property
    def short(self) -> ShortMonth | None:
        """What becomes of that day in shorter months, if it is monthly."""

    @property
    def interval(self) -> int:
        """Every how many days, weeks or months."""

    @property
    def times(self) -> tuple[time, ...]:
        """At which times of these days."""

    @property
    def first(self) -> date:
        """The first day that it may be on."""

    @property
    def last(self) -> date | None:
        """The last day that it may be on."""

    @property
    def count(self) -> int | None:
        """How many occurrences there are at most."""

    def __eq__(self, other: object, /) -> bool: ...

@final
class Storage:
    """The three stores that a monitor works on: tokens, jobs and history.

    They are closed when nothing refers to them any more, a monitor included.
    """

    @staticmethod
    def open(address: str, *, key_file: str | PathLike[str] | None = None) -> Storage:
        """Opens the stores at an address.

        ``"sqlite:./data/threads.db"`` is one file, for many processes of one machine;
        ``"postgres://USER:PASSWORD@HOST/DATABASE"`` is a server, for many machines;
        ``"file:./data"`` is one directory, for one process at a time; ``"memory:"`` is
        gone with the process.

        :param key_file: The file with the keys that seal the access tokens, made where it
            is missing and no token is sealed yet. Keep a copy of it, apart from copies of
            the data: without it every account has to be connected again. ``None`` stores
            tokens as they are.
        :raises StoreError: another address, a directory that cannot be written or is in
            use, damaged data, or keys that do not open the tokens.
        """

    @staticmethod
    def open_async(
        address: str, *, key_file: str | PathLike[str] | None = None
    ) -> Awaitable[Storage]:
        """Opens the stores at an address, inside asyncio; see :meth:`open`."""

@final
class Client:
    """The client beneath ``ThreadsClient`` and ``AsyncThreadsClient``."""

    def __new__(
        cls,
        *,
        access_token: str | AccessToken | None = None,
        base_url: str | None = None,
        timeout: timedelta | None = None,
        attempts: int | None = None,
        token_placement: str = "header",
        user_agent: str | None = None,
    ) -> Client: ...
    def with_access_token(self, access_token: str | AccessToken) -> Client:
        """The same client for another account."""

    def close(self) -> None:
        """Gives up the connections."""

    def usage(self) -> AppUsage | None:
        """The latest use of the call limit that Meta reported."""

    def pace(self) -> Pace:
        """Own counts, what Meta has said, and what is still sent."""

    def background(self) -> Client:
        """The same client for reads that nobody waits for."""

    def refresh_access_token(self) -> Call[TokenGrant]: ...
    def profile(self) -> Call[Profile]: ...
    def lookup_profile(self, username: str) -> Call[PublicProfile]: ...
    def account_insights(
        self,
        metrics: Iterable[str],
        since: datetime | None,
        until: datetime | None,
        breakdown: str | None,
    ) -> Call[Insights]: ...
    def post_insights(self, post_id: str, metrics: Iterable[str]) -> Call[Insights]: ...
    def posts(
        self,
        limit: int | None,
        since: datetime | None,
        until: datetime | None,
        after: str | None,
    ) -> Call[tuple[tuple[Post, ...], str | None]]:
        """One page: its posts, and the cursor of the next."""

    def post_stream(
        self,
        limit: int | None,
        since: datetime | None,
        until: datetime | None,
        after: str | None,
    ) -> Stream[Post]:
        """All posts from a cursor on, one by one."""

    def post(self, post_id: str) -> Call[Post]: ...
    def publish(self, draft: Draft) -> Call[str]: ...
    def create_container(self, draft: Draft) -> Call[str]: ...
    def create_child(self, media: Media) -> Call[str]: ...
    def create_carousel(self, draft: Draft, children: Iterable[str]) -> Call[str]: ...
    def container(self, container_id: str) -> Call[Container]: ...
    def wait_until_finished(
        self, container_id: str, give_up_after: timedelta | None
    ) -> Call[Container]: ...
    def publish_container(self, container_id: str) -> Call[str]: ...
    def auto_publish_text(self, draft: Draft) -> Call[str]: ...
    def repost(self, post_id: str) -> Call[str]: ...
    def publishing_quota(self) -> Call[PublishingQuota]: ...
    def reply_quota(self) -> Call[PublishingQuota]: ...

@final
class OAuthClient:
    """The client beneath ``OAuthClient`` and ``AsyncOAuthClient`` of the package."""

    def __new__(
        cls,
        app_id: str,
        app_secret: str | AppSecret,
        redirect_uri: str,
        base_url: str | None,
        authorize_base: str | None,
    ) -> OAuthClient: ...
    def authorize_url(self, scopes: Iterable[str]) -> tuple[str, CsrfState]:
        """The page where a user grants scopes, and the state that must come back from it."""

    def exchange_code(self, code: str | AuthorizationCode) -> Call[TokenGrant]: ...
    def exchange_long_lived(self, short_lived: str | AccessToken) -> Call[TokenGrant]: ...
    def refresh(self, long_lived: str | AccessToken) -> Call[TokenGrant]: ...
    def app_token(self) -> Call[AccessToken]: ...
    def debug_token(
        self, token: str | AccessToken, caller: str | AccessToken
    ) -> Call[TokenInfo]: ...

@final
class Monitor:
    """The monitor beneath ``Monitor`` and ``AsyncMonitor`` of the package."""

    def __new__(cls, storage: Storage, base_url: str | None) -> Monitor: ...
    def connect(
        self, grant: TokenGrant, scopes: Iterable[str], expected: str | None
    ) -> Call[AccountSummary]: ...
    def disconnect(self, user_id: str) -> Call[Erased]: ...
    def accounts(self) -> Call[tuple[AccountSummary, ...]]: ...
    def account(self, user_id: str) -> Call[AccountSummary | None]: ...
    def set_zone(self, user_id: str, zone: str) -> Call[None]: ...
    def series(
        self,
        user_id: str,
        metric: str,
        since: datetime,
        until: datetime,
        post_id: str | None,
    ) -> Call[tuple[Point, ...]]: ...
    def recent_posts(self, user_id: str, limit: int) -> Call[tuple[PostSummary, ...]]: ...
    def collect_now(self, user_id: str) -> Call[dict[str, str | None]]: ...
    def schedule(
        self,
        user_id: str,
        draft: Draft,
        at: datetime | str,
        zone: str | None,
        idempotency_key: str | None,
        max_lateness: timedelta | None,
        unless_warned: bool,
    ) -> Call[ScheduledPost]: ...
    def scheduled(self, post_id: str) -> Call[ScheduledPost | None]: ...
    def scheduled_posts(self, user_id: str) -> Call[tuple[ScheduledPost, ...]]: ...
    def cancel(self, post_id: str) -> Call[ScheduledPost]: ...
    def decide(self, post_id: str, decision: str) -> Call[ScheduledPost]: ...
    def run_due_once(self) -> Call[int]: ...
    def run_job(self, job_id: str) -> Call[bool]: ...
    def start(self) -> None:
        """Runs in the background from now on, if it does not already."""

    def shutdown(self) -> Call[None]: ...

@final
class Chains:
    """What a monitor does with chains."""

    def __new__(cls, monitor: Monitor) -> Chains: ...
    def schedule_chain(
        self,
        user_id: str,
        parts: Sequence[Draft],
        at: datetime | str,
        zone: str | None,
        idempotency_key: str | None,
        max_lateness: timedelta | None,
        unless_warned: bool,
    ) -> Call[ScheduledPost]: ...
    def cancel_part(self, post_id: str, place: int) -> Call[ScheduledPost]: ...
    def decide_chain(self, post_id: str, decision: str) -> Call[ScheduledPost]: ...
    def finish_chain(
        self, post_id: str, place: str, at: datetime | str, zone: str | None
    ) -> Call[ScheduledPost]: ...

@final
class RepeatedPosts:
    """What a monitor does with repeated posts."""

    def __new__(cls, monitor: Monitor) -> RepeatedPosts: ...
    def repeat(
        self,
        user_id: str,
        draft: Draft,
        repeat: Repeat,
        idempotency_key: str | None,
        max_lateness: timedelta | None,
    ) -> Call[RepeatedPost]: ...
    def repeated(self, series_id: str) -> Call[RepeatedPost | None]: ...
    def repeated_posts(self, user_id: str) -> Call[tuple[RepeatedPost, ...]]: ...
    def change_repeated(
        self, series_id: str, draft: Draft, repeat: Repeat
    ) -> Call[RepeatedPost]: ...
    def end_repeated(self, series_id: str) -> Call[RepeatedPost]: ...

@final
class Queue:
    """What a monitor does with the queue of an account."""

    def __new__(cls, monitor: Monitor) -> Queue: ...
    def posting_plan(self, user_id: str) -> Call[PostingPlan]: ...
    def set_posting_plan(self, user_id: str, plan: PostingPlan) -> Call[None]: ...
    def queue_times(self, user_id: str, limit: int) -> Call[tuple[QueueTime, ...]]: ...
    def plan_warnings(
        self,
        user_id: str,
        draft: Draft,
        at: datetime | str,
        zone: str | None,
        idempotency_key: str | None,
    ) -> Call[tuple[PlanWarning, ...]]: ...

@final
class Drafts:
    """What a monitor does with drafts."""

    def __new__(cls, monitor: Monitor) -> Drafts: ...
    def keep_draft(
        self,
        user_id: str,
        draft: Draft,
        at: datetime | str | None,
        zone: str | None,
        max_lateness: timedelta | None,
        idempotency_key: str | None,
    ) -> Call[KeptDraft]: ...
    def draft(self, draft_id: str) -> Call[KeptDraft | None]: ...
    def drafts(self, user_id: str) -> Call[tuple[KeptDraft, ...]]: ...
    def change_draft(
        self,
        draft_id: str,
        draft: Draft,
        revision: int,
        at: datetime | str | None,
        zone: str | None,
        max_lateness: timedelta | None,
    ) -> Call[KeptDraft]: ...
    def discard_draft(self, draft_id: str) -> Call[KeptDraft]: ...
    def ask_approval(self, draft_id: str, revision: int, by: str) -> Call[KeptDraft]: ...
    def reject_draft(
        self, draft_id: str, revision: int, by: str, reason: str
    ) -> Call[KeptDraft]: ...
    def approve_draft(self, draft_id: str, revision: int, by: str) -> Call[ScheduledPost]: ...
    def schedule_draft(self, draft_id: str, revision: int) -> Call[ScheduledPost]: ...

@final
class Tables:
    """What a monitor does with tables of posts."""

    def __new__(cls, monitor: Monitor) -> Tables: ...
    def import_posts(
        self,
        user_id: str,
        table: bytes | str,
        zone: str,
        mode: str,
        accept_warnings: bool,
    ) -> Call[BulkReport]: ...
    def export_posts(self, user_id: str, zone: str) -> Call[str]: ...
