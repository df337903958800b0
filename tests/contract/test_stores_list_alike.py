"""Every listing of the product's records is the same from SQLite and from Firestore, page after page."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations
from pathlib import Path

import pytest
from google.cloud.firestore import Client
from towerlab.adapters.documents_firestore import FirestoreDocuments
from towerlab.adapters.documents_sqlite import SqliteDocuments
from towerlab.adapters.firestore_outbox import FirestoreOutbox
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.ports.documents import Condition, Documents, Has, Indexed, Order, Put, Query, Scalar
from towerlab.runtime.kinds import FILTERS, LISTINGS

from tests.contract.building import HandClock, put
from tests.embedded import bus_on

WORDS = "*"
VALUES: Mapping[str, Sequence[Scalar]] = {
    "tested": (True, False),
    "open": (True, False),
    "deleted": (True, False),
    "recall_at_100": (None, 0, 0.125, 0.25, 1),
    "recall_lower": (None, 0.1, 0.2),
    "version": (1, 2, 10),
}
TEXTS = ("", "a", "B", "é", "🛒")


@pytest.fixture
def stores(firestore: Client, clock: HandClock, tmp_path: Path) -> Sequence[Documents]:
    file = SqliteFile(tmp_path / "towerlab.db")
    bus_on(file, clock)
    outbox = FirestoreOutbox(firestore, clock)
    return [
        SqliteDocuments(file, clock, LISTINGS),
        FirestoreDocuments(firestore, LISTINGS, outbox, lambda _: None),
    ]


@pytest.mark.parametrize("kind", [kind for kind, listings in LISTINGS.items() if listings])
def test_both_stores_give_the_same_pages(stores: Sequence[Documents], kind: str) -> None:
    chance = random.Random(kind)
    writes = [_document(chance, kind, n) for n in range(40)]
    for store in stores:
        store.commit(writes)
    longest = 0
    for query in _queries(chance, kind):
        sqlite, firestore = (list(_pages(store, query)) for store in stores)
        assert sqlite == firestore, query
        assert {store.count(kind, query.where) for store in stores} == {sum(map(len, sqlite))}
        longest = max(longest, len(sqlite))
    assert longest > 2


def _queries(chance: random.Random, kind: str) -> Iterator[Query]:
    """Each listing split into equality and order at each place, under each choice of the kind's filters."""
    filters = FILTERS[kind]
    choices = list(chain.from_iterable(combinations(filters, size) for size in range(len(filters) + 1)))
    for listing in LISTINGS[kind]:
        for place in range(len(listing) + 1):
            equal, order = listing[:place], [Order(name.removeprefix("-"), name[0] == "-") for name in listing[place:]]
            for chosen in choices:
                where = dict(_condition(chance, name) for name in (*equal, *chosen))
                yield Query(kind, where, order, limit=3)


def _condition(chance: random.Random, name: str) -> tuple[str, Condition]:
    if name.startswith(WORDS):
        return name.removeprefix(WORDS), Has(chance.choice(TEXTS))
    return name.removeprefix("-"), _value(chance, name.removeprefix("-"))


def _document(chance: random.Random, kind: str, n: int) -> Put:
    names = {name.lstrip("-") for listing in (*LISTINGS[kind], FILTERS[kind]) for name in listing}
    index: dict[str, Indexed] = {name: _value(chance, name) for name in names if not name.startswith(WORDS)}
    index |= {name[1:]: tuple(chance.sample(TEXTS, 2)) for name in names if name.startswith(WORDS)}
    missing = chance.choice(sorted(index))
    return put(f"d{n:02}", kind=kind, **{name: value for name, value in index.items() if name != missing or n % 5})


def _value(chance: random.Random, name: str) -> Scalar:
    return chance.choice(VALUES.get(name, TEXTS))


def _pages(store: Documents, query: Query) -> Iterator[list[str]]:
    cursor: str | None = None
    while True:
        page = store.query(Query(query.kind, query.where, query.order, query.limit, cursor))
        yield [stored.key.id for stored in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return
