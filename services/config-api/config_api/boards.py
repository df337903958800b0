"""All results of a dataset as comparisons need them: kept in memory, and brought up to date when there are more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from cachetools import LRUCache, cached
from towerlab.configs.axes import Axis, Choices, choices
from towerlab.configs.config import ConfigVersion
from towerlab.configs.grouping import values_of
from towerlab.domain.best import most_tested
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.results import Result
from towerlab.domain.scores import Score, score_of
from towerlab.domain.standings import Standing, Table, tables
from towerlab.domain.verdict import Variance
from towerlab.ports.documents import Documents
from towerlab.runtime import records

from config_api import reading

MANY, FEW = 1_000, 100  # records that are read at once
Laid = Mapping[Standing, Choices]


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


def board(documents: Documents, dataset_id: str) -> Board:
    """The board of all results that there are now."""
    return _keeper(documents, dataset_id).board()


def laid_flat(documents: Documents, board: Board, table: Table) -> tuple[Laid, Mapping[Axis, int]]:
    """What each version of a table has chosen, and how many different values each axis has."""
    return _keeper(documents, board.dataset_id).laid_flat(table)


@dataclass
class _Keeper:
    """Results are never changed, so their number tells whether there are new ones, and versions are read once."""

    documents: Documents
    dataset_id: str
    _scores: dict[str, Score] = field(default_factory=dict)
    _choices: dict[str, Choices] = field(default_factory=dict)
    _laid: LRUCache[str, tuple[Table, Laid, Mapping[Axis, int]]] = field(default_factory=lambda: LRUCache(4))
    _lock: Any = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._board = Board(self.dataset_id, {}, {}, None)

    def board(self) -> Board:
        with self._lock:
            count = records.count(self.documents, Result, {"dataset_id": self.dataset_id})
            if count != len(self._scores):
                self._read(count)
                self._board = self._made()
            return self._board

    def laid_flat(self, table: Table) -> tuple[Laid, Mapping[Axis, int]]:
        with self._lock:
            known = self._laid.get(table.protocol_key)
            if known is None or known[0] is not table:
                laid = self._of_versions(table.standings)
                known = self._laid[table.protocol_key] = (table, laid, values_of(laid.values()))
            return known[1:]

    def _read(self, count: int) -> None:
        """Newest first until all are known; results of before there were scores are read themselves."""
        if count < len(self._scores):
            self._scores.clear()
        limit = MANY if count - len(self._scores) > FEW else FEW
        for source in (_scores, _results):
            for score in source(self.documents, self.dataset_id, limit):
                self._scores.setdefault(score.test_id, score)
                if len(self._scores) >= count:
                    return

    def _made(self) -> Board:
        before = self._board.tables
        found = {key: _kept(before.get(key), table) for key, table in tables(self._scores.values()).items()}
        configs = {key: len(table.tests_of) for key, table in found.items()}
        samples = {key: table.scores[0].sample_percent for key, table in found.items()}
        return Board(self.dataset_id, found, self._protocols(found.values()), most_tested(configs, samples))

    def _protocols(self, found: Iterable[Table]) -> Mapping[str, Mapping[str, Any]]:
        known = self._board.protocols
        examples = {table.scores[0].test_id for table in found if table.protocol_key not in known}
        results = records.get_many(self.documents, Result, examples)
        return {**known, **{held.value.protocol_key: held.value.protocol for held in results.values()}}

    def _of_versions(self, standings: Iterable[Standing]) -> Laid:
        ids = {standing: reading.version_id(standing.config_id, standing.version) for standing in standings}
        missing = [id for id in ids.values() if id not in self._choices]
        for start in range(0, len(missing), MANY):
            some = records.get_many(self.documents, ConfigVersion, missing[start : start + MANY])
            self._choices |= {id: choices(held.value) for id, held in some.items()}
        return {standing: self._choices[id] for standing, id in ids.items() if id in self._choices}


@cached(LRUCache(32), lock=Lock())
def _keeper(documents: Documents, dataset_id: str) -> _Keeper:
    return _Keeper(documents, dataset_id)


def _kept(before: Table | None, now: Table) -> Table:
    """The table of before where nothing has come to it, with all that was computed of it."""
    return before if before is not None and len(before.scores) == len(now.scores) else now


def _scores(documents: Documents, dataset_id: str, limit: int) -> Iterator[Score]:
    where: reading.Where = {"dataset_id": dataset_id}
    return (held.value for held in reading.every(documents, Score, where, ("-completed_at",), limit))


def _results(documents: Documents, dataset_id: str, limit: int) -> Iterator[Score]:
    """In an order that has an index."""
    where: reading.Where = {"dataset_id": dataset_id}
    found = reading.every(documents, Result, where, ("protocol_key", "-recall_at_100"), limit)
    return (score_of(held.value) for held in found)
