"""Starting, stopping and resuming explorations."""

from __future__ import annotations

from dataclasses import replace

from towerlab.domain.audit import Change
from towerlab.domain.contestants import TrialState
from towerlab.domain.errors import Conflict
from towerlab.domain.exploration import Exploration, Status
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.times import rfc3339
from towerlab.events.envelope import Event
from towerlab.runtime import records
from towerlab.runtime.announce import event
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.commands.quick_tests import cancel_asked_for
from config_api.concurrency import retried
from config_api.exploring.from_configs import from_config
from config_api.exploring.of_cells import of_cells
from config_api.exploring.starting import Steps
from config_api.recording import Caller, commit, nothing_to_write
from config_api.schemas.explorations import ExplorationRequest

STOPPED = "It was stopped. Resume it to go on with what is left of its budget."


def start_exploration(deps: Deps, by: Caller, dataset_id: str, asked: ExplorationRequest) -> Exploration:
    """Its tests are started by the event. Raises NotFound, Conflict and Invalid."""
    dataset = reading.dataset(deps.documents, dataset_id).value
    if asked.config_id is None:
        race = of_cells(deps, by.name, dataset, asked.cells, asked.heatmap, asked.budget)
    else:
        race = from_config(deps, by.name, dataset, asked.config_id, asked.budget)
    return commit(
        deps, by, race, [records.put(race, race.id, None)], [due(deps, race.id)], [exploration_change("created", race)]
    )


def stop_exploration(deps: Deps, by: Caller, id: str) -> Exploration:
    """Nothing is started any more, and what is on its way is cancelled. One that does not run stays as it is."""
    return retried(lambda: _stop(deps, by, id))


def resume_exploration(deps: Deps, by: Caller, id: str) -> Exploration:
    """Go on with what is left of the budget; one that runs stays as it is. Raises Conflict for one that has ended."""
    return retried(lambda: _resume(deps, by, id))


def due(deps: Deps, id: str) -> Event:
    return event(deps, "exploration.due", id, exploration_id=id)


def exploration_change(action: str, race: Exploration) -> Change:
    detail = {"status": race.status.value, "why": race.why, "budget": records.to_json(race.budget), "spent": race.spent}
    return Change("exploration", race.id, race.dataset_id, action, None, None, detail)


def cancelled(deps: Deps, race: Exploration) -> tuple[Exploration, Steps]:
    """The race with what is on its way asked to end."""
    steps = Steps()
    for one in race.everyone:
        for trial in one.trials:
            if trial.state is TrialState.OPEN:
                asked = cancel_asked_for(deps, QuickTest, trial.test_id)
                steps += Steps(asked.writes, asked.events, asked.changes)
        trials = tuple(
            replace(trial, state=TrialState.STOPPING) if trial.state is TrialState.OPEN else trial
            for trial in one.trials
        )
        race = race.with_contestant(replace(one, trials=trials))
    return race, steps


def _stop(deps: Deps, by: Caller, id: str) -> Exploration:
    held = records.get(deps.documents, Exploration, id)
    if held.value.status is not Status.RUNNING:
        return nothing_to_write(deps, by, held.value)
    race, steps = cancelled(deps, held.value)
    race = replace(race, status=Status.STOPPED, why=STOPPED, updated_at=rfc3339(deps.clock.now()))
    writes = [records.put(race, id, held.revision), *steps.writes]
    return commit(deps, by, race, writes, steps.events, [exploration_change("stopped", race), *steps.changes])


def _resume(deps: Deps, by: Caller, id: str) -> Exploration:
    held = records.get(deps.documents, Exploration, id)
    if held.value.status is Status.FINISHED:
        raise Conflict("the exploration has ended", "finished", "Start another one, from this config or its best.")
    if held.value.status is Status.RUNNING:
        return nothing_to_write(deps, by, held.value)
    race = replace(held.value, status=Status.RUNNING, why="", updated_at=rfc3339(deps.clock.now()))
    writes = [records.put(race, id, held.revision)]
    return commit(deps, by, race, writes, [due(deps, id)], [exploration_change("resumed", race)])
