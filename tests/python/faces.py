"""The two faces of the package, so that one test proves both."""

from __future__ import annotations

import asyncio
import inspect
import time
from pathlib import Path
from typing import Any

import threads_monitor
from threads_monitor import ScheduledPost, Storage


class Face:
    """Either the blocking classes or the asyncio ones."""

    def __init__(self, name: str) -> None:
        self.name = name
        prefix = "Async" if name == "async" else ""
        self.ThreadsClient: Any = getattr(threads_monitor, f"{prefix}ThreadsClient")
        self.OAuthClient: Any = getattr(threads_monitor, f"{prefix}OAuthClient")
        self.Monitor: Any = getattr(threads_monitor, f"{prefix}Monitor")

    def run(self, outcome: Any) -> Any:
        """What a method gave, or what the coroutine that it gave comes to."""
        assert inspect.iscoroutine(outcome) == (self.name == "async")
        return asyncio.run(outcome) if inspect.iscoroutine(outcome) else outcome

    def all_of(self, page: Any) -> list[Any]:
        """All items of a page and the pages after it."""
        if self.name == "sync":
            return list(page)

        async def collect() -> list[Any]:
            return [item async for item in page]

        return asyncio.run(collect())

    def run_until_over(self, monitor: Any, post: ScheduledPost) -> ScheduledPost:
        """Runs what is due until nothing more becomes of the post by itself."""
        end = time.monotonic() + 90
        while not post.is_over:
            assert time.monotonic() < end, post
            self.run(monitor.run_due_once())
            post = self.run(monitor.scheduled(post.id))
            time.sleep(0.2)
        return post

    def open_storage(self, address: str, key_file: Path | None = None) -> Storage:
        """A storage, opened as this face does it."""
        if self.name == "sync":
            return Storage.open(address, key_file=key_file)

        async def open_it() -> Storage:
            return await Storage.open_async(address, key_file=key_file)

        return asyncio.run(open_it())
