"""Models: frozen, comparable, shown in full, and convertible."""

from __future__ import annotations

import dataclasses
import inspect
import json
import pickle
from datetime import datetime, timedelta, timezone

import pytest
import threads_monitor
from threads_monitor import (
    Connected,
    Draft,
    DraftPlan,
    Expiring,
    Measured,
    Measurement,
    NeedsReconnect,
    NotMeasured,
    NotProvided,
    Phase,
    Point,
    QuotaConfig,
    ScheduledPost,
)

AT = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
ZERO = Measured(at=AT, captured_at=AT, value=0, source="insights")


def test_the_three_states_of_a_number_are_different() -> None:
    states: list[Measurement] = [ZERO, NotMeasured(), NotProvided()]

    for one in states:
        assert [one == other for other in states].count(True) == 1
    assert [state.value for state in states] == [0, None, None]
    assert [state.to_dict()["state"] for state in states] == [
        "measured",
        "not_measured",
        "not_provided",
    ]


def test_a_measured_zero_is_a_number() -> None:
    assert ZERO.value == 0
    assert ZERO.value is not None
    assert ZERO.to_dict() == {
        "state": "measured",
        "at": "2026-06-01T12:00:00Z",
        "captured_at": "2026-06-01T12:00:00Z",
        "value": 0,
        "source": "insights",
    }


def test_a_point_of_a_history_is_not_a_measurement() -> None:
    point = Point(at=AT, captured_at=AT, value=0, source="insights")

    assert point != ZERO
    assert "state" not in point.to_dict()


def test_the_states_of_a_connection_are_different() -> None:
    assert Connected().to_dict() == {"state": "connected"}
    assert Expiring(expires_at=AT).to_dict()["state"] == "expiring"
    assert NeedsReconnect(since=AT, reason="revoked").to_dict() == {
        "state": "needs_reconnect",
        "since": "2026-06-01T12:00:00Z",
        "reason": "revoked",
    }


def test_models_are_frozen_and_hashable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ZERO.value = 1  # type: ignore[misc]

    assert len({ZERO, dataclasses.replace(ZERO), NotMeasured(), NotMeasured()}) == 2


def test_models_nest_and_survive_json_and_pickle() -> None:
    post = ScheduledPost(
        id="0197",
        account="17841400000990972",
        draft=Draft.text("Hi"),
        due_at=AT,
        zone="Asia/Jakarta",
        max_lateness=timedelta(hours=2),
        phase=Phase(
            name="scheduled", is_final=False, at=None, reason=None, container=None, media_id=None
        ),
        is_over=False,
        chain=None,
        attempts=(),
        cancel_requested_at=None,
        created_at=AT,
        next_wake_at=AT,
    )

    values = json.loads(json.dumps(post.to_dict()))

    assert values["draft"] == {"content": "text", "text": "Hi"}
    assert values["phase"]["name"] == "scheduled"
    assert values["max_lateness"] == 7200.0
    assert values["attempts"] == []
    assert pickle.loads(pickle.dumps(post)) == post
    assert "max_lateness=datetime.timedelta(seconds=7200)" in repr(post)


def test_an_instant_is_written_in_utc() -> None:
    local = AT.astimezone(timezone(timedelta(hours=7)))

    assert Expiring(expires_at=local).to_dict()["expires_at"] == "2026-06-01T12:00:00Z"


def test_a_datetime_without_a_zone_is_no_instant() -> None:
    naive = datetime(2026, 6, 1, 12)

    with pytest.raises(ValueError, match="no time zone"):
        Expiring(expires_at=naive).to_dict()
    # Where a time on a wall belongs, it is one.
    plan = DraftPlan(draft=Draft.text("Hi"), at=naive, zone="Asia/Jakarta", max_lateness=None)
    assert plan.to_dict()["at"] == "2026-06-01T12:00:00"
    assert dataclasses.replace(plan, at=AT, zone=None).to_dict()["at"] == "2026-06-01T12:00:00Z"


def test_spans_are_seconds() -> None:
    config = QuotaConfig(quota_total=250, quota_duration=timedelta(days=1))

    assert config.to_dict() == {"quota_total": 250, "quota_duration": 86400.0}


def test_everything_public_is_documented() -> None:
    classes = [
        (name, thing)
        for name, thing in vars(threads_monitor).items()
        if name in threads_monitor.__all__ and inspect.isclass(thing)
    ]

    assert [name for name, thing in classes if not thing.__doc__] == []
    # The aliases of unions are documented in their modules.
    assert len(threads_monitor.__all__) - len(classes) == 2
