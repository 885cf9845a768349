"""Connects an account to a monitor, measures it once and schedules a post for tomorrow.

Run it against the sandbox of this repository (see tests/sandbox), or against Threads
itself, without THREADS_BASE_URL, with a token of your own:

    THREADS_ACCESS_TOKEN=THQ… python examples/python/monitor.py

History, token and schedule are kept in memory; set THREADS_STORE to `file:./data` to keep
them on disk. The post is called off again at the end, so nothing is published.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta, timezone

from threads_monitor import (
    Draft,
    Measured,
    Measurement,
    Monitor,
    NotProvided,
    Storage,
    ThreadsError,
    TokenGrant,
)

SCOPES = ["threads_basic", "threads_content_publish", "threads_manage_insights"]


def shown(number: Measurement) -> str:
    """A number in one of its three states."""
    if isinstance(number, Measured):
        return f"{number.value:,} (measured at {number.at:%H:%M} UTC)"
    return "not provided by Threads" if isinstance(number, NotProvided) else "not measured yet"


def main() -> None:
    token = os.environ.get("THREADS_ACCESS_TOKEN")
    if token is None:
        sys.exit("set THREADS_ACCESS_TOKEN to the access token of a Threads account")
    storage = Storage.open(os.environ.get("THREADS_STORE", "memory:"))
    monitor = Monitor(storage, base_url=os.environ.get("THREADS_BASE_URL"))

    user = monitor.connect(TokenGrant(token), SCOPES).user
    for kind, failure in monitor.collect_now(user).items():
        print(f"{kind}: {failure or 'done'}")

    account = monitor.account(user)
    if account is not None and account.profile is not None:
        print(f"@{account.profile.username}")
        print(f"  followers: {shown(account.followers)}")
        print(f"  following: {shown(account.following)}")
    for post in monitor.recent_posts(user, limit=5):
        print(f"  {post.published_at:%d %b}: {shown(post.views)}")

    # `with monitor.start():` would publish it when it is due, and keep measuring.
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    scheduled = monitor.schedule(user, Draft.text("Good morning"), at=tomorrow)
    print(f"scheduled for {scheduled.due_at:%d %b %H:%M} UTC: {scheduled.phase.name}")
    print(f"called off: {monitor.cancel(scheduled.id).phase.name}")


if __name__ == "__main__":
    try:
        main()
    except ThreadsError as error:
        sys.exit(f"{type(error).__name__}: {error}")
