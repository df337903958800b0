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


def by_k(figures: Mapping[str, Any]) -> dict[str, Any]:
    """{'10': x} as {'recall_at_10': x}."""
    return {f"recall_at_{k}": value for k, value in figures.items()}
