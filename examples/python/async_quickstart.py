"""Reads profile, insights and posts side by side, with asyncio.

Run it against the sandbox of this repository (see tests/sandbox), or against Threads
itself, without THREADS_BASE_URL, with a token of your own:

    THREADS_ACCESS_TOKEN=THQ… python examples/python/async_quickstart.py

The token needs the scopes threads_basic and threads_manage_insights.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime, timedelta, timezone

from threads_monitor import AsyncThreadsClient, ThreadsError


async def main() -> None:
    token = os.environ.get("THREADS_ACCESS_TOKEN")
    if token is None:
        sys.exit("set THREADS_ACCESS_TOKEN to the access token of a Threads account")
    week_ago = datetime.now(timezone.utc) - timedelta(days=7)

    async with AsyncThreadsClient(
        access_token=token, base_url=os.environ.get("THREADS_BASE_URL")
    ) as client:
        # Three requests at once; the answers come in the order of the calls.
        me, insights, page = await asyncio.gather(
            client.profile.get(),
            client.insights.account(
                metrics=["views", "likes"], since=week_ago, until=datetime.now(timezone.utc)
            ),
            client.posts.list(limit=100, since=week_ago),
        )

        print(f"@{me.username}, the last seven days")
        for point in insights.series("views") or ():
            day = "?" if point.end_time is None else f"{point.end_time:%d %b}"
            print(f"  until {day}: {point.value:,} profile views")
        likes = insights.total("likes")
        print(f"  likes: {'not provided' if likes is None else format(likes, ',')}")

        count = 0
        async for _ in page:  # goes on through all pages
            count += 1
        print(f"  posts: {count}")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except ThreadsError as error:
        sys.exit(f"{type(error).__name__}: {error}")
