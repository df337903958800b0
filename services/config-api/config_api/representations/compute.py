"""Where a test runs, and why."""

from __future__ import annotations

from typing import Any

from towerlab.domain.compute import HERE, Compute
from towerlab.runtime import records


def compute(value: Compute) -> dict[str, Any] | None:
    """None on one machine, where nothing is chosen, and before it is."""
    chosen: dict[str, Any] = records.to_json(value)
    return None if value == HERE else chosen
