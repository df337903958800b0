"""What an exploration does whenever one of its tests has ended, or somebody reminds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from towerlab.configs.proposals import Base, combined
from towerlab.domain.contestants import Contestant
from towerlab.domain.exploration import Exploration, Status
from towerlab.domain.racing import End, decide
from towerlab.domain.times import rfc3339
from towerlab.events.envelope import Event
from towerlab.runtime import audit, records
from towerlab.runtime.outcomes import Done, Duplicate, Outcome, Reject
from towerlab.runtime.wiring import Deps

from config_api import reading
from config_api.commands.explorations import cancelled, exploration_change
from config_api.exploring.ground import ground, new_or_raced
from config_api.exploring.observing import looked_at, obstacle
from config_api.exploring.outcomes import outcome_of
from config_api.exploring.prices import price_of
from config_api.exploring.starting import Steps, started
from config_api.representations.numbers import points

IN_THE_CLOUD = 4  # tests at the same time; one machine runs them one after the other anyway


def on_exploration_due(deps: Deps, event: Event) -> Outcome:
    """Look at its tests, decide, and do it in one commit; nothing when there is nothing new."""
    held = records.find(deps.documents, Exploration, str(event.data["exploration_id"]))
    if held is None:
        return Reject(f"there is no exploration {event.data['exploration_id']!r}")
    race, steps = _advanced(deps, looked_at(deps.documents, held.value))
    if race == held.value:
        return Duplicate()
    race = replace(race, updated_at=rfc3339(deps.clock.now()))
    noted = [audit.entry(deps, event.source, change) for change in steps.changes]
    return Done([records.put(race, race.id, held.revision), *steps.writes, *noted], steps.events)


def _advanced(deps: Deps, race: Exploration) -> tuple[Exploration, Steps]:
    """The race once it has done what there is to do; each turn of the loop uses up a group or a contestant. Of one that
    has ended, tests that were on their way still do."""
    if race.status is Status.FINISHED:
        return race, Steps()
    why = obstacle(deps.documents, race)
    if why:
        race, steps = cancelled(deps, race)
        return _finished(race, why, steps)
    dataset = reading.dataset(deps.documents, race.dataset_id).value
    at_once = IN_THE_CLOUD if deps.settings.offer else 1
    price = price_of(deps, dataset, race)
    while True:
        decision = decide(race, price, at_once)
        if decision.combine:
            race = _with_combinations(deps, race, decision.combine)
        elif decision.starts:
            race, steps = started(deps, race, decision.starts)
            if steps.writes:
                return race, steps
        elif decision.end:
            return _ended(deps, race, decision.end)
        else:
            return race, Steps()


def _with_combinations(deps: Deps, race: Exploration, groups: Sequence[tuple[str, ...]]) -> Exploration:
    """Those that fit together and that nobody has made yet, in this race or elsewhere."""
    dataset = reading.dataset(deps.documents, race.dataset_id).value
    base = Base(reading.version(deps.documents, race.start.config_id, race.start.version), dataset.columns)
    known = {one.config_hash: one for one in race.everyone}
    made: dict[str, Contestant] = {}
    for group in groups:
        one = combined(base, [known[part] for part in group], _why_together(race, [known[part] for part in group]))
        if one is not None and one.config_hash not in known:
            made.setdefault(one.config_hash, one)
    table = ground(deps, dataset, race.heatmap["protocol"]).table
    new, raced = new_or_raced(deps.documents, dataset, made.values(), table, race.top)
    return race.with_more((*new, *raced), groups)


def _why_together(race: Exploration, parts: Sequence[Contestant]) -> str:
    start = race.start.recall(race.top) or 0.0
    gains = [points((one.recall(race.top) or 0.0) - start) for one in parts]
    return f"Each of them helped alone, by {' and '.join(gains)} points of recall@100."


def _ended(deps: Deps, race: Exploration, end: End) -> tuple[Exploration, Steps]:
    outcome, why = outcome_of(deps, race, end)
    return _finished(replace(race, outcome=outcome), why, Steps())


def _finished(race: Exploration, why: str, steps: Steps) -> tuple[Exploration, Steps]:
    race = replace(race, status=Status.FINISHED, why=why)
    return race, steps + Steps(changes=[exploration_change("finished", race)])
