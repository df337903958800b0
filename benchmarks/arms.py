"""Quick tests of a few seeds put together from runs that were trained once, and what the product says of two of them.

Figures, paired differences and verdicts are those of the metrics collector, by its own functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from statistics import fmean, variance

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from metrics_collector import figures
from metrics_collector.inputs import JobOutputs, read_outputs
from quick_tests import Runner, Sample
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.quicktest import MAX_REPLICATES
from towerlab.domain.verdict import Compared, compare, pool
from towerlab.ports.artifacts import Artifacts

JUDGED_BY = "100"  # the k that decides, as in the metrics collector
MOST_PAIRS = 1_000  # of more, so many are drawn at random
DRAW_SEED = 1

OWN, POOLED, CUSTOMERS = "own", "pooled", "customers"


@dataclass(frozen=True)
class Tested:
    """A quick test as the metrics collector keeps it: hits per customer (Parquet), and recall@100 by seed."""

    customers: bytes
    recalls: Mapping[int, float]


@dataclass(frozen=True)
class Arm:
    """A config's runs on one sample. `ranks` by seed, a row per evaluation row; `tables` are the Parquet files that
    ranks are judged with, the same for every run; `_judged` remembers tests by their seeds."""

    tables: Mapping[str, bytes]
    ranks: Mapping[int, pa.Table]
    _judged: dict[tuple[int, ...], Tested] = field(default_factory=dict)

    @property
    def recalls(self) -> Mapping[int, float]:
        return self.test_of(tuple(self.ranks)).recalls

    @property
    def mean(self) -> float:
        return fmean(self.recalls.values())

    @property
    def variance(self) -> float:
        return variance(self.recalls.values())

    def test_of(self, seeds: tuple[int, ...]) -> Tested:
        """What a quick test with these seeds would have left behind."""
        if seeds not in self._judged:
            self._judged[seeds] = self._judge(seeds)
        return self._judged[seeds]

    def tests(self, seeds: int) -> list[Tested]:
        """Every quick test of so many seeds that can be made of the runs."""
        return [self.test_of(chosen) for chosen in combinations(self.ranks, seeds)]

    def _judge(self, seeds: tuple[int, ...]) -> Tested:
        ranks = pa.concat_tables(_numbered(self.ranks[seed], replicate) for replicate, seed in enumerate(seeds))
        found = figures.compute({**self.tables, "ranks": _parquet(ranks)}, has_customers=True)
        recalls = {seed: found.replicates[number][f"model_{JUDGED_BY}"] for number, seed in enumerate(seeds)}
        return Tested(found.customers, recalls)


@dataclass(frozen=True)
class Told:
    """How often each verdict was given, by way of getting at it."""

    pairs: int
    verdicts: Mapping[str, Counter[str]]

    def per_100(self, way: str, verdict: str) -> float:
        return 100 * self.verdicts[way][verdict] / self.pairs


def trained(
    runner: Runner, artifacts: Artifacts, config: ResolvedConfig, sample: Sample, seeds: int, first: int = 1
) -> Arm:
    """The default settings with as many seeds, a multiple of what one quick test may have, from `first` on."""
    starts = range(first, first + seeds, MAX_REPLICATES)
    jobs = [runner.run(config, sample, replicates=MAX_REPLICATES, seed=start).job for start in starts]
    outputs = [read_outputs(artifacts, job) for job in jobs]
    return Arm(outputs[0].tables, {seed: ranks for found in outputs for seed, ranks in _by_seed(found).items()})


def told(ours: Iterable[Tested], theirs: Iterable[Tested], others: Sequence[Mapping[int, float]]) -> Told:
    """What is said of every pair, or of as many as are counted. `others` are recalls by seed of the other configs that
    were tested under the protocol."""
    pairs = _drawn(list(product(ours, theirs)))
    found = [_verdicts(mine, other, others) for mine, other in pairs]
    return Told(len(pairs), {way: Counter(one[way] for one in found) for way in (OWN, POOLED, CUSTOMERS)})


def _verdicts(ours: Tested, theirs: Tested, others: Sequence[Mapping[int, float]]) -> dict[str, str]:
    paired = figures.paired_difference(ours.customers, theirs.customers)
    if paired is None:
        raise ValueError("the runs were not judged on the same rows")
    estimate = paired[JUDGED_BY]
    seeds = list(ours.recalls.values()), list(theirs.recalls.values())
    pooled = pool([ours.recalls, theirs.recalls, *others])
    return {
        OWN: compare(estimate, *seeds, None).verdict,
        POOLED: compare(estimate, *seeds, pooled).verdict,
        CUSTOMERS: Compared(estimate.value, estimate.interval, seeds_known=True).verdict,
    }


def _drawn(pairs: list[tuple[Tested, Tested]]) -> list[tuple[Tested, Tested]]:
    if len(pairs) <= MOST_PAIRS:
        return pairs
    places = np.random.default_rng(DRAW_SEED).choice(len(pairs), MOST_PAIRS, replace=False)
    return [pairs[place] for place in places]


def _by_seed(outputs: JobOutputs) -> dict[int, pa.Table]:
    ranks = pq.read_table(pa.BufferReader(outputs.tables["ranks"]))
    return {run.seed: ranks.filter(pc.field("replicate") == run.number) for run in outputs.training.replicates}


def _numbered(ranks: pa.Table, replicate: int) -> pa.Table:
    place = ranks.schema.get_field_index("replicate")
    numbers = pa.array([replicate] * len(ranks), ranks.schema.field(place).type)
    return ranks.set_column(place, "replicate", numbers)


def _parquet(table: pa.Table) -> bytes:
    parquet = pa.BufferOutputStream()
    pq.write_table(table, parquet)
    return bytes(parquet.getvalue())
