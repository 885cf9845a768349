"""Fixtures: each test has a sandbox of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from faces import Face
from sandbox import Sandbox

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
