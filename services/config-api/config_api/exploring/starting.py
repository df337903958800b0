"""Starting the tests that an exploration has decided on, and making the configs that they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from towerlab.configs.config import create_config
from towerlab.configs.proposals import lists_of
from towerlab.domain.audit import Change
from towerlab.domain.contestants import Contestant, Trial
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Conflict, NotFound
from towerlab.domain.exploration import PROPOSALS, Exploration
from towerlab.domain.racing import Start
from towerlab.domain.times import rfc3339
from towerlab.events.envelope import Event
from towerlab.ports.documents import Delete, Put
from towerlab.runtime import records
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.commands.configs import version_created
from config_api.commands.quick_tests import AskedFor, Wanted, asked_for, first_asked_for
from config_api.exploring.ground import version_of
from config_api.knowing import known_for
from config_api.states import config_change
from config_api.summaries import Best, TestCounts, summarised

TAKEN = "another config computes the same by now"


@dataclass(frozen=True)
class Steps:
    """What a decision writes, tells and notes; all of it in one commit, with the exploration itself."""

    writes: Sequence[Put | Delete] = ()
    events: Sequence[Event] = ()
    changes: Sequence[Change] = ()

    def __add__(self, other: Steps) -> Steps:
        return Steps((*self.writes, *other.writes), (*self.events, *other.events), (*self.changes, *other.changes))


def started(deps: Deps, race: Exploration, starts: Sequence[Start]) -> tuple[Exploration, Steps]:
    """The race with these tests on their way. What cannot be tested as things stand is out; of two tests of one config
    the second has its turn when the first has ended, for a commit writes its summary once."""
    held = reading.dataset(deps.documents, race.dataset_id)
    dataset, steps, in_it = held.value, Steps(), set[str]()
    for start in starts:
        one = next(one for one in race.everyone if one.config_hash == start.config_hash)
        wanted = _wanted(deps, race, one, start)
        try:
            one, dataset, more = _tested(deps, race, one, dataset, wanted)
        except (Conflict, NotFound) as refusal:
            race = race.with_contestant(replace(one, out=str(refusal)))
            continue
        if one.config_id in in_it:
            continue
        in_it.add(one.config_id)
        trial = Trial(wanted.id, start.rung, start.confirms, expected=start.expected)
        race = race.with_contestant(replace(one, trials=(*one.trials, trial)))
        steps += more
    return race, steps + _counted(held, dataset)


def _wanted(deps: Deps, race: Exploration, one: Contestant, start: Start) -> Wanted:
    settings = race.settings_at(start.rung, start.confirms)
    return Wanted(settings, deps.ids.new(), version=one.version, exploration_id=race.id)


def _tested(
    deps: Deps, race: Exploration, one: Contestant, dataset: Dataset, wanted: Wanted
) -> tuple[Contestant, Dataset, Steps]:
    """Raises Conflict and NotFound when it cannot be tested."""
    if one.config_id:
        return one, dataset, _steps(asked_for(deps, race.asked_by, one.config_id, wanted))
    twin = version_of(deps.documents, race.dataset_id, one.config_hash)
    if twin is None:
        return _made(deps, race, one, dataset, wanted)
    if race.kind == PROPOSALS:
        raise Conflict(TAKEN)
    found, wanted = replace(one, config_id=twin.config_id, version=twin.version), replace(wanted, version=twin.version)
    return found, dataset, _steps(asked_for(deps, race.asked_by, twin.config_id, wanted))


def _made(
    deps: Deps, race: Exploration, one: Contestant, dataset: Dataset, wanted: Wanted
) -> tuple[Contestant, Dataset, Steps]:
    """Its config, with its first test."""
    base = reading.version(deps.documents, one.base_config_id, one.base_version)
    lists, number = lists_of(base, one), dataset.config_count + 1
    config, version = create_config(
        id=deps.ids.new(),
        dataset_id=dataset.id,
        number=number,
        name=one.name,
        description=one.reason,
        lists=lists,
        known=known_for(deps, dataset, lists),
        at=rfc3339(deps.clock.now()),
        by=race.asked_by,
        exploration_id=race.id,
    )
    asked = first_asked_for(deps, race.asked_by, wanted, version, dataset)
    summary = summarised(config, version, TestCounts().with_new(asked.test.created_at), Best())
    made = Steps(
        [
            records.put(config, config.id, None),
            records.put(version, reading.version_id(config.id, version.version), None),
            records.put(summary, config.id, None),
        ],
        [version_created(deps, version)],
        [config_change("created", None, config, exploration=race.id)],
    )
    return replace(one, config_id=config.id), replace(dataset, config_count=number), made + _steps(asked)


def _steps(asked: AskedFor) -> Steps:
    return Steps(asked.writes, asked.events, asked.changes)


def _counted(held: Held[Dataset], dataset: Dataset) -> Steps:
    """Numbers that were given away."""
    changed = dataset.config_count != held.value.config_count
    return Steps([records.put(dataset, dataset.id, held.revision)]) if changed else Steps()
