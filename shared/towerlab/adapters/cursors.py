"""Where a page ended, as an opaque text that is good for the same query only."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence

from towerlab.domain.errors import Invalid, Problem
from towerlab.ports.documents import Query, Scalar

Position = Sequence[Scalar]


def give(query: Query, position: Position) -> str:
    """The cursor after the document whose ordered fields and id are `position`."""
    text = json.dumps([_digest(query, position), *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def take(query: Query, cursor: str) -> Position:
    """What `give` was called with. Raises Invalid for anything else."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        digest, *rest = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, TypeError, RecursionError) as error:
        raise _foreign() from error
    position: list[Scalar] = rest
    if digest != _digest(query, position) or len(position) != len(query.order) + 1:
        raise _foreign()
    return position


def _digest(query: Query, position: Position) -> str:
    order = [(order.field, order.descending) for order in query.order]
    text = json.dumps([query.kind, sorted(query.where.items()), order, list(position)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _foreign() -> Invalid:
    remedy = "Start again without a cursor, or repeat the query that gave it."
    return Invalid([Problem("/cursor", "cursor", "this cursor does not belong to this query", remedy)])
