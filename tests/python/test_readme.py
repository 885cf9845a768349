"""What the README says about the monitor works as it stands there."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from sandbox import Sandbox
from threads_monitor import Monitor, Storage, TokenGrant

README = Path(__file__).parents[2] / "bindings-python" / "README.md"


def code_of(section: str) -> str:
    """The Python code of a section, with its dates put into next year."""
    text = README.read_text(encoding="utf-8")
    body = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", body, re.DOTALL)
    assert isinstance(code, str)
    return code.replace("2027", str(datetime.now(timezone.utc).year + 1))


@pytest.fixture
def names(live_sandbox: Sandbox) -> dict[str, Any]:
    """The names that the sections go on with."""
    grant = TokenGrant(live_sandbox.token())
    names: dict[str, Any] = {"grant": grant}
    exec("from datetime import datetime\nfrom threads_monitor import Draft", names)
    monitor = Monitor(Storage.open("memory:"), base_url=live_sandbox.url)
    names["account"] = monitor.connect(
        grant, ["threads_basic", "threads_content_publish", "threads_manage_replies"]
    )
    names["monitor"] = monitor
    return names


def test_the_section_about_chains(
    names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    exec(code_of("Chains"), names)

    # It says what is printed once the chain is live, which this one is not yet.
    assert capsys.readouterr().out == "0 of 3 underway\n"


def test_the_section_about_planning(
    names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    exec(code_of("Planning"), names)

    assert capsys.readouterr().out.count(" unique\n") == 3
    monitor: Monitor = names["monitor"]
    texts = {post.draft.body for post in monitor.scheduled_posts(names["account"].user)}
    assert texts == {"Queued", "Our news", "Hello"}
    (series,) = monitor.repeated_posts(names["account"].user)
    assert series.ended_at is not None
