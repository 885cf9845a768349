"""Chains, which people call threads: posts of which each answers the one before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Optional

from ._model import Model
from ._native import Draft
from .names import ChainChoice, ChainStanding, PartState, StopReason

__all__ = ["ChainStatus", "PartStatus", "RestDecided", "Stopped"]


@dataclass(frozen=True)
class Stopped(Model):
    """That a chain does not go on by itself."""

    #: Since when.
    at: datetime
    #: Why: what became of the part at which it stopped.
    reason: StopReason


@dataclass(frozen=True)
class RestDecided(Model):
    """What a person decided about the rest of a chain."""

    #: It is let be, or it goes out as a chain of its own.
    name: Literal["discarded", "moved"]
    #: When that was decided.
    at: datetime
    #: Id of the scheduled post that the rest went to, if it did.
    to: Optional[str]


@dataclass(frozen=True)
class PartStatus(Model):
    """One part of a chain."""

    #: What it says; what it answers is known once it is begun.
    draft: Draft
    #: Where it stands.
    state: PartState
    #: Id of the post on Threads, once it is live and the id is known.
    media_id: Optional[str]
    #: Id of the scheduled post that it goes out with instead, if it does.
    moved_to: Optional[str]


@dataclass(frozen=True)
class ChainStatus(Model):
    """Where a chain stands: ``published`` of ``of`` parts are live."""

    #: In one word.
    standing: ChainStanding
    #: How many parts are known to be live.
    published: int
    #: How many parts there are.
    of: int
    #: Why it does not go on; ``None`` while it does, and when it is complete.
    stopped: Optional[Stopped]
    #: What a person decided about the rest.
    decided: Optional[RestDecided]
    #: Each part, in order.
    parts: tuple[PartStatus, ...]
    #: What a person can decide now.
    choices: tuple[ChainChoice, ...]
