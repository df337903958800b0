"""An exploration played through: what the bus, the pipeline and the collector do, with recalls that a test knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from towerlab.domain.datasets import Dataset
from towerlab.domain.protocol import protocol_of, roles_of
from towerlab.domain.quicktest import Cancelled, Failed, QuickTest, TestError, advance
from towerlab.domain.times import rfc3339
from towerlab.events.envelope import Event
from towerlab.runtime import records
from towerlab.runtime.announce import event
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.building import score_test
from tests.unit.config_api.calling import Caller, recorded
from tests.unit.config_api.test_quick_tests import complete
from tests.unit.config_api.test_reactions import push

START, TOOK = 0.30, 90.0  # recall@100 of the config to start from; seconds of every test
Recall = Callable[[str], float | None]  # by the config's name; None: the test fails


@dataclass
class Lab:
    api: Caller
    bus: FlaskClient
    deps: Deps
    dataset: dict[str, Any]
    delivered: set[str] = field(default_factory=set)
    repeats: int = 1  # how often every event is delivered

    def explore(self, **body: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.api.made(f"/api/datasets/{self.dataset['id']}/explorations/", body)
        return made

    def shown(self, race: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/api/explorations/{race['id']}/")
        return found

    def ask(self, race: dict[str, Any], what: str, status: int = 200) -> dict[str, Any]:
        answer = self.api.call("POST", f"/api/explorations/{race['id']}/{what}/")
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def deliver(self) -> None:
        """What the config API is to hear and has not heard yet."""
        while waiting := [told for told in recorded(self.deps) if told.type in HEARD and told.id not in self.delivered]:
            for told in waiting:
                self.delivered.add(told.id)
                for _ in range(self.repeats):
                    assert push(self.bus, told).status_code == 204

    def open_tests(self) -> list[QuickTest]:
        return list(records.query(self.deps.documents, QuickTest, {"open": True}, ("created_at",)).values)

    def name_of(self, test: QuickTest) -> str:
        return str(self.api.get(f"/api/feature-configs/{test.config_id}/")["name"])

    def end(self, test: QuickTest, recall: float | None) -> None:
        """It completes with that recall, or fails, and everybody is told."""
        if recall is None:
            self.ended(test, Failed(TestError("Trainer", "out of memory"), self.deps.clock.now().isoformat()))
            return
        done = complete(self.deps, test.id)
        dataset = records.get(self.deps.documents, Dataset, test.dataset_id).value
        key = protocol_of(test.snapshot_id, test.settings, roles_of(dataset), "time").key
        score_test(self.deps, done, recall, key)
        begun = datetime.fromisoformat(done.completed_at or "") - timedelta(seconds=TOOK)
        held = records.get(self.deps.documents, QuickTest, test.id)
        self.deps.documents.commit([records.put(replace(done, started_at=rfc3339(begun)), test.id, held.revision)])
        self.told(done, "completed")

    def ended(self, test: QuickTest, fact: Failed | Cancelled) -> None:
        held = records.get(self.deps.documents, QuickTest, test.id)
        done = advance(held.value, fact)
        self.deps.documents.commit([records.put(done, test.id, held.revision)])
        self.told(done, done.phase.value)

    def told(self, test: QuickTest, phase: str) -> None:
        facts = {"config_id": test.config_id, "version": test.version, "test_id": test.id, "phase": phase}
        self.deps.documents.commit([], [event(self.deps, "quick-test.finished", test.id, **facts)])
        self.deliver()

    def due(self, race: dict[str, Any]) -> Event:
        return event(self.deps, "exploration.due", race["id"], exploration_id=race["id"])

    def play(self, race: dict[str, Any], recall: Recall, turns: int = 100) -> dict[str, Any]:
        """Until it has ended, or so many tests have."""
        self.deliver()
        for _ in range(turns):
            if not (waiting := self.open_tests()):
                break
            self.end(waiting[0], recall(self.name_of(waiting[0])))
        return self.shown(race)


HEARD = ("exploration.due", "quick-test.finished")


def by_name(recalls: dict[str, float | None], otherwise: float = 0.25) -> Recall:
    """Names without what stands before every explored one; a combination has the gains of its parts."""

    def recall(name: str) -> float | None:
        parts = [recalls.get(part, otherwise) for part in name.removeprefix("Explored: ").split(" + ")]
        known = [part for part in parts if part is not None]
        return START + sum(part - START for part in known) if len(known) == len(parts) else None

    return recall
