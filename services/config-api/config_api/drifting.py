"""A config's recall over its tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.domain.drift import K, Line, lines
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import Result
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import reading


def drift(deps: Deps, config_id: str, protocol: str | None) -> Mapping[str, Any]:
    """The points of one line, the oldest first, and which lines there are. Raises NotFound, and Invalid for a protocol
    that nothing was tested under."""
    reading.config(deps.documents, config_id)
    found = lines(held.value for held in reading.every(deps.documents, Result, {"config_id": config_id}))
    chosen = next((line for line in found if protocol in (None, line.key)), None)
    if chosen is None and protocol is not None:
        remedy = "Leave it out, or take one of 'lines'."
        raise Invalid([Problem("/protocol", "unknown_protocol", "nothing was tested under this protocol", remedy)])
    points = _points(deps, chosen) if chosen else []
    return {
        "feature_config": config_id,
        "protocol": chosen.key if chosen else None,
        "version": chosen.version if chosen else None,
        "expected": list(chosen.expected) if chosen else None,
        "items": points,
        "note": _note(points),
        "lines": [{"protocol": line.key, "version": line.version, "tests": len(line.results)} for line in found],
    }


def _points(deps: Deps, line: Line) -> list[Mapping[str, Any]]:
    tests = records.get_many(deps.documents, QuickTest, [result.test_id for result in line.results])
    return [
        {
            "test": result.test_id,
            "completed_at": result.completed_at,
            "snapshot": result.protocol.get("snapshot_id"),
            "rerun": result.test_id in tests and tests[result.test_id].value.rerun,
            "recall_at_100": result.recall.at[K],
            "interval": list(result.recall.interval[K]),
            "outside": line.has_left(result),
        }
        for result in line.results
    ]


def _note(points: list[Mapping[str, Any]]) -> str:
    """What the newest test says; '' when there is nothing to say."""
    if not points or not points[-1]["outside"]:
        return ""
    first, last = points[0], points[-1]
    way = "below" if last["recall_at_100"] < first["interval"][0] else "above"
    low, high = (f"{100 * end:.1f}" for end in first["interval"])
    return f"recall@100 is {100 * last['recall_at_100']:.1f} %, {way} the {low}-{high} % of the first test"
