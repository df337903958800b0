"""Documents as Firestore holds them: the body as one text that is not indexed, the index fields in a map."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, LastUpdateOption, WriteBatch

from towerlab.adapters.documents_checks import body, checked, conflict, unicode
from towerlab.ports.documents import Delete, Indexed, Key, Put, Revision, Scalar, Stored

BODY, INDEX, CHANGE = "body", "index", "change"
EVERY = "every"  # true in every document: an index wants a second field beside one that descends
Listings = Mapping[str, Sequence[Sequence[str]]]
Snapshot = DocumentSnapshot[DocumentReference]
_PREFIX = "k"  # Firestore refuses ids such as '..' and '__x__'


def reference(client: Client, key: Key) -> DocumentReference:
    """The key must be valid."""
    return client.collection(checked(key.kind)).document(_PREFIX + key.id)


def key_id(snapshot: Snapshot) -> str:
    return str(snapshot.id).removeprefix(_PREFIX)


def stored(kind: str, snapshot: Snapshot) -> Stored:
    return Stored(Key(kind, key_id(snapshot)), revision(snapshot.update_time), snapshot.get(BODY))


def revision(time: DatetimeWithNanoseconds) -> Revision:
    return str(time.rfc3339())  # type: ignore[no-untyped-call]


def path(name: str) -> str:
    """Of an index field, in queries."""
    return f"{INDEX}.{checked(name)}"


def add(batch: WriteBatch, to: DocumentReference, write: Put | Delete, names: Collection[str]) -> None:
    """Put the write into the batch, on the condition that it expects; the index fields `names` are never missing.
    Raises Invalid, RevisionConflict for an expectation that is no revision, and ValueError."""
    if isinstance(write, Delete):
        batch.delete(to, option=_expected(write))
    elif write.expect is None:
        batch.create(to, _fields(write, names))
    else:
        batch.update(to, _fields(write, names), option=_expected(write))


def value(name: str, given: Scalar) -> Scalar:
    """As it is compared: true is 1, as in JSON's other stores. Raises Invalid for text that is no Unicode."""
    if isinstance(given, bool):
        return int(given)
    return unicode(name, given) if isinstance(given, str) else given


def _fields(write: Put, names: Collection[str]) -> dict[str, object]:
    """Firestore leaves out of a sorted listing what lacks the sort field, and keeps the update time, which is the
    revision, of what is written as it is: hence the nulls, and a field that changes with every write."""
    index = dict.fromkeys(names) | {checked(name): _indexed(name, one) for name, one in write.index.items()}
    json.dumps(index, allow_nan=False)
    return {BODY: body(write), INDEX: index, CHANGE: secrets.token_hex(8), EVERY: True}


def _indexed(name: str, given: Indexed) -> object:
    return [value(name, one) for one in given] if isinstance(given, tuple) else value(name, given)


def _expected(write: Put | Delete) -> LastUpdateOption:
    try:
        time = DatetimeWithNanoseconds.from_rfc3339(write.expect)  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise conflict(write) from error
    return LastUpdateOption(time.timestamp_pb())
