"""How wide an embedding should be for a number of unique values, and why."""

from __future__ import annotations

from dataclasses import dataclass

# fewer unique values than `below` -> dimension
BY_CARDINALITY = ((50, 8), (500, 16), (5_000, 32), (50_000, 64), (500_000, 96))
WIDEST = 128
NARROWEST = 4


@dataclass(frozen=True)
class Recommendation:
    """`embedding_dim` is the proposal, `low` to `high` the range that makes sense."""

    embedding_dim: int
    low: int
    high: int
    reason: str


def embedding_dim(unique_count: int) -> int:
    return next((dim for below, dim in BY_CARDINALITY if unique_count < below), WIDEST)


def recommendation(unique_count: int) -> Recommendation:
    """The table's dimension, and from the next smaller one up to it: 32-64 for 43K unique values."""
    dim = embedding_dim(unique_count)
    steps = [NARROWEST, *(dim for _, dim in BY_CARDINALITY), WIDEST]
    low = steps[steps.index(dim) - 1]
    return Recommendation(dim, low, dim, f"Recommended: {low}-{dim} for {shown_count(unique_count)} unique values")


def shown_count(count: int) -> str:
    """43521 -> '43K'."""
    if count >= 1_000_000:
        return f"{count / 1_000_000:.1f}M"
    return f"{count // 1_000}K" if count >= 1_000 else str(count)
