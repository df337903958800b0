"""The best that the dataset had reached, under the same protocol, when a test was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from towerlab.configs.config import FeatureConfig
from towerlab.domain.errors import NotFound
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import PreviousBest, Result, Warning
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from metrics_collector import figures
from metrics_collector.cautions import sees_outcomes


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


def compared(deps: Deps, previous: Result, customers: bytes) -> PreviousBest | Warning:
    """Ours against the previous best on the same rows; a warning when the two cannot be laid side by side."""
    try:
        paired = figures.paired_difference(customers, deps.artifacts.read(previous.customers_uri))
    except NotFound:
        return _incomparable("its ranks are gone")
    if paired is None:
        return _incomparable("it was judged on other rows")
    config = records.find(deps.documents, FeatureConfig, previous.config_id)
    return PreviousBest(
        test_id=previous.test_id,
        config_id=previous.config_id,
        name=config.value.name if config else "",
        version=previous.version,
        at=previous.recall.at,
        difference=paired.difference,
        difference_interval=paired.interval,
        after_request=sees_outcomes(previous.warnings),
    )


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
