"""Documents as typed values: the dataclasses go in and come out, JSON and index fields stay in here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from cattrs.preconf.json import make_converter

from towerlab.ports.documents import Condition, Delete, Documents, Key, Order, Put, Query, Revision, Stored
from towerlab.ports.errors import Transient
from towerlab.runtime.kinds import BY_TYPE, LISTINGS, Answered, DeadLetter, Kind, Received

__all__ = [
    "LISTINGS", "Answered", "DeadLetter", "Held", "Listed", "Received", "count", "delete", "find", "from_json", "get",
    "get_many", "held", "key", "put", "query", "to_json",
]  # fmt: skip

SCHEMA = 1
T = TypeVar("T")
_converter = make_converter()
_converter.register_structure_hook_func(
    lambda wanted: wanted == dict[str, Any], lambda value, _: value
)  # JSON as it is


@dataclass(frozen=True)
class Held(Generic[T]):
    """A value as it was read; `revision` is what a write that replaces it must expect."""

    id: str
    value: T
    revision: Revision


@dataclass(frozen=True)
class Listed(Generic[T]):
    items: tuple[Held[T], ...]
    next_cursor: str | None

    @property
    def values(self) -> tuple[T, ...]:
        return tuple(held.value for held in self.items)


def to_json(value: object) -> Any:
    """A dataclass (or a sequence or mapping of them) as JSON values."""
    return _converter.unstructure(value)


def from_json(type: type[T], value: Any) -> T:
    """The other way round. Raises cattrs' errors when `value` has not that shape."""
    return _converter.structure(value, type)


def key(type: type[Any], id: str) -> Key:
    return Key(_kind(type).name, id)


def get(documents: Documents, type: type[T], id: str) -> Held[T]:
    """The record. Raises NotFound and Transient."""
    return held(type, documents.get(key(type, id)))


def find(documents: Documents, type: type[T], id: str) -> Held[T] | None:
    """Like get, None when there is none."""
    stored = documents.find(key(type, id))
    return None if stored is None else held(type, stored)


def get_many(documents: Documents, type: type[T], ids: Iterable[str]) -> Mapping[str, Held[T]]:
    """All that exist of `ids`, by id."""
    found = documents.get_many([key(type, id) for id in ids])
    return {stored.key.id: held(type, stored) for stored in found.values()}


def put(value: object, id: str, expect: Revision | None) -> Put:
    """The write of `value` in place of revision `expect`; None: it must not exist yet."""
    kind = _kind(type(value))
    return Put(Key(kind.name, id), to_json(value), expect, kind.index(value))


def delete(held: Held[Any]) -> Delete:
    """The removal of what was read, if it is still the same."""
    return Delete(key(type(held.value), held.id), held.revision)


def query(
    documents: Documents,
    type: type[T],
    where: Mapping[str, Condition] | None = None,
    order: Sequence[str] = (),
    limit: int = 100,
    cursor: str | None = None,
) -> Listed[T]:
    """One page; `order` names index fields, '-' before a name for descending. Raises Invalid for a foreign cursor."""
    orders = tuple(Order(name.removeprefix("-"), name.startswith("-")) for name in order)
    page = documents.query(Query(_kind(type).name, where or {}, orders, limit, cursor))
    return Listed(tuple(held(type, stored) for stored in page.items), page.next_cursor)


def count(documents: Documents, type: type[Any], where: Mapping[str, Condition] | None = None) -> int:
    """How many there are."""
    return documents.count(_kind(type).name, where or {})


def _kind(type: type[T]) -> Kind[T]:
    return cast(Kind[T], BY_TYPE[type])


def held(type: type[T], stored: Stored) -> Held[T]:
    """What was read past this module, as a typed value. Raises Transient for a record of a newer release."""
    return cast(Held[T], _read(_kind(type), stored))


@lru_cache(maxsize=4_000)  # reading is the dear part; frozen values of the same revision may be shared
def _read(kind: Kind[Any], stored: Stored) -> Held[Any]:
    body = stored.body
    if body.get("schema", SCHEMA) > SCHEMA:
        raise Transient(f"{stored.key} was written by a newer version of this software; update this service")
    return Held(stored.key.id, from_json(kind.type, body), stored.revision)
