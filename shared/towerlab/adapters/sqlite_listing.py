"""Queries over index fields as SQL that walks an index: seek to where the last page ended, never skip over it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from towerlab.adapters.documents_checks import checked, unicode
from towerlab.ports.documents import Condition, Has, Indexed, Order, Query, Scalar

Listings = Mapping[str, Sequence[Sequence[str]]]
Selection = tuple[str, list[Scalar]]


def schema(listings: Listings) -> str:
    """An index for each listing: equality fields, then sort fields with '-' for descending; and one by id per kind."""
    statements = []
    for kind, orders in listings.items():
        for order in ((), *orders):
            name = "__".join(["documents", kind, *(field.replace("-", "down_") for field in order)])
            columns = [_column(Order(field.removeprefix("-"), field.startswith("-"))) for field in order]
            on = f"documents({', '.join([*columns, 'id'])}) WHERE kind = '{checked(kind)}'"
            statements.append(f"CREATE INDEX IF NOT EXISTS {name} ON {on};")
    return "\n".join(statements)


def fields(index: Mapping[str, Indexed]) -> str:
    """Index fields as the JSON text that the indexes look into. Raises Invalid for text that is no Unicode."""
    values = {
        checked(name): [_value(name, one) for one in value] if isinstance(value, tuple) else _value(name, value)
        for name, value in index.items()
    }
    return json.dumps(values, allow_nan=False)


def condition(kind: str, where: Mapping[str, Condition]) -> Selection:
    """SQL for 'of that kind, with those fields'; a field that a document lacks is null."""
    terms = [f"kind = '{checked(kind)}'", *(_term(name, value) for name, value in where.items())]
    values = [_value(name, value.text if isinstance(value, Has) else value) for name, value in where.items()]
    return " AND ".join(terms), values


def _term(name: str, value: Condition) -> str:
    if isinstance(value, Has):
        return f"EXISTS (SELECT 1 FROM json_each(fields, '$.{checked(name)}') WHERE json_each.value = ?)"
    return f"{_field(name)} IS ?"


def selections(query: Query, position: Sequence[Scalar] | None) -> Iterator[Selection]:
    """Statements whose rows, one after the other, are the documents after `position`: kind, id, revision, body and
    the ordered fields. Each is one range of an index, where a single OR over all of them would be a scan."""
    terms, values = condition(query.kind, query.where)
    for extra, more, order in _ranges(query.order, position):
        columns = ["kind", "id", "revision", "body", *(_field(one.field) for one in query.order)]
        by = ", ".join([*(_column(one) for one in order), "id"])
        conditions = " AND ".join([terms, *extra])
        sql = f"SELECT {', '.join(columns)} FROM documents WHERE {conditions} ORDER BY {by} LIMIT ?"
        yield sql, [*values, *more, query.limit + 1]


def _ranges(
    orders: Sequence[Order], position: Sequence[Scalar] | None
) -> Iterator[tuple[list[str], list[Scalar], Sequence[Order]]]:
    if position is None:
        yield [], [], orders
        return
    yield [*(f"{_field(one.field)} IS ?" for one in orders), "id > ?"], list(position), ()
    for depth in reversed(range(len(orders))):
        equal = [f"{_field(one.field)} IS ?" for one in orders[:depth]]
        for term, values in _beyond(orders[depth], position[depth]):
            yield [*equal, term], [*position[:depth], *values], orders[depth:]


def _beyond(order: Order, value: Scalar) -> Iterator[tuple[str, list[Scalar]]]:
    """What comes after `value`; null is the least of all values."""
    field = _field(order.field)
    if not order.descending:
        yield (f"{field} IS NOT NULL", []) if value is None else (f"{field} > ?", [value])
    elif value is not None:
        yield f"{field} < ?", [value]
        yield f"{field} IS NULL", []


def _column(order: Order) -> str:
    return f"{_field(order.field)}{' DESC' if order.descending else ''}"


@cache
def _field(name: str) -> str:
    return f"json_extract(fields, '$.{checked(name)}')"


def _value(name: str, value: Scalar) -> Scalar:
    """SQLite's JSON ends a text at its first NUL: escaped here in a way that keeps the order."""
    if not isinstance(value, str):
        return value
    return unicode(name, value).replace("\x01", "\x01\x02").replace("\x00", "\x01\x01")
