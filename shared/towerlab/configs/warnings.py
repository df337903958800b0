"""What works and is still worth a second thought, from the config and from what statistics know of the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from towerlab.configs.cross_advice import Pairs, crowding, determined_by, operand_counts
from towerlab.configs.features import columns_in_both
from towerlab.configs.known import Known
from towerlab.configs.resolved import Feature, ResolvedConfig, Tower
from towerlab.domain.columns import Availability, ColumnProfile
from towerlab.domain.leak_probe import judge
from towerlab.domain.results import Warning
from towerlab.transforms.base import Prepare, Produce, Transform
from towerlab.transforms.seen import Seen

MOSTLY = 0.5  # more missing rows than this share are called out
PROPERTY_LIMIT = 0.95  # a column of the product has its product's one value in at least this share of the rows

Profiles = Mapping[str, ColumnProfile]


def warnings(resolved: ResolvedConfig, known: Known) -> tuple[Warning, ...]:
    """All warnings of a config, loudest first."""
    profiled = {profile.name: profile for profile in known.profiles}
    return (
        *_outcomes(resolved, known),
        *_leaks(resolved, known),
        *(_in_both(column) for column in columns_in_both(resolved)),
        *_varying(resolved, known),
        *(_constant(column) for column in sorted(resolved.columns) if _is_constant(profiled.get(column))),
        *_mostly_missing(resolved, profiled, known.rows),
        *(warning for tower in resolved.towers for warning in _of_features(tower, profiled, known)),
        *(warning for tower in resolved.towers for warning in _of_crosses(tower, profiled, known.pairs)),
    )


def _outcomes(resolved: ResolvedConfig, known: Known) -> list[Warning]:
    return [_after_request(feature.column) for feature in resolved.query.features if _is_outcome(feature.column, known)]


def _is_outcome(column: str, known: Known) -> bool:
    return column in known.mapping and known.mapping[column].availability is Availability.AFTER_REQUEST


def _leaks(resolved: ResolvedConfig, known: Known) -> Iterator[Warning]:
    """Columns of the query tower that name the product by themselves; of outcomes it is said already."""
    for feature in resolved.query.features:
        column = feature.column
        role = known.mapping[column].role if column in known.mapping else None
        probe = judge(column, role, known.probes)
        if probe is not None and probe.verdict == "red" and not _is_outcome(column, known):
            remedy = "Remove it from the BuyerModel, unless it is known before the purchase."
            yield Warning("leak", probe.message, remedy, column)


def _varying(resolved: ResolvedConfig, known: Known) -> Iterator[Warning]:
    """Columns of the candidate tower that are no property of the product."""
    for feature in resolved.candidate.features:
        probed = known.probes.columns.get(feature.column)
        if probed is not None and probed.rows_share is not None and probed.rows_share < PROPERTY_LIMIT:
            yield Warning(
                "varies_within_product",
                f"{feature.column!r} is not the same for all rows of a product: only {probed.rows_share:.1%} have its "
                "most frequent value, or the median of a number, which is what the ProductModel gets.",
                "Use a column that describes the product, or move this one to the BuyerModel.",
                feature.column,
            )


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
    message = f"{column!r} has the same value in every row, or none, and adds nothing."
    return Warning("constant_column", message, "Remove the feature.", column)


def _is_constant(profile: ColumnProfile | None) -> bool:
    return profile is not None and profile.unique_count <= 1


def _mostly_missing(resolved: ResolvedConfig, profiled: Profiles, rows: int | None) -> Iterator[Warning]:
    for column in sorted(resolved.columns):
        profile = profiled.get(column)
        if profile is not None and rows and profile.nulls > MOSTLY * rows:
            message = f"{column!r} is missing in {profile.nulls / rows:.0%} of the rows."
            yield Warning("mostly_missing", message, "Remove the feature, or fill the column in.", column)


def _of_features(tower: Tower, profiled: Profiles, known: Known) -> Iterator[Warning]:
    """What the transforms themselves have to say; a constant column has been spoken of."""
    for feature in tower.features:
        profile = profiled.get(feature.column)
        if profile is None or _is_constant(profile):
            continue
        filled = known.filled.get((tower.side, feature.column))
        seen = replace(seen_by(feature, profile, known.rows), filled=filled)
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
