"""What all models have in common."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from ._native import Draft

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """An answer: frozen, comparable, and convertible to a ``dict``."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, ready for ``json.dumps``.

        Instants become ISO 8601 texts, spans become seconds.
        """
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def _plain(value: object) -> object:
    if isinstance(value, (Model, Draft)):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value
