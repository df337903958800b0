"""Whether a config can be built: every fault at once, each with its place and its remedy."""

from __future__ import annotations

from collections.abc import Mapping

from towerlab.configs.crosses import parse_cross
from towerlab.configs.features import columns_in_both, sources
from towerlab.configs.lists import MODEL_TITLE, SIDES, ConfigLists, Side, crosses_field, features_field
from towerlab.configs.outputs import FromFeature, outputs_of_both
from towerlab.configs.parsing import parse_feature
from towerlab.configs.reading import Faults
from towerlab.configs.resolved import Cross, Feature, ResolvedConfig, Tower
from towerlab.configs.warnings import warnings
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid, Problem

MAX_FEATURES, MAX_CROSSES = 200, 50

__all__ = ["columns_in_both", "examine", "missing_for_training", "resolve", "warnings"]

Places = dict[Side, list[str]]


def resolve(lists: ConfigLists, columns: Mapping[str, ColumnType], names_pointer: str = "") -> ResolvedConfig:
    """The typed config. Raises Invalid with every fault; `names_pointer` is where the four lists lie in the body."""
    resolved, faults = examine(lists, columns, names_pointer)
    if faults:
        raise Invalid(faults)
    return resolved


def examine(
    lists: ConfigLists, columns: Mapping[str, ColumnType], names_pointer: str = ""
) -> tuple[ResolvedConfig, tuple[Problem, ...]]:
    """What can be made of the lists, and every fault: what cannot be read is left out, what is out of its bounds has
    its default. Fit to be shown; only a config without faults is fit to be built."""
    faults = Faults()
    towers, places = {}, {}
    for side in SIDES:
        towers[side], places[side] = _tower(lists, side, columns, names_pointer, faults)
    resolved = ResolvedConfig(towers["query"], towers["candidate"])
    _refuse_collisions(resolved, places, faults)
    return resolved, tuple(faults)


def missing_for_training(resolved: ResolvedConfig) -> tuple[Problem, ...]:
    """Why a config that may be saved cannot be tested yet."""
    return tuple(
        Problem(
            f"/{features_field(tower.side)}",
            "empty_model",
            f"the {MODEL_TITLE[tower.side]} has no features",
            "Add at least one feature to it.",
        )
        for tower in resolved.towers
        if not tower.features
    )


def _tower(
    lists: ConfigLists, side: Side, columns: Mapping[str, ColumnType], at: str, faults: Faults
) -> tuple[Tower, list[str]]:
    """The tower, and the pointer of each of its features and crosses."""
    features = _features(lists, side, columns, f"{at}/{features_field(side)}", faults)
    crosses = _crosses(lists, side, [feature for _, feature in features], f"{at}/{crosses_field(side)}", faults)
    tower = Tower(side, tuple(feature for _, feature in features), tuple(cross for _, cross in crosses))
    return tower, [place for place, _ in features] + [place for place, _ in crosses]


def _features(
    lists: ConfigLists, side: Side, columns: Mapping[str, ColumnType], at: str, faults: Faults
) -> list[tuple[str, Feature]]:
    raw_features = lists.features(side)
    _refuse_length(len(raw_features), MAX_FEATURES, "features", side, at, faults)
    found: dict[str, tuple[str, Feature]] = {}
    for n, raw in enumerate(raw_features[:MAX_FEATURES]):
        feature = parse_feature(raw, columns, f"{at}/{n}", faults)
        if feature is None:
            continue
        if feature.column in found:
            message = f"{feature.column!r} is in the {MODEL_TITLE[side]} twice"
            faults.note(f"{at}/{n}/column", "duplicate", message, "Keep one of the two.")
            continue
        found[feature.column] = (f"{at}/{n}", feature)
    return list(found.values())


def _crosses(
    lists: ConfigLists, side: Side, features: list[Feature], at: str, faults: Faults
) -> list[tuple[str, Cross]]:
    raw_crosses = lists.crosses(side)
    _refuse_length(len(raw_crosses), MAX_CROSSES, "crosses", side, at, faults)
    found: dict[frozenset[str], tuple[str, Cross]] = {}
    for n, raw in enumerate(raw_crosses[:MAX_CROSSES]):
        cross = parse_cross(raw, features, f"{at}/{n}", faults)
        if cross is None:
            continue
        operands = frozenset(operand.output for operand in cross.operands)
        if operands in found:
            message = f"{cross.name} is in the {MODEL_TITLE[side]} twice"
            faults.note(f"{at}/{n}/features", "duplicate", message, "Keep one of the two; the order is the same.")
            continue
        found[operands] = (f"{at}/{n}", cross)
    return list(found.values())


def _refuse_length(length: int, most: int, what: str, side: Side, at: str, faults: Faults) -> None:
    if length > most:
        message = f"the {MODEL_TITLE[side]} has {length} {what}; at most {most} are possible"
        faults.note(at, "too_many", message, f"Remove {length - most}.")


def _refuse_collisions(resolved: ResolvedConfig, places: Places, faults: Faults) -> None:
    """Two outputs may not have one name, in either tower: `revenue_bucket` of `revenue`, and a column called so."""
    keys = [source.key for source in sources(resolved).values()]
    if len(set(keys)) < len(keys):
        faults.note("", "name_collision", "two column names have the same short form", "Rename one of them.")
    owners: dict[str, tuple[str, str]] = {}
    for side, outputs in outputs_of_both(resolved).items():
        tower = resolved.query if side == "query" else resolved.candidate
        at: dict[Feature | Cross, str] = dict(zip((*tower.features, *tower.crosses), places[side], strict=True))
        for entry in outputs:
            owner = entry.feature if isinstance(entry, FromFeature) else entry.cross
            label = entry.feature.column if isinstance(entry, FromFeature) else entry.cross.name
            name = entry.output.name
            if name in owners and owners[name] != (side, label):
                _, other = owners[name]
                message = f"the output {entry.shown!r} of {label!r} has the name of an output of {other!r}"
                remedy = f"Remove one of the two, switch that output off, or rename the column {label!r}."
                faults.note(at[owner], "name_collision", message, remedy)
            owners.setdefault(name, (side, label))
