"""All results of a dataset as comparisons need them: kept in memory, and brought up to date when there are more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

from cachetools import LRUCache, cached
from towerlab.configs.axes import Axis, Choices, choices
from towerlab.configs.config import ConfigVersion
from towerlab.configs.grouping import Values
from towerlab.domain.best import most_tested
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.results import Result
from towerlab.domain.scores import Score, score_of
from towerlab.domain.standings import Table, Version, with_scores
from towerlab.domain.verdict import Variance
from towerlab.ports.documents import Documents
from towerlab.runtime import records

from config_api import reading

MANY, FEW = 1_000, 100  # records that are read at once
Laid = Mapping[Version, Choices]


@dataclass(frozen=True, eq=False)
class Board:
    """What was known when it was made; never changed. `protocols` are what each key stands for."""

    dataset_id: str
    tables: Mapping[str, Table]
    protocols: Mapping[str, Mapping[str, Any]]
    reference: str | None

    def table(self, protocol: str | None) -> Table | None:
        """Of the reference protocol unless one is named; None when nothing is tested. Raises Invalid for one that
        nothing was tested under."""
        if protocol is not None and protocol not in self.tables:
            known = ", ".join(sorted(self.tables)[:5])
            remedy = f"Name one of 'protocols': {known}." if known else "Run a quick test first."
            message = "nothing of this dataset was tested under this protocol"
            raise Invalid([Problem("/protocol", "unknown_protocol", message, remedy)])
        key = protocol or self.reference
        return None if key is None else self.tables[key]

    def seed_variance(self, score: Score, k: str) -> Variance | None:
        """What tests under the protocol of this one have in common, once enough of them were repeated."""
        table = self.tables.get(score.protocol_key)
        return table.seed_variance(k) if table else None

    def knows(self, score: Score) -> bool:
        table = self.tables.get(score.protocol_key)
        return table is not None and score.test_id in table.scores

    @cached_property
    def tests(self) -> int:
        return sum(len(table.scores) for table in self.tables.values())


def board(documents: Documents, dataset_id: str) -> Board:
    """The board of all results that there are now."""
    return _keeper(documents, dataset_id).board()


def laid_flat(documents: Documents, board: Board, table: Table) -> tuple[Laid, Mapping[Axis, int]]:
    """What each version of a table has chosen, and how many different values each axis has."""
    return _keeper(documents, board.dataset_id).laid_flat(table)


@dataclass(frozen=True)
class _LaidOut:
    table: Table
    choices: Laid
    values: Values


class _Keeper:
    """Results are never changed, so their number tells whether there are new ones, and versions are read once."""

    def __init__(self, documents: Documents, dataset_id: str) -> None:
        self.documents, self.dataset_id = documents, dataset_id
        self._board = Board(dataset_id, {}, {}, None)
        self._laid: LRUCache[str, _LaidOut] = LRUCache(8)
        self._lock = Lock()

    def board(self) -> Board:
        with self._lock:
            count = records.count(self.documents, Result, {"dataset_id": self.dataset_id})
            if count < self._board.tests:  # they have gone with their dataset
                self._board = Board(self.dataset_id, {}, {}, None)
            if count > self._board.tests:
                self._board = self._with(self._new(count - self._board.tests))
            return self._board

    def laid_flat(self, table: Table) -> tuple[Laid, Mapping[Axis, int]]:
        with self._lock:
            known = self._laid.get(table.protocol_key)
            if known is None or known.table is not table:
                known = self._laid[table.protocol_key] = self._laid_anew(table, known)
            return known.choices, known.values.counts()

    def _new(self, missing: int) -> list[Score]:
        """So many that are not known, newest first; of results of before there were scores they are made now."""
        found: dict[str, Score] = {}
        limit = MANY if missing > FEW else FEW
        for source in (_scores, _results):
            for score in source(self.documents, self.dataset_id, limit):
                if len(found) == missing:
                    break
                if not self._board.knows(score):
                    found[score.test_id] = score
        return list(found.values())

    def _with(self, new: list[Score]) -> Board:
        found = with_scores(self._board.tables, new)
        configs = {key: len(table.tests_of) for key, table in found.items()}
        samples = {key: table.example.sample_percent for key, table in found.items()}
        return Board(self.dataset_id, found, self._protocols(found), most_tested(configs, samples))

    def _protocols(self, found: Mapping[str, Table]) -> Mapping[str, Mapping[str, Any]]:
        known = self._board.protocols
        examples = [table.example.test_id for key, table in found.items() if key not in known]
        results = records.get_many(self.documents, Result, examples)
        return {**known, **{held.value.protocol_key: held.value.protocol for held in results.values()}}

    def _laid_anew(self, table: Table, before: _LaidOut | None) -> _LaidOut:
        """What is new is added to what was known of the table that this one has grown from."""
        known, values = (before.choices, before.values) if before else ({}, Values())
        if not known.keys() <= table.standings.keys():
            known, values = {}, Values()
        new = self._choices([at for at in table.standings if at not in known])
        for config in new.values():
            values.add(config)
        return _LaidOut(table, {**known, **new}, values)

    def _choices(self, versions: Sequence[Version]) -> Laid:
        found: dict[Version, Choices] = {}
        for start in range(0, len(versions), MANY):
            ids = {reading.version_id(*at): at for at in versions[start : start + MANY]}
            held = records.get_many(self.documents, ConfigVersion, ids)
            found |= {ids[id]: choices(one.value) for id, one in held.items()}
        return found


@cached(LRUCache(32), lock=Lock())
def _keeper(documents: Documents, dataset_id: str) -> _Keeper:
    return _Keeper(documents, dataset_id)


def _scores(documents: Documents, dataset_id: str, limit: int) -> Iterator[Score]:
    where: reading.Where = {"dataset_id": dataset_id}
    return (held.value for held in reading.every(documents, Score, where, ("-completed_at",), limit))


def _results(documents: Documents, dataset_id: str, limit: int) -> Iterator[Score]:
    """In an order that has an index."""
    where: reading.Where = {"dataset_id": dataset_id}
    found = reading.every(documents, Result, where, ("protocol_key", "-recall_at_100"), limit)
    return (score_of(held.value) for held in found)
