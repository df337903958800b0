"""Explorations whose turn was lost: nothing of them is on its way, and nobody has told them."""

from __future__ import annotations

from towerlab.domain.exploration import Exploration, Status
from towerlab.domain.quicktest import QuickTest
from towerlab.runtime import announce, records
from towerlab.runtime.wiring import Deps


def remind(deps: Deps) -> None:
    """The config API decides what comes of it, and does nothing when there is nothing new."""
    for race in _running(deps):
        if not _has_open_test(deps, race):
            told = announce.event(deps, "exploration.due", race.id, exploration_id=race.id)
            deps.documents.commit([], [told])


def _running(deps: Deps) -> list[Exploration]:
    found: list[Exploration] = []
    cursor: str | None = None
    while True:
        page = records.query(deps.documents, Exploration, {"status": Status.RUNNING.value}, cursor=cursor)
        found += page.values
        cursor = page.next_cursor
        if cursor is None:
            return found


def _has_open_test(deps: Deps, race: Exploration) -> bool:
    tests = records.get_many(deps.documents, QuickTest, [trial.test_id for trial in race.open_trials])
    return any(not held.value.final for held in tests.values())
