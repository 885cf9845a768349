"""Programs end cleanly, whatever is under way: each script runs many times."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sandbox import Sandbox

#: How often each script runs.
RUNS = int(os.environ.get("THREADS_EXIT_RUNS", "50"))

BLOCKING = """
import sys, threading, time
from threads_monitor import ThreadsClient
client = ThreadsClient(base_url=sys.argv[1], access_token=sys.argv[2])
"""

AWAITING = """
import asyncio, sys, time
from threads_monitor import AsyncThreadsClient, NotFoundError
client = AsyncThreadsClient(base_url=sys.argv[1], access_token=sys.argv[2])
"""

SCRIPTS = {
    "sync": BLOCKING + "assert client.profile.get().username == 'kedai.senja'",
    "one_await": AWAITING + "assert asyncio.run(client.profile.get()).username == 'kedai.senja'",
    "raising_await": AWAITING
    + """
try:
    asyncio.run(client.posts.get("1"))
except NotFoundError:
    pass
else:
    sys.exit("no error")
""",
    "gather": AWAITING
    + """
async def main():
    profiles = await asyncio.gather(*(client.profile.get() for _ in range(50)))
    assert len(profiles) == 50
asyncio.run(main())
""",
    "cancel": AWAITING
    + """
async def main():
    call = asyncio.create_task(client.profile.lookup("noor.reads"))
    await asyncio.sleep(0.01)
    call.cancel()
    try:
        await call
    except asyncio.CancelledError:
        return
    sys.exit("not cancelled")
asyncio.run(main())
""",
    "left_pending": AWAITING
    + """
async def main():
    call = asyncio.ensure_future(client.profile.get())
    await asyncio.sleep(float(sys.argv[3]) % 0.01)
    return call
loop = asyncio.new_event_loop()
call = loop.run_until_complete(main())
call._log_destroy_pending = False
loop.close()
""",
    "daemon_thread": BLOCKING
    + """
def work():
    while True:
        client.profile.get()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.05 + float(sys.argv[3]) % 0.01)
""",
    "daemon_thread_that_waits": BLOCKING
    + """
threading.Thread(target=client.profile.lookup, args=("noor.reads",), daemon=True).start()
time.sleep(0.05)
""",
    "monitor_left_running": BLOCKING
    + """
from threads_monitor import Monitor, Storage
monitor = Monitor(Storage.open("memory:"), base_url=sys.argv[1]).start()
""",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_program_ends_cleanly(sandbox: Sandbox, name: str) -> None:
    sandbox.fail("profile_lookup", "hang_before_effect")
    arguments = [sys.executable, "-c", SCRIPTS[name], sandbox.url, sandbox.token().expose()]

    def run(number: int) -> tuple[int, str]:
        # A different moment each time, where the script asks for one.
        moment = str(number * 0.0007)
        process = subprocess.run(
            [*arguments, moment], capture_output=True, text=True, timeout=60, check=False
        )
        return process.returncode, process.stderr

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(run, range(RUNS)))

    failures = [outcome for outcome in outcomes if outcome[0] != 0]
    assert failures == []
    assert not any("panicked" in stderr for _, stderr in outcomes)
