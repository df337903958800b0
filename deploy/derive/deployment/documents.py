"""Firestore's composite indexes, from the listings; and the fields that it must not index or lets documents end by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from towerlab.runtime.kinds import LISTINGS

INDEX, BODY = "index", "body"
ASCENDING, DESCENDING = "ASCENDING", "DESCENDING"
OUTBOX = "outbox"
ENDS = {OUTBOX: "expires_at"}  # collection -> the time that its documents go after


def documents() -> dict[str, Any]:
    return {
        "indexes": {_name(kind, fields): {"collection": kind, "fields": fields} for kind, fields in _indexes()},
        "not_indexed": dict.fromkeys(LISTINGS, BODY),
        "ends": ENDS,
    }


def _indexes() -> list[tuple[str, list[dict[str, str]]]]:
    listed = [
        (kind, [_field(name) for name in listing])
        for kind, listings in LISTINGS.items()
        for listing in listings
        if len(listing) > 1 or listing[0].startswith("-")
    ]
    return [(kind, [*fields, {"field_path": "__name__", "order": ASCENDING}]) for kind, fields in listed]


def _field(name: str) -> dict[str, str]:
    path = f"{INDEX}.{name.removeprefix('-')}"
    return {"field_path": path, "order": DESCENDING if name.startswith("-") else ASCENDING}


def _name(kind: str, fields: Sequence[dict[str, str]]) -> str:
    parts = [field["field_path"].removeprefix(f"{INDEX}.") for field in fields[:-1]]
    return ".".join([kind, *parts])
