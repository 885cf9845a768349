"""A forked child is refused at once instead of waiting for threads that it does not have."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox import Sandbox
from threads_monitor import ThreadsClient

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

USED = """
import asyncio, os, sys, time, traceback
from threads_monitor import AsyncThreadsClient, ForkedProcessError, Monitor, Storage, ThreadsClient
client = ThreadsClient(base_url=sys.argv[1], access_token=sys.argv[2])
awaiting = AsyncThreadsClient(base_url=sys.argv[1], access_token=sys.argv[2])
monitor = Monitor(Storage.open(sys.argv[3]), base_url=sys.argv[1]).start()
client.profile.get()
child = os.fork()
if child == 0:
    for call in (
        lambda: client.profile.get(),
        lambda: asyncio.run(awaiting.profile.get()),
        lambda: Storage.open("memory:"),
        lambda: monitor.accounts(),
        lambda: monitor.shutdown(),
    ):
        start = time.monotonic()
        try:
            call()
        except ForkedProcessError:
            assert time.monotonic() - start < 0.5
        else:
            sys.exit("not refused")
    sys.exit(7)
_, status = os.waitpid(child, 0)
assert client.profile.get().username == "kedai.senja"
sys.exit(0 if os.waitstatus_to_exitcode(status) == 7 else f"the child ended with {status}")
"""

UNUSED = """
import os, sys
from threads_monitor import ThreadsClient
client = ThreadsClient(base_url=sys.argv[1], access_token=sys.argv[2])
child = os.fork()
assert client.profile.get().username == "kedai.senja"
if child == 0:
    sys.exit(7)
_, status = os.waitpid(child, 0)
sys.exit(0 if os.waitstatus_to_exitcode(status) == 7 else f"the child ended with {status}")
"""


@pytest.mark.parametrize(
    ("script", "store"),
    [(USED, "memory:"), (USED, "file:{}"), (UNUSED, "memory:")],
    ids=["used before", "used before, with files", "unused before"],
)
def test_a_forked_child_is_refused_or_works_but_never_hangs(
    sandbox: Sandbox, tmp_path: Path, script: str, store: str
) -> None:
    address = store.format(tmp_path / "data")
    for _ in range(10):
        process = subprocess.run(
            [sys.executable, "-c", script, sandbox.url, sandbox.token().expose(), address],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

        assert process.returncode == 0, process.stderr


def ask(url: str, token: str) -> str:
    return ThreadsClient(base_url=url, access_token=token).profile.get().username


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_started_afresh_work(sandbox: Sandbox, method: str) -> None:
    token = sandbox.token().expose()
    assert ask(sandbox.url, token) == "kedai.senja"

    with multiprocessing.get_context(method).Pool(2) as pool:
        names = pool.starmap(ask, [(sandbox.url, token)] * 4)

    assert names == ["kedai.senja"] * 4
