"""Documents that refuse what Firestore would refuse: a query that no index serves. Its emulator serves them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towerlab.adapters.firestore_fields import EVERY, path
from towerlab.adapters.firestore_indexes import ID, Index, IndexField, indexes
from towerlab.adapters.firestore_query import descends_through_all, sorting
from towerlab.ports.documents import Condition, Documents, Has, Page, Query
from towerlab.runtime.kinds import FILTERS, LISTINGS
from towerlab.runtime.wiring import Deps

INDEXES = indexes(LISTINGS, FILTERS)


class Unindexed(AssertionError):
    pass


def with_indexes(deps: Deps) -> Deps:
    """The same; its documents fail a query that no index serves."""
    deps.documents = IndexedDocuments(deps.documents)
    return deps


class IndexedDocuments:
    """Nothing but queries is different."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    def query(self, query: Query) -> Page:
        check(query)
        return self._documents.query(query)

    def count(self, kind: str, where: Mapping[str, Condition]) -> int:
        check(Query(kind, where))
        return self._documents.count(kind, where)


def check(query: Query, known: Sequence[Index] = INDEXES) -> None:
    """Firestore makes an index of each field itself, and puts equality together from several of them; all else needs
    an index whose fields are the equality fields, in any order, and then exactly the sort fields and the id."""
    wanted = [IndexField(path(name), _mode(condition)) for name, condition in query.where.items()]
    wanted += [IndexField(EVERY, "ASCENDING")] if descends_through_all(query) else []
    orders = [IndexField(path(one.field), "DESCENDING" if one.descending else "ASCENDING") for one in sorting(query)]
    if _made_by_firestore(wanted, orders):
        return
    last = (*orders, IndexField(ID, "ASCENDING"))
    for index in known:
        first = index.fields[: -len(last)]
        if index.collection == query.kind and index.fields[-len(last) :] == last and set(first) == set(wanted):
            return
    raise Unindexed(f"no index for {query.kind} where {sorted(query.where)} by {list(query.order)}")


def _made_by_firestore(wanted: Sequence[IndexField], orders: Sequence[IndexField]) -> bool:
    if not orders:
        return len(wanted) <= 1 or all(field.mode != "CONTAINS" for field in wanted)
    return not wanted and len(orders) == 1


def _mode(condition: Condition) -> Any:
    return "CONTAINS" if isinstance(condition, Has) else "ASCENDING"
