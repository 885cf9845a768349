"""Each class of exception, raised by what it is for."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import pytest
from faces import Face
from sandbox import Sandbox
from threads_monitor import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    InvalidParameterError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    Storage,
    StoreError,
    ThreadsError,
    ThrottledError,
    errors,
)


@pytest.mark.parametrize(
    ("code", "subcode", "status", "kind", "retryable"),
    [
        (190, 463, 400, AuthenticationError, False),
        (102, None, 400, AuthenticationError, False),
        (10, None, 400, PermissionDeniedError, False),
        (200, None, 403, PermissionDeniedError, False),
        (4, None, 400, RateLimitError, True),
        (613, None, 400, RateLimitError, True),
        (100, 33, 400, NotFoundError, False),
        (100, None, 400, InvalidParameterError, False),
        (2, None, 500, ServerError, True),
        (9999, None, 400, APIStatusError, False),
    ],
)
def test_a_graph_code_is_a_class_of_exception(
    sandbox: Sandbox,
    face: Face,
    client: Any,
    code: int,
    subcode: int | None,
    status: int,
    kind: type[APIStatusError],
    retryable: bool,
) -> None:
    sandbox.fail("profile", "graph", code=code, subcode=subcode, status=status)

    with pytest.raises(APIStatusError) as caught:
        face.run(client.profile.get())

    error = caught.value
    assert type(error) is kind
    assert (error.code, error.subcode, error.status) == (code, subcode, status)
    assert error.trace_id
    assert error.message
    assert error.retryable is retryable
    assert isinstance(error, ThreadsError)


def test_a_rate_limit_says_how_long_to_wait(sandbox: Sandbox, face: Face, client: Any) -> None:
    sandbox.fail("profile", "status", status=429, retry_after=3600)

    with pytest.raises(RateLimitError) as caught:
        face.run(client.profile.get())

    assert caught.value.retry_after == timedelta(hours=1)


@pytest.mark.parametrize(
    ("code", "subcode", "status", "action", "english", "indonesian"),
    [
        (190, 463, 400, "reauthorise", "has expired", "sudah habis"),
        (4, None, 400, "retry_after", "too many requests", "terlalu banyak permintaan"),
        (10, None, 400, "ask_for_scope", "permission is missing", "izin yang kurang"),
        (1, 2207052, 400, "fix_media", "could not load", "tidak dapat memuat"),
        (9999, None, 400, "contact_meta", "does not know", "tidak dikenal"),
    ],
)
def test_an_error_says_what_to_do_in_both_languages(
    sandbox: Sandbox,
    face: Face,
    code: int,
    subcode: int | None,
    status: int,
    action: str,
    english: str,
    indonesian: str,
) -> None:
    client = face.ThreadsClient(access_token=sandbox.token(), base_url=sandbox.url, attempts=1)
    sandbox.fail("profile", "graph", code=code, subcode=subcode, status=status)

    with pytest.raises(APIStatusError) as caught:
        face.run(client.profile.get())

    error = caught.value
    assert error.action == action
    assert error.scope is None
    assert english in (error.advice() or "")
    assert error.advice("en") == error.advice()
    assert indonesian in (error.advice("id") or "")
    with pytest.raises(ValueError, match="`en` and `id`"):
        error.advice("de")  # type: ignore[arg-type]
    assert pickle.loads(pickle.dumps(error)).advice("id") == error.advice("id")


def test_after_a_throttle_nothing_is_sent_until_the_time_that_meta_names(
    sandbox: Sandbox, face: Face
) -> None:
    client = face.ThreadsClient(access_token=sandbox.token(), base_url=sandbox.url, attempts=1)
    sandbox.fail("profile", "status", status=429, retry_after=600)
    with pytest.raises(RateLimitError) as first:
        face.run(client.profile.get())
    sent = len(sandbox.requests())

    with pytest.raises(ThrottledError) as caught:
        face.run(client.profile.get())

    assert len(sandbox.requests()) == sent
    error = caught.value
    assert first.value.action == error.action == "retry_after"
    assert error.reason == "asked"
    assert error.retryable
    assert error.retry_after is not None
    assert timedelta(minutes=9) < error.retry_after <= timedelta(minutes=10)
    assert "nothing was sent" in (error.advice() or "").lower()


def test_an_exception_made_by_hand_has_no_advice() -> None:
    assert ThreadsError("x").advice() is None
    assert ThreadsError("x").action is None


def test_what_meta_refuses_and_what_is_refused_here_have_one_base(
    sandbox: Sandbox, face: Face, client: Any
) -> None:
    sandbox.fail("profile", "graph", code=100)

    with pytest.raises(InvalidRequestError) as by_meta:
        face.run(client.profile.get())
    with pytest.raises(InvalidRequestError) as here:
        face.run(client.posts.get("1/2"))

    assert isinstance(by_meta.value, APIStatusError)
    assert not isinstance(here.value, APIStatusError)
    assert isinstance(here.value, ValueError)
    assert here.value.field == "post"


def test_a_missing_permission_is_told(sandbox: Sandbox, face: Face) -> None:
    token = sandbox.token(scopes=["threads_basic"])
    client = face.ThreadsClient(access_token=token, base_url=sandbox.url)

    with pytest.raises(PermissionDeniedError):
        face.run(client.insights.account(metrics=["likes"]))


def test_no_answer_in_time_is_a_timeout(sandbox: Sandbox, face: Face) -> None:
    client = face.ThreadsClient(
        access_token=sandbox.token(),
        base_url=sandbox.url,
        attempts=1,
        timeout=timedelta(milliseconds=200),
    )
    sandbox.fail("profile", "hang_before_effect")

    with pytest.raises(APITimeoutError) as caught:
        face.run(client.profile.get())

    assert isinstance(caught.value, APIConnectionError)
    assert caught.value.retryable


@pytest.mark.parametrize("fault", ["drop_before_effect", "reset_before_effect", "truncated_body"])
def test_a_broken_connection_is_a_connection_error(
    sandbox: Sandbox, face: Face, client: Any, fault: str
) -> None:
    sandbox.fail("profile", fault)

    with pytest.raises(APIConnectionError) as caught:
        face.run(client.profile.get())

    assert not isinstance(caught.value, APITimeoutError)
    assert sandbox.url not in str(caught.value)


@pytest.mark.parametrize("fault", ["missing_id", "html_body"])
def test_an_answer_that_cannot_be_understood(
    sandbox: Sandbox, face: Face, client: Any, fault: str
) -> None:
    sandbox.fail("profile", fault)

    with pytest.raises(APIResponseError, match="GET /me"):
        face.run(client.profile.get())


def test_reads_are_tried_again_and_then_work(sandbox: Sandbox, face: Face) -> None:
    client = face.ThreadsClient(access_token=sandbox.token(), base_url=sandbox.url, attempts=3)
    sandbox.fail("profile", "status", times=2, status=503)

    assert face.run(client.profile.get()).username == "kedai.senja"

    assert len(sandbox.requests()) == 3


def test_an_address_that_is_no_storage_is_a_store_error(face: Face) -> None:
    with pytest.raises(StoreError) as caught:
        face.open_storage("mysql://root:hunter2@db/x")

    assert "hunter2" not in str(caught.value)


def test_a_directory_in_use_is_a_store_error(tmp_path: Any, face: Face) -> None:
    storage = Storage.open(f"file:{tmp_path}/data")

    with pytest.raises(StoreError, match="in use"):
        face.open_storage(f"file:{tmp_path}/data")

    assert "data" in repr(storage)


@pytest.mark.parametrize("name", errors.__all__)
def test_every_exception_can_be_pickled_and_is_exported(name: str) -> None:
    kind = getattr(errors, name)
    error = kind("what happened")
    error.retryable = True

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is kind
    assert copy.message == str(copy) == "what happened"
    assert copy.retryable is True
    assert issubclass(kind, ThreadsError)
    assert getattr(__import__("threads_monitor"), name) is kind
