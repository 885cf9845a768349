"""Connecting accounts, through both faces."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from faces import Face
from sandbox import APP_ID, APP_SECRET, REDIRECT_URI, Sandbox
from threads_monitor import (
    AppSecret,
    AuthorizationCode,
    AuthorizationResponse,
    CsrfState,
    InvalidRequestError,
    TokenGrant,
)

SCOPES = ["threads_basic", "threads_manage_insights"]


class StayHere(HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None


def authorize(url: str) -> str:
    """Where the authorization window of an auto-approving sandbox sends the browser."""
    with pytest.raises(HTTPError) as answer:
        build_opener(StayHere).open(Request(url), timeout=10)
    answer.value.close()
    assert answer.value.code in (302, 303)
    return str(answer.value.headers["Location"])


@pytest.fixture
def sandbox() -> Any:
    with Sandbox("--frozen", "--start-at", "2026-06-01T12:00:00Z", "--auto-approve") as sandbox:
        yield sandbox


@pytest.fixture
def oauth(sandbox: Sandbox, face: Face) -> Any:
    return face.OAuthClient(
        app_id=APP_ID,
        app_secret=AppSecret(APP_SECRET),
        redirect_uri=REDIRECT_URI,
        base_url=sandbox.url,
        authorize_base=f"{sandbox.url}oauth/authorize",
    )


def connect(face: Face, oauth: Any) -> TokenGrant:
    url, state = oauth.authorize_url(SCOPES)
    kept = state.expose()
    code = AuthorizationResponse.from_url(authorize(url)).code_for(CsrfState(kept))
    short_lived = face.run(oauth.exchange_code(code))
    grant = face.run(oauth.exchange_long_lived(short_lived.access_token))
    assert isinstance(grant, TokenGrant)
    return grant


def test_a_person_comes_back_with_a_long_lived_token(
    sandbox: Sandbox, face: Face, oauth: Any
) -> None:
    grant = connect(face, oauth)

    assert grant.expires_in is not None
    assert timedelta(days=59) < grant.expires_in <= timedelta(days=60)
    client = face.ThreadsClient(access_token=grant.access_token, base_url=sandbox.url)
    assert face.run(client.profile.get()).id == sandbox.user_id()


def test_the_authorize_url_names_app_redirect_scopes_and_state(oauth: Any) -> None:
    url, state = oauth.authorize_url(SCOPES)

    query = parse_qs(urlsplit(url).query)
    assert query["client_id"] == [APP_ID]
    assert query["redirect_uri"] == [REDIRECT_URI]
    assert query["scope"] == [",".join(SCOPES)]
    assert query["state"] == [state.expose()]
    assert state.matches(state.expose())
    assert APP_SECRET not in url


def test_states_are_never_the_same(oauth: Any) -> None:
    states = {oauth.authorize_url(SCOPES)[1].expose() for _ in range(100)}

    assert len(states) == 100
    assert min(len(state) for state in states) >= 43


def test_scopes_without_basic_are_refused(oauth: Any) -> None:
    with pytest.raises(InvalidRequestError, match="threads_basic"):
        oauth.authorize_url(["threads_manage_insights"])


def test_a_foreign_state_is_refused(oauth: Any) -> None:
    url, _ = oauth.authorize_url(SCOPES)
    _, other = oauth.authorize_url(SCOPES)
    response = AuthorizationResponse.from_url(authorize(url))

    with pytest.raises(InvalidRequestError, match="state"):
        response.code_for(other)


def test_a_refusal_is_readable() -> None:
    response = AuthorizationResponse.from_query(
        "error=access_denied&error_reason=user_denied&state=abc"
    )

    assert response.error == "access_denied"
    with pytest.raises(InvalidRequestError, match="refused"):
        response.code_for(CsrfState("abc"))


def test_a_callback_without_a_code_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="code"):
        AuthorizationResponse.from_url(f"{REDIRECT_URI}?state=abc")


def test_a_code_works_once(face: Face, oauth: Any) -> None:
    url, state = oauth.authorize_url(SCOPES)
    code = AuthorizationResponse.from_url(authorize(url)).code_for(state)
    assert isinstance(code, AuthorizationCode)
    face.run(oauth.exchange_code(code))

    with pytest.raises(Exception, match="code") as caught:
        face.run(oauth.exchange_code(code))

    assert code.expose() not in str(caught.value)


def test_a_token_is_refreshed_after_a_day(sandbox: Sandbox, face: Face, oauth: Any) -> None:
    grant = connect(face, oauth)
    sandbox.advance(2 * 86_400)

    refreshed = face.run(oauth.refresh(grant.access_token))

    assert refreshed.access_token.expose() != grant.access_token.expose()
    assert refreshed.expires_in > timedelta(days=59)


def test_debug_token_knows_scopes_and_dates(sandbox: Sandbox, face: Face, oauth: Any) -> None:
    grant = connect(face, oauth)

    info = face.run(oauth.debug_token(grant.access_token, caller=grant.access_token))

    assert info.is_valid
    assert info.user_id == sandbox.user_id()
    assert set(info.scopes) == set(SCOPES)
    assert info.expires_at.tzinfo is timezone.utc


def test_an_app_token_is_a_secret_too(face: Face, oauth: Any) -> None:
    token = face.run(oauth.app_token())

    assert token.expose()
    assert token.expose() not in repr(token)


def test_a_wrong_app_secret_is_an_error_that_does_not_show_it(sandbox: Sandbox, face: Face) -> None:
    oauth = face.OAuthClient(
        app_id=APP_ID,
        app_secret="wrong-and-secret",
        redirect_uri=REDIRECT_URI,
        base_url=sandbox.url,
    )

    with pytest.raises(Exception, match=r"\w") as caught:
        face.run(oauth.exchange_long_lived(sandbox.token()))

    assert "wrong-and-secret" not in str(caught.value)
