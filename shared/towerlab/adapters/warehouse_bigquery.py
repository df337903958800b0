"""Tables of BigQuery: snapshots are tables of one dataset, and statistics are computed where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.cloud import bigquery

from towerlab.adapters import bigquery_snapshot, table_combinations, table_probe, table_rows, table_sketch
from towerlab.adapters.bigquery_engine import BigQueryEngine
from towerlab.adapters.bigquery_queries import Limits, Queries
from towerlab.adapters.table_profile import profiles
from towerlab.domain.columns import ColumnProfile
from towerlab.domain.leak_probe import Probes
from towerlab.domain.sketches import Purchase, Sketches
from towerlab.ports.warehouse import Combinations, SnapshotTable


class BigQueryWarehouse:
    """Registers tables that the client's account may read; keeps snapshots in `dataset`, which is 'project.dataset' in
    the client's location."""

    kinds = frozenset({"bigquery"})

    def __init__(self, client: bigquery.Client, dataset: str, limits: Limits | None = None) -> None:
        project, name = dataset.rsplit(".", 1)
        self._dataset = (project, name)
        self._queries = Queries(client, limits)

    def source_values(self, source_uri: str) -> int:
        table = bigquery_snapshot.source(self._queries, source_uri)
        return int(table.num_rows or 0) * len(table.schema)

    def snapshot(self, source_uri: str, time_zone: str = "UTC") -> SnapshotTable:
        return bigquery_snapshot.snapshot(self._queries, source_uri, self._dataset, time_zone)

    def profile(self, snapshot: SnapshotTable) -> Sequence[ColumnProfile]:
        with self._engine(snapshot.uri) as engine:
            return profiles(engine)

    def rows(self, snapshot_uri: str, limit: int) -> Sequence[Mapping[str, Any]]:
        with self._engine(snapshot_uri) as engine:
            return table_rows.first_rows(engine, limit)

    def training_rows(self, snapshot_uri: str, roles: Mapping[str, str]) -> Mapping[str, int]:
        with self._engine(snapshot_uri) as engine:
            return table_rows.training_rows(engine, roles)

    def combinations(self, snapshot_uri: str, buckets: Mapping[str, int | None]) -> Combinations:
        with self._engine(snapshot_uri) as engine:
            return Combinations(**table_combinations.combinations(engine, buckets))

    def probes(self, snapshot_uri: str, roles: Mapping[str, str]) -> Probes:
        with self._engine(snapshot_uri) as engine:
            return table_probe.probes(engine, roles)

    def sketches(self, snapshot_uri: str, roles: Mapping[str, str]) -> Sketches:
        with self._engine(snapshot_uri) as engine:
            return table_sketch.sketches(engine, roles)

    def purchase(self, snapshot_uri: str, roles: Mapping[str, str], asked: Mapping[str, str]) -> Purchase:
        with self._engine(snapshot_uri) as engine:
            return table_sketch.purchase(engine, roles, asked)

    def labels(self, snapshot_uri: str, product: str, label: str) -> Mapping[str, str]:
        with self._engine(snapshot_uri) as engine:
            return table_rows.labels(engine, product, label)

    def _engine(self, snapshot_uri: str) -> BigQueryEngine:
        place = bigquery_snapshot.place(snapshot_uri, self._dataset)
        return BigQueryEngine(self._queries, place, bigquery_snapshot.describe(self._queries, place).columns)
