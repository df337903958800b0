"""Which of a config's tests is its best one, and under which protocol configs are put side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from towerlab.domain.results import BestMetrics, BestTest, ProtocolBest

RANKED_BY = "100"


def better_of(left: BestTest | None, right: BestTest) -> BestTest:
    """The one with the higher recall@100; of equals the earlier, then the smaller id."""
    return right if left is None else min(left, right, key=_best_first)


def with_test(best: BestMetrics, test: BestTest) -> BestMetrics:
    """`best` once `test` has completed. Adding tests in any order, any number of times, gives the same."""
    known = best.by_protocol.get(test.protocol_key)
    versions: Mapping[str, BestTest] = known.by_version if known else {}
    version = str(test.version)
    updated = ProtocolBest(
        best=better_of(known.best if known else None, test),
        by_version={**versions, version: better_of(versions.get(version), test)},
    )
    return replace(best, by_protocol={**best.by_protocol, test.protocol_key: updated})


def tests_of(best: BestMetrics) -> set[str]:
    """The ids of the config's best tests, one under each protocol."""
    return {found.best.test_id for found in best.by_protocol.values()}


def reference_protocol(configs: Iterable[BestMetrics]) -> str | None:
    """The protocol key that most of a dataset's configs were tested under; of equals the larger sample."""
    tested: Counter[str] = Counter()
    samples: dict[str, int] = {}
    for config in configs:
        for key, found in config.by_protocol.items():
            tested[key] += 1
            samples[key] = found.best.sample_percent
    return max(tested, key=lambda key: (tested[key], samples[key], key), default=None)


def best_under(best: BestMetrics, protocol_key: str | None) -> BestTest | None:
    """The best test under that key; else, to be shown marked, the one of the key with the largest sample (then the
    newest): compare its `protocol_key` with the one asked for."""
    if protocol_key is not None and protocol_key in best.by_protocol:
        return best.by_protocol[protocol_key].best
    others = [found.best for found in best.by_protocol.values()]
    return max(others, key=lambda test: (test.sample_percent, _instant(test), test.test_id), default=None)


def _best_first(test: BestTest) -> tuple[float, datetime, str]:
    return (-test.at[RANKED_BY], _instant(test), test.test_id)


def _instant(test: BestTest) -> datetime:
    return datetime.fromisoformat(test.completed_at)
