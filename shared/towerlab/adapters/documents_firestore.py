"""The document store on Google Cloud: a Firestore collection per kind, one batch with preconditions per commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from google.api_core import exceptions as google
from google.cloud.firestore import Client, WriteBatch

from towerlab.adapters import cursors, firestore_fields, firestore_query
from towerlab.adapters.documents_checks import check_writes
from towerlab.adapters.firestore_calls import passing_failures, reading
from towerlab.adapters.firestore_fields import Listings
from towerlab.adapters.firestore_outbox import FirestoreOutbox
from towerlab.domain.errors import NotFound
from towerlab.events.envelope import Event
from towerlab.ports.documents import Condition, Delete, Key, Page, Put, Query, Revision, Stored, is_valid
from towerlab.ports.errors import AlreadyExists, RevisionConflict

Announce = Callable[[Sequence[Event]], None]
_log = structlog.get_logger(__name__)


class FirestoreDocuments:
    """Events of a commit go into the outbox, in the same batch; `announce` is then told of those that are new. That it
    fails is no matter: the outbox is swept."""

    def __init__(self, client: Client, listings: Listings, outbox: FirestoreOutbox, announce: Announce) -> None:
        self._client, self._outbox, self._announce = client, outbox, announce
        self._listed = {kind: _names(orders) for kind, orders in listings.items()}

    def get(self, key: Key) -> Stored:
        stored = self.find(key)
        if stored is None:
            raise NotFound(key.kind, key.id)
        return stored

    def find(self, key: Key) -> Stored | None:
        return self.get_many([key]).get(key)

    def get_many(self, keys: Sequence[Key]) -> Mapping[Key, Stored]:
        wanted = [firestore_fields.reference(self._client, key) for key in keys if is_valid(key)]
        if not wanted:
            return {}
        with passing_failures():
            snapshots = list(self._client.get_all(wanted, **reading()))
        found = [firestore_fields.stored(one.reference.parent.id, one) for one in snapshots if one.exists]
        return {stored.key: stored for stored in found}

    def query(self, query: Query) -> Page:
        position = None if query.cursor is None else cursors.take(query, query.cursor)
        with passing_failures():
            found = list(firestore_query.page(self._client, query, position).stream(**reading()))
        page = found[: query.limit]
        items = [firestore_fields.stored(query.kind, snapshot) for snapshot in page]
        more = len(found) > query.limit and page
        return Page(items, cursors.give(query, firestore_query.position_of(query, page[-1])) if more else None)

    def count(self, kind: str, where: Mapping[str, Condition]) -> int:
        with passing_failures():
            answer: Any = firestore_query.filtered(self._client, kind, where).count().get(**reading())
        return int(answer[0][0].value)

    def commit(self, writes: Sequence[Put | Delete], events: Sequence[Event] = ()) -> Sequence[Revision]:
        check_writes(writes)
        try:
            results, new = self._outbox.record_with(lambda batch: self._add(batch, writes), events)
        except google.AlreadyExists as error:
            raise AlreadyExists(f"one of {_keys(writes)} is there already") from error
        except (google.FailedPrecondition, google.NotFound) as error:
            if all(write.expect is None for write in writes):
                raise  # it is the database that is not there
            raise RevisionConflict(f"one of {_keys(writes)} is not at the expected revision") from error
        self._tell(new)
        return [
            "" if isinstance(write, Delete) else firestore_fields.revision(result.update_time)
            for write, result in zip(writes, results, strict=True)
        ]

    def _add(self, batch: WriteBatch, writes: Sequence[Put | Delete]) -> None:
        for write in writes:
            to = firestore_fields.reference(self._client, write.key)
            firestore_fields.add(batch, to, write, self._listed.get(write.key.kind, ()))

    def _tell(self, events: Sequence[Event]) -> None:
        if not events:
            return
        try:
            self._announce(events)
        except Exception as error:  # noqa: BLE001 - the commit is done whatever the bus says
            _log.warning("not announced yet", events=[event.id for event in events], reason=repr(error))


def _names(orders: Sequence[Sequence[str]]) -> frozenset[str]:
    return frozenset(field.removeprefix("-") for order in orders for field in order)


def _keys(writes: Sequence[Put | Delete]) -> str:
    return ", ".join(f"{write.key.kind} {write.key.id}" for write in writes)
