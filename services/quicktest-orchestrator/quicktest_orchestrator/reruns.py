"""Which configs are due to be tested again; the config API starts the tests."""

from __future__ import annotations

from collections.abc import Iterator

from towerlab.domain.reruns import ON_UPDATE, PERIODS, RerunPlan, is_due, next_occasion
from towerlab.events.envelope import Event
from towerlab.ports.errors import RevisionConflict
from towerlab.runtime import announce, records
from towerlab.runtime.logs import logger
from towerlab.runtime.outcomes import Done, Outcome
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

AT_ONCE = 100  # plans of a page; the next tick takes what a page leaves
_log = logger(__name__)


def ask_for_due(deps: Deps) -> None:
    """The scheduler's tick: every plan whose time has come moves on to its next occasion, and its rerun is asked for in
    the same commit."""
    for held in _due(deps):
        plan = held.value
        moved = next_occasion(plan, deps.clock.now())
        try:
            deps.documents.commit([records.put(moved, held.id, held.revision)], [_asked(deps, plan)])
        except RevisionConflict:
            _log.info("another tick or its owner was faster", config_id=plan.config_id)


def on_dataset_refreshed(deps: Deps, event: Event) -> Outcome:
    """The plans that wait for their dataset to change."""
    wanted = {"dataset_id": str(event.data["dataset_id"]), "when": ON_UPDATE}
    events: list[Event] = []
    cursor: str | None = None
    while True:
        page = records.query(deps.documents, RerunPlan, wanted, cursor=cursor)
        events += [_asked(deps, plan) for plan in page.values]
        cursor = page.next_cursor
        if cursor is None:
            return Done(events=events)


def _due(deps: Deps) -> Iterator[Held[RerunPlan]]:
    now = deps.clock.now()
    for when in PERIODS:
        page = records.query(deps.documents, RerunPlan, {"when": when}, ("due_at",), limit=AT_ONCE)
        yield from (held for held in page.items if is_due(held.value, now))


def _asked(deps: Deps, plan: RerunPlan) -> Event:
    return announce.event(deps, "quick-test.rerun-due", plan.config_id, config_id=plan.config_id)
