"""Drift: how the recall of one config version moves from test to test, as its dataset changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from towerlab.domain.results import Result

K = "100"
OF_ONE_SNAPSHOT = frozenset({"key", "snapshot_id"})


@dataclass(frozen=True)
class Line:
    """Results that were measured the same way but for the snapshot, the oldest first; the first one's interval is what
    the later ones are expected in."""

    key: str
    version: int
    results: tuple[Result, ...]

    @property
    def expected(self) -> tuple[float, float]:
        return self.results[0].recall.interval[K]

    def has_left(self, result: Result) -> bool:
        low, high = self.expected
        return not low <= result.recall.at[K] <= high


def lines(results: Iterable[Result]) -> tuple[Line, ...]:
    """The longest line first; of equal ones that of the newest version."""
    found: dict[tuple[str, int], list[Result]] = {}
    for result in sorted(results, key=lambda one: (one.completed_at, one.test_id)):
        found.setdefault((line_key(result.protocol), result.version), []).append(result)
    made = [Line(key, version, tuple(of)) for (key, version), of in found.items()]
    return tuple(sorted(made, key=lambda line: (-len(line.results), -line.version, line.key)))


def line_key(protocol: Mapping[str, Any]) -> str:
    """What two snapshots' tests have in common when they are measured the same way: 16 hex digits, as of a protocol."""
    kept = {name: value for name, value in protocol.items() if name not in OF_ONE_SNAPSHOT}
    canonical = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
