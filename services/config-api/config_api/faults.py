"""Faults of marshmallow schemas as problems with JSON pointers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

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


@dataclass(frozen=True)
class Sent:
    """An object that came in: null stands where a value was that no field takes, `faults` says what was wrong there."""

    values: Mapping[str, Any]
    faults: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Readable:
    """What of a faulty object can be judged all the same: its sound fields, and the names of those that are not, or not
    wholly, what was sent."""

    values: Mapping[str, Any]
    unread: frozenset[str]


Judge = Callable[[Readable], Iterable[Problem]]


def nothing_more(_: Readable) -> Iterable[Problem]:
    return ()


def load(schema: Schema, sent: Sent, judge: Judge = nothing_more) -> Any:
    """What `schema` makes of what was sent. Raises Invalid with every fault: of an object that has some, `judge` says
    what is wrong with the rest of it."""
    try:
        loaded, messages = schema.load(sent.values), dict[str, Any]()
    except ValidationError as error:
        loaded, messages = None, cast("dict[str, Any]", error.messages)  # of an object by its fields
    told = [*sent.faults, *elsewhere(_problems((), messages), sent.faults)]
    if told:
        unfit = {problem.pointer.split("/")[1] for problem in sent.faults if problem.pointer}
        raise Invalid([*told, *elsewhere(judge(_readable(sent.values, messages, unfit)), told)])
    return loaded


def _readable(values: Any, messages: Mapping[str, Any], unfit: Collection[str] = ()) -> Readable:
    if not isinstance(values, Mapping):
        return Readable({}, frozenset())
    sound = {name: value for name, value in values.items() if name not in messages}
    parts = {
        name: _readable(values[name], messages[name]).values for name in values if _is_object(name, values, messages)
    }
    return Readable({**sound, **parts}, frozenset(messages) - frozenset(parts) | frozenset(unfit))


def _is_object(name: str, values: Mapping[str, Any], messages: Mapping[str, Any]) -> bool:
    return isinstance(values[name], Mapping) and isinstance(messages.get(name), Mapping)


def elsewhere(problems: Iterable[Problem], told: Iterable[Problem]) -> list[Problem]:
    """Those that do not follow from a fault at the same place, or around it."""
    places = {problem.pointer for problem in told if problem.pointer}
    return [one for one in problems if places.isdisjoint(_around(one.pointer))]


def _around(place: str) -> Iterator[str]:
    """The pointer, and those of all that it lies in."""
    while place:
        yield place
        place = place.rpartition("/")[0]


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
