"""Whatever becomes of the news on its way - doubled, out of order, lost, an hour late - the same tests end best."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask import Flask
from metrics_collector.app import create
from towerlab.domain.quicktest import FINAL, Phase
from towerlab.domain.results import BestMetrics
from towerlab.domain.times import rfc3339
from towerlab.ports.pipelines import Job, JobError, JobState, JobTask
from towerlab.runtime import records

from tests.unit.collector.shops import Shop, a_shop, leave_behind
from tests.unit.worlds import START, World

HISTORIES = int(os.environ.get("HISTORIES", "8"))
TESTS = {"t1": "c1", "t2": "c1", "t3": "c2", "t4": "c2", "t5": "c3"}
ROLES = {"customer_id": "customer", "product_id": "product", "transaction_date": "bought_at"}
ENDINGS = (JobState.SUCCEEDED, JobState.SUCCEEDED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@pytest.fixture(scope="module")
def shops() -> dict[str, Shop]:
    """A result of its own for each test."""
    return {id: a_shop(seed=n, rows=60, people=8, catalogue=20) for n, id in enumerate(TESTS)}


@dataclass
class History:
    """One installation, and the jobs' states as they would be seen one after the other."""

    world: World
    app: Flask
    states: dict[str, list[Job]]

    def sees(self, test_id: str, step: int) -> None:
        """What the pipeline says of the test's job from now on."""
        self.world.pipelines.jobs[f"qt-{test_id}"] = self.states[test_id][step]

    def tick(self) -> None:
        self.world.clock.pass_(seconds=1)
        self.world.tick(self.app, "collect")

    def tells_of_start(self, test_id: str) -> None:
        told = self.world.event("quick-test.started", test_id=test_id, job_id=f"qt-{test_id}")
        assert self.world.push(self.app, told) == 204

    def outcome(self) -> dict[str, Any]:
        documents = self.world.deps.documents
        best = {id: records.find(documents, BestMetrics, id) for id in set(TESTS.values())}
        return {
            "phases": {id: self.world.now_is(id).phase for id in TESTS},
            "best": {id: held.value if held else None for id, held in best.items()},
        }


def a_history(folder: Path, shops: dict[str, Shop], endings: dict[str, JobState]) -> History:
    world = World(folder)
    world.dataset()
    for id, config in TESTS.items():
        world.config(config, f"Config {config}")
        world.test(id, config, phase=Phase.RUNNING, job_id=f"qt-{id}", started_at=rfc3339(START), roles=ROLES)
    states = {id: _states(world, id, shops[id], endings[id]) for id in TESTS}
    history = History(world, create(world.deps), states)
    for id in TESTS:
        history.sees(id, 0)
    return history


def _states(world: World, id: str, shop: Shop, ending: JobState) -> list[Job]:
    tasks = leave_behind(world, shop, run=id)
    running = JobTask(tasks[0].name, "running", tasks[0].started_at)
    error = JobError("Trainer", "it broke") if ending is JobState.FAILED else None
    job = f"qt-{id}"
    return [
        Job(job, JobState.PENDING, ()),
        Job(job, JobState.RUNNING, (running,)),
        Job(job, JobState.RUNNING, tuple(tasks[:2])),
        Job(job, ending, tuple(tasks), error),
    ]


def replay(history: History) -> dict[str, Any]:
    """Every message once, in order."""
    for id in TESTS:
        history.tells_of_start(id)
    for step in range(1, 4):
        for id in TESTS:
            history.sees(id, step)
            history.tick()
    return history.outcome()


def wild(history: History, chance: Random) -> dict[str, Any]:
    """Starts are told twice, late or never; states are seen twice, skipped, or jump back to what was true before."""
    reached = dict.fromkeys(TESTS, 0)
    for _ in range(chance.randint(0, 25)):
        id = chance.choice(list(TESTS))
        reached[id] = min(3, reached[id] + chance.choice((0, 1, 1, 2)))
        history.sees(id, reached[id] if chance.random() < 0.8 else chance.randint(0, reached[id]))
        if chance.random() < 0.5:
            history.tells_of_start(chance.choice(list(TESTS)))
        if chance.random() < 0.5:
            history.tick()
    order = list(TESTS)
    chance.shuffle(order)
    for id in order:
        history.sees(id, 3)
        if chance.random() < 0.5:
            history.tick()
    history.tick()
    return history.outcome()


@pytest.mark.timeout(3600)
def test_every_history_ends_in_the_best_metrics_of_a_clean_replay(shops: dict[str, Shop]) -> None:
    for number in range(HISTORIES):
        chance = Random(number)
        endings = {id: chance.choice(ENDINGS) for id in TESTS}
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            expected = replay(a_history(Path(one), shops, endings))
            assert wild(a_history(Path(other), shops, endings), chance) == expected, f"history {number}"


def test_a_collector_that_was_down_for_an_hour_settles_every_test_within_one_tick(
    tmp_path: Path, shops: dict[str, Shop]
) -> None:
    history = a_history(tmp_path, shops, dict.fromkeys(TESTS, JobState.SUCCEEDED))
    history.world.clock.pass_(hours=1)
    for id in TESTS:
        history.sees(id, 3)
    history.tick()
    assert all(history.world.now_is(id).phase in FINAL for id in TESTS)
    assert {event.data["test_id"] for event in history.world.told("quick-test.finished")} == set(TESTS)
