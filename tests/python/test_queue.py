"""How an account posts, and what speaks against a post, through both faces."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, time, timedelta, timezone
from typing import Any

import pytest
from faces import Face
from threads_monitor import (
    Draft,
    InvalidRequestError,
    NotConnectedError,
    Planned,
    PlanWarning,
    PostingPlan,
    QueueFullError,
    QueueTime,
    Slot,
    WarnedError,
)
from threads_monitor.names import Weekday

WEEK: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
DAILY = tuple(Slot(day, time(9)) for day in WEEK)
PLAN = PostingPlan("Asia/Jakarta", slots=DAILY)


def in_days(days: int) -> datetime:
    return datetime.now(timezone.utc) + timedelta(days=days)


def test_until_somebody_chooses_there_is_no_queue(face: Face, monitor: Any, user: str) -> None:
    assert face.run(monitor.posting_plan(user)) == PostingPlan(
        zone="UTC", slots=(), spacing_minutes=0, duplicate_days=7
    )
    assert face.run(monitor.queue_times(user)) == ()
    with pytest.raises(QueueFullError, match="no free time"):
        face.run(monitor.schedule(user, Draft.text("x"), at="next_slot"))


def test_a_plan_is_kept(face: Face, monitor: Any, user: str) -> None:
    plan = PostingPlan(
        "Asia/Jakarta",
        slots=(Slot("monday", time(8)), Slot("sunday", time(23, 59))),
        spacing_minutes=30,
        duplicate_days=0,
    )

    assert face.run(monitor.set_posting_plan(user, plan)) is None

    kept = face.run(monitor.posting_plan(user))
    assert kept == plan
    assert json.loads(json.dumps(kept.to_dict()))["slots"] == [
        {"day": "monday", "time": "08:00:00"},
        {"day": "sunday", "time": "23:59:00"},
    ]
    face.run(monitor.set_posting_plan(user, dataclasses.replace(kept, spacing_minutes=45)))
    assert face.run(monitor.posting_plan(user)).spacing_minutes == 45


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"zone": "Mars/Olympus"}, "zone", "Mars"),
        ({"slots": (Slot("Mon", time(9)),)}, "slots", "one of monday"),  # type: ignore[arg-type]
        ({"slots": (Slot("monday", time(9, 0, 1)),)}, "plan", "whole minute"),
        ({"slots": DAILY * 25}, "plan", "168"),
        ({"spacing_minutes": 7 * 24 * 60 + 1}, "plan", "a week at most"),
        ({"duplicate_days": 367}, "plan", "a year at most"),
    ],
)
def test_plans_without_sense_are_refused(
    face: Face, monitor: Any, user: str, change: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidRequestError, match=reason) as caught:
        face.run(monitor.set_posting_plan(user, dataclasses.replace(PLAN, **change)))

    assert caught.value.field == field
    assert face.run(monitor.posting_plan(user)).slots == ()


def test_what_is_no_plan_is_refused(face: Face, monitor: Any, user: str) -> None:
    aware = Slot("monday", time(9, tzinfo=timezone.utc))
    changes: list[tuple[dict[str, Any], str]] = [
        ({"zone": None}, "`zone`"),
        ({"spacing_minutes": "30"}, "`spacing_minutes`"),
        ({"duplicate_days": 0.5}, "`duplicate_days`"),
        ({"slots": DAILY[0]}, "`slots`"),
        ({"slots": ("monday",)}, "expected a Slot, not str"),
        ({"slots": (aware,)}, "without a time zone"),
    ]
    for change, reason in changes:
        with pytest.raises(TypeError, match=reason):
            face.run(monitor.set_posting_plan(user, dataclasses.replace(PLAN, **change)))
    with pytest.raises(TypeError, match="expected a PostingPlan, not dict"):
        face.run(monitor.set_posting_plan(user, PLAN.to_dict()))
    with pytest.raises(OverflowError):
        face.run(monitor.set_posting_plan(user, dataclasses.replace(PLAN, spacing_minutes=-1)))
    with pytest.raises(NotConnectedError):
        face.run(monitor.set_posting_plan("1", PLAN))


def test_posts_take_the_free_times_of_the_queue(face: Face, monitor: Any, user: str) -> None:
    face.run(monitor.set_posting_plan(user, PLAN))
    times = face.run(monitor.queue_times(user, limit=3))
    assert [queue_time.is_free for queue_time in times] == [True, True, True]
    assert all(isinstance(queue_time, QueueTime) for queue_time in times)
    # Nine in the morning in Jakarta, each day.
    assert {queue_time.at.astimezone(timezone.utc).hour for queue_time in times} == {2}

    first = face.run(monitor.schedule(user, Draft.text("one"), at="next_slot"))
    chain = face.run(
        monitor.schedule_chain(user, [Draft.text("two"), Draft.text("three")], at="next_slot")
    )

    assert [first.due_at, chain.due_at] == [times[0].at, times[1].at]
    assert first.zone == "Asia/Jakarta"
    taken = face.run(monitor.queue_times(user, limit=3))
    assert [queue_time.is_free for queue_time in taken] == [False, False, True]
    face.run(monitor.cancel(first.id))
    assert face.run(monitor.queue_times(user, limit=1))[0].is_free


def test_the_queue_keeps_the_spacing(face: Face, monitor: Any, user: str) -> None:
    plan = dataclasses.replace(PLAN, spacing_minutes=60)
    face.run(monitor.set_posting_plan(user, plan))
    first, second = face.run(monitor.queue_times(user, limit=2))
    near = first.at + timedelta(minutes=59)
    face.run(monitor.schedule(user, Draft.text("near"), at=near))

    post = face.run(monitor.schedule(user, Draft.text("queued"), at="next_slot"))

    assert post.due_at == second.at


def test_a_post_that_something_speaks_against(face: Face, monitor: Any, user: str) -> None:
    face.run(monitor.set_posting_plan(user, PostingPlan("UTC", spacing_minutes=60)))
    at = in_days(1)
    there = face.run(monitor.schedule(user, Draft.text("Good  Morning"), at=at))
    again = Draft.text("good morning")
    near = at + timedelta(minutes=30)

    warnings = face.run(monitor.plan_warnings(user, again, at=near))

    assert all(isinstance(warning, PlanWarning) for warning in warnings)
    assert [warning.kind for warning in warnings] == ["duplicate", "too_close"]
    assert {warning.other for warning in warnings} == {Planned(kind="post", id=there.id, line=None)}
    assert {warning.at for warning in warnings} == {there.due_at}
    assert "has the same content" in warnings[0].message
    with pytest.raises(WarnedError, match="same content") as caught:
        face.run(monitor.schedule(user, again, at=near, unless_warned=True))
    assert caught.value.warnings == warnings
    assert len(face.run(monitor.scheduled_posts(user))) == 1
    # It is a warning, and no refusal.
    face.run(monitor.schedule(user, again, at=near))
    assert len(face.run(monitor.scheduled_posts(user))) == 2


def test_a_chain_that_something_speaks_against(face: Face, monitor: Any, user: str) -> None:
    face.run(monitor.schedule(user, Draft.text("one"), at=in_days(1)))
    parts = [Draft.text("one"), Draft.text("two")]

    with pytest.raises(WarnedError):
        face.run(monitor.schedule_chain(user, parts, at=in_days(2), unless_warned=True))

    assert len(face.run(monitor.scheduled_posts(user))) == 1


def test_nothing_speaks_against_a_post_itself_or_another(
    face: Face, monitor: Any, user: str
) -> None:
    draft, at = Draft.text("One"), in_days(1)
    face.run(monitor.schedule(user, draft, at=at, idempotency_key="k"))

    assert face.run(monitor.plan_warnings(user, draft, at=at, idempotency_key="k")) == ()
    assert face.run(monitor.plan_warnings(user, Draft.text("Two"), at=at)) == ()
    assert len(face.run(monitor.plan_warnings(user, draft, at="next_slot"))) == 1
    with pytest.raises(InvalidRequestError, match="time zone"):
        face.run(monitor.plan_warnings(user, draft, at=datetime(2031, 3, 1, 9)))


def test_a_time_of_the_queue_has_the_zone_of_the_queue(face: Face, monitor: Any, user: str) -> None:
    with pytest.raises(InvalidRequestError, match="zone of its own") as caught:
        face.run(monitor.schedule(user, Draft.text("x"), at="next_slot", zone="UTC"))

    assert caught.value.field == "zone"
