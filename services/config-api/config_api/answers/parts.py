"""Short names for the fields that answers are made of. An answer's field is always there, null when it is unknown."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from marshmallow import INCLUDE, Schema, fields


class Answered(Schema):
    """An answer may gain fields later, so a reader ignores those it does not know."""

    class Meta:
        unknown = INCLUDE


def text(*, null: bool = False, **metadata: Any) -> fields.Field[Any]:
    return fields.String(required=True, allow_none=null, metadata=metadata)


def moment(*, null: bool = False) -> fields.Field[Any]:
    """RFC 3339 UTC."""
    return text(null=null, format="date-time", example="2026-01-02T03:04:05Z")


def whole(*, null: bool = False, **metadata: Any) -> fields.Field[Any]:
    return fields.Integer(required=True, allow_none=null, metadata=metadata)


def number(*, null: bool = False, **metadata: Any) -> fields.Field[Any]:
    return fields.Float(required=True, allow_none=null, metadata=metadata)


def flag(*, null: bool = False) -> fields.Field[Any]:
    return fields.Boolean(required=True, allow_none=null)


def choice(values: Collection[str], *, null: bool = False, **metadata: Any) -> fields.Field[Any]:
    return text(null=null, enum=[*values, *((None,) if null else ())], **metadata)


def anything(**metadata: Any) -> fields.Field[Any]:
    """Any JSON value, null too."""
    return fields.Raw(required=True, metadata=metadata)


def one(schema: type[Schema], *, null: bool = False) -> fields.Field[Any]:
    return fields.Nested(schema, required=True, allow_none=null)


def several(item: type[Schema] | fields.Field[Any], *, null: bool = False) -> fields.Field[Any]:
    inner = item if isinstance(item, fields.Field) else fields.Nested(item)
    return fields.List(inner, required=True, allow_none=null)


def mapped(value: type[Schema] | fields.Field[Any] | None = None, *, null: bool = False) -> fields.Field[Any]:
    """An object whose names are not fixed."""
    inner = value if isinstance(value, fields.Field) else fields.Nested(value) if value else fields.Raw()
    return fields.Dict(values=inner, required=True, allow_none=null)


def share(*, null: bool = False) -> fields.Field[Any]:
    return number(null=null, minimum=0, maximum=1)


def page_of(item: type[Schema]) -> type[Schema]:
    """A list's answer; `total` may be null."""
    listed = {"items": several(item), "next_cursor": text(null=True), "total": whole(null=True)}
    return type(item.__name__.removesuffix("Answer") + "Page", (Answered,), listed)
