"""The one SQLite file of an installation: a connection per thread, transactions that take the write lock first."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from towerlab.ports.errors import Transient

BUSY_SECONDS = 10.0


class SqliteFile:
    """Safe to share between threads, and over a fork: each thread of each process opens its own connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    def script(self, statements: str) -> None:
        """Run statements that create what is missing."""
        with _as_transient():
            self._connection().executescript(f"BEGIN IMMEDIATE; {statements} COMMIT;")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection whose every statement sees the newest commit. Raises Transient."""
        with _as_transient():
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, durable once this returns, undone when the block raises. Raises Transient."""
        with _as_transient():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        if getattr(self._local, "process", None) != os.getpid():
            self._local.connection, self._local.process = _open(self.path), os.getpid()
        connection: sqlite3.Connection = self._local.connection
        return connection


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA mmap_size = 268435456")
    return connection


@contextmanager
def _as_transient() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Transient(f"the document store: {error}") from error
