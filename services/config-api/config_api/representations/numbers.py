"""Numbers that JSON has, and figures named after their k."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def finite(value: Any) -> Any:
    """`value` with null for every number that JSON cannot write."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value


def points(share: float) -> str:
    """A difference in points, signed: '+1.2'."""
    return f"{100 * share:+.1f}".replace("-", "\u2212")


def by_k(figures: Mapping[str, Any]) -> dict[str, Any]:
    """{'10': x} as {'recall_at_10': x}."""
    return {f"recall_at_{k}": value for k, value in figures.items()}
