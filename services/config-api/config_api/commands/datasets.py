"""Registering datasets and saying what their columns are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from towerlab.domain.audit import Change
from towerlab.domain.columns import Availability, ColumnRole
from towerlab.domain.datasets import Dataset, Snapshot
from towerlab.domain.errors import Invalid
from towerlab.domain.registration import Registration, Step
from towerlab.domain.roles import availability_of, guess_mapping
from towerlab.domain.times import rfc3339
from towerlab.ports.warehouse import SnapshotTable
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import probes, profiles, reading, sketches
from config_api.concurrency import demand, retried
from config_api.recording import Caller, commit
from config_api.representations.datasets import mapping_revision
from config_api.schemas.datasets import PutRole


def new_dataset(deps: Deps, asked: Registration, tell: Callable[[Step], None]) -> Dataset:
    """Copy and profile the source; the dataset is not recorded yet. Raises Invalid, which points at /source/uri for
    whatever is wrong with it."""
    tell(Step.COPYING)
    table = snapshot_of(deps, asked.source.uri, asked.time_zone)
    tell(Step.PROFILING)
    profiled = deps.warehouse.profile(table)
    guessed = guess_mapping(profiled)
    now = rfc3339(deps.clock.now())
    profile_uri = profiles.store(deps.artifacts, table.id, profiled)
    dataset = Dataset(
        id=asked.id,
        name=asked.name,
        source=asked.source,
        snapshot=Snapshot(1, table.id, table.uri, table.rows, now, profile_uri),
        columns=table.columns,
        guessed_mapping=guessed,
        created_at=now,
        updated_at=now,
        training_rows=training_rows(deps, table.uri, guessed),
        time_zone=asked.time_zone,
    )
    tell(Step.EXAMINING)
    look_closer(deps, dataset)
    return dataset


def put_column_mapping(
    deps: Deps, by: Caller, dataset_id: str, roles: Mapping[str, PutRole], seen: Collection[str] | None
) -> Dataset:
    """Let `roles` be what the columns are. Raises NotFound, and Stale when the mapping was changed meanwhile."""
    return retried(lambda: _put_mapping(deps, by, dataset_id, roles, seen))


def snapshot_of(deps: Deps, uri: str, time_zone: str) -> SnapshotTable:
    try:
        return deps.warehouse.snapshot(uri, time_zone)
    except Invalid as error:
        raise Invalid(replace(problem, pointer="/source/uri") for problem in error.problems) from error


def _put_mapping(
    deps: Deps, by: Caller, dataset_id: str, roles: Mapping[str, PutRole], seen: Collection[str] | None
) -> Dataset:
    held = reading.dataset(deps.documents, dataset_id)
    demand(mapping_revision(held.value), seen)
    mapping = {column: _role(held.value, column, roles.get(column)) for column in held.value.columns}
    changed = replace(
        held.value,
        column_mapping=mapping,
        training_rows=training_rows(deps, held.value.snapshot.uri, mapping),
        updated_at=rfc3339(deps.clock.now()),
    )
    look_closer(deps, changed)
    writes = [records.put(changed, dataset_id, held.revision)]
    return commit(deps, by, changed, writes, (), [dataset_change("column_mapping_put", held.value, changed)])


def look_closer(deps: Deps, dataset: Dataset) -> None:
    """Compute what whoever looks at the columns or at a preview will want to see, and keep it."""
    probes.of(deps, dataset)
    sketches.of(deps, dataset)


def dataset_change(action: str, before: Dataset | None, dataset: Dataset) -> Change:
    detail = {"name": dataset.name, "snapshot": dataset.snapshot.id}
    was = before.snapshot.number if before else None
    return Change("dataset", dataset.id, dataset.id, action, was, dataset.snapshot.number, detail)


def _role(dataset: Dataset, column: str, put: PutRole | None) -> ColumnRole:
    role = put.role if put else None
    return ColumnRole(role, put.availability if put and put.availability else _usual(dataset, column, role))


def _usual(dataset: Dataset, column: str, role: str | None) -> Availability:
    """When such a column is known, as far as its role or our guess tells."""
    guessed = dataset.guessed_mapping[column]
    return guessed.availability if role in (None, guessed.role) else availability_of(role)


def training_rows(deps: Deps, snapshot_uri: str, mapping: Mapping[str, ColumnRole]) -> Mapping[str, int]:
    roles = {entry.role: column for column, entry in mapping.items() if entry.role}
    return deps.warehouse.training_rows(snapshot_uri, roles)
