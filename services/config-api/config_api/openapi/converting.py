"""JSON Schema of this service's own marshmallow fields, for apispec."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema
from marshmallow.fields import Field

from config_api.fields import Choice, Digits, Flag, Items, Number, Text, Whole

_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def plugin() -> MarshmallowPlugin:
    return MarshmallowPlugin(schema_name_resolver=_name)


def extend(converter: OpenAPIConverter) -> None:
    """Teach `converter` the fields of this service."""
    add: Callable[[Any], None] = converter.add_attribute_function
    add(_described)


def _name(schema: Schema | type[Schema] | str) -> str:
    """StartFromSchema and StartFromAnswer are both called after what they describe; a request says so."""
    name = schema if isinstance(schema, str) else (schema if isinstance(schema, type) else type(schema)).__name__
    if name.endswith("Schema"):
        return name.removesuffix("Schema") + "Request"
    return name.removesuffix("Answer")


def _described(_: OpenAPIConverter, field: Field[Any], **__: Any) -> dict[str, Any]:
    described = schema_of(field)
    if described and field.allow_none:
        described = _or_null(described)
    return described


def _or_null(described: dict[str, Any]) -> dict[str, Any]:
    nullable = {**described, "type": [described["type"], "null"]}
    return {**nullable, "enum": [*described["enum"], None]} if "enum" in described else nullable


@singledispatch
def schema_of(_: Field[Any]) -> dict[str, Any]:
    """What apispec does not know of a field by itself."""
    return {}


@schema_of.register
def _text(field: Text) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "string", "maxLength": field.longest}
    return described if field.blank else {**described, "minLength": 1, "pattern": r"\S"}


@schema_of.register
def _choice(field: Choice) -> dict[str, Any]:
    return {"type": _JSON_TYPES[type(field.choices[0])], "enum": list(field.choices)}


@schema_of.register
def _whole(field: Whole) -> dict[str, Any]:
    return {"type": "integer", "minimum": field.low, "maximum": field.high}


@schema_of.register
def _digits(field: Digits) -> dict[str, Any]:
    return _whole(field)


@schema_of.register
def _number(field: Number) -> dict[str, Any]:
    lowest = "minimum" if field.inclusive else "exclusiveMinimum"
    return {"type": "number", lowest: field.above, "maximum": field.high}


@schema_of.register
def _flag(_: Flag) -> dict[str, Any]:
    return {"type": "boolean"}


@schema_of.register
def _items(field: Items) -> dict[str, Any]:
    return {"type": "array", "maxItems": field.longest}
