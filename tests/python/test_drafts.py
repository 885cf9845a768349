"""Drafts and their approval, through both faces."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import datetime, time, timedelta, timezone
from typing import Any

import pytest
from faces import Face
from sandbox import Sandbox
from threads_monitor import (
    Draft,
    DraftPlan,
    InvalidRequestError,
    KeptDraft,
    MonitorError,
    NotConnectedError,
    PostingPlan,
    PostStateError,
    QueueFullError,
    ScheduledPost,
    Slot,
    Stage,
    StoreError,
)

UNKNOWN = "01970000-0000-7000-8000-000000000000"
DRAFT = Draft.text("Our news")
TOMORROW = datetime.now(timezone.utc) + timedelta(days=1)
OPEN = Stage(name="open", said=None, reason=None, post_id=None, due_at=None, discarded_at=None)


def test_a_draft_is_kept_and_is_no_post(face: Face, monitor: Any, user: str) -> None:
    kept = face.run(monitor.keep_draft(user, DRAFT))

    assert isinstance(kept, KeptDraft)
    assert (kept.account, kept.revision, kept.stage, kept.asked) == (user, 0, OPEN, None)
    assert kept.content == DraftPlan(draft=DRAFT, at=None, zone=None, max_lateness=None)
    assert face.run(monitor.draft(kept.id)) == kept
    assert face.run(monitor.drafts(user)) == (kept,)
    assert face.run(monitor.scheduled_posts(user)) == ()


@pytest.mark.parametrize(
    ("at", "zone", "plain"),
    [
        (datetime(2031, 3, 1, 9), "Asia/Jakarta", "2031-03-01T09:00:00"),
        (datetime(2031, 3, 1, 9, tzinfo=timezone.utc), None, "2031-03-01T09:00:00Z"),
        ("next_slot", None, "next_slot"),
    ],
)
def test_a_draft_may_have_a_time(
    face: Face, monitor: Any, user: str, at: Any, zone: Any, plain: str
) -> None:
    hour = timedelta(hours=1)

    kept = face.run(monitor.keep_draft(user, DRAFT, at=at, zone=zone, max_lateness=hour))

    assert (kept.content.at, kept.content.zone) == (at, zone)
    assert kept.content.max_lateness == hour
    values = json.loads(json.dumps(kept.to_dict()))
    assert (values["content"]["at"], values["content"]["zone"]) == (plain, zone)
    assert pickle.loads(pickle.dumps(kept)) == kept


def test_times_without_a_zone_are_refused(face: Face, monitor: Any, user: str) -> None:
    with pytest.raises(InvalidRequestError, match="time zone"):
        face.run(monitor.keep_draft(user, DRAFT, at=datetime(2031, 3, 1, 9)))
    with pytest.raises(InvalidRequestError, match="naive"):
        face.run(monitor.keep_draft(user, DRAFT, zone="Asia/Jakarta"))
    with pytest.raises(NotConnectedError):
        face.run(monitor.keep_draft("1", DRAFT))
    assert face.run(monitor.drafts(user)) == ()


def test_a_draft_is_put_forward_and_approved(face: Face, monitor: Any, user: str) -> None:
    kept = face.run(monitor.keep_draft(user, DRAFT, at=TOMORROW, max_lateness=timedelta(hours=3)))

    waiting = face.run(monitor.ask_approval(kept.id, revision=0, by="Ani"))
    post = face.run(monitor.approve_draft(kept.id, revision=0, by=" Budi "))

    assert waiting.stage.name == "waiting"
    assert waiting.asked.by == "Ani"
    assert isinstance(post, ScheduledPost)
    assert (post.draft, post.due_at, post.max_lateness) == (DRAFT, TOMORROW, timedelta(hours=3))
    done = face.run(monitor.draft(kept.id))
    assert (done.stage.name, done.stage.post_id, done.stage.due_at) == (
        "scheduled",
        post.id,
        TOMORROW,
    )
    assert done.stage.said.by == "Budi"
    assert abs(datetime.now(timezone.utc) - done.stage.said.at) < timedelta(minutes=1)
    assert face.run(monitor.drafts(user)) == ()
    assert face.run(monitor.scheduled_posts(user)) == (post,)
    with pytest.raises(PostStateError, match="a post already"):
        face.run(monitor.approve_draft(kept.id, revision=0, by="Budi"))
    assert len(face.run(monitor.scheduled_posts(user))) == 1


def test_what_was_approved_goes_out_once(
    live_sandbox: Sandbox, face: Face, monitor: Any, user: str
) -> None:
    kept = face.run(monitor.keep_draft(user, DRAFT, at=datetime.now(timezone.utc)))
    face.run(monitor.run_due_once())
    assert live_sandbox.published() == []
    face.run(monitor.ask_approval(kept.id, revision=0, by="Ani"))

    post = face.run(monitor.approve_draft(kept.id, revision=0, by="Budi"))
    post = face.run_until_over(monitor, post)

    assert post.phase.name == "published"
    assert [entry["text"] for entry in live_sandbox.published()] == ["Our news"]


def test_nobody_approves_what_they_did_not_see(face: Face, monitor: Any, user: str) -> None:
    kept = face.run(monitor.keep_draft(user, DRAFT, at=TOMORROW))
    face.run(monitor.ask_approval(kept.id, revision=0, by="Ani"))

    other = Draft.text("Other news")
    changed = face.run(monitor.change_draft(kept.id, other, revision=0, at=TOMORROW))

    assert (changed.revision, changed.stage.name) == (1, "open")
    assert changed.content.draft == other
    calls: list[Callable[[], Any]] = [
        lambda: monitor.approve_draft(kept.id, revision=0, by="Budi"),
        lambda: monitor.ask_approval(kept.id, revision=0, by="Ani"),
        lambda: monitor.schedule_draft(kept.id, revision=0),
        lambda: monitor.change_draft(kept.id, DRAFT, revision=0),
    ]
    for call in calls:
        with pytest.raises(PostStateError, match="changed it in the meantime"):
            face.run(call())
    with pytest.raises(PostStateError, match="does not wait for approval"):
        face.run(monitor.approve_draft(kept.id, revision=1, by="Budi"))
    assert face.run(monitor.scheduled_posts(user)) == ()


def test_a_draft_is_rejected_and_put_forward_again(face: Face, monitor: Any, user: str) -> None:
    kept = face.run(monitor.keep_draft(user, DRAFT, at=TOMORROW))
    face.run(monitor.ask_approval(kept.id, revision=0, by="Ani"))

    rejected = face.run(monitor.reject_draft(kept.id, revision=0, by="Budi", reason="Too early"))

    assert rejected.stage.name == "rejected"
    assert (rejected.stage.said.by, rejected.stage.reason) == ("Budi", "Too early")
    with pytest.raises(PostStateError, match="needs somebody's approval"):
        face.run(monitor.schedule_draft(kept.id, revision=0))
    again = face.run(monitor.ask_approval(kept.id, revision=0, by="Ani"))
    assert again.stage.name == "waiting"


def test_a_draft_that_nobody_has_to_approve(face: Face, monitor: Any, user: str) -> None:
    plan = PostingPlan("Asia/Jakarta", slots=(Slot("monday", time(9)),))
    kept = face.run(monitor.keep_draft(user, DRAFT, at="next_slot"))
    with pytest.raises(QueueFullError):
        face.run(monitor.schedule_draft(kept.id, revision=0))
    face.run(monitor.set_posting_plan(user, plan))
    (slot,) = face.run(monitor.queue_times(user, limit=1))

    post = face.run(monitor.schedule_draft(kept.id, revision=0))

    assert post.due_at == slot.at
    assert face.run(monitor.draft(kept.id)).stage.said is None


def test_a_draft_without_a_time_or_a_name_stays_one(face: Face, monitor: Any, user: str) -> None:
    kept = face.run(monitor.keep_draft(user, DRAFT))

    with pytest.raises(MonitorError, match="no time yet"):
        face.run(monitor.ask_approval(kept.id, revision=0, by="Ani"))
    with pytest.raises(MonitorError, match="no time yet"):
        face.run(monitor.schedule_draft(kept.id, revision=0))
    with pytest.raises(MonitorError, match="name"):
        face.run(monitor.ask_approval(kept.id, revision=0, by=" "))
    with pytest.raises(OverflowError):
        face.run(monitor.schedule_draft(kept.id, revision=-1))
    assert face.run(monitor.draft(kept.id)) == kept


def test_an_unfinished_draft_can_be_kept_and_nothing_else(
    face: Face, monitor: Any, user: str
) -> None:
    long = Draft.unfinished({"content": "text", "text": "x" * 501})

    kept = face.run(monitor.keep_draft(user, long, at=TOMORROW))

    assert kept.content.draft == long
    assert repr(long).startswith("Draft.unfinished(")
    assert eval(repr(long)) == pickle.loads(pickle.dumps(long)) == long
    calls: list[Callable[[], Any]] = [
        lambda: monitor.ask_approval(kept.id, revision=0, by="Ani"),
        lambda: monitor.schedule_draft(kept.id, revision=0),
        lambda: monitor.schedule(user, long, at=TOMORROW),
    ]
    for refused in calls:
        with pytest.raises(InvalidRequestError, match="500"):
            face.run(refused())
    assert face.run(monitor.draft(kept.id)).stage == OPEN
    assert face.run(monitor.scheduled_posts(user)) == ()
    with pytest.raises(InvalidRequestError, match="500"):
        Draft.from_dict(long.to_dict())
    with pytest.raises(InvalidRequestError, match="content"):
        Draft.unfinished({"text": "x"})


def test_of_a_discarded_draft_nothing_is_left(face: Face, monitor: Any, user: str) -> None:
    kept = face.run(monitor.keep_draft(user, DRAFT, at=TOMORROW))

    discarded = face.run(monitor.discard_draft(kept.id))

    assert discarded.stage.name == "discarded"
    assert discarded.stage.discarded_at is not None
    assert (discarded.content.draft.body, discarded.content.at) == ("", None)
    assert face.run(monitor.draft(kept.id)) == discarded
    assert face.run(monitor.drafts(user)) == ()
    # What is left would be refused as a draft to publish, and is no less a model.
    assert pickle.loads(pickle.dumps(discarded)) == discarded
    with pytest.raises(PostStateError, match="discarded"):
        face.run(monitor.change_draft(kept.id, DRAFT, revision=0))


def test_a_key_makes_one_draft(face: Face, monitor: Any, user: str) -> None:
    def kept(draft: Draft) -> Any:
        return face.run(monitor.keep_draft(user, draft, idempotency_key="k"))

    assert kept(DRAFT) == kept(DRAFT)

    with pytest.raises(StoreError):
        kept(Draft.text("Another"))


def test_drafts_that_do_not_exist_are_told(face: Face, monitor: Any) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: monitor.change_draft(UNKNOWN, DRAFT, revision=0),
        lambda: monitor.discard_draft(UNKNOWN),
        lambda: monitor.ask_approval(UNKNOWN, revision=0, by="Ani"),
        lambda: monitor.reject_draft(UNKNOWN, revision=0, by="Budi", reason=""),
        lambda: monitor.approve_draft(UNKNOWN, revision=0, by="Budi"),
        lambda: monitor.schedule_draft(UNKNOWN, revision=0),
    ]

    for call in calls:
        with pytest.raises(PostStateError, match="no draft"):
            face.run(call())
    assert face.run(monitor.draft(UNKNOWN)) is None
    with pytest.raises(InvalidRequestError, match="UUID") as caught:
        face.run(monitor.discard_draft("no id"))
    assert caught.value.field == "draft_id"
