"""The outbox in Firestore: a document for each event, created in the batch of what the event tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from urllib.parse import quote

import structlog
from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, FieldFilter, WriteBatch
from google.cloud.firestore_v1.types import WriteResult

from towerlab.adapters.firestore_calls import commit, passing_failures, reading
from towerlab.events.codec import NewerEvent, decode, encode
from towerlab.events.envelope import Event
from towerlab.ports.clock import Clock
from towerlab.ports.errors import Transient

COLLECTION = "outbox"
REMEMBERED = timedelta(days=7)  # after it was sent, by a time-to-live policy on `expires_at`
_ATTEMPTS = 5
_log = structlog.get_logger(__name__)


class FirestoreOutbox:
    """Rows have `content` (the event as it is sent), `at`, `sent_at` (null at first) and, once sent, `expires_at`."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client, self._clock = client, clock

    def record(self, events: Sequence[Event]) -> Sequence[Event]:
        return self.record_with(lambda _: None, events)[1]

    def record_with(
        self, write: Callable[[WriteBatch], None], events: Sequence[Event]
    ) -> tuple[Sequence[WriteResult], Sequence[Event]]:
        """One commit of what `write` puts into a batch and of the events that are new: what came of the former, and
        the latter. Raises as `commit` does; AlreadyExists is never about an event."""
        new = list({event.published_as: event for event in events}.values())
        for _ in range(_ATTEMPTS):
            batch = self._client.batch()
            write(batch)
            written = len(batch)
            for event in new:
                batch.create(self._row(event.published_as), self._fields(event))
            try:
                return commit(batch)[:written], new
            except AlreadyExists:
                known = self._known(new)
                if not known:
                    raise
                new = [event for event in new if event.published_as not in known]
        raise Transient("the document store: the same events are recorded again and again")

    def unsent(self, older_than: timedelta, limit: int) -> Sequence[Event]:
        rows = (
            self._client.collection(COLLECTION)
            .where(filter=FieldFilter("sent_at", "==", None))
            .where(filter=FieldFilter("at", "<=", self._clock.now() - older_than))
            .order_by("at")
            .limit(limit)
        )
        with passing_failures():
            return list(_known_events(list(rows.stream(**reading()))))

    def mark_sent(self, ids: Sequence[str]) -> None:
        now = self._clock.now()
        batch = self._client.batch()
        for id in dict.fromkeys(ids):
            batch.set(self._row(id), {"sent_at": now, "expires_at": now + REMEMBERED}, merge=True)
        commit(batch)

    def _known(self, events: Sequence[Event]) -> set[str]:
        ids = {self._row(event.published_as).id: event.published_as for event in events}
        rows = [self._row(id) for id in ids.values()]
        with passing_failures():
            found = list(self._client.get_all(rows, field_paths=["at"], **reading())) if rows else []
        return {ids[row.id] for row in found if row.exists}

    def _row(self, id: str) -> DocumentReference:
        return self._client.collection(COLLECTION).document("e" + quote(id, safe=""))

    def _fields(self, event: Event) -> dict[str, object]:
        return {"content": encode(event).decode(), "at": self._clock.now(), "sent_at": None}


def _known_events(rows: Sequence[DocumentSnapshot[DocumentReference]]) -> Iterator[Event]:
    for row in rows:
        try:
            yield decode(row.get("content"))
        except NewerEvent as error:
            _log.warning("left to a newer version", outbox=row.id, reason=str(error))
