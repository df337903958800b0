"""Reading raw JSON values: each fault is noted with its pointer and remedy, and reading goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from towerlab.domain.errors import Problem, pointer
from towerlab.transforms.base import Param

_SURROGATE = re.compile("[\ud800-\udfff]")


class Faults(list[Problem]):
    """The faults found so far."""

    def note(self, at: str, code: str, message: str, remedy: str = "") -> None:
        self.append(Problem(at, code, message, remedy))


def value_of(entry: Param, raw: Any, at: str, faults: Faults) -> Any:
    """The parameter's value, or its default after a noted fault."""
    if entry.choices is not None:
        return _choice(entry, raw, at, faults)
    if entry.type is bool:
        return _boolean(entry, raw, at, faults)
    if entry.type is str:
        return _text(entry, raw, at, faults)
    return whole(raw, entry.low, entry.high, entry.default, at, faults)


def whole(raw: Any, low: int | None, high: int | None, default: int, at: str, faults: Faults) -> int:
    """An integer between the bounds; 32.0 is 32."""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int):
        faults.note(at, "not_an_integer", f"{_shown(raw)} is not a whole number", f"Give {_bounds(low, high)}.")
        return default
    if (low is not None and raw < low) or (high is not None and raw > high):
        faults.note(at, "out_of_bounds", f"{raw} is out of bounds", f"Give {_bounds(low, high)}.")
        return default
    return raw


def known_fields(raw: dict[str, Any], allowed: Iterable[str], at: str, faults: Faults) -> None:
    """Note every field that does not belong here."""
    names = sorted(set(allowed))
    for field in raw:
        if field not in names:
            remedy = f"Remove it; known here: {', '.join(names)}."
            faults.note(at + pointer(field), "unknown_field", f"there is no field {_shown(field)} here", remedy)


def _choice(entry: Param, raw: Any, at: str, faults: Faults) -> Any:
    candidate = tuple(raw) if isinstance(raw, list | tuple) else raw
    for choice in entry.choices or ():
        if candidate == choice and not _has_boolean(candidate):
            return choice
    offered = " or ".join(
        _shown(list(choice) if isinstance(choice, tuple) else choice) for choice in entry.choices or ()
    )
    faults.note(at, "not_a_choice", f"{_shown(raw)} is not one of the choices", f"Give {offered}.")
    return entry.default


def _boolean(entry: Param, raw: Any, at: str, faults: Faults) -> bool:
    if isinstance(raw, bool):
        return raw
    faults.note(at, "not_a_boolean", f"{_shown(raw)} is neither true nor false", "Give true or false.")
    return bool(entry.default)


def _text(entry: Param, raw: Any, at: str, faults: Faults) -> str:
    """Any characters that have a UTF-8 form: a lone surrogate has none."""
    low, high = entry.low or 0, entry.high or 255
    if isinstance(raw, str) and low <= len(raw) <= high and not _SURROGATE.search(raw):
        return raw
    remedy = f"Give a text of {low:,} to {high:,} characters."
    faults.note(at, "not_a_text", f"{_shown(raw)} is not a text of that kind", remedy)
    return str(entry.default)


def _has_boolean(value: Any) -> bool:
    return isinstance(value, tuple) and any(isinstance(part, bool) for part in value)


def _bounds(low: int | None, high: int | None) -> str:
    return f"a whole number from {low:,} to {high:,}" if low is not None and high is not None else "a whole number"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
