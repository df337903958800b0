"""Refreshing and deleting datasets, and what a deletion means for their configs and tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from towerlab.configs.config import ConfigStatus, ConfigSummary
from towerlab.domain.columns import ColumnRole
from towerlab.domain.datasets import Dataset, Snapshot
from towerlab.domain.errors import Conflict
from towerlab.domain.quicktest import RUN_BY_PIPELINE
from towerlab.domain.roles import guess_mapping
from towerlab.ports.warehouse import SnapshotTable
from towerlab.runtime import records
from towerlab.runtime.announce import event
from towerlab.runtime.wiring import Deps

from config_api import profiles, reading
from config_api.commands.datasets import dataset_change, look_closer, snapshot_of, training_rows
from config_api.commands.quick_tests import cancel_test
from config_api.commands.status import archive
from config_api.concurrency import demand, retried
from config_api.recording import Caller, commit, nothing_to_write
from config_api.representations.datasets import dataset_revision
from config_api.states import after


@dataclass(frozen=True)
class _Read:
    """A table as it is now, with all that follows from its rows alone."""

    table: SnapshotTable
    profile_uri: str
    guessed: Mapping[str, ColumnRole]


def refresh(deps: Deps, by: Caller, dataset_id: str) -> Dataset:
    """A new snapshot of the same source, with the next number; the same content stays the snapshot that it is.
    Raises NotFound and Invalid."""
    known = reading.dataset(deps.documents, dataset_id).value
    table = snapshot_of(deps, known.source.uri, known.time_zone)
    profiled = deps.warehouse.profile(table)
    read = _Read(table, profiles.store(deps.artifacts, table.id, profiled), guess_mapping(profiled))
    return retried(lambda: _refreshed(deps, by, dataset_id, read))


def delete_dataset(deps: Deps, by: Caller, dataset_id: str, seen: Collection[str] | None) -> None:
    """Hide it; its configs are archived and its tests cancelled by the event. Raises NotFound and Stale."""
    retried(lambda: _delete(deps, by, dataset_id, seen))


def hide_dataset(deps: Deps, by: Caller, dataset_id: str) -> None:
    """What `delete_dataset` does, for a deletion that everybody has been told of."""
    retried(lambda: _delete(deps, by, dataset_id, None, told=False))


def put_away(deps: Deps, by: Caller, dataset_id: str) -> None:
    """Archive the configs of a deleted dataset and cancel its tests, each in a commit of its own; safe to repeat."""
    open_tests: reading.Where = {"dataset_id": dataset_id, "open": True}
    for of in RUN_BY_PIPELINE:
        for test_id in [held.id for held in reading.every(deps.documents, of, open_tests)]:
            cancel_test(deps, by, of, test_id)
    alive: reading.Where = {"dataset_id": dataset_id, "deleted": False}
    for summary in [held.value for held in reading.every(deps.documents, ConfigSummary, alive)]:
        if summary.status is not ConfigStatus.ARCHIVED:
            _archive(deps, by, summary.id)


def _archive(deps: Deps, by: Caller, config_id: str) -> None:
    try:
        archive(deps, by, config_id, None)
    except Conflict as error:
        if error.code != "archived":  # another delivery of the same event was faster
            raise


def _refreshed(deps: Deps, by: Caller, dataset_id: str, read: _Read) -> Dataset:
    held = reading.dataset(deps.documents, dataset_id)
    before = held.value
    if before.snapshot.id == read.table.id:
        return nothing_to_write(deps, by, before)
    at = after(before.updated_at, deps.clock.now())
    number = before.snapshot.number + 1
    changed = replace(
        before,
        snapshot=Snapshot(number, read.table.id, read.table.uri, read.table.rows, at, read.profile_uri),
        columns=read.table.columns,
        guessed_mapping=read.guessed,
        column_mapping=_kept(before, read),
        updated_at=at,
    )
    changed = replace(changed, training_rows=training_rows(deps, read.table.uri, changed.mapping))
    look_closer(deps, changed)
    writes = [records.put(changed, dataset_id, held.revision)]
    told = event(deps, "dataset.refreshed", dataset_id, dataset_id=dataset_id, snapshot_id=changed.snapshot.id)
    return commit(deps, by, changed, writes, [told], [dataset_change("refreshed", before, changed)])


def _kept(before: Dataset, read: _Read) -> Mapping[str, ColumnRole] | None:
    """What a person said of columns that are still of the same type; a new column is what it looks like, unless a
    column has that role already."""
    said = before.column_mapping
    if said is None:
        return None
    columns = read.table.columns
    kept = {name: role for name, role in said.items() if columns.get(name) is before.columns[name]}
    given = {role.role for role in kept.values()}
    new = {name: replace(guess, role=None) if guess.role in given else guess for name, guess in read.guessed.items()}
    return {name: kept.get(name, new[name]) for name in columns}


def _delete(deps: Deps, by: Caller, dataset_id: str, seen: Collection[str] | None, *, told: bool = True) -> None:
    held = reading.dataset(deps.documents, dataset_id)
    demand(dataset_revision(held.value), seen)
    at = after(held.value.updated_at, deps.clock.now())
    gone = replace(held.value, deleted_at=at, updated_at=at)
    events = [event(deps, "dataset.deleted", dataset_id, dataset_id=dataset_id)] if told else []
    writes = [records.put(gone, dataset_id, held.revision)]
    commit(deps, by, None, writes, events, [dataset_change("deleted", held.value, gone)])
