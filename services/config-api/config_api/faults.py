"""Faults of marshmallow schemas as problems with JSON pointers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError
from towerlab.domain.errors import Invalid, Problem, pointer

_CODES = {
    "Unknown field.": ("unknown_field", "unknown field", "Leave it out."),
    "Missing data for required field.": ("required", "this field is required", "Give it a value."),
    "Field may not be null.": ("null", "null is not a value of this field", "Leave the field out, or give a value."),
    "Invalid input type.": ("not_an_object", "must be a JSON object", "Send an object of fields in braces."),
}


def fault(code: str, message: str, remedy: str = "") -> ValidationError:
    """What a field or schema raises; the pointer comes from where it stands."""
    return ValidationError([Problem("", code, message, remedy)])


def load(schema: Schema, body: Mapping[str, Any]) -> Any:
    """What `schema` makes of `body`. Raises Invalid with every fault."""
    try:
        return schema.load(body)
    except ValidationError as error:
        raise Invalid(_problems((), error.messages)) from error


def _problems(path: tuple[str | int, ...], messages: Any) -> Iterator[Problem]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _problems(path if key == "_schema" else (*path, key), inner)
        return
    for message in messages:
        yield _problem(pointer(*path), message)


def _problem(at: str, message: Any) -> Problem:
    if isinstance(message, Problem):
        return Problem(at + message.pointer, message.code, message.message, message.remedy)
    code, text, remedy = _CODES.get(message, ("invalid", str(message), ""))
    return Problem(at, code, text, remedy)
