"""No secret gets out by showing, raising, copying or pickling."""

from __future__ import annotations

import copy
import pickle
import traceback
from datetime import timedelta
from typing import Any

import pytest
from faces import Face
from sandbox import Sandbox
from threads_monitor import (
    AccessToken,
    AppSecret,
    AuthorizationCode,
    AuthorizationResponse,
    CsrfState,
    OAuthClient,
    ThreadsClient,
    ThreadsError,
    TokenGrant,
)

CANARY = "THQ-canary-4242424242"

SECRETS = [AccessToken, AppSecret, AuthorizationCode, CsrfState]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_shown_as_a_placeholder(kind: Any) -> None:
    secret = kind(CANARY)

    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", repr([secret]), repr(vars)]

    assert not any(CANARY in text for text in shown)
    assert "[redacted]" in repr(secret)
    assert secret.expose() == CANARY


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_cannot_be_pickled(kind: Any) -> None:
    secret = kind(CANARY)

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(secret, protocol)
    with pytest.raises(TypeError, match="cannot pickle"):
        copy.deepcopy(secret)


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_has_no_attributes_to_read_or_set(kind: Any) -> None:
    secret = kind(CANARY)

    assert not hasattr(secret, "__dict__")
    with pytest.raises(AttributeError):
        secret.text = "x"
    assert secret != kind(CANARY)


def test_a_code_loses_the_end_that_meta_appends() -> None:
    assert AuthorizationCode("abc#_").expose() == "abc"


def test_clients_do_not_show_what_they_hold() -> None:
    client = ThreadsClient(access_token=CANARY)
    oauth = OAuthClient(app_id="1", app_secret=CANARY, redirect_uri="https://app.example/callback")

    assert CANARY not in repr(client)
    assert CANARY not in repr(oauth)
    assert CANARY not in repr(client.profile.__dict__)
    for thing in (client, oauth):
        with pytest.raises(TypeError):
            pickle.dumps(thing)


def test_a_grant_is_shown_without_its_token() -> None:
    grant = TokenGrant(CANARY, expires_in=timedelta(days=60), user_id="42")

    assert repr(grant) == (
        "TokenGrant(AccessToken([redacted]), expires_in=datetime.timedelta(days=60), "
        "token_type=None, user_id='42')"
    )
    assert grant.access_token.expose() == CANARY
    assert (grant.expires_in, grant.token_type, grant.user_id) == (timedelta(days=60), None, "42")
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(grant)


def test_a_callback_does_not_show_its_code() -> None:
    response = AuthorizationResponse.from_query(f"code={CANARY}&state={CANARY}")

    assert CANARY not in repr(response)


def test_a_wrong_argument_is_not_repeated() -> None:
    with pytest.raises(TypeError) as caught:
        ThreadsClient(access_token=CANARY.encode())  # type: ignore[arg-type]

    assert CANARY not in str(caught.value)


FAULTS: list[dict[str, Any]] = [
    {"kind": "graph", "code": 190},
    {"kind": "graph", "code": 100},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 401},
    {"kind": "drop_before_effect"},
    {"kind": "reset_before_effect"},
    {"kind": "truncated_body"},
    {"kind": "wrong_json"},
    {"kind": "html_body"},
    {"kind": "redirect", "to": f"http://127.0.0.1:9/?access_token={CANARY}"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault["kind"]))
@pytest.mark.parametrize("placement", ["header", "query"])
def test_no_failure_shows_the_token(
    sandbox: Sandbox, face: Face, fault: dict[str, Any], placement: str
) -> None:
    token = sandbox.token()
    client = face.ThreadsClient(
        access_token=token, base_url=sandbox.url, attempts=1, token_placement=placement
    )
    sandbox.fail("profile", **fault)
    sandbox.fail("refresh_token", **fault)

    for call in (client.profile.get, client.refresh_access_token):
        with pytest.raises(ThreadsError) as caught:
            face.run(call())
        shown = "".join(
            traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
        )
        assert token.expose() not in shown
        for text in (repr(caught.value), str(caught.value), str(caught.value.__dict__)):
            assert token.expose() not in text
            assert CANARY not in text
            assert "access_token=" not in text
