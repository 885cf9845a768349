"""Waiting: other threads run, tasks run side by side, cancelling and Ctrl-C are obeyed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sandbox import Sandbox
from threads_monitor import APITimeoutError, AsyncThreadsClient, ThreadsClient

#: How long a slow answer takes, in seconds.
SLOW = 0.3


class SilentServer:
    """Accepts one connection, never answers, and notices when the client gives up."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.was_asked = threading.Event()
        self.was_given_up = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            while connection.recv(65_536):
                self.was_asked.set()
        self.was_given_up.set()


def slow(sandbox: Sandbox, seconds: float = SLOW) -> None:
    """Every profile comes in one piece, late."""
    sandbox.fail("profile", "slow_body", delay_ms=int(seconds * 1000), chunk_bytes=65_536)


def test_other_threads_run_while_one_waits(sandbox: Sandbox) -> None:
    slow(sandbox)
    client = ThreadsClient(access_token=sandbox.token(), base_url=sandbox.url)
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    client.profile.get()
    done.set()
    ticker.join()

    assert ticks > 50


def test_threads_wait_side_by_side(sandbox: Sandbox) -> None:
    slow(sandbox)
    client = ThreadsClient(access_token=sandbox.token(), base_url=sandbox.url)
    start = time.monotonic()

    with ThreadPoolExecutor(16) as threads:
        names = list(threads.map(lambda _: client.profile.get().username, range(16)))

    assert names == ["kedai.senja"] * 16
    assert time.monotonic() - start < 4 * SLOW


def test_tasks_wait_side_by_side(sandbox: Sandbox) -> None:
    slow(sandbox)
    client = AsyncThreadsClient(access_token=sandbox.token(), base_url=sandbox.url)

    async def main() -> float:
        start = time.monotonic()
        profiles = await asyncio.gather(*(client.profile.get() for _ in range(50)))
        assert len(profiles) == 50
        return time.monotonic() - start

    assert asyncio.run(main()) < 4 * SLOW


def test_the_event_loop_runs_while_a_task_waits(sandbox: Sandbox) -> None:
    slow(sandbox)
    client = AsyncThreadsClient(access_token=sandbox.token(), base_url=sandbox.url)

    async def main() -> int:
        call = asyncio.create_task(client.profile.get())
        ticks = 0
        while not call.done():
            await asyncio.sleep(0.001)
            ticks += 1
        return ticks

    assert asyncio.run(main()) > 50


def test_one_client_serves_many_event_loops(sandbox: Sandbox) -> None:
    client = AsyncThreadsClient(access_token=sandbox.token(), base_url=sandbox.url)

    with ThreadPoolExecutor(4) as threads:
        profiles = list(threads.map(lambda _: asyncio.run(client.profile.get()), range(20)))

    assert len(set(profiles)) == 1


def test_a_cancelled_task_ends_at_once_and_gives_its_request_up() -> None:
    server = SilentServer()
    client = AsyncThreadsClient(access_token="x", base_url=server.url)

    async def main() -> float:
        call = asyncio.create_task(client.profile.get())
        await asyncio.to_thread(server.was_asked.wait, 5)
        start = time.monotonic()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return time.monotonic() - start

    assert asyncio.run(main()) < 0.5
    assert server.was_given_up.wait(1)


def test_ctrl_c_gives_the_request_up() -> None:
    server = SilentServer()
    client = ThreadsClient(access_token="x", base_url=server.url)

    def interrupt() -> None:
        server.was_asked.wait(5)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        client.profile.get()

    assert server.was_given_up.wait(1)


def test_a_handler_that_raises_nothing_does_not_end_the_wait(sandbox: Sandbox) -> None:
    slow(sandbox)
    client = ThreadsClient(access_token=sandbox.token(), base_url=sandbox.url)
    seen: list[int] = []
    previous = signal.signal(signal.SIGUSR1, lambda number, _: seen.append(number))
    timer = threading.Timer(SLOW / 3, os.kill, (os.getpid(), signal.SIGUSR1))

    timer.start()
    try:
        profile = client.profile.get()
    finally:
        signal.signal(signal.SIGUSR1, previous)

    assert profile.username == "kedai.senja"
    assert seen == [signal.SIGUSR1]


def test_a_timeout_of_asyncio_is_obeyed(sandbox: Sandbox) -> None:
    sandbox.fail("profile", "hang_before_effect")
    client = AsyncThreadsClient(access_token=sandbox.token(), base_url=sandbox.url)
    start = time.monotonic()

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(client.profile.get(), timeout=0.2))

    assert time.monotonic() - start < 1


def test_an_iteration_can_be_given_up_and_taken_up_again(sandbox: Sandbox) -> None:
    client = AsyncThreadsClient(access_token=sandbox.token(), base_url=sandbox.url, attempts=1)

    async def main() -> int:
        page = await client.posts.list(limit=100)
        sandbox.fail("posts", "hang_before_effect", times=1)

        async def collect() -> int:
            return len([post async for post in page])

        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(collect(), timeout=0.3)
        return await collect()

    assert asyncio.run(main()) == 168


def test_a_blocking_call_works_inside_a_running_event_loop(sandbox: Sandbox) -> None:
    client = ThreadsClient(access_token=sandbox.token(), base_url=sandbox.url)

    async def main() -> str:
        return client.profile.get().username

    assert asyncio.run(main()) == "kedai.senja"


def test_threads_and_tasks_do_not_stall_each_other(sandbox: Sandbox) -> None:
    token = sandbox.token()
    blocking = ThreadsClient(access_token=token, base_url=sandbox.url)
    awaiting = AsyncThreadsClient(access_token=token, base_url=sandbox.url)
    end = time.monotonic() + 3
    slowest = [0.0]

    def timed(call: float) -> None:
        slowest[0] = max(slowest[0], time.monotonic() - call)

    def block() -> None:
        while time.monotonic() < end:
            start = time.monotonic()
            blocking.profile.get()
            timed(start)

    async def await_it() -> None:
        while time.monotonic() < end:
            start = time.monotonic()
            await asyncio.gather(*(awaiting.profile.get() for _ in range(4)))
            timed(start)

    with ThreadPoolExecutor(17) as threads:
        calls = [threads.submit(block) for _ in range(16)]
        calls.append(threads.submit(lambda: asyncio.run(await_it())))
        for call in calls:
            call.result(timeout=30)

    assert slowest[0] < 2


CTRL_C = """
import os, signal, sys, threading, time
from datetime import timedelta

from threads_monitor import {client}

client = {client}(base_url=sys.argv[1], access_token=sys.argv[2], timeout=timedelta(seconds=30))
interrupted_at = None

def interrupt():
    global interrupted_at
    time.sleep(0.5)
    interrupted_at = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
try:
    {call}
except KeyboardInterrupt:
    print(time.monotonic() - interrupted_at)
    sys.exit(0)
sys.exit("not interrupted")
"""


@pytest.mark.parametrize(
    ("client", "call"),
    [
        ("ThreadsClient", "client.profile.get()"),
        ("AsyncThreadsClient", "import asyncio; asyncio.run(client.profile.get())"),
    ],
    ids=["sync", "async"],
)
def test_ctrl_c_ends_a_waiting_call_within_a_second(
    sandbox: Sandbox, client: str, call: str
) -> None:
    sandbox.fail("profile", "hang_before_effect")
    script = CTRL_C.format(client=client, call=call)

    process = subprocess.run(
        [sys.executable, "-c", script, sandbox.url, sandbox.token().expose()],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert process.returncode == 0, process.stderr
    assert float(process.stdout) < 1


def test_a_long_wait_keeps_its_own_time_limit(sandbox: Sandbox) -> None:
    sandbox.fail("profile", "hang_before_effect")
    client = ThreadsClient(
        access_token=sandbox.token(),
        base_url=sandbox.url,
        attempts=1,
        timeout=timedelta(milliseconds=300),
    )
    start = time.monotonic()

    with pytest.raises(APITimeoutError):
        client.profile.get()

    assert 0.25 < time.monotonic() - start < 1
