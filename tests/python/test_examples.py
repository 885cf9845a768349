"""The examples run as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox import Sandbox

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"

#: A line that each example prints in the sandbox.
SHOWS = {
    "quickstart.py": "@kedai.senja: 12,480 followers",
    "async_quickstart.py": "@kedai.senja, the last seven days",
    "monitor.py": "called off: cancelled",
    "planning.py": "the plan as a table: 3 rows",
}


def run(name: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {key: text for key, text in os.environ.items() if not key.startswith("THREADS_")}
    return subprocess.run(
        [sys.executable, EXAMPLES / name],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == SHOWS.keys()


@pytest.mark.parametrize("name", SHOWS)
def test_an_example_runs_against_the_sandbox(live_sandbox: Sandbox, name: str) -> None:
    token = live_sandbox.token().expose()

    process = run(name, {"THREADS_BASE_URL": live_sandbox.url, "THREADS_ACCESS_TOKEN": token})

    assert process.returncode == 0, process.stderr
    assert SHOWS[name] in process.stdout
    assert token not in process.stdout + process.stderr
    assert live_sandbox.published() == []


@pytest.mark.parametrize("name", SHOWS)
def test_an_example_without_a_token_says_what_it_needs(name: str) -> None:
    process = run(name, {})

    assert process.returncode == 1
    assert "THREADS_ACCESS_TOKEN" in process.stderr


@pytest.mark.parametrize("name", SHOWS)
def test_an_example_is_short_and_says_how_to_run_it(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")

    assert len(text.splitlines()) < 80
    assert f"python examples/python/{name}" in text
