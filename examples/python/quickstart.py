"""Shows an account, its latest posts with their views, and today's quota.

Run it against the sandbox of this repository (see tests/sandbox), or against Threads
itself, without THREADS_BASE_URL, with a token of your own:

    THREADS_ACCESS_TOKEN=THQ… python examples/python/quickstart.py

The token needs the scopes threads_basic, threads_manage_insights and
threads_content_publish. Nothing is published.
"""

from __future__ import annotations

import os
import sys
from itertools import islice

from threads_monitor import ThreadsClient, ThreadsError


def shown(number: int | None) -> str:
    """A number, or that there is none: a missing number is not 0."""
    return "not provided" if number is None else f"{number:,}"


def main() -> None:
    token = os.environ.get("THREADS_ACCESS_TOKEN")
    if token is None:
        sys.exit("set THREADS_ACCESS_TOKEN to the access token of a Threads account")

    with ThreadsClient(access_token=token, base_url=os.environ.get("THREADS_BASE_URL")) as client:
        me = client.profile.get()
        followers = client.insights.account(metrics=["followers_count"])
        print(f"@{me.username}: {shown(followers.total('followers_count'))} followers")

        # Iterating over a page goes on through all pages; here ten posts are enough.
        for post in islice(client.posts.list(limit=10), 10):
            insights = client.insights.post(post.id, metrics=["views", "likes"])
            views, likes = insights.total("views"), insights.total("likes")
            headline = (post.text or "(no text)").splitlines()[0][:40]
            print(f"{headline:40}  views: {shown(views)}, likes: {shown(likes)}")

        quota = client.quota.publishing()
        if quota.config is not None:
            used, total = shown(quota.quota_usage), shown(quota.config.quota_total)
            print(f"{used} of {total} posts published in the last 24 hours")


if __name__ == "__main__":
    try:
        main()
    except ThreadsError as error:
        sys.exit(f"{type(error).__name__}: {error}")
