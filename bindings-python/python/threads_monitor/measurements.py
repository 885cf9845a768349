"""Numbers, in three states that are never confused.

A number was *measured* (also when it is 0), or it was *not measured* yet, or Meta does
*not provide* it at all::

    match account.followers:
        case Measured(value=value):
            print(value)
        case NotMeasured():
            print("not measured yet")
        case NotProvided():
            print("not provided by Threads")
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Union

from ._model import Model

__all__ = ["Measured", "Measurement", "NotMeasured", "NotProvided", "Point"]


@dataclass(frozen=True)
class Point(Model):
    """One measured number of a history."""

    #: The instant that the number is about.
    at: datetime
    #: When it was measured.
    captured_at: datetime
    #: The number.
    value: int
    #: Where it comes from, such as ``"insights"``.
    source: str


@dataclass(frozen=True)
class Measured(Point):
    """A number that was measured; 0 means that it is 0."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, with ``"state": "measured"``."""
        return {"state": "measured", **super().to_dict()}


@dataclass(frozen=True)
class NotMeasured(Model):
    """A number that can be measured, and was not yet."""

    @property
    def value(self) -> None:
        """Always ``None``: there is no number."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """``{"state": "not_measured"}``."""
        return {"state": "not_measured"}


@dataclass(frozen=True)
class NotProvided(Model):
    """A number that the Threads API does not have."""

    @property
    def value(self) -> None:
        """Always ``None``: there is no number."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """``{"state": "not_provided"}``."""
        return {"state": "not_provided"}


#: A number in one of its three states; ``.value`` is the number or ``None``.
Measurement = Union[Measured, NotMeasured, NotProvided]
