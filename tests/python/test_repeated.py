"""Repeated posts, through both faces."""

from __future__ import annotations

import json
import time as clock
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from faces import Face
from threads_monitor import (
    Draft,
    InvalidRequestError,
    MonitorError,
    NotConnectedError,
    PostStateError,
    Repeat,
    RepeatedPost,
    ScheduledPost,
    StoreError,
)

UNKNOWN = "01970000-0000-7000-8000-000000000000"
DRAFT = Draft.text("Good morning")


def soon(minutes: int = 5) -> datetime:
    """A whole minute that is near enough to become a scheduled post now."""
    at = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    return at.replace(second=0, microsecond=0)


def daily_at(at: datetime) -> Repeat:
    return Repeat.daily(zone="UTC", times=[at.time()], first=at.date())


def later() -> Repeat:
    first = datetime.now(timezone.utc).date() + timedelta(days=2)
    return Repeat.daily(zone="Asia/Jakarta", times=[time(9)], first=first)


def posts_of(face: Face, monitor: Any, user: str, count: int) -> tuple[ScheduledPost, ...]:
    """Runs what is due until there are so many scheduled posts."""
    end = clock.monotonic() + 60
    while True:
        face.run(monitor.run_due_once())
        posts: tuple[ScheduledPost, ...] = face.run(monitor.scheduled_posts(user))
        if len(posts) >= count:
            return posts
        assert clock.monotonic() < end, posts
        clock.sleep(0.2)


def test_a_repeated_post_that_waits(face: Face, monitor: Any, user: str) -> None:
    rule = later()

    series = face.run(monitor.repeat(user, DRAFT, rule))

    assert isinstance(series, RepeatedPost)
    assert (series.account, series.draft, series.repeat) == (user, DRAFT, rule)
    assert (series.revision, series.made, series.missed) == (0, 0, 0)
    assert (series.last_missed_at, series.ended_at) == (None, None)
    assert series.max_lateness == timedelta(minutes=30)
    face.run(monitor.run_due_once())
    series = face.run(monitor.repeated(series.id))
    (first,) = rule.occurrences(limit=1)
    assert series.next_wake_at == first.at - timedelta(minutes=15)
    assert face.run(monitor.repeated_posts(user)) == (series,)
    assert face.run(monitor.scheduled_posts(user)) == ()
    plain = json.loads(json.dumps(series.to_dict()))
    assert Repeat.from_dict(plain["repeat"]) == rule
    assert plain["max_lateness"] == 1800.0


def test_an_occurrence_becomes_one_scheduled_post(face: Face, monitor: Any, user: str) -> None:
    at = soon()
    series = face.run(monitor.repeat(user, DRAFT, daily_at(at), max_lateness=timedelta(minutes=10)))

    (post,) = posts_of(face, monitor, user, 1)
    face.run(monitor.run_due_once())

    assert (post.draft, post.due_at, post.zone) == (DRAFT, at, "UTC")
    assert post.max_lateness == timedelta(minutes=10)
    assert len(face.run(monitor.scheduled_posts(user))) == 1
    series = face.run(monitor.repeated(series.id))
    assert (series.made, series.through) == (1, at)


def test_a_change_calls_off_what_was_made_and_makes_it_anew(
    face: Face, monitor: Any, user: str
) -> None:
    at = soon()
    series = face.run(monitor.repeat(user, DRAFT, daily_at(at)))
    posts_of(face, monitor, user, 1)

    other = Draft.text("Good evening")
    series = face.run(monitor.change_repeated(series.id, other, daily_at(at)))

    assert (series.draft, series.revision) == (other, 1)
    posts = posts_of(face, monitor, user, 2)
    phases = {post.draft.body: post.phase.name for post in posts}
    assert phases["Good morning"] == "cancelled"
    assert phases["Good evening"] not in ("cancelled", "missed")
    assert len(posts) == 2


def test_an_end_calls_off_what_was_made(face: Face, monitor: Any, user: str) -> None:
    series = face.run(monitor.repeat(user, DRAFT, daily_at(soon())))
    posts_of(face, monitor, user, 1)

    ended = face.run(monitor.end_repeated(series.id))

    assert ended.ended_at is not None
    (post,) = posts_of(face, monitor, user, 1)
    assert post.phase.name == "cancelled"
    assert face.run(monitor.repeated(series.id)).next_wake_at is None
    with pytest.raises(PostStateError, match="already ended"):
        face.run(monitor.end_repeated(series.id))
    with pytest.raises(PostStateError, match="already ended"):
        face.run(monitor.change_repeated(series.id, DRAFT, later()))


def test_a_key_makes_one_series(face: Face, monitor: Any, user: str) -> None:
    def repeated(draft: Draft) -> Any:
        return face.run(monitor.repeat(user, draft, later(), idempotency_key="k"))

    assert repeated(DRAFT).id == repeated(DRAFT).id

    with pytest.raises(StoreError):
        repeated(Draft.text("Another"))
    assert len(face.run(monitor.repeated_posts(user))) == 1


def test_what_cannot_be_repeated_is_refused(face: Face, monitor: Any, user: str) -> None:
    past = Repeat.daily(zone="UTC", times=[time(9)], first=date(2026, 1, 1), last=date(2026, 1, 2))

    with pytest.raises(MonitorError, match="are over"):
        face.run(monitor.repeat(user, DRAFT, past))
    with pytest.raises(PostStateError, match="cannot be scheduled"):
        face.run(monitor.repeat(user, Draft.ghost_post("Boo"), later()))
    with pytest.raises(NotConnectedError):
        face.run(monitor.repeat("1", DRAFT, later()))
    with pytest.raises(TypeError):
        face.run(monitor.repeat(user, DRAFT, later().to_dict()))
    assert face.run(monitor.repeated_posts(user)) == ()


def test_series_that_do_not_exist_are_told(face: Face, monitor: Any) -> None:
    assert face.run(monitor.repeated(UNKNOWN)) is None
    with pytest.raises(PostStateError, match="no repeated post"):
        face.run(monitor.end_repeated(UNKNOWN))
    with pytest.raises(PostStateError, match="no repeated post"):
        face.run(monitor.change_repeated(UNKNOWN, DRAFT, later()))
    with pytest.raises(InvalidRequestError, match="UUID") as caught:
        face.run(monitor.repeated("no id"))
    assert caught.value.field == "series_id"
