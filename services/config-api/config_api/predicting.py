"""The prediction report of a dataset: quick tests and full data, from every result under two protocols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from towerlab.configs.config import ConfigSummary
from towerlab.domain.errors import Conflict, Invalid, Problem
from towerlab.domain.prediction import APART, Agreement, Pair, agreement
from towerlab.domain.results import BestMetrics, BestTest, Result
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import reading

FULL = 100  # percent of the data
Version = tuple[str, int]  # config id, version


@dataclass(frozen=True)
class _Known:
    """A protocol key, with the settings that its tests ran under and the config versions they tested."""

    key: str
    settings: Mapping[str, Any]
    sample_percent: int
    versions: frozenset[Version]


def report(deps: Deps, dataset_id: str, quick: str | None, full: str | None) -> Mapping[str, Any]:
    """How well `quick` predicts `full` (protocol keys; without one, those that share the most config versions). Raises
    NotFound, Invalid for a key that nothing was tested under, Conflict when fewer than two versions have both."""
    reading.dataset(deps.documents, dataset_id)
    known = _protocols(reading.every(deps.documents, BestMetrics, {"dataset_id": dataset_id}))
    _check(known, quick=quick, full=full)
    chosen = _chosen(known, quick, full)
    if chosen is None:
        raise Conflict(
            "fewer than two config versions have been tested both quickly and on the full data",
            "too_few",
            "Test some configs with 100 % of the data too.",
        )
    pairs = _pairs(deps, dataset_id, *chosen)
    found = agreement([pair for pair, _ in pairs.values()])
    return {
        "quick": _shown(chosen[0]),
        "full": _shown(chosen[1]),
        **_figures(found),
        "items": _items(deps, pairs),
        "protocols": [_shown(one) for one in known.values()],
    }


def _protocols(bests: Iterable[records.Held[BestMetrics]]) -> Mapping[str, _Known]:
    tests: dict[str, list[tuple[Version, BestTest]]] = {}
    for held in bests:
        for key, under in held.value.by_protocol.items():
            found = [((held.value.config_id, int(number)), test) for number, test in under.by_version.items()]
            tests.setdefault(key, []).extend(found)
    return {
        key: _Known(key, found[0][1].settings, found[0][1].sample_percent, frozenset(version for version, _ in found))
        for key, found in sorted(tests.items())
    }


def _check(known: Mapping[str, _Known], **asked: str | None) -> None:
    faults = [
        Problem(f"/{name}", "unknown_protocol", "nothing was tested under this protocol", "See 'protocols'.")
        for name, key in asked.items()
        if key is not None and key not in known
    ]
    if faults:
        raise Invalid(faults)


def _chosen(known: Mapping[str, _Known], quick: str | None, full: str | None) -> tuple[_Known, _Known] | None:
    """Those that share the most versions; of equal ones the larger sample, then more epochs on the full data."""
    candidates = [
        (a, b)
        for a in known.values()
        for b in known.values()
        if a is not b and len(a.versions & b.versions) >= 2 and _fits(a, b, quick, full)
    ]
    return max(candidates, key=_preference, default=None)


def _fits(a: _Known, b: _Known, quick: str | None, full: str | None) -> bool:
    is_quick = a.key == quick if quick else a.sample_percent < FULL
    is_full = b.key == full if full else b.sample_percent == FULL
    return is_quick and is_full


def _preference(pair: tuple[_Known, _Known]) -> tuple[int, int, int]:
    quick, full = pair
    return len(quick.versions & full.versions), quick.sample_percent, int(full.settings["epochs"])


def _pairs(deps: Deps, dataset_id: str, quick: _Known, full: _Known) -> Mapping[Version, tuple[Pair, tuple[int, int]]]:
    """By version: means over all its runs, and how many there are of each kind."""
    by_quick, by_full = (_recalls(deps, dataset_id, one.key) for one in (quick, full))
    return {
        version: (Pair(fmean(runs), fmean(by_full[version])), (len(runs), len(by_full[version])))
        for version, runs in by_quick.items()
        if version in by_full
    }


def _recalls(deps: Deps, dataset_id: str, key: str) -> Mapping[Version, list[float]]:
    found: dict[Version, list[float]] = {}
    for held in reading.every(deps.documents, Result, {"dataset_id": dataset_id, "protocol_key": key}):
        result = held.value
        found.setdefault((result.config_id, result.version), []).append(result.recall.at["100"])
    return found


def _figures(found: Agreement) -> Mapping[str, Any]:
    return {
        "configs": found.configs,
        "tau": found.tau,
        "tau_interval": list(found.interval),
        "apart": APART,
        "pairs": found.pairs,
        "pairs_in_order": found.in_order,
        "share_in_order": found.in_order / found.pairs if found.pairs else None,
        "winner_loses": found.winner_loses,
    }


def _items(deps: Deps, pairs: Mapping[Version, tuple[Pair, tuple[int, int]]]) -> list[Mapping[str, Any]]:
    names = records.get_many(deps.documents, ConfigSummary, {config for config, _ in pairs})
    ordered = sorted(pairs.items(), key=lambda one: (-one[1][0].full, one[0]))
    return [
        {
            "feature_config": config,
            "name": names[config].value.name if config in names else config,
            "version": version,
            "quick_recall_at_100": pair.quick,
            "full_recall_at_100": pair.full,
            "quick_tests": runs[0],
            "full_tests": runs[1],
        }
        for (config, version), (pair, runs) in ordered
    ]


def _shown(known: _Known) -> Mapping[str, Any]:
    settings = known.settings
    return {
        "protocol": known.key,
        "data_sample_percent": known.sample_percent,
        "epochs": settings["epochs"],
        "batch_size": settings["batch_size"],
        "versions": len(known.versions),
    }
