"""Many posts from a table, and the plan as one, through both faces."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from faces import Face
from sandbox import Sandbox
from threads_monitor import (
    BulkReport,
    Draft,
    InvalidRequestError,
    NotConnectedError,
    Planned,
)

#: Two rows that are fine, and one that is not.
TABLE = """\
text,date,time,zone,key
"One, two",2031-03-01,09:00,,
Three,2031-03-01,09:00,Europe/Berlin,k
Four,tomorrow,09:00,,
"""
GOOD = "".join(TABLE.splitlines(keepends=True)[:3])


def take(face: Face, monitor: Any, user: str, table: Any, **options: Any) -> BulkReport:
    report = face.run(monitor.import_posts(user, table, **{"zone": "Asia/Jakarta", **options}))
    assert isinstance(report, BulkReport)
    return report


def outcomes(report: BulkReport) -> list[str]:
    return [row.outcome.name for row in report.rows]


def count(face: Face, monitor: Any, user: str) -> int:
    return len(face.run(monitor.scheduled_posts(user)))


def test_a_dry_run_says_what_would_be_and_does_nothing(face: Face, monitor: Any, user: str) -> None:
    report = take(face, monitor, user, TABLE)

    assert outcomes(report) == ["fine", "fine", "problem"]
    assert (report.problems, report.scheduled) == (1, 0)
    one, three, four = report.rows
    assert [row.line for row in report.rows] == [2, 3, 4]
    assert (one.text, one.due_at) == ("One, two", datetime(2031, 3, 1, 2, tzinfo=timezone.utc))
    assert three.due_at == datetime(2031, 3, 1, 8, tzinfo=timezone.utc)
    assert (four.due_at, four.outcome.post_id) == (None, None)
    assert four.outcome.problem is not None
    assert "tomorrow" in four.outcome.problem
    assert count(face, monitor, user) == 0
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["rows"][0]["due_at"] == "2031-03-01T02:00:00Z"


def test_all_rows_are_scheduled_or_none(face: Face, monitor: Any, user: str) -> None:
    refused = take(face, monitor, user, TABLE, mode="all_or_nothing")
    assert outcomes(refused) == ["fine", "fine", "problem"]
    assert count(face, monitor, user) == 0

    taken = take(face, monitor, user, GOOD.encode(), mode="all_or_nothing")

    assert outcomes(taken) == ["scheduled", "scheduled"]
    assert (taken.problems, taken.scheduled) == (0, 2)
    for row in taken.rows:
        post = face.run(monitor.scheduled(row.outcome.post_id))
        assert (post.draft, post.due_at) == (Draft.text(row.text), row.due_at)
    # The same file again makes nothing twice.
    again = take(face, monitor, user, GOOD, mode="all_or_nothing")
    assert outcomes(again) == ["already_there", "already_there"]
    assert [row.outcome.post_id for row in again.rows] == [
        row.outcome.post_id for row in taken.rows
    ]
    assert count(face, monitor, user) == 2


def test_good_rows_are_scheduled_and_the_others_told(face: Face, monitor: Any, user: str) -> None:
    report = take(face, monitor, user, TABLE, mode="good_rows")

    assert outcomes(report) == ["scheduled", "scheduled", "problem"]
    assert count(face, monitor, user) == 2


def test_a_row_goes_out_at_its_time(
    live_sandbox: Sandbox, face: Face, monitor: Any, user: str
) -> None:
    now = datetime.now(ZoneInfo("Asia/Jakarta"))
    table = f"text,date,time\nJust now,{now:%Y-%m-%d},{now:%H:%M}\n"

    (row,) = take(face, monitor, user, table, mode="all_or_nothing").rows
    post = face.run(monitor.scheduled(row.outcome.post_id))
    post = face.run_until_over(monitor, post)

    assert post.phase.name == "published"
    assert [entry["text"] for entry in live_sandbox.published()] == ["Just now"]
    # Once it is live, the same row still makes nothing twice.
    again = take(face, monitor, user, table, mode="all_or_nothing")
    assert outcomes(again) == ["already_there"]


def test_rows_that_something_speaks_against_are_confirmed(
    face: Face, monitor: Any, user: str
) -> None:
    table = "text,date,time\nSame,2031-03-01,09:00\nsame,2031-03-02,09:00\n"

    asked = take(face, monitor, user, table, mode="all_or_nothing")

    assert outcomes(asked) == ["fine", "unconfirmed"]
    (warning,) = asked.rows[1].warnings
    assert (warning.kind, warning.other) == ("duplicate", Planned(kind="line", id=None, line=2))
    assert asked.problems == 1
    assert count(face, monitor, user) == 0
    confirmed = take(face, monitor, user, table, mode="all_or_nothing", accept_warnings=True)
    assert outcomes(confirmed) == ["scheduled", "scheduled"]
    assert len(confirmed.rows[1].warnings) == 1


def test_the_plan_comes_out_as_a_table_and_goes_in_again(
    face: Face, monitor: Any, user: str
) -> None:
    take(face, monitor, user, GOOD, mode="all_or_nothing")
    cancelled = face.run(
        monitor.schedule(
            user, Draft.text("Never"), at=datetime.now(timezone.utc) + timedelta(days=1)
        )
    )
    face.run(monitor.cancel(cancelled.id))
    poll = face.run(
        monitor.schedule(
            user,
            Draft.poll("Tea?", ["yes", "no"]),
            at=datetime(2031, 3, 3, 9, tzinfo=timezone.utc),
        )
    )

    table = face.run(monitor.export_posts(user, zone="Asia/Jakarta"))

    assert isinstance(table, str)
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert [(row["text"], row["date"], row["time"], row["zone"]) for row in rows] == [
        ("One, two", "2031-03-01", "09:00:00", "Asia/Jakarta"),
        ("Three", "2031-03-01", "09:00:00", "Europe/Berlin"),
        ("Tea?", "2031-03-03", "16:00:00", "Asia/Jakarta"),
    ]
    assert [row["complete"] for row in rows] == ["yes", "yes", "no"]
    assert rows[2]["post"] == poll.id
    back = take(face, monitor, user, table, mode="all_or_nothing")
    assert outcomes(back) == ["already_there"] * 3
    assert count(face, monitor, user) == 4


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("", "line 1 must name"),
        ("text,when\nx,y\n", "`when` on line 1"),
        ("text,date,time\nMérci,2031-03-01,09:00\n".encode("latin-1"), "UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(
    face: Face, monitor: Any, user: str, table: Any, reason: str
) -> None:
    with pytest.raises(InvalidRequestError, match=reason) as caught:
        take(face, monitor, user, table)

    assert caught.value.field == "table"


def test_other_arguments_are_refused(face: Face, monitor: Any, user: str) -> None:
    with pytest.raises(TypeError, match="bytes of a CSV file"):
        take(face, monitor, user, [["text"]])
    with pytest.raises(InvalidRequestError, match="dry_run") as caught:
        take(face, monitor, user, GOOD, mode="some")
    assert caught.value.field == "mode"
    with pytest.raises(InvalidRequestError, match="Mars"):
        take(face, monitor, user, GOOD, zone="Mars/Olympus")
    with pytest.raises(InvalidRequestError, match="Mars"):
        face.run(monitor.export_posts(user, zone="Mars/Olympus"))
    # Half of a character pair is no text that could be written down.
    with pytest.raises(UnicodeEncodeError):
        take(face, monitor, user, "text,date,time\n\ud83d,2031-03-01,09:00\n")
    with pytest.raises(NotConnectedError):
        take(face, monitor, "1", GOOD)
    assert count(face, monitor, user) == 0
