"""Which of a config's tests is its best one, and under which protocol configs are put side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from towerlab.domain.results import BestMetrics, BestTest, ProtocolBest

RANKED_BY = "100"


class Measured(Protocol):
    """A completed test's figures by k."""

    @property
    def test_id(self) -> str: ...
    @property
    def at(self) -> Mapping[str, float]: ...
    @property
    def completed_at(self) -> str: ...


def better_of(left: BestTest | None, right: BestTest) -> BestTest:
    """The one with the higher recall@100; of equals the earlier, then the smaller id."""
    return right if left is None else min(left, right, key=best_first)


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


def of_version(best: BestMetrics, version: int) -> BestMetrics:
    """What is known of that version alone."""
    number = str(version)
    alone = {
        key: ProtocolBest(found.by_version[number], {number: found.by_version[number]})
        for key, found in best.by_protocol.items()
        if number in found.by_version
    }
    return replace(best, by_protocol=alone)


def reference_protocol(configs: Iterable[BestMetrics]) -> str | None:
    """The protocol key that most of a dataset's configs were tested under; of equals the larger sample."""
    found = [(key, best.best.sample_percent) for config in configs for key, best in config.by_protocol.items()]
    return most_tested(Counter(key for key, _ in found), dict(found))


def most_tested(configs: Mapping[str, int], samples: Mapping[str, int]) -> str | None:
    """The key with the most configs; of equals the larger sample. Both by protocol key."""
    return max(configs, key=lambda key: (configs[key], samples[key], key), default=None)


def best_under(best: BestMetrics, protocol_key: str | None) -> BestTest | None:
    """The best test under that key; else, to be shown marked, the one of the key with the largest sample (then the
    newest): compare its `protocol_key` with the one asked for."""
    if protocol_key is not None and protocol_key in best.by_protocol:
        return best.by_protocol[protocol_key].best
    others = [found.best for found in best.by_protocol.values()]
    return max(others, key=lambda test: (test.sample_percent, _instant(test), test.test_id), default=None)


def best_first(test: Measured, k: str = RANKED_BY) -> tuple[float, datetime, str]:
    """What tests are sorted by: the higher recall at k, of equals the earlier, then the smaller id."""
    return (-test.at[k], _instant(test), test.test_id)


def _instant(test: Measured) -> datetime:
    return datetime.fromisoformat(test.completed_at)
