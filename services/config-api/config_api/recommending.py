"""What the data calls for: dimensions of embeddings, sizes of crosses, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from towerlab.configs.cross_advice import advice
from towerlab.configs.recommend import recommendation, shown_count
from towerlab.domain.columns import ColumnProfile, ColumnType
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, Problem
from towerlab.runtime.wiring import Deps
from towerlab.transforms.registry import feature_types

from config_api.knowing import combinations

BUCKETS = 100  # quantile buckets that a number has unless its feature says otherwise
BUCKET = "_bucket"
_BY_BUCKET = frozenset({ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.TIMESTAMP, ColumnType.DATE})
_BY_VALUE = frozenset({ColumnType.STRING, ColumnType.BOOLEAN, ColumnType.INTEGER})


def embeddings(profiles: Iterable[ColumnProfile]) -> list[dict[str, Any]]:
    """A line for every column that can be embedded by its values."""
    fits = feature_types()["string_embedding"].applies_to
    return [_embedding(profile) for profile in profiles if profile.type in fits]


def cross(deps: Deps, dataset: Dataset, model: str, features: Sequence[str]) -> dict[str, Any]:
    """The recommended size for a cross of these features, from the combinations in the newest snapshot.
    Raises Invalid with every fault."""
    operands = [_operand(dataset, name, f"/features/{n}") for n, name in enumerate(features)]
    faults = [operand for operand in operands if isinstance(operand, Problem)]
    known = [operand for operand in operands if not isinstance(operand, Problem)]
    if len({column for column, _ in known}) < len(known):
        faults.append(Problem("/features", "duplicate", "a feature is crossed with itself", "Name different ones."))
    if faults:
        raise Invalid(faults)
    found = combinations(deps, dataset, dict(known))
    distinct = {name: found.distinct[column] for name, (column, _) in zip(features, known, strict=True)}
    advised = advice(distinct, found.observed)
    return {
        "model": model,
        "features": list(features),
        "hash_bucket_size": advised.hash_bucket_size,
        "embedding_dim": advised.embedding_dim,
        "unique_counts": distinct,
        "possible": advised.possible,
        "observed": advised.observed,
        "expected_collisions": advised.expected_collisions,
        "determined_by": advised.determined_by,
        "reason": _how_many(distinct, advised.reason),
    }


def _embedding(profile: ColumnProfile) -> dict[str, Any]:
    advised = recommendation(profile.unique_count)
    return {
        "column": profile.name,
        "type": profile.type.value,
        "unique_count": profile.unique_count,
        "exact": profile.exact,
        "embedding_dim": advised.embedding_dim,
        "low": advised.low,
        "high": advised.high,
        "parameters": profile.unique_count * advised.embedding_dim,
        "reason": advised.reason,
    }


def _operand(dataset: Dataset, name: str, at: str) -> tuple[str, int | None] | Problem:
    """The column, and its number of buckets when it is crossed by them."""
    if dataset.columns.get(name) in _BY_VALUE:
        return name, None
    column = name.removesuffix(BUCKET)
    if column != name and dataset.columns.get(column) in _BY_BUCKET:
        return column, BUCKETS
    if name in dataset.columns:
        remedy = f"Write {name + BUCKET!r}."
        return Problem(at, "operand_is_a_number", f"{name!r} is crossed by its buckets", remedy)
    return Problem(at, "unknown_column", f"the dataset has no column {name!r}", "Choose another one.")


def _how_many(distinct: Mapping[str, int], reason: str) -> str:
    return f"{' × '.join(shown_count(count) for count in distinct.values())} values. {reason}"
