"""Crosses: which outputs of a model can be crossed, and what the spec's string references mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from towerlab.configs.reading import Faults, known_fields, whole
from towerlab.configs.resolved import Cross, Feature, Operand
from towerlab.transforms.base import Produce

FIELDS = ("features", "hash_bucket_size", "embedding_dim")
MIN_OPERANDS, MAX_OPERANDS = 2, 3
SIZE_BOUNDS = (100, 100_000)
DIM_BOUNDS = (4, 64)
DEFAULT_DIM = 16


def operands_of(features: Sequence[Feature], only_active: bool = True) -> dict[str, Operand]:
    """What can be crossed in a model, by the name a person uses: `city`, `revenue_bucket`."""
    return {
        step.transform.name(feature.column): Operand(
            feature.column, step.transform.name(feature.column), step.transform.operand
        )
        for feature in features
        for step in feature.steps
        if isinstance(step.transform, Produce) and step.transform.operand and (step.active or not only_active)
    }


def parse_cross(raw: Any, features: Sequence[Feature], at: str, faults: Faults) -> Cross | None:
    """The cross at pointer `at`; None when one of its references means nothing in this model."""
    if not isinstance(raw, dict):
        faults.note(at, "not_an_object", "a cross is an object", 'Give {"features": [...], "hash_bucket_size": ...}.')
        return None
    known_fields(raw, FIELDS, at, faults)
    size = _size(raw, at, faults)
    dim = whole(raw.get("embedding_dim", DEFAULT_DIM), *DIM_BOUNDS, DEFAULT_DIM, at + "/embedding_dim", faults)
    references = raw.get("features")
    if not isinstance(references, list | tuple) or not MIN_OPERANDS <= len(references) <= MAX_OPERANDS:
        remedy = "Name two or three features of this model."
        faults.note(at + "/features", "wrong_number", "a cross has 2 or 3 features", remedy)
        return None
    operands = [_operand(ref, features, f"{at}/features/{n}", faults) for n, ref in enumerate(references)]
    found = tuple(operand for operand in operands if operand is not None)
    if len(set(found)) != len(found):
        faults.note(at + "/features", "duplicate", "a feature is crossed with itself", "Name different features.")
        return None
    return Cross(found, size, dim) if len(found) == len(operands) else None


def _size(raw: dict[str, Any], at: str, faults: Faults) -> int:
    if "hash_bucket_size" not in raw:
        remedy = f"Give a whole number from {SIZE_BOUNDS[0]:,} to {SIZE_BOUNDS[1]:,}."
        faults.note(at + "/hash_bucket_size", "required", "the hash bucket size is missing", remedy)
        return SIZE_BOUNDS[0]
    return whole(raw["hash_bucket_size"], *SIZE_BOUNDS, SIZE_BOUNDS[0], at + "/hash_bucket_size", faults)


def _operand(reference: Any, features: Sequence[Feature], at: str, faults: Faults) -> Operand | None:
    if isinstance(reference, dict):
        return _typed(reference, features, at, faults)
    if not isinstance(reference, str):
        faults.note(at, "not_a_string", "a feature is named by a string", "Give a name such as `city`.")
        return None
    ready = operands_of(features)
    if reference not in ready:
        _explain(reference, features, at, faults)
    return ready.get(reference)


def _typed(reference: dict[str, Any], features: Sequence[Feature], at: str, faults: Faults) -> Operand | None:
    """{"column": "revenue", "output": "revenue_bucket"}: the output must be one of that very column."""
    known_fields(reference, ("column", "output"), at, faults)
    column, output = reference.get("column"), reference.get("output")
    if not isinstance(column, str) or not isinstance(output, str):
        remedy = 'Give {"column": "revenue", "output": "revenue_bucket"}, or the name alone.'
        faults.note(at, "not_a_reference", "a typed reference names a column and one of its outputs", remedy)
        return None
    found = _operand(output, [feature for feature in features if feature.column == column], at + "/output", faults)
    return found if set(reference) == {"column", "output"} else None


def _explain(reference: str, features: Sequence[Feature], at: str, faults: Faults) -> None:
    """Say why `reference` cannot be crossed: its transform is off, it has another name, or it is not in the model."""
    possible = operands_of(features, only_active=False)
    if reference in possible:
        column = possible[reference].column
        remedy = f"Enable bucketize on {column!r}, or take the cross away."
        faults.note(at, "operand_is_off", f"{reference!r} needs bucketize on {column!r}, which is off", remedy)
        return
    of_column = next((name for name, operand in possible.items() if operand.column == reference), None)
    if of_column is not None:
        remedy = f"Enable its buckets and write {of_column!r}."
        faults.note(at, "operand_is_a_number", f"{reference!r} is crossed by its buckets", remedy)
        return
    there = ", ".join(sorted(operands_of(features))) or "nothing yet"
    remedy = f"Add the feature to this model, or take the cross away; can be crossed here: {there}."
    faults.note(at, "not_in_model", f"{reference!r} is not a feature of this model that can be crossed", remedy)
