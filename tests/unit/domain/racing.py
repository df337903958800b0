"""Races to test with: contestants whose recall is known beforehand, and what plays the part of the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from towerlab.domain.contestants import Contestant, Edit, Trial, TrialState, observed
from towerlab.domain.exploration import PROPOSALS, TESTS, Budget, Exploration, Rung
from towerlab.domain.quicktest import TestSettings
from towerlab.domain.racing import Decision, End, Price, decide

Recalls = Callable[[str, int, bool], float | None]  # of a contestant at a rung, None: its test fails
LADDERS = ((Rung(100, 3, 0.006),), (Rung(25, 3, 0.023), Rung(100, 3, 0.006)))


def contestant(name: str, places: tuple[str, ...], made_of: tuple[str, ...] = ()) -> Contestant:
    edits = tuple(Edit("buyer_model_features", place, None) for place in places)
    return Contestant(name, name, "Because.", "c1", 1, edits, made_of)


def race(
    proposals: int, entrants: int, amount: float, ladder: tuple[Rung, ...] = LADDERS[0], unit: str = TESTS
) -> Exploration:
    return Exploration(
        id="e1",
        dataset_id="d1",
        snapshot_id="s1",
        kind=PROPOSALS,
        start=contestant("start", ()),
        contestants=tuple(contestant(f"p{n:02d}", (f"column {n % 7}",)) for n in range(proposals)),
        entrants=entrants,
        ladder=ladder,
        settings=TestSettings(ladder[-1].sample_percent, ladder[-1].epochs, 2048),
        budget=Budget(unit, amount),
        heatmap={"protocol": None},
        created_at="",
        updated_at="",
        asked_by="ada",
    )


def unit_price(_: Contestant, __: int, ___: bool) -> float:
    return 1.0


def started(race: Exploration, decision: Decision) -> Exploration:
    """The service's part: the decided tests are on their way."""
    for start in decision.starts:
        one = next(one for one in race.everyone if one.config_hash == start.config_hash)
        id = f"{one.config_hash}-{start.rung}-{start.confirms}-{len(one.trials)}"
        trial = Trial(id, start.rung, start.confirms, expected=start.expected)
        race = race.with_contestant(replace(one, trials=(*one.trials, trial)))
    return race


def combined(race: Exploration, decision: Decision) -> Exploration:
    """The service's part: combinations with all of their changes."""
    known = {one.config_hash: one for one in race.everyone}
    more = [
        contestant("+".join(group), tuple(place for part in group for _, place in known[part].places), group)
        for group in decision.combine
    ]
    return race.with_more([one for one in more if one.config_hash not in known], decision.combine)


def ended(race: Exploration, test_id: str, recalls: Recalls, state: TrialState = TrialState.COMPLETED) -> Exploration:
    """The pipeline's part: that test has ended, at the cost that was expected."""
    for one in race.everyone:
        for trial in one.trials:
            if trial.test_id == test_id:
                return race.with_contestant(
                    _ended(one, trial, recalls(one.config_hash, trial.rung, trial.confirms), state)
                )
    raise AssertionError(f"there is no test {test_id}")


def _ended(one: Contestant, trial: Trial, recall: float | None, state: TrialState) -> Contestant:
    if state is TrialState.COMPLETED and recall is None:
        state = TrialState.FAILED
    cost = 0.0 if state is TrialState.STOPPED else trial.expected
    after = observed(trial, state, cost, recall if state is TrialState.COMPLETED else None)
    out = "its test failed" if after.state is TrialState.FAILED else one.out
    return replace(one, trials=tuple(after if other == trial else other for other in one.trials), out=out)


def run(
    race: Exploration,
    recalls: Recalls,
    price: Price = unit_price,
    at_once: int = 1,
    between: Callable[[Exploration, int], Exploration] = lambda race, _: race,
    first: Callable[[list[str]], str] = lambda open: open[0],
) -> tuple[Exploration, End]:
    """To its end. `between` may meddle after each turn, `first` says which of the open tests ends first."""
    for turn in range(1_000):
        race = between(race, turn)
        decision = decide(race, price, at_once)
        if decision.end:
            return race, decision.end
        if decision.combine:
            race = combined(race, decision)
        elif decision.starts:
            race = started(race, decision)
        else:
            open = [trial.test_id for trial in race.open_trials]
            assert open, "it waits for nothing"
            race = ended(race, first(open), recalls)
    raise AssertionError("it does not end")


def told(recalls: Mapping[str, float], gain: float = 0.0) -> Recalls:
    """The same at every rung; a combination has the gains of its parts."""

    def recall(name: str, _: int, __: bool) -> float | None:
        if name in recalls:
            return recalls[name]
        return recalls["start"] + sum(recalls[part] - recalls["start"] for part in name.split("+")) + gain

    return recall
