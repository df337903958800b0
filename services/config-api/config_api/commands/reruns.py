"""Rerun plans, and the quick tests that come of them."""

from __future__ import annotations

from collections.abc import Collection

from towerlab.domain.audit import Change
from towerlab.domain.errors import Conflict, NotFound
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.reruns import OFF, RerunPlan, planned
from towerlab.events.envelope import Event
from towerlab.ports.documents import Documents
from towerlab.runtime import audit, records
from towerlab.runtime.outcomes import Done, Duplicate, Outcome
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.best_settings import best_settings
from config_api.commands.quick_tests import Wanted, asked_for
from config_api.concurrency import demand, retried, revision_of
from config_api.recording import Caller, commit


def rerun_plan(documents: Documents, config_id: str) -> RerunPlan:
    """The plan of a config; 'off' until somebody says otherwise. Raises NotFound."""
    config = reading.config(documents, config_id).value
    held = records.find(documents, RerunPlan, config_id)
    return held.value if held else RerunPlan(config_id, config.dataset_id, OFF, None, "", "")


def plan_revision(plan: RerunPlan) -> str:
    return revision_of(plan.config_id, plan.when, plan.updated_at)


def put_rerun_plan(deps: Deps, by: Caller, config_id: str, when: str, seen: Collection[str] | None) -> RerunPlan:
    """Raises NotFound and Stale."""
    return retried(lambda: _put(deps, by, config_id, when, seen))


def _put(deps: Deps, by: Caller, config_id: str, when: str, seen: Collection[str] | None) -> RerunPlan:
    held = records.find(deps.documents, RerunPlan, config_id)
    before = rerun_plan(deps.documents, config_id)
    demand(plan_revision(before), seen)
    plan = planned(before, when, deps.clock.now(), by.name)
    detail = {"from": before.when, "to": when}
    change = Change("feature_config", config_id, plan.dataset_id, "rerun_planned", None, None, detail)
    writes = [records.put(plan, config_id, held.revision if held else None)]
    return commit(deps, by, plan, writes, (), [change])


def on_rerun_due(deps: Deps, event: Event) -> Outcome:
    """Start the rerun, under the event's id: a second delivery finds it. What cannot be tested as things stand is left
    for the next occasion, and the audit log says why."""
    config_id = str(event.data["config_id"])
    if records.find(deps.documents, QuickTest, event.id) is not None:
        return Duplicate()
    try:
        config = reading.config(deps.documents, config_id).value
        reading.dataset(deps.documents, config.dataset_id)
    except NotFound:
        return Done()  # it was deleted since
    wanted = Wanted(settings=best_settings(deps.documents, config), id=event.id, rerun=True)
    try:
        asked = asked_for(deps, event.source, config_id, wanted)
    except Conflict as refusal:
        change = Change(
            "feature_config", config_id, config.dataset_id, "rerun_refused", None, None, {"why": str(refusal)}
        )
        return Done([audit.entry(deps, event.source, change)])
    noted = [audit.entry(deps, event.source, change) for change in asked.changes]
    return Done([*asked.writes, *noted], asked.events)
