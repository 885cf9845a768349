"""One demonstration of the dashboard, and browsers that look at it.

THREADS_DASHBOARD_BIN names the built program, CHROMIUM another browser than
/usr/bin/chromium.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PREFIX = "Threads Monitoring is at "
READY_WITHIN_SECONDS = 180

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Dashboard:
    """A running demonstration."""

    address: str

    def read(self, path: str) -> dict:
        """What the JSON interface says."""
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return json.load(answer)

    def accounts(self) -> list[dict]:
        return self.read("/api/accounts")["accounts"]

    def account(self, username: str) -> dict:
        (found,) = [a for a in self.accounts() if a["profile"]["username"] == username]
        return found

    def posts(self, text: str) -> list[dict]:
        posts = self.read("/api/jobs")["scheduled_posts"]
        return [post for post in posts if post["draft"].get("text") == text]


def program() -> Path:
    root = Path(__file__).resolve().parents[2]
    named = os.environ.get("THREADS_DASHBOARD_BIN")
    path = Path(named) if named else root / "target" / "debug" / "threads-dashboard"
    if not path.exists():
        pytest.fail(f"{path} does not exist: build it, or set THREADS_DASHBOARD_BIN")
    return path.resolve()


def start(directory: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    """Starts the program on a free port and says where it is."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("THREADS_")}
    process = subprocess.Popen(
        [program(), "--listen", "127.0.0.1:0", *options],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(directory / "log").open("w"),
        text=True,
    )
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    output = process.stdout
    threading.Thread(target=lambda: [lines.put(line) for line in output], daemon=True).start()
    try:
        first = lines.get(timeout=20).strip()
    except queue.Empty:
        process.kill()
        pytest.fail("the program said nothing: " + (directory / "log").read_text())
    if not first.startswith(PREFIX):
        process.kill()
        pytest.fail(f"the program said {first!r}")
    return process, first.removeprefix(PREFIX).rstrip("/")


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    directory = tmp_path_factory.mktemp("dashboard")
    process, address = start(directory)
    running = Dashboard(address)
    try:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while running.read("/healthz")["monitor"] != "running":
            assert process.poll() is None, (directory / "log").read_text()
            assert time.monotonic() < deadline, "the history took too long"
            time.sleep(0.1)
        yield running
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0
        log = (directory / "log").read_text()
        assert log == "", f"the program complained: {log}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.fail(f"{path} does not exist: install chromium, or set CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, dashboard: Dashboard) -> Iterator[OpenPage]:
    """Opens pages, and fails the test if any of them complains in its console."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(path: str = "/", **options: object) -> Page:
        options.setdefault("locale", "en-GB")
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{page.url}: {message.text}")
                if message.type in ("error", "warning") and "status of 4" not in message.text
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "request",
            lambda request: (
                complaints.append(f"{page.url} asks for {request.url}")
                if not request.url.startswith("http://127.0.0.1:")
                else None
            ),
        )
        page.goto(dashboard.address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
