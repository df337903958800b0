"""The document store of one machine: one table, an index per listing, one transaction per commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from towerlab.adapters import bus_embedded, cursors, sqlite_listing, sqlite_writes
from towerlab.adapters.documents_checks import check_writes, conflict
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.adapters.sqlite_listing import Listings
from towerlab.domain.errors import NotFound
from towerlab.events.envelope import Event
from towerlab.ports.clock import Clock
from towerlab.ports.documents import Condition, Delete, Key, Page, Put, Query, Revision, Stored, is_valid

_KEYS_AT_ONCE = 400


class SqliteDocuments:
    """Events of a commit are recorded as the embedded bus records them, in the same file and transaction."""

    def __init__(self, file: SqliteFile, clock: Clock, listings: Listings) -> None:
        self._file, self._clock = file, clock
        file.script(sqlite_writes.SCHEMA + sqlite_listing.schema(listings))

    def get(self, key: Key) -> Stored:
        stored = self.find(key)
        if stored is None:
            raise NotFound(key.kind, key.id)
        return stored

    def find(self, key: Key) -> Stored | None:
        return self.get_many([key]).get(key)

    def get_many(self, keys: Sequence[Key]) -> Mapping[Key, Stored]:
        known = [key for key in keys if is_valid(key)]
        with self._file.reading() as connection:
            rows = [row for some in _batches(known) for row in _rows_of(connection, some)]
        return {stored.key: stored for stored in map(_stored, rows)}

    def query(self, query: Query) -> Page:
        position = None if query.cursor is None else cursors.take(query, query.cursor)
        with self._file.reading() as connection:
            rows = list(islice(_listed(connection, query, position), query.limit + 1))
        page = rows[: query.limit]
        items = [_stored(row[:4]) for row in page]
        more = len(rows) > query.limit and page
        return Page(items, cursors.give(query, [*page[-1][4:], page[-1][1]]) if more else None)

    def count(self, kind: str, where: Mapping[str, Condition]) -> int:
        condition, values = sqlite_listing.condition(kind, where)
        with self._file.reading() as connection:
            return int(connection.execute(f"SELECT COUNT(*) FROM documents WHERE {condition}", values).fetchone()[0])

    def commit(self, writes: Sequence[Put | Delete], events: Sequence[Event] = ()) -> Sequence[Revision]:
        check_writes(writes)
        statements = [(write, *sqlite_writes.statement(write)) for write in writes]
        with self._file.writing() as connection:
            for write, sql, values in statements:
                if connection.execute(sql, values).rowcount != 1:
                    raise conflict(write)
            bus_embedded.record(connection, events, self._clock.now().timestamp())
        return ["" if isinstance(write, Delete) else str(values["revision"]) for write, _, values in statements]


def _batches(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    return (keys[start : start + _KEYS_AT_ONCE] for start in range(0, len(keys), _KEYS_AT_ONCE))


def _rows_of(connection: sqlite3.Connection, keys: Sequence[Key]) -> Iterable[Sequence[Any]]:
    return connection.execute(lookup(len(keys)), [part for key in keys for part in (key.id, key.kind)]).fetchall()


@cache
def lookup(keys: int) -> str:
    """SQL for so many (id, kind); a join in this order walks the primary key, where IN over pairs is a scan."""
    return f"""
        WITH wanted(id, kind) AS (VALUES {",".join(["(?, ?)"] * keys)})
        SELECT d.kind, d.id, d.revision, d.body FROM wanted CROSS JOIN documents d USING (id, kind)"""


def _listed(connection: sqlite3.Connection, query: Query, position: cursors.Position | None) -> Iterator[Sequence[Any]]:
    for sql, values in sqlite_listing.selections(query, position):
        yield from connection.execute(sql, values).fetchall()


def _stored(row: Sequence[Any]) -> Stored:
    kind, id, revision, body = row
    return Stored(Key(kind, id), revision, body)
