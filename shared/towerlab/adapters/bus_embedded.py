"""The event bus of one machine: events and deliveries are rows beside the documents, leased to the dispatcher."""

from __future__ import annotations

import json
import random
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from towerlab.adapters import sqlite_writes
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.events.codec import as_sent, encode
from towerlab.events.envelope import Event
from towerlab.ports.bus import DeadLetter, Subscription
from towerlab.ports.clock import Clock
from towerlab.ports.documents import Put

JITTER = 0.25
_SCHEMA = """
CREATE TABLE IF NOT EXISTS subscriptions(name TEXT PRIMARY KEY, settings TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events(id TEXT PRIMARY KEY, type TEXT NOT NULL, content TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries(
    subscription TEXT NOT NULL, event TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, token TEXT,
    PRIMARY KEY(subscription, event)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries(subscription, due);
"""  # a delivery is due when `due` has passed: waiting ones keep their backoff there, leased ones the lease's end


@dataclass(frozen=True)
class Lease:
    """The right to deliver an event until the ack deadline; `token` fences off those who held it before."""

    subscription: Subscription
    event: Event
    attempt: int
    token: str


class EmbeddedBus:
    """`bury` gives the document that keeps a dead letter, `letters` the newest of them, at most so many."""

    def __init__(
        self,
        file: SqliteFile,
        clock: Clock,
        bury: Callable[[DeadLetter], Put],
        letters: Callable[[int], Sequence[DeadLetter]],
    ) -> None:
        self._file, self._clock, self._as_document, self._letters = file, clock, bury, letters
        file.script(_SCHEMA + sqlite_writes.SCHEMA)

    def subscribe(self, subscription: Subscription) -> None:
        settings = json.dumps(asdict(subscription) | {"types": sorted(subscription.types)}, sort_keys=True)
        if self._settings_of(subscription.name) == settings:
            return
        with self._file.writing() as connection:
            connection.execute("REPLACE INTO subscriptions VALUES(?, ?)", (subscription.name, settings))

    def publish(self, events: Sequence[Event]) -> None:
        with self._file.writing() as connection:
            record(connection, events, self._now())

    def send_waiting(self, older_than: timedelta) -> int:  # noqa: ARG002 - the row is the delivery
        return 0

    def dead_letters(self, limit: int = 100) -> Sequence[DeadLetter]:
        return self._letters(limit)

    def subscriptions(self) -> Sequence[Subscription]:
        with self._file.reading() as connection:
            rows = connection.execute("SELECT settings FROM subscriptions ORDER BY name").fetchall()
        return [_subscription(settings) for (settings,) in rows]

    def waiting(self, subscription: str) -> int:
        """How many deliveries are not acknowledged yet, leased ones among them."""
        with self._file.reading() as connection:
            sql = "SELECT COUNT(*) FROM deliveries WHERE subscription = ?"
            return int(connection.execute(sql, (subscription,)).fetchone()[0])

    def has_due(self, subscription: str) -> bool:
        """Whether a lease would find anything; takes no lock."""
        sql = "SELECT 1 FROM deliveries WHERE subscription = ? AND due <= ? LIMIT 1"
        with self._file.reading() as connection:
            return connection.execute(sql, (subscription, self._now())).fetchone() is not None

    def lease(self, subscription: Subscription, limit: int = 1) -> Sequence[Lease]:
        """At most `limit` due deliveries, longest due first; nobody else gets them before the ack deadline.

        One whose last attempt ran out without an answer becomes a dead letter here."""
        with self._file.writing() as connection:
            leases = [self._take(connection, subscription, row) for row in self._due(connection, subscription, limit)]
        return [lease for lease in leases if lease is not None]

    def release(self) -> int:
        """Take every lease back, so that its delivery is due now; how many. For a dispatcher that starts and is the
        only one: those who held the leases are gone. Who is not gone after all finds its lease lost."""
        sql = "UPDATE deliveries SET due = ?, token = NULL WHERE token IS NOT NULL"
        with self._file.writing() as connection:
            return connection.execute(sql, (self._now(),)).rowcount

    def ack(self, lease: Lease) -> bool:
        """The event was taken; False when the lease was lost (the delivery then belongs to somebody else)."""
        sql = "DELETE FROM deliveries WHERE subscription = ? AND event = ? AND token = ?"
        with self._file.writing() as connection:
            return connection.execute(sql, _name(lease)).rowcount == 1

    def nack(self, lease: Lease, reason: str) -> bool:
        """The event was not taken: again after a backoff, or a dead letter after the last attempt; False as for ack."""
        sql = "UPDATE deliveries SET due = ?, token = NULL WHERE subscription = ? AND event = ? AND token = ?"
        with self._file.writing() as connection:
            held = connection.execute(sql, (self._now() + backoff(lease), *_name(lease))).rowcount == 1
            if held and lease.attempt >= lease.subscription.max_attempts:
                self._bury(connection, DeadLetter(lease.subscription.name, lease.event, lease.attempt, reason))
            return held

    def _due(
        self, connection: sqlite3.Connection, subscription: Subscription, limit: int
    ) -> list[tuple[str, str, int]]:
        sql = """SELECT e.id, e.content, d.attempts FROM deliveries d JOIN events e ON e.id = d.event
                 WHERE d.subscription = ? AND d.due <= ? ORDER BY d.due LIMIT ?"""
        return connection.execute(sql, (subscription.name, self._now(), limit)).fetchall()

    def _take(
        self, connection: sqlite3.Connection, subscription: Subscription, row: tuple[str, str, int]
    ) -> Lease | None:
        id, content, attempts = row
        event = as_sent(content)
        if attempts >= subscription.max_attempts:
            reason = "no answer before the ack deadline"
            self._bury(connection, DeadLetter(subscription.name, event, attempts, reason))
            return None
        lease = Lease(subscription, event, attempts + 1, secrets.token_hex(8))
        connection.execute(
            "UPDATE deliveries SET attempts = ?, due = ?, token = ? WHERE subscription = ? AND event = ?",
            (lease.attempt, self._now() + subscription.ack_deadline, lease.token, subscription.name, id),
        )
        return lease

    def _bury(self, connection: sqlite3.Connection, letter: DeadLetter) -> None:
        delivery = (letter.subscription, letter.event.published_as)
        connection.execute("DELETE FROM deliveries WHERE subscription = ? AND event = ?", delivery)
        sqlite_writes.put_if_absent(connection, self._as_document(letter))

    def _settings_of(self, name: str) -> str | None:
        with self._file.reading() as connection:
            row = connection.execute("SELECT settings FROM subscriptions WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _now(self) -> float:
        return self._clock.now().timestamp()


def record(connection: sqlite3.Connection, events: Sequence[Event], now: float) -> None:
    """Insert events and their deliveries into an open transaction; what is there already is left alone."""
    for event in events:
        values = (event.published_as, event.type, encode(event).decode(), now)
        if connection.execute("INSERT INTO events VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING", values).rowcount:
            connection.execute(
                """INSERT INTO deliveries(subscription, event, due) SELECT name, ?, ? FROM subscriptions
                   WHERE EXISTS(SELECT 1 FROM json_each(settings, '$.types') WHERE value = ?)""",
                (event.published_as, now, event.type),
            )


def backoff(lease: Lease) -> float:
    """Seconds until the next attempt: doubled with each, varied by a quarter so that failures do not march in step."""
    settings = lease.subscription
    doubled = settings.min_backoff * 2.0 ** min(lease.attempt - 1, 60)
    return min(settings.max_backoff, doubled) * random.uniform(1 - JITTER, 1 + JITTER)


def _name(lease: Lease) -> tuple[str, str, str]:
    return lease.subscription.name, lease.event.published_as, lease.token


def _subscription(settings: str) -> Subscription:
    fields = json.loads(settings)
    return Subscription(**fields | {"types": frozenset(fields["types"])})
