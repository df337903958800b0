"""Queries over index fields as Firestore's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.cloud.firestore import Client, FieldFilter
from google.cloud.firestore import Query as FirestoreQuery

from towerlab.adapters.cursors import Position
from towerlab.adapters.documents_checks import checked
from towerlab.adapters.firestore_fields import EVERY, Snapshot, key_id, path, reference, value
from towerlab.ports.documents import Condition, Has, Key, Order, Query

ID = "__name__"


def filtered(client: Client, kind: str, where: Mapping[str, Condition]) -> FirestoreQuery:
    """The documents of that kind with those fields."""
    found = FirestoreQuery(client.collection(checked(kind)))
    for name, condition in where.items():
        found = found.where(filter=_filter(name, condition))
    return found


def page(client: Client, query: Query, position: Position | None) -> FirestoreQuery:
    """Those after `position`, one more than the page has."""
    found = filtered(client, query.kind, query.where)
    if descends_through_all(query):
        found = found.where(filter=FieldFilter(EVERY, "==", True))
    for order in sorting(query):
        found = found.order_by(path(order.field), direction="DESCENDING" if order.descending else "ASCENDING")
    found = found.order_by(ID).limit(query.limit + 1)
    if position is None:
        return found
    places = {order.field: place for order, place in zip(query.order, position, strict=False)}
    last = reference(client, Key(query.kind, str(position[-1])))
    return found.start_after([*(places[order.field] for order in sorting(query)), last])


def sorting(query: Query) -> Sequence[Order]:
    """The orders that are left to do: all documents are equal in the others."""
    return [order for order in query.order if order.field not in query.where]


def descends_through_all(query: Query) -> bool:
    """Firestore itself makes no index for this: its descending ones have the ids descend too."""
    return not query.where and bool(query.order) and query.order[0].descending


def position_of(query: Query, snapshot: Snapshot) -> Position:
    return [*(snapshot.get(path(order.field)) for order in query.order), key_id(snapshot)]


def _filter(name: str, condition: Condition) -> FieldFilter:
    if isinstance(condition, Has):
        return FieldFilter(path(name), "array_contains", value(name, condition.text))
    return FieldFilter(path(name), "==", value(name, condition))
