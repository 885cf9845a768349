"""Fixtures: each test has a sandbox of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from faces import Face
from sandbox import Sandbox
from threads_monitor import TokenGrant

# A shell that starts a program in the background lets it ignore Ctrl-C, and Python and its
# children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose clock stands still, at 1 June 2026 in the afternoon."""
    with Sandbox("--frozen", "--start-at", "2026-06-01T12:00:00Z") as sandbox:
        yield sandbox


@pytest.fixture
def live_sandbox() -> Iterator[Sandbox]:
    """A sandbox on the real clock, which the monitor lives by."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest) -> Face:
    """Both faces, one after the other."""
    return Face(request.param)


@pytest.fixture
def client(sandbox: Sandbox, face: Face) -> Any:
    """A client of either face for the sandbox's first account; reads are tried once."""
    return face.ThreadsClient(access_token=sandbox.token(), base_url=sandbox.url, attempts=1)


@pytest.fixture
def monitor(live_sandbox: Sandbox, face: Face) -> Any:
    """A monitor of either face that keeps everything in memory."""
    return face.Monitor(face.open_storage("memory:"), base_url=live_sandbox.url)


@pytest.fixture
def user(live_sandbox: Sandbox, face: Face, monitor: Any) -> str:
    """The id of an account that is connected to the monitor and granted all that posts need."""
    scopes = [
        "threads_basic",
        "threads_content_publish",
        "threads_manage_replies",
        "threads_read_replies",
    ]
    grant = TokenGrant(live_sandbox.token(), expires_in=timedelta(days=60))
    return str(face.run(monitor.connect(grant, scopes)).user)
