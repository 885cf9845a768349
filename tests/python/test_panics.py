"""A panic in the native half is an ordinary exception, at every entry point.

Builds for development have a failpoint; a release build has none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, time, timezone
from typing import Any

import pytest
from sandbox import Sandbox
from threads_monitor import PostingPlan, ThreadsClient, ThreadsInternalError, _native
from threads_monitor._native import (
    AccessToken,
    AppSecret,
    AuthorizationCode,
    AuthorizationResponse,
    CsrfState,
    Draft,
    Media,
    Repeat,
    Storage,
    TokenGrant,
)

panic_next: Callable[[str], None] | None = getattr(_native, "_panic_next", None)

pytestmark = pytest.mark.skipif(panic_next is None, reason="a release build has no failpoint")

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
JOB = "01970000-0000-7000-8000-000000000000"
MEDIA = "https://media.example/a.jpg"


def native_client() -> Any:
    return _native.Client(access_token="x", base_url="http://127.0.0.1:9/")


def native_oauth() -> Any:
    return _native.OAuthClient("1", "s", "https://app.example/c", "http://127.0.0.1:9/", None)


def native_monitor() -> Any:
    return _native.Monitor(Storage.open("memory:"), "http://127.0.0.1:9/")


DRAFT = Draft.text("x")
ITEM = Media.image(MEDIA)
GRANT = TokenGrant("x")
STORAGE = Storage.open("memory:")
MONITOR = native_monitor()
PLAN = PostingPlan("UTC")
NINE: Any = {"zone": "UTC", "times": [time(9)], "first": date(2031, 3, 1)}
RULE = Repeat.daily(**NINE)

#: How to make an instance of each class, and how to call each of its entry points.
ENTRIES: dict[str, tuple[Callable[[], Any], dict[str, Callable[[Any], Any]]]] = {
    "AccessToken": (
        lambda: AccessToken("x"),
        {
            "__new__": lambda _: AccessToken("x"),
            "__reduce__": lambda it: it.__reduce__(),
            "__repr__": repr,
            "expose": lambda it: it.expose(),
        },
    ),
    "AppSecret": (
        lambda: AppSecret("x"),
        {
            "__new__": lambda _: AppSecret("x"),
            "__reduce__": lambda it: it.__reduce__(),
            "__repr__": repr,
            "expose": lambda it: it.expose(),
        },
    ),
    "AuthorizationCode": (
        lambda: AuthorizationCode("x"),
        {
            "__new__": lambda _: AuthorizationCode("x"),
            "__reduce__": lambda it: it.__reduce__(),
            "__repr__": repr,
            "expose": lambda it: it.expose(),
        },
    ),
    "CsrfState": (
        lambda: CsrfState("x"),
        {
            "__new__": lambda _: CsrfState("x"),
            "__reduce__": lambda it: it.__reduce__(),
            "__repr__": repr,
            "expose": lambda it: it.expose(),
            "matches": lambda it: it.matches("y"),
        },
    ),
    "TokenGrant": (
        lambda: TokenGrant("x"),
        {
            "__new__": lambda _: TokenGrant("x"),
            "__reduce__": lambda it: it.__reduce__(),
            "__repr__": repr,
            "access_token": lambda it: it.access_token,
            "expires_in": lambda it: it.expires_in,
            "token_type": lambda it: it.token_type,
            "user_id": lambda it: it.user_id,
        },
    ),
    "AuthorizationResponse": (
        lambda: AuthorizationResponse.from_query("code=a&state=b"),
        {
            "__repr__": repr,
            "code_for": lambda it: it.code_for(CsrfState("b")),
            "error": lambda it: it.error,
            "from_query": lambda it: it.from_query("code=a&state=b"),
            "from_url": lambda it: it.from_url("https://a.example/?code=a&state=b"),
        },
    ),
    "Media": (
        lambda: Media.image(MEDIA),
        {
            "__repr__": repr,
            "alt_text": lambda it: it.alt_text,
            "image": lambda it: it.image(MEDIA),
            "kind": lambda it: it.kind,
            "url": lambda it: it.url,
            "video": lambda it: it.video(MEDIA),
        },
    ),
    "Draft": (
        lambda: Draft.text("x"),
        {
            "__reduce__": lambda it: it.__reduce__(),
            "__repr__": repr,
            "body": lambda it: it.body,
            "carousel": lambda it: it.carousel([Media.image(MEDIA), Media.image(MEDIA)]),
            "from_dict": lambda it: it.from_dict({"content": "text", "text": "x"}),
            "ghost_post": lambda it: it.ghost_post("x"),
            "gif": lambda it: it.gif("x"),
            "image": lambda it: it.image(MEDIA),
            "media": lambda it: it.media,
            "poll": lambda it: it.poll("x", ["a", "b"]),
            "text": lambda it: it.text("x"),
            "text_attachment": lambda it: it.text_attachment("x"),
            "to_dict": lambda it: it.to_dict(),
            "unfinished": lambda it: it.unfinished({}),
            "video": lambda it: it.video(MEDIA),
            "warnings": lambda it: it.warnings,
        },
    ),
    "Storage": (
        lambda: Storage.open("memory:"),
        {
            "__repr__": repr,
            "open": lambda it: it.open("memory:"),
            "open_async": lambda it: it.open_async("memory:"),
        },
    ),
    "Call": (
        lambda: native_client().profile(),
        {
            "__await__": lambda it: it.__await__(),
            "wait": lambda it: it.wait(),
        },
    ),
    "Stream": (
        lambda: native_client().post_stream(None, None, None, None),
        {"next": lambda it: it.next()},
    ),
    "Client": (
        native_client,
        {
            "__new__": lambda _: native_client(),
            "__repr__": repr,
            "account_insights": lambda it: it.account_insights(["views"], None, None, None),
            "background": lambda it: it.background(),
            "close": lambda it: it.close(),
            "container": lambda it: it.container("1"),
            "create_carousel": lambda it: it.create_carousel(DRAFT, ["1", "2"]),
            "create_child": lambda it: it.create_child(ITEM),
            "create_container": lambda it: it.create_container(DRAFT),
            "lookup_profile": lambda it: it.lookup_profile("x"),
            "pace": lambda it: it.pace(),
            "post": lambda it: it.post("1"),
            "post_insights": lambda it: it.post_insights("1", ["views"]),
            "post_stream": lambda it: it.post_stream(None, None, None, None),
            "posts": lambda it: it.posts(None, None, None, None),
            "profile": lambda it: it.profile(),
            "auto_publish_text": lambda it: it.auto_publish_text(DRAFT),
            "repost": lambda it: it.repost("1"),
            "publish": lambda it: it.publish(DRAFT),
            "publish_container": lambda it: it.publish_container("1"),
            "publishing_quota": lambda it: it.publishing_quota(),
            "refresh_access_token": lambda it: it.refresh_access_token(),
            "reply_quota": lambda it: it.reply_quota(),
            "usage": lambda it: it.usage(),
            "wait_until_finished": lambda it: it.wait_until_finished("1", None),
            "with_access_token": lambda it: it.with_access_token("y"),
        },
    ),
    "OAuthClient": (
        native_oauth,
        {
            "__new__": lambda _: native_oauth(),
            "__repr__": repr,
            "app_token": lambda it: it.app_token(),
            "authorize_url": lambda it: it.authorize_url(["threads_basic"]),
            "debug_token": lambda it: it.debug_token("x", "y"),
            "exchange_code": lambda it: it.exchange_code("x"),
            "exchange_long_lived": lambda it: it.exchange_long_lived("x"),
            "refresh": lambda it: it.refresh("x"),
        },
    ),
    "Chains": (
        lambda: _native.Chains(native_monitor()),
        {
            "__new__": lambda _: _native.Chains(MONITOR),
            "cancel_part": lambda it: it.cancel_part(JOB, 0),
            "decide_chain": lambda it: it.decide_chain(JOB, "discard"),
            "finish_chain": lambda it: it.finish_chain(JOB, "below", NOW, None),
            "schedule_chain": lambda it: it.schedule_chain(
                "1", [DRAFT, DRAFT], NOW, None, None, None, False
            ),
        },
    ),
    "Repeat": (
        lambda: Repeat.daily(**NINE),
        {
            "__reduce__": lambda it: it.__reduce__(),
            "__repr__": repr,
            "count": lambda it: it.count,
            "daily": lambda it: it.daily(**NINE),
            "day": lambda it: it.day,
            "days": lambda it: it.days,
            "every": lambda it: it.every,
            "first": lambda it: it.first,
            "from_dict": lambda it: it.from_dict({}),
            "interval": lambda it: it.interval,
            "last": lambda it: it.last,
            "monthly": lambda it: it.monthly(1, **NINE),
            "occurrences": lambda it: it.occurrences(limit=1),
            "short": lambda it: it.short,
            "times": lambda it: it.times,
            "to_dict": lambda it: it.to_dict(),
            "weekly": lambda it: it.weekly(["monday"], **NINE),
            "zone": lambda it: it.zone,
        },
    ),
    "RepeatedPosts": (
        lambda: _native.RepeatedPosts(native_monitor()),
        {
            "__new__": lambda _: _native.RepeatedPosts(MONITOR),
            "change_repeated": lambda it: it.change_repeated(JOB, DRAFT, RULE),
            "end_repeated": lambda it: it.end_repeated(JOB),
            "repeat": lambda it: it.repeat("1", DRAFT, RULE, None, None),
            "repeated": lambda it: it.repeated(JOB),
            "repeated_posts": lambda it: it.repeated_posts("1"),
        },
    ),
    "Queue": (
        lambda: _native.Queue(native_monitor()),
        {
            "__new__": lambda _: _native.Queue(MONITOR),
            "plan_warnings": lambda it: it.plan_warnings("1", DRAFT, NOW, None, None),
            "posting_plan": lambda it: it.posting_plan("1"),
            "queue_times": lambda it: it.queue_times("1", 1),
            "set_posting_plan": lambda it: it.set_posting_plan("1", PLAN),
        },
    ),
    "Drafts": (
        lambda: _native.Drafts(native_monitor()),
        {
            "__new__": lambda _: _native.Drafts(MONITOR),
            "approve_draft": lambda it: it.approve_draft(JOB, 0, "x"),
            "ask_approval": lambda it: it.ask_approval(JOB, 0, "x"),
            "change_draft": lambda it: it.change_draft(JOB, DRAFT, 0, None, None, None),
            "discard_draft": lambda it: it.discard_draft(JOB),
            "draft": lambda it: it.draft(JOB),
            "drafts": lambda it: it.drafts("1"),
            "keep_draft": lambda it: it.keep_draft("1", DRAFT, None, None, None, None),
            "reject_draft": lambda it: it.reject_draft(JOB, 0, "x", "y"),
            "schedule_draft": lambda it: it.schedule_draft(JOB, 0),
        },
    ),
    "Tables": (
        lambda: _native.Tables(native_monitor()),
        {
            "__new__": lambda _: _native.Tables(MONITOR),
            "export_posts": lambda it: it.export_posts("1", "UTC"),
            "import_posts": lambda it: it.import_posts("1", "", "UTC", "dry_run", False),
        },
    ),
    "Monitor": (
        native_monitor,
        {
            "__new__": lambda _: _native.Monitor(STORAGE, None),
            "__repr__": repr,
            "account": lambda it: it.account("1"),
            "accounts": lambda it: it.accounts(),
            "cancel": lambda it: it.cancel(JOB),
            "collect_now": lambda it: it.collect_now("1"),
            "connect": lambda it: it.connect(GRANT, ["threads_basic"], None),
            "decide": lambda it: it.decide(JOB, "discard"),
            "disconnect": lambda it: it.disconnect("1"),
            "recent_posts": lambda it: it.recent_posts("1", 1),
            "run_due_once": lambda it: it.run_due_once(),
            "run_job": lambda it: it.run_job(JOB),
            "schedule": lambda it: it.schedule("1", DRAFT, NOW, None, None, None, False),
            "scheduled": lambda it: it.scheduled(JOB),
            "scheduled_posts": lambda it: it.scheduled_posts("1"),
            "series": lambda it: it.series("1", "views", NOW, NOW, None),
            "set_zone": lambda it: it.set_zone("1", "UTC"),
            "shutdown": lambda it: it.shutdown(),
            "start": lambda it: it.start(),
        },
    ),
}

#: Entry points that PyO3 makes by itself, out of code that cannot panic.
GENERATED = {"__class_getitem__", "__eq__", "__ge__", "__gt__", "__le__", "__lt__", "__ne__"}


def entry_points(kind: type) -> set[str]:
    names = {name for name in vars(kind) if not name.startswith("__")}
    return names | ({"__repr__", "__await__", "__reduce__"} & vars(kind).keys())


def test_the_list_of_entry_points_is_complete() -> None:
    classes = {
        name: kind
        for name, kind in vars(_native).items()
        if isinstance(kind, type) and not name.startswith("_")
    }

    assert classes.keys() == ENTRIES.keys()
    for name, kind in classes.items():
        listed = set(ENTRIES[name][1])
        # A class without a constructor has the `__new__` of PyO3 that refuses.
        assert entry_points(kind) == listed - {"__new__"}, name
        unknown = {
            special
            for special in vars(kind)
            if special.startswith("__") and callable(vars(kind)[special])
        }
        assert unknown <= listed | GENERATED | {"__new__"}, name


@pytest.mark.parametrize(
    ("kind", "entry"),
    [(kind, entry) for kind, (_, calls) in ENTRIES.items() for entry in calls],
)
def test_a_panic_at_an_entry_point_is_an_ordinary_exception(kind: str, entry: str) -> None:
    assert panic_next is not None
    make, calls = ENTRIES[kind]
    instance = make()

    panic_next("entry")
    with pytest.raises(ThreadsInternalError) as caught:
        calls[entry](instance)

    assert isinstance(caught.value, Exception)
    assert "failpoint" not in str(caught.value)
    # The next call works.
    assert repr(AccessToken("x")) == "AccessToken([redacted])"


@pytest.mark.parametrize("place", ["task", "reply"])
def test_a_panic_while_working_is_an_ordinary_exception(sandbox: Sandbox, place: str) -> None:
    assert panic_next is not None
    client = _native.Client(access_token=sandbox.token(), base_url=sandbox.url)

    async def await_it() -> Any:
        return await client.profile()

    for work in (lambda: client.profile().wait(), lambda: asyncio.run(await_it())):
        panic_next(place)
        with pytest.raises(ThreadsInternalError):
            work()
        assert work().username == "kedai.senja"


def test_no_panic_exception_is_in_sight() -> None:
    assert panic_next is not None
    panic_next("entry")

    with pytest.raises(BaseException, match="defect") as caught:
        ThreadsClient()

    # A panic of PyO3 would be a BaseException, and no Exception.
    assert type(caught.value) is ThreadsInternalError
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
