"""What type checkers see: this file is checked by mypy, and runs as well."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from datetime import time
from typing import Any, Optional

from sandbox import Sandbox
from threads_monitor import (
    AsyncMonitor,
    AsyncThreadsClient,
    BulkReport,
    ChainStatus,
    Draft,
    Insights,
    KeptDraft,
    Measured,
    Measurement,
    Monitor,
    NotMeasured,
    NotProvided,
    Occurrence,
    Page,
    Post,
    Profile,
    QueueTime,
    Repeat,
    RepeatedPost,
    ScheduledPost,
    Slot,
    ThreadsClient,
)
from typing_extensions import assert_type


def sync_types(client: ThreadsClient, monitor: Monitor, draft: Draft) -> None:
    assert_type(client.profile.get(), Profile)
    assert_type(client.posts.list(limit=1), Page[Post])
    for post in client.posts.list():
        assert_type(post, Post)
        assert_type(post.id, str)
    insights = client.insights.account(metrics=["views", "a metric of tomorrow"])
    assert_type(insights, Insights)
    assert_type(insights.total("views"), Optional[int])
    assert_type(client.publishing.publish(draft), str)
    assert_type(monitor.scheduled("x"), Optional[ScheduledPost])
    chain = monitor.schedule_chain("1", [draft, draft], at="next_slot")
    assert_type(chain.chain, Optional[ChainStatus])
    with ThreadsClient() as entered:
        assert_type(entered, ThreadsClient)
    assert_type(monitor.start(), Monitor)


def planning_types(monitor: Monitor, draft: Draft, rule: Repeat) -> None:
    assert_type(monitor.repeat("1", draft, rule), RepeatedPost)
    assert_type(rule.occurrences(), tuple[Occurrence, ...])
    assert_type(monitor.posting_plan("1").slots, tuple[Slot, ...])
    assert_type(monitor.drafts("1"), tuple[KeptDraft, ...])
    assert_type(monitor.approve_draft("x", revision=0, by="Ani"), ScheduledPost)
    assert_type(monitor.import_posts("1", b"", zone="UTC"), BulkReport)
    assert_type(monitor.export_posts("1", zone="UTC"), str)


async def async_types(client: AsyncThreadsClient, monitor: AsyncMonitor) -> None:
    assert_type(await monitor.draft("x"), Optional[KeptDraft])
    assert_type(await monitor.queue_times("1"), tuple[QueueTime, ...])
    call = client.profile.get()
    coroutine: Coroutine[Any, Any, Profile] = call
    assert_type(await coroutine, Profile)
    async for post in await client.posts.list():
        assert_type(post, Post)
    async with AsyncThreadsClient() as entered:
        assert_type(entered, AsyncThreadsClient)


def every_state(number: Measurement) -> str:
    if isinstance(number, Measured):
        assert_type(number.value, int)
        return str(number.value)
    assert_type(number.value, None)
    if isinstance(number, NotMeasured):
        return "not measured"
    assert_type(number, NotProvided)
    return "not provided"


def refused_types(client: ThreadsClient, monitor: Monitor, draft: Draft) -> None:
    monitor.schedule("1", draft, at="tomorrow")  # type: ignore[arg-type]
    monitor.import_posts("1", "", zone="UTC", mode="all")  # type: ignore[arg-type]
    monitor.approve_draft("x", by="Ani")  # type: ignore[call-arg]
    Slot("Mon", time(9))  # type: ignore[arg-type]
    client.posts.list(10)  # type: ignore[call-arg]
    client.posts.get(17841400000990972)  # type: ignore[arg-type]
    Draft.text("Hi", reply_control="nobody")  # type: ignore[arg-type]
    Draft.text()  # type: ignore[call-arg]


def test_annotations_can_be_read_at_run_time(sandbox: Sandbox) -> None:
    from typing import get_type_hints

    from threads_monitor import accounts, chains, measurements, models, planning

    for module in (accounts, chains, measurements, models, planning):
        for name in module.__all__:
            kind: Callable[..., Any] = getattr(module, name)
            if inspect.isclass(kind):
                assert isinstance(get_type_hints(kind), dict)


def test_a_method_gives_a_coroutine_for_tasks_and_groups(sandbox: Sandbox) -> None:
    client = AsyncThreadsClient(access_token=sandbox.token(), base_url=sandbox.url)

    async def main() -> str:
        call = asyncio.create_task(client.profile.get())
        return (await call).username

    assert asyncio.run(main()) == "kedai.senja"
    assert every_state(NotMeasured()) == "not measured"
