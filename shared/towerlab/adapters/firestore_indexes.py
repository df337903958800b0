"""What a Firestore database must be told of its collections: composite indexes, fields without one, and lifetimes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any, Literal

from towerlab.adapters.firestore_fields import BODY, CHANGE, EVERY, Listings, path
from towerlab.adapters.firestore_outbox import COLLECTION as OUTBOX

Mode = Literal["ASCENDING", "DESCENDING", "CONTAINS"]
Filters = Mapping[str, Sequence[str]]
ID = "__name__"


@dataclass(frozen=True)
class IndexField:
    path: str
    mode: Mode


@dataclass(frozen=True)
class Index:
    collection: str
    fields: tuple[IndexField, ...]


_LAST = IndexField(ID, "ASCENDING")
_UNSENT = Index(OUTBOX, (IndexField("sent_at", "ASCENDING"), IndexField("at", "ASCENDING"), _LAST))


def indexes(listings: Listings, filters: Filters) -> tuple[Index, ...]:
    """One for each listing of a kind, alone and with each choice of its filters in front: every query that sorts has
    one of its own, for only equality is sure to be put together from several. Raises ValueError for a bad name."""
    found = [Index(kind, fields) for kind in listings for fields in _of(listings[kind], filters.get(kind, ()))]
    return (*dict.fromkeys(found), _UNSENT)


def plan(listings: Listings, filters: Filters) -> Mapping[str, Any]:
    """As JSON values, in the words of Firestore's administration API: `indexes`, and the `fields` that have none."""
    return {
        "indexes": [
            {"collection": index.collection, "fields": [_field(field) for field in index.fields]}
            for index in indexes(listings, filters)
        ],
        "fields": [
            *({"collection": kind, "field": name, "ttl": False} for kind in listings for name in (BODY, CHANGE, EVERY)),
            {"collection": OUTBOX, "field": "content", "ttl": False},
            {"collection": OUTBOX, "field": "expires_at", "ttl": True},
        ],
    }


def _of(orders: Sequence[Sequence[str]], filters: Sequence[str]) -> Iterator[tuple[IndexField, ...]]:
    choices = list(chain.from_iterable(combinations(filters, size) for size in range(len(filters) + 1)))
    for order in orders:
        for chosen in choices:
            fields = [_named(name) for name in (*chosen, *order)]
            if fields[0].mode == "DESCENDING":
                yield (IndexField(EVERY, "ASCENDING"), *fields, _LAST)
            elif len(fields) > 1:  # Firestore makes the others itself
                yield (*fields, _LAST)


def _named(name: str) -> IndexField:
    if name.startswith("*"):
        return IndexField(path(name[1:]), "CONTAINS")
    return IndexField(path(name.removeprefix("-")), "DESCENDING" if name.startswith("-") else "ASCENDING")


def _field(field: IndexField) -> dict[str, str]:
    kind = "array_config" if field.mode == "CONTAINS" else "order"
    return {"field_path": field.path, kind: field.mode}
