"""What works and is still worth a second thought, from the config and from what statistics know of the columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from towerlab.configs.cross_advice import Pairs, crowding, determined_by, operand_counts
from towerlab.configs.features import columns_in_both
from towerlab.configs.resolved import Feature, ResolvedConfig, Tower
from towerlab.domain.columns import Availability, ColumnProfile, ColumnRole
from towerlab.domain.results import Warning
from towerlab.transforms.base import Prepare, Produce, Transform
from towerlab.transforms.seen import Seen

MOSTLY = 0.5  # more missing rows than this share are called out

Profiles = Mapping[str, ColumnProfile]


def warnings(
    resolved: ResolvedConfig,
    profiles: Iterable[ColumnProfile] = (),
    mapping: Mapping[str, ColumnRole] | None = None,
    rows: int | None = None,
    pairs: Pairs | None = None,
) -> tuple[Warning, ...]:
    """All warnings of a config, loudest first. `rows` of the dataset and observed `pairs` of crosses tell more."""
    profiled = {profile.name: profile for profile in profiles}
    return (
        *_outcomes(resolved, mapping or {}),
        *(_in_both(column) for column in columns_in_both(resolved)),
        *(_constant(column) for column in sorted(resolved.columns) if _is_constant(profiled.get(column))),
        *_mostly_missing(resolved, profiled, rows),
        *(warning for tower in resolved.towers for warning in _of_features(tower, profiled, rows)),
        *(warning for tower in resolved.towers for warning in _of_crosses(tower, profiled, pairs or {})),
    )


def _outcomes(resolved: ResolvedConfig, mapping: Mapping[str, ColumnRole]) -> list[Warning]:
    columns = [feature.column for feature in resolved.query.features]
    return [
        _after_request(column)
        for column in columns
        if column in mapping and mapping[column].availability is Availability.AFTER_REQUEST
    ]


def _after_request(column: str) -> Warning:
    return Warning(
        "after_request",
        f"{column!r} is known only after the purchase that is being predicted: in the BuyerModel it gives the answer "
        "away, and the figures of a test say little about recommendations.",
        "Remove it from the BuyerModel, or set its availability if it is known before.",
        column,
    )


def _in_both(column: str) -> Warning:
    return Warning(
        "in_both_models",
        f"{column!r} is in both models: they may learn to match it instead of taste.",
        "Keep it in the model whose property it is.",
        column,
    )


def _constant(column: str) -> Warning:
    return Warning("constant_column", f"{column!r} has one value only and adds nothing.", "Remove the feature.", column)


def _is_constant(profile: ColumnProfile | None) -> bool:
    return profile is not None and profile.unique_count <= 1


def _mostly_missing(resolved: ResolvedConfig, profiled: Profiles, rows: int | None) -> Iterator[Warning]:
    for column in sorted(resolved.columns):
        profile = profiled.get(column)
        if profile is not None and rows and profile.nulls > MOSTLY * rows:
            message = f"{column!r} is missing in {profile.nulls / rows:.0%} of the rows."
            yield Warning("mostly_missing", message, "Remove the feature, or fill the column in.", column)


def _of_features(tower: Tower, profiled: Profiles, rows: int | None) -> Iterator[Warning]:
    """What the transforms themselves have to say; a constant column has been spoken of."""
    for feature in tower.features:
        profile = profiled.get(feature.column)
        if profile is None or _is_constant(profile):
            continue
        seen = seen_by(feature, profile, rows)
        for step in feature.steps:
            for caution in step.transform.cautions(step.params, seen) if step.active else ():
                message = f"{feature.column!r}: {caution.message}."
                yield Warning(caution.code, message, caution.remedy, feature.column)


def seen_by(feature: Feature, profile: ColumnProfile, rows: int | None) -> Seen:
    """The column's statistics as its transforms meet them: the histogram's edges go through what prepares."""
    known = sum(int(entry["count"]) for entry in profile.histogram) or max((rows or 0) - profile.nulls, 0)
    return Seen(
        rows=known,
        unique_count=profile.unique_count,
        bins=_bins(feature, profile),
        top=tuple(int(entry["count"]) for entry in profile.top_values),
        bucketed=any(_makes_buckets(step.transform) for step in feature.producing),
    )


def _makes_buckets(transform: Transform[Any]) -> bool:
    return isinstance(transform, Produce) and transform.operand == "ids"


def _bins(feature: Feature, profile: ColumnProfile) -> tuple[tuple[float, float, int], ...]:
    if not profile.histogram:
        return ()
    import numpy as np

    edges = np.array([[entry["low"], entry["high"]] for entry in profile.histogram], np.float64)
    for step in feature.preparing:
        assert isinstance(step.transform, Prepare)
        edges = step.transform.reference(step.params, edges)
    counts = [int(entry["count"]) for entry in profile.histogram]
    return tuple((low, high, count) for (low, high), count in zip(edges.tolist(), counts, strict=True))


def _of_crosses(tower: Tower, profiled: Profiles, pairs: Pairs) -> Iterator[Warning]:
    """Crowded ones, and those whose one side determines the other: the city of a customer."""
    known = {name: profile.unique_count for name, profile in profiled.items() if profile.exact}
    for cross in tower.crosses:
        observed = pairs.get(frozenset(operand.output for operand in cross.operands))
        if observed is None:
            continue
        crowd = crowding(observed, cross.hash_bucket_size)
        if crowd:
            yield Warning("crowded_cross", f"{cross.name}: {crowd}.", "Give it more buckets.")
        counts = operand_counts([operand.output for operand in cross.operands], known)
        determined = determined_by(counts, observed) if counts else None
        if determined:
            message = f"{cross.name}: {determined!r} determines the rest, so the cross says little that is new."
            yield Warning("determined_cross", message, f"Remove the cross, or cross with something but {determined!r}.")
