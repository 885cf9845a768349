"""The sandbox as a process, with its control interface."""

from __future__ import annotations

import json
import os
import subprocess
from types import TracebackType
from typing import Any, Optional
from urllib.request import Request, urlopen

from threads_monitor import AccessToken
from typing_extensions import Self

APP_ID = "100200300400500"
APP_SECRET = "sandbox-app-secret"
REDIRECT_URI = "https://app.example/callback"

#: The account that tests use unless they need another.
USER = "kedai.senja"


class Sandbox:
    """One sandbox on a free port, with the demonstration accounts."""

    def __init__(self, *arguments: str) -> None:
        binary = os.environ["THREADS_SANDBOX_BIN"]
        self._process = subprocess.Popen(
            [binary, "--port", "0", *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("Base URL:"):
                self.url = line.split()[-1]
            if line.startswith("Get a token:"):
                break
        else:
            raise AssertionError("the sandbox did not start")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: Optional[type[BaseException]],
        exception: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def control(self, method: str, path: str, body: Optional[object] = None) -> Any:
        """One request to the control interface."""
        request = Request(
            f"{self.url}__sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def token(
        self, user: str = USER, *, scopes: Optional[list[str]] = None, age_seconds: int = 0
    ) -> AccessToken:
        """A long-lived token, with every scope unless some are named."""
        body: dict[str, object] = {"user": user, "age_seconds": age_seconds}
        if scopes is not None:
            body["scopes"] = scopes
        return AccessToken(self.control("POST", "tokens", body)["access_token"])

    def user_id(self, user: str = USER) -> str:
        """The id of an account."""
        users = self.control("GET", "state")["users"]
        return str(next(entry["id"] for entry in users if entry["username"] == user))

    def advance(self, seconds: int) -> None:
        """Moves the virtual clock."""
        self.control("POST", "time/advance", {"seconds": seconds})

    def switch(self, **switches: object) -> None:
        """Changes how the world works."""
        self.control("PATCH", "switches", switches)

    def fail(
        self,
        endpoint: str,
        kind: str,
        *,
        times: Optional[int] = None,
        nth: Optional[int] = None,
        **fault: object,
    ) -> None:
        """Makes the next calls of an endpoint, or the one of a number, or all, go wrong."""
        when: object = "always" if times is None else {"next": times}
        if nth is not None:
            when = {"nth": nth}
        rule = {"endpoint": endpoint, "when": when, "fault": {"kind": kind, **fault}}
        self.control("POST", "faults", rule)

    def requests(self) -> list[dict[str, Any]]:
        """What was asked for, oldest first."""
        return list(self.control("GET", "requests")["requests"])

    def published(self) -> list[dict[str, Any]]:
        """The posts that became visible, oldest first."""
        return [effect for effect in self.ledger() if effect["kind"] == "post_published"]

    def ledger(self) -> list[dict[str, Any]]:
        """What really happened, oldest first."""
        return list(self.control("GET", "ledger")["ledger"])
