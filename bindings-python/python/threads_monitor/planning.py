"""Planning: repeated posts, the queue, drafts and their approval, tables of posts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as time_of_day  # `time` is a field here
from typing import Optional, Union

from ._model import WALL_TIME, Model
from ._native import Draft, Repeat
from .names import (
    BulkOutcomeName,
    NextSlot,
    OccurrenceKind,
    PlannedKind,
    StageName,
    WarningKind,
    Weekday,
)

__all__ = [
    "BulkOutcome",
    "BulkReport",
    "BulkRow",
    "DraftPlan",
    "KeptDraft",
    "Occurrence",
    "PlanWarning",
    "Planned",
    "PostingPlan",
    "QueueTime",
    "RepeatedPost",
    "Said",
    "Slot",
    "Stage",
]


# --- Repeated posts ---


@dataclass(frozen=True)
class Occurrence(Model):
    """One time of a rule."""

    #: The time on the wall that the rule names: a naive datetime.
    local: datetime = field(metadata=WALL_TIME)
    #: The instant that it is.
    at: datetime
    #: Whether the clocks have a say: ``"unique"``; ``"first"`` of two, because they are turned
    #: back; ``"moved_forward"`` to the next minute that exists.
    kind: OccurrenceKind


@dataclass(frozen=True)
class RepeatedPost(Model):
    """A repeated post, and what has come of it so far."""

    #: Its id, which is also the id of its job.
    id: str
    #: Id of the account that publishes it.
    account: str
    #: What is published each time.
    draft: Draft
    #: When.
    repeat: Repeat
    #: How late each may still go out.
    max_lateness: timedelta
    #: Goes up with every change.
    revision: int
    #: Every time up to this instant became a post, or was missed.
    through: datetime
    #: How many became posts.
    made: int
    #: How many were missed, because nothing ran at their time.
    missed: int
    #: The last one that was missed.
    last_missed_at: Optional[datetime]
    #: When it ended, if it did.
    ended_at: Optional[datetime]
    #: When it was made.
    created_at: datetime
    #: When something happens to it next; ``None`` at its end.
    next_wake_at: Optional[datetime]


# --- The queue ---


@dataclass(frozen=True)
class Slot(Model):
    """A weekly time of a queue."""

    #: On which day of the week.
    day: Weekday
    #: When on that day, on the wall of the plan's zone: a whole minute, without a time zone.
    time: time_of_day


@dataclass(frozen=True)
class PostingPlan(Model):
    """How an account posts: when its queue goes out, and what is warned of.

    Make one, or change one with ``dataclasses.replace``, and give it to
    :meth:`Monitor.set_posting_plan`, which checks it.
    """

    #: The IANA time zone on whose walls the times are.
    zone: str
    #: The weekly times of the queue; 168 at most.
    slots: tuple[Slot, ...] = ()
    #: Minutes between two posts at least, up to a week. The queue keeps to it; a post at a
    #: time of its own is warned of. 0 warns of none.
    spacing_minutes: int = 0
    #: For so many days, up to 366, a post with the same content is warned of. 0 looks at
    #: posts that are still to come alone.
    duplicate_days: int = 7


@dataclass(frozen=True)
class QueueTime(Model):
    """A time of the queue that is still to come."""

    #: When.
    at: datetime
    #: Whether a post could take it: no other is planned so near.
    is_free: bool


@dataclass(frozen=True)
class Planned(Model):
    """Something that is planned, or went out."""

    #: A scheduled post, a repeated post, a post on Threads that did not come from here, or a
    #: line of the same table.
    kind: PlannedKind
    #: Its id; of a post on Threads, Meta's. ``None`` for a line.
    id: Optional[str]
    #: The line of the table, from 1; ``None`` for anything else.
    line: Optional[int]


@dataclass(frozen=True)
class PlanWarning(Model):
    """Something that speaks against scheduling a post, and is no reason to refuse it."""

    #: ``"duplicate"``: the same content; ``"too_close"``: nearer in time than the account wants.
    kind: WarningKind
    #: What it collides with.
    other: Planned
    #: When that is due, or went out.
    at: datetime
    #: The same in words.
    message: str


# --- Drafts ---


@dataclass(frozen=True)
class DraftPlan(Model):
    """What a draft says, and when it may go out."""

    #: What is published. It need not be fit for that yet.
    draft: Draft
    #: When: an instant; a naive datetime on the wall of ``zone``; the next free time of the
    #: queue; or ``None`` as long as nobody has decided.
    at: Union[datetime, NextSlot, None] = field(metadata=WALL_TIME)
    #: The IANA time zone of a naive ``at``.
    zone: Optional[str]
    #: How late it may still go out; two hours if ``None``.
    max_lateness: Optional[timedelta]


@dataclass(frozen=True)
class Said(Model):
    """Who said something, and when."""

    #: The name that they gave.
    by: str
    #: When.
    at: datetime


@dataclass(frozen=True)
class Stage(Model):
    """Where a draft stands. Only a scheduled one is, or was, a post."""

    #: In one word.
    name: StageName
    #: Who rejected it, or approved it if somebody had to.
    said: Optional[Said]
    #: Why it was rejected.
    reason: Optional[str]
    #: Id of the scheduled post that it became.
    post_id: Optional[str]
    #: When that is due.
    due_at: Optional[datetime]
    #: When it was thrown away.
    discarded_at: Optional[datetime]


@dataclass(frozen=True)
class KeptDraft(Model):
    """A draft, and where it stands."""

    #: Its id, which is also the id of its job.
    id: str
    #: Id of the account that it is for.
    account: str
    #: What it says. Nothing is left of that once it is discarded.
    content: DraftPlan
    #: Goes up with every change of what it says; whoever decides names the one that they saw.
    revision: int
    #: Where it stands.
    stage: Stage
    #: Who asked for approval last, and when.
    asked: Optional[Said]
    #: When it was made.
    created_at: datetime


# --- Tables ---


@dataclass(frozen=True)
class BulkOutcome(Model):
    """What became of a row of a table."""

    #: ``"fine"``: it would be scheduled; ``"scheduled"``: it is now; ``"already_there"``: it was
    #: before, by the same row; ``"problem"``: it cannot be; ``"unconfirmed"``: something speaks
    #: against it, and nobody has confirmed it.
    name: BulkOutcomeName
    #: Id of the scheduled post, where there is one.
    post_id: Optional[str]
    #: Why it cannot be scheduled.
    problem: Optional[str]


@dataclass(frozen=True)
class BulkRow(Model):
    """A row of a table, and what became of it."""

    #: The line of the file on which it begins; the column names are on line 1.
    line: int
    #: Its text, as far as it could be read.
    text: str
    #: When it is due, if that could be read.
    due_at: Optional[datetime]
    #: What speaks against it.
    warnings: tuple[PlanWarning, ...]
    #: What became of it, or would.
    outcome: BulkOutcome


@dataclass(frozen=True)
class BulkReport(Model):
    """What became, or would become, of a table."""

    #: Its rows, in order.
    rows: tuple[BulkRow, ...]

    @property
    def problems(self) -> int:
        """How many rows have a problem, or are not confirmed."""
        return sum(row.outcome.name in ("problem", "unconfirmed") for row in self.rows)

    @property
    def scheduled(self) -> int:
        """How many rows were scheduled now."""
        return sum(row.outcome.name == "scheduled" for row in self.rows)
