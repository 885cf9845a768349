"""The rule of a repeated post: when it is, and what is refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from threads_monitor import InvalidRequestError, Occurrence, Repeat

NINE = time(9)


def days_of(rule: Repeat, limit: int = 10) -> list[date]:
    return [occurrence.local.date() for occurrence in rule.occurrences(limit=limit)]


def test_nine_o_clock_stays_nine_when_the_clocks_change() -> None:
    rule = Repeat.daily(zone="Europe/Berlin", times=[NINE], first=date(2027, 3, 27))

    saturday, sunday = rule.occurrences(limit=2)

    assert isinstance(saturday, Occurrence)
    assert saturday.at == datetime(2027, 3, 27, 8, tzinfo=timezone.utc)
    assert sunday.at == datetime(2027, 3, 28, 7, tzinfo=timezone.utc)
    assert [saturday.local, sunday.local] == [datetime(2027, 3, 27, 9), datetime(2027, 3, 28, 9)]
    assert saturday.kind == sunday.kind == "unique"


def test_times_that_the_clocks_skip_or_repeat_say_so() -> None:
    skipped = Repeat.daily(zone="Europe/Berlin", times=[time(2, 30)], first=date(2027, 3, 28))
    twice = Repeat.daily(zone="Europe/Berlin", times=[time(2, 30)], first=date(2027, 10, 31))

    (gap,) = skipped.occurrences(limit=1)
    (fold,) = twice.occurrences(limit=1)

    assert (gap.kind, gap.at) == ("moved_forward", datetime(2027, 3, 28, 1, tzinfo=timezone.utc))
    assert (fold.kind, fold.at) == ("first", datetime(2027, 10, 31, 0, 30, tzinfo=timezone.utc))
    # A time on a wall stays one: it is no instant.
    assert json.loads(json.dumps(gap.to_dict())) == {
        "local": "2027-03-28T02:30:00",
        "at": "2027-03-28T01:00:00Z",
        "kind": "moved_forward",
    }


def test_days_weeks_and_months_are_counted() -> None:
    common: Any = {"zone": "Asia/Jakarta", "times": [NINE]}

    third = Repeat.daily(**common, first=date(2027, 3, 1), interval=3, last=date(2027, 3, 8))
    weekly = Repeat.weekly(
        ["thursday", "monday"], **common, first=date(2027, 3, 2), interval=2, count=3
    )
    last_day = Repeat.monthly(31, **common, first=date(2027, 1, 1), count=3)
    no_february = Repeat.monthly(31, **common, first=date(2027, 1, 1), short="skip", count=2)

    assert days_of(third) == [date(2027, 3, 1), date(2027, 3, 4), date(2027, 3, 7)]
    assert days_of(weekly) == [date(2027, 3, 4), date(2027, 3, 15), date(2027, 3, 18)]
    assert days_of(last_day) == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]
    assert days_of(no_february) == [date(2027, 1, 31), date(2027, 3, 31)]


def test_several_times_of_a_day_come_in_order_and_after_an_instant() -> None:
    rule = Repeat.daily(
        zone="UTC", times=(time(18, 30), NINE), first=date(2027, 3, 1), last=date(2027, 3, 1)
    )
    morning, evening = rule.occurrences()

    assert (morning.at.hour, evening.at.hour) == (9, 18)
    assert rule.occurrences(after=morning.at) == (evening,)
    jakarta = morning.at.astimezone(ZoneInfo("Asia/Jakarta")) - timedelta(seconds=1)
    assert rule.occurrences(after=jakarta) == (morning, evening)
    assert rule.occurrences(limit=0) == ()
    with pytest.raises(InvalidRequestError, match="time zone"):
        rule.occurrences(after=datetime(2027, 3, 1))


def test_a_rule_says_what_it_is() -> None:
    rule = Repeat.weekly(
        ("monday", "sunday"),
        zone="Asia/Jakarta",
        times=[NINE],
        first=date(2027, 3, 1),
        last=date(2027, 4, 1),
        count=4,
    )

    assert (rule.zone, rule.every, rule.interval) == ("Asia/Jakarta", "week", 1)
    assert (rule.days, rule.times) == (("monday", "sunday"), (NINE,))
    assert (rule.first, rule.last, rule.count) == (date(2027, 3, 1), date(2027, 4, 1), 4)
    assert (rule.day, rule.short) == (None, None)
    monthly = Repeat.monthly(29, zone="UTC", times=[NINE], first=date(2027, 3, 1))
    assert (monthly.every, monthly.day, monthly.short) == ("month", 29, "last_day")
    assert (monthly.days, monthly.last, monthly.count) == ((), None, None)
    assert Repeat.daily(zone="UTC", times=[NINE], first=date(2027, 3, 1)).every == "day"


def test_a_rule_survives_json_and_pickle() -> None:
    rule = Repeat.monthly(31, zone="Asia/Jakarta", times=[NINE], first=date(2027, 3, 1), count=2)

    assert Repeat.from_dict(json.loads(json.dumps(rule.to_dict()))) == rule
    assert pickle.loads(pickle.dumps(rule)) == rule
    assert rule != Repeat.monthly(31, zone="UTC", times=[NINE], first=date(2027, 3, 1), count=2)
    assert eval(repr(rule)) == rule
    broken = {**rule.to_dict(), "times": []}
    with pytest.raises(InvalidRequestError, match="times of the day"):
        Repeat.from_dict(broken)
    with pytest.raises(InvalidRequestError, match="zone"):
        Repeat.from_dict({})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"times": []}, "between 1 and 24 times"),
        ({"times": [time(9, 0, 30)]}, "whole minute"),
        ({"interval": 0}, "interval"),
        ({"count": 0}, "end before it begins"),
        ({"last": date(2027, 2, 28)}, "end before it begins"),
        ({"first": date(2999, 1, 1)}, "1970 and 2200"),
        ({"zone": "Mars/Olympus"}, "Mars"),
    ],
)
def test_rules_without_sense_are_refused(change: dict[str, Any], reason: str) -> None:
    options: dict[str, Any] = {"zone": "UTC", "times": [NINE], "first": date(2027, 3, 1)}

    with pytest.raises(InvalidRequestError, match=reason) as caught:
        Repeat.daily(**{**options, **change})

    assert caught.value.field == ("zone" if "zone" in change else "repeat")


def test_days_that_do_not_exist_are_refused() -> None:
    options: Any = {"zone": "UTC", "times": [NINE], "first": date(2027, 3, 1)}

    with pytest.raises(InvalidRequestError, match="names no day"):
        Repeat.weekly([], **options)
    with pytest.raises(InvalidRequestError, match="one of monday"):
        Repeat.weekly(["Mon"], **options)  # type: ignore[list-item]
    with pytest.raises(InvalidRequestError, match="between 1 and 31"):
        Repeat.monthly(32, **options)
    with pytest.raises(InvalidRequestError, match="short"):
        Repeat.monthly(31, **options, short="next_month")  # type: ignore[arg-type]


def test_other_kinds_of_times_are_refused() -> None:
    def daily(**change: Any) -> Callable[[], Any]:
        options: Any = {"zone": "UTC", "times": [NINE], "first": date(2027, 3, 1), **change}
        return lambda: Repeat.daily(**options)

    midnight = datetime(2027, 3, 1, tzinfo=timezone.utc)
    one_day: Any = "monday"
    for call, reason in [
        (daily(first=midnight), "not a datetime"),
        (daily(last=midnight), "not a datetime"),
        (daily(times=[time(9, tzinfo=timezone.utc)]), "without a time zone"),
        (daily(times=["09:00"]), "time"),
        (daily(times=NINE), "not iterable"),
        (lambda: Repeat.weekly(one_day, zone="UTC", times=[NINE], first=date(2027, 3, 1)), "str"),
    ]:
        with pytest.raises(TypeError, match=reason):
            call()
