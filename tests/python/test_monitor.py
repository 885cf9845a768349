"""The monitor, through both faces, on a sandbox that lives by the real clock."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from faces import Face
from sandbox import Sandbox
from threads_monitor import (
    AccountMismatchError,
    AccountSummary,
    AffectedPost,
    AffectedPosts,
    AuthenticationError,
    Connected,
    Draft,
    Erased,
    Expiring,
    InvalidRequestError,
    Measured,
    MonitorError,
    NeedsReconnect,
    NotConnectedError,
    NotMeasured,
    NotProvided,
    PostStateError,
    PostSummary,
    ScheduledPost,
    StoreError,
    TokenGrant,
)

# The address of a server that tests may fill.
POSTGRES = os.environ.get("THREADS_TEST_POSTGRES_URL", "")

SCOPES = ["threads_basic", "threads_content_publish", "threads_manage_insights"]


def grant(sandbox: Sandbox, user: str = "kedai.senja") -> TokenGrant:
    return TokenGrant(sandbox.token(user), expires_in=timedelta(days=60))


def connect(face: Face, monitor: Any, sandbox: Sandbox) -> AccountSummary:
    account = face.run(monitor.connect(grant(sandbox), SCOPES))
    assert isinstance(account, AccountSummary)
    return account


def now() -> datetime:
    return datetime.now(timezone.utc)


def test_connecting_names_the_account(live_sandbox: Sandbox, face: Face, monitor: Any) -> None:
    account = connect(face, monitor, live_sandbox)

    assert account.user == live_sandbox.user_id()
    assert account.profile is not None
    assert account.profile.username == "kedai.senja"
    assert account.connection == Connected()
    assert account.token.scopes == tuple(SCOPES)
    assert timedelta(days=59) < account.token.expires_at - now() <= timedelta(days=60)
    assert face.run(monitor.account(account.user)) == account
    assert face.run(monitor.accounts()) == (account,)


def test_numbers_before_the_first_measurement_are_not_measured(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    account = connect(face, monitor, live_sandbox)

    assert account.followers == NotMeasured()
    assert account.views_last_day == NotMeasured()
    assert account.following == NotProvided()
    assert account.media_count == NotProvided()


def test_collecting_measures_followers_insights_and_posts(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    user = connect(face, monitor, live_sandbox).user

    outcomes = face.run(monitor.collect_now(user))

    assert outcomes == dict.fromkeys(
        ["collect_followers", "collect_insights", "collect_posts", "collect_profile"]
    )
    account = face.run(monitor.account(user))
    assert isinstance(account.followers, Measured)
    assert account.followers.value == 12480
    assert abs(now() - account.followers.at) < timedelta(minutes=1)
    assert isinstance(account.posts_seen, Measured)
    assert account.following == NotProvided()
    assert {health.kind for health in account.collection} >= outcomes.keys()
    (followers,) = face.run(
        monitor.series(user, "followers", since=now() - timedelta(hours=1), until=now())
    )
    assert followers.value == 12480


def test_recent_posts_carry_their_numbers(live_sandbox: Sandbox, face: Face, monitor: Any) -> None:
    user = connect(face, monitor, live_sandbox).user
    face.run(monitor.collect_now(user))

    posts = face.run(monitor.recent_posts(user, limit=5))

    assert len(posts) == 5
    assert all(isinstance(post, PostSummary) for post in posts)
    assert posts == tuple(sorted(posts, key=lambda post: post.published_at, reverse=True))
    measured = next(post for post in posts if not post.post.is_repost)
    assert isinstance(measured.views, Measured)
    views = face.run(
        monitor.series(
            user,
            "views",
            post_id=measured.id,
            since=now() - timedelta(hours=1),
            until=now() + timedelta(hours=1),
        )
    )
    assert views[-1].value == measured.views.value


def test_a_token_that_does_not_work_is_refused(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    with pytest.raises(AuthenticationError):
        face.run(monitor.connect(TokenGrant("no-such-token"), SCOPES))

    assert face.run(monitor.accounts()) == ()


def test_a_reconnect_of_the_wrong_account_is_refused(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    account = connect(face, monitor, live_sandbox)

    with pytest.raises(AccountMismatchError):
        face.run(monitor.connect(grant(live_sandbox, "noor.reads"), SCOPES, expected=account.user))

    assert [known.user for known in face.run(monitor.accounts())] == [account.user]


def test_an_account_whose_token_ended_needs_a_person(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    short = TokenGrant(live_sandbox.token(), expires_in=timedelta(seconds=1))
    user = face.run(monitor.connect(short, SCOPES)).user
    time.sleep(1.1)

    outcomes = face.run(monitor.collect_now(user))

    assert all("no longer valid" in failure for failure in outcomes.values())
    account = face.run(monitor.account(user))
    assert isinstance(account.connection, NeedsReconnect)
    assert account.connection.reason
    assert account.followers == NotMeasured()
    # Connecting again is all it takes.
    assert connect(face, monitor, live_sandbox).connection == Connected()


def test_a_token_that_ends_soon_says_what_is_at_stake(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    ends_soon = TokenGrant(live_sandbox.token(), expires_in=timedelta(days=2))
    user = face.run(monitor.connect(ends_soon, SCOPES)).user
    face.run(monitor.schedule(user, Draft.text("In time"), at=now() + timedelta(days=1)))
    late = face.run(monitor.schedule(user, Draft.text("Late"), at=now() + timedelta(days=3)))

    account = face.run(monitor.account(user))

    assert isinstance(account.connection, Expiring)
    assert account.notice is not None
    assert account.notice.ends_at == account.token.expires_at == account.connection.expires_at
    assert account.notice.posts == AffectedPosts(
        count=1, first=(AffectedPost(id=late.id, due_at=late.due_at),)
    )
    # Connecting again is all it takes. Nothing was removed, because everything is kept.
    account = connect(face, monitor, live_sandbox)
    assert (account.notice, account.thinned) == (None, None)


def test_disconnecting_erases_everything(live_sandbox: Sandbox, face: Face, monitor: Any) -> None:
    user = connect(face, monitor, live_sandbox).user
    face.run(monitor.schedule(user, Draft.text("Later"), at=now() + timedelta(days=1)))

    erased = face.run(monitor.disconnect(user))

    assert isinstance(erased, Erased)
    assert erased.token
    assert erased.jobs >= 5
    assert face.run(monitor.account(user)) is None
    assert face.run(monitor.scheduled_posts(user)) == ()
    assert not face.run(monitor.disconnect(user)).token


def test_a_scheduled_post_is_published_when_it_is_due(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    user = connect(face, monitor, live_sandbox).user
    post = face.run(monitor.schedule(user, Draft.text("On time"), at=now()))
    assert isinstance(post, ScheduledPost)
    assert not post.phase.is_final

    end = time.monotonic() + 60
    while not post.phase.is_final and time.monotonic() < end:
        face.run(monitor.run_due_once())
        post = face.run(monitor.scheduled(post.id))
        time.sleep(0.5)

    assert post.phase.name == "published"
    assert post.phase.media_id is not None
    assert [attempt.outcome for attempt in post.attempts] == ["effective"]
    client = face.ThreadsClient(access_token=live_sandbox.token(), base_url=live_sandbox.url)
    assert face.run(client.posts.get(post.phase.media_id)).text == "On time"
    with pytest.raises(PostStateError, match="already published"):
        face.run(monitor.cancel(post.id))


def test_an_idempotency_key_makes_one_post(live_sandbox: Sandbox, face: Face, monitor: Any) -> None:
    user = connect(face, monitor, live_sandbox).user
    at = now() + timedelta(days=1)

    first = face.run(monitor.schedule(user, Draft.text("One"), at=at, idempotency_key="k"))
    again = face.run(monitor.schedule(user, Draft.text("One"), at=at, idempotency_key="k"))

    assert first == again
    assert len(face.run(monitor.scheduled_posts(user))) == 1


def test_a_post_can_be_called_off(live_sandbox: Sandbox, face: Face, monitor: Any) -> None:
    user = connect(face, monitor, live_sandbox).user
    post = face.run(monitor.schedule(user, Draft.text("No"), at=now() + timedelta(days=1)))

    cancelled = face.run(monitor.cancel(post.id))

    assert cancelled.phase.name == "cancelled"
    assert cancelled.phase.is_final
    assert cancelled.next_wake_at is None
    assert face.run(monitor.run_job(post.id)) in (True, False)
    assert face.run(monitor.scheduled(post.id)).phase.name == "cancelled"


def test_a_time_of_day_needs_a_zone_and_an_instant_none(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    user = connect(face, monitor, live_sandbox).user
    draft = Draft.text("Good morning")
    nine = datetime(2031, 3, 1, 9)
    jakarta = ZoneInfo("Asia/Jakarta")

    by_zone = face.run(monitor.schedule(user, draft, at=nine, zone="Asia/Jakarta"))
    by_instant = face.run(monitor.schedule(user, draft, at=nine.replace(tzinfo=jakarta)))

    assert by_zone.due_at == by_instant.due_at == datetime(2031, 3, 1, 2, tzinfo=timezone.utc)
    assert by_zone.due_at.tzinfo is timezone.utc
    assert (by_zone.zone, by_instant.zone) == ("Asia/Jakarta", None)
    with pytest.raises(InvalidRequestError, match="time zone"):
        face.run(monitor.schedule(user, draft, at=nine))
    with pytest.raises(InvalidRequestError, match="naive"):
        face.run(monitor.schedule(user, draft, at=now(), zone="Asia/Jakarta"))
    with pytest.raises(InvalidRequestError, match="Mars"):
        face.run(monitor.schedule(user, draft, at=nine, zone="Mars/Olympus"))


def test_a_time_long_past_is_refused(live_sandbox: Sandbox, face: Face, monitor: Any) -> None:
    user = connect(face, monitor, live_sandbox).user

    with pytest.raises(MonitorError, match="too long ago"):
        face.run(
            monitor.schedule(
                user,
                Draft.text("Late"),
                at=now() - timedelta(hours=1),
                max_lateness=timedelta(minutes=30),
            )
        )


def test_unknown_accounts_and_posts_are_told(face: Face, monitor: Any) -> None:
    unknown = "01970000-0000-7000-8000-000000000000"

    with pytest.raises(NotConnectedError):
        face.run(monitor.schedule("1", Draft.text("Hi"), at=now()))
    with pytest.raises(NotConnectedError):
        face.run(monitor.collect_now("1"))
    with pytest.raises(PostStateError):
        face.run(monitor.cancel(unknown))
    with pytest.raises(PostStateError):
        face.run(monitor.decide(unknown, "discard"))
    with pytest.raises(InvalidRequestError, match="UUID"):
        face.run(monitor.cancel("no id"))
    with pytest.raises(InvalidRequestError, match="metric"):
        face.run(monitor.series("1", "happiness", since=now(), until=now()))
    assert face.run(monitor.account("1")) is None
    assert face.run(monitor.scheduled(unknown)) is None
    assert face.run(monitor.run_job(unknown)) is False


def test_only_a_post_that_needs_attention_is_decided(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    user = connect(face, monitor, live_sandbox).user
    post = face.run(monitor.schedule(user, Draft.text("Hi"), at=now() + timedelta(days=1)))

    with pytest.raises(PostStateError, match="does not need attention"):
        face.run(monitor.decide(post.id, "discard"))
    with pytest.raises(InvalidRequestError, match="decision"):
        face.run(monitor.decide(post.id, "maybe"))


def test_a_zone_is_kept(live_sandbox: Sandbox, face: Face, monitor: Any) -> None:
    account = connect(face, monitor, live_sandbox)
    assert account.zone == "UTC"

    face.run(monitor.set_zone(account.user, "Asia/Jakarta"))

    assert face.run(monitor.account(account.user)).zone == "Asia/Jakarta"
    with pytest.raises(InvalidRequestError, match="Mars"):
        face.run(monitor.set_zone(account.user, "Mars/Olympus"))


def test_a_started_monitor_works_by_itself(live_sandbox: Sandbox, face: Face, monitor: Any) -> None:
    user = connect(face, monitor, live_sandbox).user

    assert monitor.start() is monitor
    assert "<" in repr(monitor)
    assert "not running" not in repr(monitor)
    end = time.monotonic() + 30
    while not isinstance(face.run(monitor.account(user)).followers, Measured):
        assert time.monotonic() < end
        time.sleep(0.1)
    face.run(monitor.shutdown())

    assert "not running" in repr(monitor)
    # A second shutdown is no error, and a new start is possible.
    face.run(monitor.shutdown())


@pytest.mark.parametrize("address", ["file:{}/data", "sqlite:{}/data/threads.db"])
def test_history_is_there_again_after_reopening(
    live_sandbox: Sandbox, face: Face, tmp_path: Path, address: str
) -> None:
    address = address.format(tmp_path)
    monitor = face.Monitor(face.open_storage(address), base_url=live_sandbox.url)
    user = connect(face, monitor, live_sandbox).user
    face.run(monitor.collect_now(user))
    before = face.run(monitor.account(user))
    del monitor

    monitor = face.Monitor(face.open_storage(address), base_url=live_sandbox.url)

    assert face.run(monitor.account(user)) == before


def test_tokens_are_sealed_with_the_keys_of_a_file(
    live_sandbox: Sandbox, face: Face, tmp_path: Path
) -> None:
    address, keys = f"sqlite:{tmp_path}/data/threads.db", tmp_path / "data.key"
    monitor = face.Monitor(face.open_storage(address, key_file=keys), base_url=live_sandbox.url)
    user = connect(face, monitor, live_sandbox).user
    del monitor

    monitor = face.Monitor(face.open_storage(address, key_file=keys), base_url=live_sandbox.url)
    outcomes = face.run(monitor.collect_now(user))
    assert outcomes
    assert not any(outcomes.values())

    # Without its keys a sealed token is not taken for a token, and nothing is asked.
    keyless = face.Monitor(face.open_storage(address), base_url=live_sandbox.url)
    with pytest.raises(StoreError, match="is sealed"):
        face.run(keyless.collect_now(user))
    keys.unlink()
    with pytest.raises(StoreError, match="is missing"):
        face.open_storage(address, key_file=keys)


@pytest.mark.skipif(not POSTGRES, reason="there is no PostgreSQL server for tests")
def test_the_password_of_a_database_is_not_shown(face: Face) -> None:
    password = urlsplit(POSTGRES).password
    storage = face.open_storage(POSTGRES)

    assert password
    assert password not in repr(storage)


def test_with_shuts_a_monitor_down(live_sandbox: Sandbox) -> None:
    import asyncio

    from threads_monitor import AsyncMonitor, Monitor, Storage

    with Monitor(Storage.open("memory:"), base_url=live_sandbox.url).start() as monitor:
        assert "not running" not in repr(monitor)
    assert "not running" in repr(monitor)

    async def main() -> None:
        storage = await Storage.open_async("memory:")
        async with AsyncMonitor(storage, base_url=live_sandbox.url).start() as monitor:
            assert "not running" not in repr(monitor)
        assert "not running" in repr(monitor)

    asyncio.run(main())
