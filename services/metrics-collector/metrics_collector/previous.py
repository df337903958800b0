"""The best that the dataset had reached, under the same protocol, when a test was asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from towerlab.configs.config import FeatureConfig
from towerlab.domain.errors import NotFound
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import PreviousBest, Result, Warning
from towerlab.domain.scores import sees_outcomes
from towerlab.domain.statistics import Estimate
from towerlab.domain.verdict import Compared, compare, pool
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from metrics_collector import figures

JUDGED_BY = "100"  # the k that decides
MOST_RESULTS = 1_000  # that the variance over seeds is taken from, the best ones


@dataclass(frozen=True)
class Measured:
    """What a test has found of its config's version: its recalls by seed, and its hits per customer (Parquet)."""

    config_id: str
    version: int
    runs: Sequence[Mapping[str, int | float]]
    customers: bytes


def previous_best(deps: Deps, test: QuickTest, protocol_key: str) -> Result | None:
    """The highest recall@100 known when `test` was asked for (of equals the earlier), tests of this version apart."""
    best: Result | None = None
    for result in _best_first(deps, test.dataset_id, protocol_key):
        if best is not None and result.recall.at["100"] < best.recall.at["100"]:
            break
        if not _was_known(result, test):
            continue
        if best is None or _ended(result) < _ended(best):
            best = result
    return best


def compared(deps: Deps, previous: Result, ours: Measured) -> PreviousBest | Warning:
    """Ours against the previous best on the same rows; a warning when the two cannot be laid side by side."""
    try:
        paired = figures.paired_difference(ours.customers, deps.artifacts.read(previous.customers_uri))
    except NotFound:
        return _incomparable("its ranks are gone")
    if paired is None:
        return _incomparable("it was judged on other rows")
    known = list(islice(_best_first(deps, previous.dataset_id, previous.protocol_key), MOST_RESULTS))
    found = {k: _compared(k, paired, ours, previous, known) for k in paired}
    config = records.find(deps.documents, FeatureConfig, previous.config_id)
    return PreviousBest(
        test_id=previous.test_id,
        config_id=previous.config_id,
        name=config.value.name if config else "",
        version=previous.version,
        at=previous.recall.at,
        difference={k: one.difference for k, one in found.items()},
        difference_interval={k: one.interval for k, one in found.items()},
        after_request=sees_outcomes(previous.warnings),
        seeds_known=found[JUDGED_BY].seeds_known,
        verdict=found[JUDGED_BY].verdict,
        runs=len(previous.replicate_results),
    )


def _compared(
    k: str, paired: Mapping[str, Estimate], ours: Measured, previous: Result, known: Iterable[Result]
) -> Compared:
    name = f"recall_at_{k}"
    mine, theirs = ([float(run[name]) for run in runs] for runs in (ours.runs, previous.replicate_results))
    return compare(paired[k], mine, theirs, pool(_by_seed(ours, known, name)))


def _by_seed(ours: Measured, known: Iterable[Result], name: str) -> Iterable[Mapping[int, float]]:
    """Recalls by seed of each version of a config that was tested under the protocol, ours among them."""
    found: dict[tuple[str, int], dict[int, float]] = defaultdict(dict)
    runs = [(result.config_id, result.version, run) for result in known for run in result.replicate_results]
    runs += [(ours.config_id, ours.version, run) for run in ours.runs]
    for config_id, version, run in runs:
        found[config_id, version][int(run["seed"])] = float(run[name])
    return found.values()


def _best_first(deps: Deps, dataset_id: str, protocol_key: str) -> Iterator[Result]:
    where = {"dataset_id": dataset_id, "protocol_key": protocol_key}
    cursor: str | None = None
    while True:
        page = records.query(deps.documents, Result, where, ("-recall_at_100",), cursor=cursor)
        yield from page.values
        cursor = page.next_cursor
        if cursor is None:
            return


def _was_known(result: Result, test: QuickTest) -> bool:
    own = (result.config_id, result.version) == (test.config_id, test.version)
    return not own and _ended(result) <= datetime.fromisoformat(test.created_at)


def _ended(result: Result) -> datetime:
    return datetime.fromisoformat(result.completed_at)


def _incomparable(reason: str) -> Warning:
    return Warning(
        code="previous_best_not_comparable",
        message=f"The previous best cannot be compared row by row: {reason}.",
        remedy="Test the previous best again.",
    )
