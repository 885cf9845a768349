"""Plans a week from a table: asks first what would become of it, and then schedules it.

Run it against the sandbox of this repository (see tests/sandbox), or against Threads
itself, without THREADS_BASE_URL, with a token of your own:

    THREADS_ACCESS_TOKEN=THQ… python examples/python/planning.py

Everything is kept in memory and nothing runs, so nothing is published.
"""

from __future__ import annotations

import os
import sys
from datetime import date, datetime, time, timedelta, timezone

from threads_monitor import (
    Draft,
    Monitor,
    PostingPlan,
    Repeat,
    Slot,
    Storage,
    ThreadsError,
    TokenGrant,
    WarnedError,
)

ZONE = "Asia/Jakarta"
SCOPES = ["threads_basic", "threads_content_publish"]


def table(first: date) -> str:
    """Three rows, of which the last makes no sense."""
    return f"text,date,time\nTea,{first},09:00\nCoffee,{first},18:30\nCake,{first},soon\n"


def main() -> None:
    token = os.environ.get("THREADS_ACCESS_TOKEN")
    if token is None:
        sys.exit("set THREADS_ACCESS_TOKEN to the access token of a Threads account")
    monitor = Monitor(Storage.open("memory:"), base_url=os.environ.get("THREADS_BASE_URL"))
    user = monitor.connect(TokenGrant(token), SCOPES).user
    next_week = datetime.now(timezone.utc).date() + timedelta(days=7)

    plan = PostingPlan(ZONE, slots=(Slot("monday", time(8)),), spacing_minutes=60)
    monitor.set_posting_plan(user, plan)

    asked = monitor.import_posts(user, table(next_week), zone=ZONE)
    for row in asked.rows:
        print(f"line {row.line}: {row.outcome.name} {row.outcome.problem or ''}")
    taken = monitor.import_posts(user, table(next_week), zone=ZONE, mode="good_rows")
    print(f"scheduled from the table: {taken.scheduled}")

    rule = Repeat.weekly(["friday"], zone=ZONE, times=[time(17)], first=next_week)
    monitor.repeat(user, Draft.text("Have a good weekend"), rule)
    (friday,) = rule.occurrences(limit=1)
    print(f"each Friday, first on {friday.local:%d %b %H:%M} ({friday.at:%H:%M} UTC)")

    try:
        monitor.schedule(user, Draft.text("tea"), at="next_slot", unless_warned=True)
    except WarnedError as error:
        print(f"not queued: {error}")
    queued = monitor.schedule(user, Draft.text("Juice"), at="next_slot")
    print(f"in the queue: {queued.due_at:%d %b %H:%M} UTC")

    lines = monitor.export_posts(user, zone=ZONE).splitlines()
    print(f"the plan as a table: {len(lines) - 1} rows")


if __name__ == "__main__":
    try:
        main()
    except ThreadsError as error:
        sys.exit(f"{type(error).__name__}: {error}")
