"""The document store: versioned JSON documents, written together with the events that tell of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from towerlab.events.envelope import Event

Scalar = str | int | float | bool | None
Indexed = Scalar | tuple[str, ...]
Revision = str  # opaque; equal means unchanged


@dataclass(frozen=True)
class Key:
    """`kind` is one of the record kinds; `id` is 1-200 characters without '/' and control characters."""

    kind: str
    id: str


def is_valid(key: Key) -> bool:
    """Whether a document may have that key; one that may not is simply not there."""
    return 0 < len(key.id) <= 200 and "/" not in key.id and key.id.isprintable()


class Has(NamedTuple):
    """In a query's `where`: the field is a tuple that holds this text. At most one in a query."""

    text: str


Condition = Scalar | Has


@dataclass(frozen=True)
class Stored:
    """A document as it was read; `content` is its body's JSON. Of one key, equal revisions have equal bodies."""

    key: Key
    revision: Revision
    content: str

    @property
    def body(self) -> Mapping[str, Any]:
        """Read from `content` each time."""
        found: Mapping[str, Any] = json.loads(self.content)
        return found


@dataclass(frozen=True)
class Put:
    """Write `body`. `expect` is the revision it replaces; None: it must not exist yet. `index` holds the fields
    that queries may use, by names of [a-z0-9_]; a tuple is asked for by what it holds. The body is not searched."""

    key: Key
    body: Mapping[str, Any]
    expect: Revision | None
    index: Mapping[str, Indexed] = field(default_factory=dict)


@dataclass(frozen=True)
class Delete:
    key: Key
    expect: Revision


@dataclass(frozen=True)
class Order:
    field: str
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """Documents of one kind whose index fields equal `where`, in `order` (ties by id), `limit` at a time.
    A field that a document lacks counts as null; null sorts first ascending, last
    descending; text by code point."""

    kind: str
    where: Mapping[str, Condition] = field(default_factory=dict)
    order: Sequence[Order] = ()
    limit: int = 100
    cursor: str | None = None


@dataclass(frozen=True)
class Page:
    items: Sequence[Stored]
    next_cursor: str | None


class Documents(Protocol):
    def get(self, key: Key) -> Stored:
        """The newest committed document. Raises NotFound (an impossible key too) and Transient."""

    def find(self, key: Key) -> Stored | None:
        """Like get, with None for a document that is not there."""

    def get_many(self, keys: Sequence[Key]) -> Mapping[Key, Stored]:
        """All that exist of `keys`, in one round trip. Raises Transient."""

    def query(self, query: Query) -> Page:
        """One page. Every document that exists during the whole listing, its ordered fields unchanged, appears exactly
        once over its pages. Raises Invalid for a cursor that was not given for this very query, and Transient."""

    def count(self, kind: str, where: Mapping[str, Condition]) -> int:
        """How many documents a query without limit would give. Raises Transient."""

    def commit(self, writes: Sequence[Put | Delete], events: Sequence[Event] = ()) -> Sequence[Revision]:
        """Do all writes and record all events, or nothing; the new revisions in the order of `writes` ('' of a Delete).
        A revision is never used again, even when a document is deleted and made anew.

        Visible to every reader once it returns; a reader never sees half of it. Every event recorded is delivered at
        least once to every subscription of its type that existed at the commit, even if this process dies right after.
        Raises AlreadyExists (a create met a document), RevisionConflict (a revision is not the expected one, or the
        document is gone), Invalid (a body over 1,000,000 bytes, an index text that is not Unicode) and ValueError (a
        document written twice, an impossible key, NaN) with nothing written, and Transient (written or not: read
        before retrying).
        """
