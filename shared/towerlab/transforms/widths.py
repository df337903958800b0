"""How wide a transform's output is, as a sum that a form can do itself while a person types."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from towerlab.domain.outputs import tower_width
from towerlab.transforms.base import Param, Produce, Source

ANY = Source("column", "column", "column")
SWITCH = "enabled"


def width_of(found: Produce[Any]) -> dict[str, Any]:
    """{enabled_by, constant, terms: [{path, times}]}, found by changing one parameter at a time. A test holds it
    against the outputs for parameters at random: a transform whose width is no such sum fails there."""
    every = found.params()
    switch = next((entry for entry in every if entry.name == SWITCH), None)
    start = found.Params() if switch is None else replace(found.Params(), enabled=True)
    others = [entry for entry in every if entry is not switch and entry.type in (bool, int)]
    slopes = {entry: _width(found, replace(start, **{entry.name: _next(entry)})) for entry in others}
    base = _width(found, start)
    terms = [(entry, width - base) for entry, width in slopes.items() if width != base]
    return {
        "enabled_by": None if switch is None else pointer(switch),
        "constant": base - sum(times * int(entry.default) for entry, times in terms),
        "terms": [{"path": pointer(entry), "times": times} for entry, times in terms],
    }


def pointer(entry: Param) -> str:
    """The parameter's place inside its feature."""
    return "/" + "/".join(entry.path)


def _width(found: Produce[Any], params: Any) -> int:
    return tower_width(found.outputs(ANY, params))


def _next(entry: Param) -> Any:
    """The default and one more."""
    return True if entry.type is bool else entry.default + 1
