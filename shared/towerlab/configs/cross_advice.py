"""How large a cross should be, and whether it says anything new: from the combinations that the rows really have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from towerlab.configs.crosses import SIZE_BOUNDS

Pairs = Mapping[frozenset[str], int]  # observed combinations by the operands' names: {city, revenue_bucket}: 812

NEARLY = 1.05  # a customer who moved now and then does not make the city news
DIMS = ((500, 8), (5_000, 16), (50_000, 32))
WIDEST = 64


@dataclass(frozen=True)
class CrossAdvice:
    """`expected_collisions`: how many combinations share their bucket with another one at that size. `determined_by`:
    the operand that has nearly one combination a value, so that the cross tells little more than it alone."""

    hash_bucket_size: int
    embedding_dim: int
    possible: int
    observed: int | None
    expected_collisions: int
    determined_by: str | None
    reason: str


def advice(unique_counts: Mapping[str, int], observed: int | None = None) -> CrossAdvice:
    """For the operands with so many unique values each; without observed combinations it counts the possible ones."""
    possible = math.prod(unique_counts.values())
    count = possible if observed is None else observed
    size = recommended_size(count)
    determined = determined_by(unique_counts, observed)
    dim = next((dim for below, dim in DIMS if count < below), WIDEST)
    return CrossAdvice(
        size, dim, possible, observed, collisions(count, size), determined, _reason(count, size, observed, determined)
    )


def recommended_size(combinations: int) -> int:
    """Twice the combinations, to two digits, within the bounds."""
    wanted = max(2 * combinations, 1)
    unit: int = 10 ** max(len(str(wanted)) - 2, 0)
    return min(max(-(-wanted // unit) * unit, SIZE_BOUNDS[0]), SIZE_BOUNDS[1])


def collisions(combinations: int, size: int) -> int:
    """Combinations that share a bucket with another one, on average, when each falls into any bucket alike."""
    return round(combinations * (1 - (1 - 1 / size) ** max(combinations - 1, 0)))


def determined_by(unique_counts: Mapping[str, int], observed: int | None) -> str | None:
    """The operand whose value all but fixes the others'."""
    if observed is None or observed <= 1:
        return None
    name, most = max(unique_counts.items(), key=lambda entry: entry[1])
    return name if most > 1 and observed <= NEARLY * most else None


def _reason(count: int, size: int, observed: int | None, determined: str | None) -> str:
    if determined is not None:
        return f"{determined!r} determines the rest: {count:,} combinations. The cross says little that is new."
    if observed is None:
        return f"{count:,} combinations are possible; the rows may have far fewer."
    if size == SIZE_BOUNDS[1] and size < 2 * count:
        return f"The rows have {count:,} combinations: more than {size:,} buckets keep apart."
    return f"Twice the {count:,} combinations that the rows have keep most of them apart."


def crowding(combinations: int, size: int) -> str | None:
    """What to say of a cross whose buckets are too few."""
    if combinations <= size:
        return None
    return f"{combinations:,} combinations in {size:,} buckets: about {math.ceil(combinations / size):,} share one"


def operand_counts(operands: Sequence[str], known: Mapping[str, int]) -> dict[str, int] | None:
    """Unique values of every operand; None where one is not known."""
    found = {name: known[name] for name in operands if name in known}
    return found if len(found) == len(operands) else None
