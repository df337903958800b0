"""What works and is still worth a second thought: a column in both models, an outcome as an input, a dead column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from towerlab.configs.features import columns_in_both
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.columns import Availability, ColumnProfile, ColumnRole
from towerlab.domain.results import Warning


def warnings(
    resolved: ResolvedConfig, profiles: Iterable[ColumnProfile] = (), mapping: Mapping[str, ColumnRole] | None = None
) -> tuple[Warning, ...]:
    """All warnings of a config, loudest first."""
    profiled = {profile.name: profile for profile in profiles}
    return (
        *_outcomes(resolved, mapping or {}),
        *(_in_both(column) for column in columns_in_both(resolved)),
        *(_constant(column) for column in sorted(resolved.columns) if _is_constant(profiled.get(column))),
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
