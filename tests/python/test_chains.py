"""Chains, through both faces, on a sandbox that lives by the real clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from faces import Face
from sandbox import Sandbox
from threads_monitor import (
    Draft,
    InvalidRequestError,
    MissingScopeError,
    MonitorError,
    PostStateError,
    ScheduledPost,
    StoreError,
    TokenGrant,
)

TOMORROW = datetime.now(timezone.utc) + timedelta(days=1)
UNKNOWN = "01970000-0000-7000-8000-000000000000"


def drafts(*texts: str) -> list[Draft]:
    return [Draft.text(text) for text in texts]


def now() -> datetime:
    return datetime.now(timezone.utc)


def tree(sandbox: Sandbox) -> list[tuple[str, str | None]]:
    """The texts that became visible, each with the text that it answers."""
    published = sandbox.published()
    texts = {entry["post_id"]: entry["text"] for entry in published}
    return [(entry["text"], texts.get(entry.get("parent"))) for entry in published]


def stopped_at_two(face: Face, monitor: Any, sandbox: Sandbox, user: str) -> ScheduledPost:
    """A chain of three of which Meta refused the second part for good."""
    sandbox.fail("create_container", "graph", nth=2, code=100)
    chain = face.run(monitor.schedule_chain(user, drafts("one", "two", "three"), at=now()))
    return face.run_until_over(monitor, chain)


def test_a_chain_goes_out_in_order_each_part_below_the_one_before(
    live_sandbox: Sandbox, face: Face, monitor: Any, user: str
) -> None:
    chain = face.run(monitor.schedule_chain(user, drafts("one", "two", "three"), at=now()))

    assert isinstance(chain, ScheduledPost)
    chain = face.run_until_over(monitor, chain)

    assert tree(live_sandbox) == [("one", None), ("two", "one"), ("three", "two")]
    status = chain.chain
    assert status is not None
    assert (status.published, status.of, status.standing) == (3, 3, "complete")
    assert (status.stopped, status.decided, status.choices) == (None, None, ())
    assert [part.state for part in status.parts] == ["published"] * 3
    ids = [entry["post_id"] for entry in live_sandbox.published()]
    assert [part.media_id for part in status.parts] == ids
    # Every publish call is told, and not those of the last part alone.
    assert [attempt.outcome for attempt in chain.attempts] == ["effective"] * 3


def test_a_chain_that_waits_is_underway(face: Face, monitor: Any, user: str) -> None:
    chain = face.run(monitor.schedule_chain(user, drafts("one", "two", "three"), at=TOMORROW))

    assert (chain.due_at, chain.draft, chain.is_over) == (TOMORROW, Draft.text("one"), False)
    status = chain.chain
    assert (status.published, status.of, status.standing) == (0, 3, "underway")
    assert [part.state for part in status.parts] == ["current", "waiting", "waiting"]
    assert [part.draft for part in status.parts] == drafts("one", "two", "three")
    assert face.run(monitor.scheduled(chain.id)) == chain
    assert face.run(monitor.scheduled_posts(user)) == (chain,)
    plain = json.loads(json.dumps(chain.to_dict()))
    assert plain["chain"]["published"] == 0
    assert plain["chain"]["parts"][1]["draft"] == {"content": "text", "text": "two"}


def test_a_single_post_is_no_chain(face: Face, monitor: Any, user: str) -> None:
    post = face.run(monitor.schedule(user, Draft.text("alone"), at=TOMORROW))

    assert post.chain is None
    assert post.is_over is False
    with pytest.raises(PostStateError, match="it is no chain"):
        face.run(monitor.cancel_part(post.id, 0))
    with pytest.raises(PostStateError, match="it is none"):
        face.run(monitor.decide_chain(post.id, "discard"))


def test_a_chain_is_called_off_whole_or_from_a_part_on(face: Face, monitor: Any, user: str) -> None:
    whole = face.run(monitor.schedule_chain(user, drafts("a", "b"), at=TOMORROW))
    cut = face.run(monitor.schedule_chain(user, drafts("one", "two", "three"), at=TOMORROW))

    whole = face.run(monitor.cancel(whole.id))
    cut = face.run(monitor.cancel_part(cut.id, 1))

    assert whole.is_over
    assert (whole.chain.standing, whole.chain.stopped.reason) == ("partial", "cancelled")
    assert [part.state for part in whole.chain.parts] == ["current", "cancelled"]
    assert not cut.is_over
    assert [part.state for part in cut.chain.parts] == ["current", "cancelled", "cancelled"]
    with pytest.raises(PostStateError, match="no such part"):
        face.run(monitor.cancel_part(cut.id, 3))
    with pytest.raises(OverflowError):
        face.run(monitor.cancel_part(cut.id, -1))


def test_a_chain_that_stopped_says_how_far_it_came_and_its_rest_goes_below(
    live_sandbox: Sandbox, face: Face, monitor: Any, user: str
) -> None:
    chain = stopped_at_two(face, monitor, live_sandbox, user)

    status = chain.chain
    assert status is not None
    assert (status.published, status.of, status.standing) == (1, 3, "partial")
    assert status.stopped is not None
    assert status.stopped.reason == "failed"
    assert abs(now() - status.stopped.at) < timedelta(minutes=2)
    assert [part.state for part in status.parts] == ["published", "current", "blocked"]
    assert status.choices == ("finish_below", "finish_apart", "discard")

    rest = face.run(monitor.finish_chain(chain.id, "below", at=now()))
    again = face.run(monitor.finish_chain(chain.id, "below", at=now()))
    assert rest.id == again.id
    face.run_until_over(monitor, rest)

    assert tree(live_sandbox) == [("one", None), ("two", "one"), ("three", "two")]
    chain = face.run(monitor.scheduled(chain.id))
    assert chain.chain is not None
    assert chain.chain.decided is not None
    assert (chain.chain.decided.name, chain.chain.decided.to) == ("moved", rest.id)
    assert chain.chain.parts[2].moved_to == rest.id
    assert chain.chain.choices == ()


def test_the_rest_of_a_chain_can_be_let_be(
    live_sandbox: Sandbox, face: Face, monitor: Any, user: str
) -> None:
    chain = stopped_at_two(face, monitor, live_sandbox, user)
    with pytest.raises(PostStateError):
        face.run(monitor.decide_chain(chain.id, "continue"))

    chain = face.run(monitor.decide_chain(chain.id, "discard"))

    assert chain.chain is not None
    assert chain.chain.decided is not None
    assert (chain.chain.decided.name, chain.chain.decided.to) == ("discarded", None)
    assert chain.chain.parts[2].state == "discarded"
    with pytest.raises(PostStateError, match="decided about already"):
        face.run(monitor.finish_chain(chain.id, "apart", at=now()))
    assert tree(live_sandbox) == [("one", None)]


def test_a_key_makes_one_chain(face: Face, monitor: Any, user: str) -> None:
    def scheduled(*texts: str) -> Any:
        return face.run(
            monitor.schedule_chain(user, drafts(*texts), at=TOMORROW, idempotency_key="k")
        )

    assert scheduled("one", "two") == scheduled("one", "two")

    with pytest.raises(StoreError):
        scheduled("one", "another")
    assert len(face.run(monitor.scheduled_posts(user))) == 1


def test_what_is_no_chain_is_refused(face: Face, monitor: Any, user: str) -> None:
    def refused(parts: Any, **options: Any) -> Any:
        return monitor.schedule_chain(user, parts, **{"at": TOMORROW, **options})

    with pytest.raises(MonitorError, match="2 to 100 parts, and this one has 1"):
        face.run(refused(drafts("alone")))
    with pytest.raises(MonitorError, match="part 2 of the chain answers"):
        face.run(refused([Draft.text("one"), Draft.text("aside", reply_to="1790")]))
    with pytest.raises(TypeError):
        face.run(refused("ab"))
    with pytest.raises(TypeError):
        face.run(refused([Draft.text("one"), "two"]))
    with pytest.raises(InvalidRequestError, match="time zone"):
        face.run(refused(drafts("a", "b"), at=datetime(2031, 3, 1, 9)))
    with pytest.raises(InvalidRequestError, match="Mars"):
        face.run(refused(drafts("a", "b"), at=datetime(2031, 3, 1, 9), zone="Mars/Olympus"))
    with pytest.raises(InvalidRequestError, match="next_slot"):
        face.run(refused(drafts("a", "b"), at="tomorrow"))
    with pytest.raises(TypeError, match="datetime"):
        face.run(refused(drafts("a", "b"), at=1_900_000_000))
    assert face.run(monitor.scheduled_posts(user)) == ()


def test_a_part_that_meta_would_refuse_is_named(face: Face, monitor: Any, user: str) -> None:
    empty = Draft.unfinished({"content": "text", "text": ""})

    with pytest.raises(InvalidRequestError, match="part 2 of the chain") as caught:
        face.run(monitor.schedule_chain(user, [Draft.text("one"), empty], at=TOMORROW))

    assert (caught.value.part, caught.value.retryable) == (2, False)
    with pytest.raises(InvalidRequestError) as alone:
        face.run(monitor.schedule(user, empty, at=TOMORROW))
    assert alone.value.part is None
    assert face.run(monitor.scheduled_posts(user)) == ()


def test_decisions_and_ids_that_do_not_exist_are_refused(face: Face, monitor: Any) -> None:
    with pytest.raises(InvalidRequestError, match="decision"):
        face.run(monitor.decide_chain(UNKNOWN, "maybe"))
    with pytest.raises(InvalidRequestError, match="place"):
        face.run(monitor.finish_chain(UNKNOWN, "above", at=TOMORROW))
    calls: list[Callable[[], Any]] = [
        lambda: monitor.decide_chain(UNKNOWN, "discard"),
        lambda: monitor.finish_chain(UNKNOWN, "below", at=TOMORROW),
        lambda: monitor.cancel_part(UNKNOWN, 1),
    ]
    for call in calls:
        with pytest.raises(PostStateError, match="no scheduled post"):
            face.run(call())
    with pytest.raises(InvalidRequestError, match="UUID"):
        face.run(monitor.cancel_part("no id", 1))


def test_a_chain_needs_the_scope_for_replies(
    live_sandbox: Sandbox, face: Face, monitor: Any
) -> None:
    grant = TokenGrant(live_sandbox.token(), expires_in=timedelta(days=60))
    user = face.run(monitor.connect(grant, ["threads_basic", "threads_content_publish"])).user

    with pytest.raises(MissingScopeError, match="connect it again") as caught:
        face.run(monitor.schedule_chain(user, drafts("one", "two"), at=TOMORROW))

    assert caught.value.scope == "threads_manage_replies"
    assert caught.value.action == "ask_for_scope"
    assert caught.value.advice()
    assert face.run(monitor.scheduled_posts(user)) == ()
