"""What all models have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta, timezone
from typing import Any, cast

from ._native import Draft, Repeat

__all__ = ["WALL_TIME", "Model"]

#: Of a field that may hold a time on a wall, which has no time zone.
WALL_TIME: Mapping[str, bool] = {"wall_time": True}


@dataclass(frozen=True)
class Model:
    """An answer: frozen, comparable, and convertible to a ``dict``."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, ready for ``json.dumps``.

        Instants become ISO 8601 texts in UTC, times on a wall ISO 8601 texts without a zone,
        spans become seconds.

        :raises ValueError: a naive datetime where an instant belongs: nobody knows which.
        """
        values: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if "wall_time" in field.metadata and _is_naive(value):
                values[field.name] = value.isoformat()
            else:
                values[field.name] = _plain(value)
        return values


def _is_naive(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is None


def _plain(value: object) -> object:
    if isinstance(value, (Model, Draft, Repeat)):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    if isinstance(value, datetime):
        if _is_naive(value):
            raise ValueError(f"{value!r} has no time zone, so it is no instant")
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value
