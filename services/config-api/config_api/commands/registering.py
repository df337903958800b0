"""Datasets that are registered at once, and those whose registration goes on after the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from towerlab.domain.audit import Change
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.registration import Registration, Step
from towerlab.domain.times import rfc3339
from towerlab.events.envelope import Event
from towerlab.ports.documents import Put
from towerlab.ports.errors import RevisionConflict
from towerlab.runtime import audit, records
from towerlab.runtime.announce import event
from towerlab.runtime.logs import logger
from towerlab.runtime.outcomes import Done, Duplicate, Outcome, Reject
from towerlab.runtime.wiring import Deps

from config_api.commands.datasets import dataset_change, new_dataset
from config_api.recording import Caller, commit
from config_api.schemas.datasets import NewDataset

LONGEST = timedelta(hours=1)  # that is tried to read a table, whatever comes in between
_log = logger(__name__)


def register(deps: Deps, by: Caller, new: NewDataset) -> Dataset | Registration:
    """The dataset, or what was begun for a source that is large. Raises Invalid."""
    now = rfc3339(deps.clock.now())
    asked = Registration(deps.ids.new(), new.name, new.source, new.time_zone, by.name, now, now)
    if deps.warehouse.source_values(new.source.uri) <= deps.settings.register_at_once_values:
        made = new_dataset(deps, asked, lambda _: None)
        writes = [records.put(made, made.id, None)]
        return commit(deps, by, made, writes, (), [dataset_change("registered", None, made)])
    told = event(deps, "dataset.registration-requested", asked.id, registration_id=asked.id)
    noted = Change("dataset", asked.id, asked.id, "registration_requested", None, None, {"name": asked.name})
    return commit(deps, by, asked, [records.put(asked, asked.id, None)], [told], [noted])


def on_registration_requested(deps: Deps, event: Event) -> Outcome:
    """Make the dataset, or say in the registration why there is none."""
    id = str(event.data["registration_id"])
    held = records.find(deps.documents, Registration, id)
    if held is None:
        return Reject(f"no registration {id!r}")
    if held.value.final:
        return Duplicate()
    try:
        made = new_dataset(deps, held.value, lambda step: _tell(deps, id, step))
    except Invalid as error:
        return Done([_ended(deps, id, Step.FAILED, error.problems)])
    except Exception as error:
        if deps.clock.now() < datetime.fromisoformat(held.value.created_at) + LONGEST:
            raise
        _log.exception("overdue", registration_id=id)
        return Done([_ended(deps, id, Step.FAILED, [_overdue(error)])])
    registered = audit.entry(deps, held.value.requested_by, dataset_change("registered", None, made))
    return Done([records.put(made, made.id, None), _ended(deps, id, Step.COMPLETED), registered])


def _tell(deps: Deps, id: str, step: Step) -> None:
    held = records.get(deps.documents, Registration, id)
    if held.value.final:
        return  # another delivery of the same event was faster
    moved = replace(held.value, step=step, updated_at=rfc3339(deps.clock.now()))
    try:
        deps.documents.commit([records.put(moved, id, held.revision)])
    except RevisionConflict:
        return  # another delivery of the same event is at work; who ends first decides


def _overdue(error: Exception) -> Problem:
    message = f"the table could not be read in an hour: {error}"
    return Problem("/source/uri", "overdue", message, "Register it again, or a smaller extract of it.")


def _ended(deps: Deps, id: str, step: Step, problems: Iterable[Problem] = ()) -> Put:
    held = records.get(deps.documents, Registration, id)
    ended = replace(held.value, step=step, errors=tuple(problems), updated_at=rfc3339(deps.clock.now()))
    return records.put(ended, id, held.revision)
