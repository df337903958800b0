"""What an exploration decides: within its budget, to an end, the same whatever comes in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towerlab.domain.contestants import Contestant, TrialState, observed
from towerlab.domain.exploration import CELLS, DOLLARS, MINUTES, TESTS, Budget, Exploration, Rung, Status
from towerlab.domain.ladder import entrants, ladder, round_cost
from towerlab.domain.quicktest import TestSettings
from towerlab.domain.racing import Price, decide

from tests.unit.domain.racing import LADDERS, Recalls, ended, race, run, started, told, unit_price

randomly = settings(deadline=None, max_examples=200)


@st.composite
def races(draw: st.DrawFn) -> tuple[Exploration, Recalls, Price, int]:
    """A race, what its tests will give, what they cost, and how many run at once."""
    proposals = draw(st.integers(1, 12))
    rungs = draw(st.sampled_from(LADDERS))
    found = race(proposals, draw(st.integers(0, proposals)), draw(st.integers(0, 30)), rungs)
    seed = draw(st.integers(0, 10_000))
    prices = draw(st.sampled_from([(1.0, 1.0, 1.0), (0.3, 1.0, 2.5), (0.7, 1.1, 3.0)]))

    def recall(name: str, rung: int, confirms: bool) -> float | None:
        luck = crc32(f"{name} {rung} {confirms} {seed}".encode()) % 1000 / 1000
        return None if luck > 0.93 else 0.25 + 0.05 * luck

    def price(_: Contestant, rung: int, confirms: bool) -> float:
        return prices[2] if confirms else prices[rung if len(rungs) > 1 else 1]

    return found, recall, price, draw(st.integers(1, 4))


@randomly
@given(races())
def test_it_ends_within_its_budget_and_never_tests_the_same_twice(
    drawn: tuple[Exploration, Recalls, Price, int],
) -> None:
    found, recall, price, at_once = drawn
    last, end = run(found, recall, price, at_once)
    assert last.spent <= last.budget.amount + 1e-6
    assert not last.open_trials
    assert max(Counter(one.config_hash for one in last.everyone).values()) == 1
    tests = Counter((one.config_hash, trial.rung, trial.confirms) for one in last.everyone for trial in one.trials)
    assert not tests or max(tests.values()) == 1
    assert decide(last, price, at_once).end == end


@randomly
@given(races(), st.lists(st.integers(0, 40), max_size=5))
def test_however_often_it_is_stopped_and_resumed_it_comes_to_the_same_end(
    drawn: tuple[Exploration, Recalls, Price, int], stops: list[int]
) -> None:
    found, recall, price, at_once = drawn

    def stop_and_resume(race: Exploration, turn: int) -> Exploration:
        if turn not in stops:
            return race
        for one in race.everyone:
            stopping = (
                replace(trial, state=TrialState.STOPPING) if trial.state is TrialState.OPEN else trial
                for trial in one.trials
            )
            race = race.with_contestant(replace(one, trials=tuple(stopping)))
        stopped = replace(race, status=Status.STOPPED)
        assert decide(stopped, price, at_once).starts == ()
        for trial in stopped.open_trials:
            stopped = ended(stopped, trial.test_id, recall, TrialState.STOPPED)
        return replace(stopped, status=Status.RUNNING)

    _, end = run(found, recall, price, at_once)
    _, end_after = run(found, recall, price, at_once, between=stop_and_resume)
    assert end_after == end


@randomly
@given(races(), st.randoms(use_true_random=False))
def test_the_order_in_which_tests_end_changes_nothing(
    drawn: tuple[Exploration, Recalls, Price, int], random: Random
) -> None:
    found, recall, price, at_once = drawn
    _, end = run(found, recall, price, at_once)
    _, end_after = run(found, recall, price, at_once, first=random.choice)
    assert end_after == end


@randomly
@given(races())
def test_a_result_that_is_told_again_changes_nothing(drawn: tuple[Exploration, Recalls, Price, int]) -> None:
    found, recall, price, at_once = drawn
    last, _ = run(found, recall, price, at_once)
    for trial in last.trials:
        assert observed(trial, TrialState.STOPPED, 9.0, 0.9) == trial


def test_changes_that_helped_are_combined_and_the_best_is_tested_again_beside_the_start() -> None:
    recalls = told({"start": 0.28, "p00": 0.29, "p01": 0.27, "p02": 0.285, "p03": 0.2})
    last, end = run(race(4, 4, amount=10), recalls)
    assert (end.best, end.confirmed, end.why) == ("p00+p02", True, "")
    assert [one.config_hash for one in last.everyone if one.at(last.top, confirms=True)] == ["start", "p00+p02"]
    assert last.spent == 8  # the start, four proposals, one combination, two that confirm


def test_changes_of_the_same_feature_are_not_combined() -> None:
    recalls = told({"start": 0.28, **{f"p{n:02d}": 0.27 for n in range(8)}, "p00": 0.29, "p07": 0.3})
    last, end = run(race(8, 8, amount=20), recalls)
    assert end.best == "p07"
    assert last.combined == ()


def test_when_nothing_is_above_the_start_nothing_is_spent_on_a_confirmation() -> None:
    recalls = told({"start": 0.28, "p00": 0.279, "p01": 0.2})
    last, end = run(race(2, 2, amount=12), recalls)
    assert (end.best, end.confirmed, end.why) == ("p00", False, "None of 2 was above the start.")
    assert last.spent == 3


def test_the_losers_of_a_rung_never_start_at_the_next() -> None:
    recalls = told({"start": 0.28, **{f"p{n:02d}": 0.26 + n / 100 for n in range(6)}})
    last, end = run(race(6, 6, amount=100, ladder=LADDERS[1]), recalls)
    at_the_top = {one.config_hash for one in last.contestants if one.recall(1) is not None and not one.made_of}
    assert at_the_top == {"p03", "p04", "p05"}
    assert end.confirmed


def test_when_all_are_told_worse_on_few_customers_the_rest_is_not_spent() -> None:
    recalls = told({"start": 0.28, "p00": 0.2, "p01": 0.21})
    last, end = run(race(2, 2, amount=100, ladder=LADDERS[1]), recalls)
    assert (end.best, end.rung, end.confirmed) == ("p01", 0, False)
    assert last.spent == 3


def test_what_is_there_already_costs_nothing() -> None:
    recalls = told({"start": 0.28, "p00": 0.29})
    before, _ = run(race(1, 1, amount=4), recalls)
    tested = [
        replace(one, trials=tuple(replace(t, cost=0.0) for t in one.trials if not t.confirms))
        for one in before.everyone
    ]
    found = replace(race(1, 0, amount=2), start=tested[0], contestants=tuple(tested[1:]))
    last, end = run(found, recalls)
    assert (end.best, end.confirmed, last.spent) == ("p00", True, 2)


def test_a_start_that_fails_ends_it() -> None:
    last, end = run(race(3, 3, amount=12), lambda name, *_: None if name == "start" else 0.3)
    assert "cannot be tested" in end.why
    assert len(last.trials) == 1


def test_a_confirmation_that_fails_is_no_win() -> None:
    recalls = told({"start": 0.28, "p00": 0.3})
    _, end = run(
        race(1, 1, amount=12), lambda name, rung, confirms: None if confirms else recalls(name, rung, confirms)
    )
    assert (end.best, end.confirmed) == ("p00", False)


def test_what_a_person_cancels_in_a_running_exploration_is_not_run_again() -> None:
    found = race(2, 2, amount=12)
    for _ in range(2):  # the start, then the first proposal
        found = started(found, decide(found, unit_price, 1))
        state = TrialState.COMPLETED if len(found.trials) == 1 else TrialState.STOPPED
        found = ended(found, found.open_trials[0].test_id, told({"start": 0.28, "p00": 0.3}), state)
    assert found.contestants[0].trials[0].state is TrialState.FAILED
    (start,) = decide(found, unit_price, 1).starts
    assert start.config_hash == "p01"


@given(st.integers(1, 6), st.integers(0, 8))
def test_cells_are_filled_as_long_as_the_budget_lasts(cells: int, amount: int) -> None:
    found = replace(race(cells, 0, amount), kind=CELLS)
    last, end = run(found, lambda *_: 0.3)
    assert len(last.trials) == min(cells, amount)
    assert ("does not pay" in end.why) == (amount < cells)


@given(st.integers(0, 60), st.floats(0, 200), st.sampled_from([(1.0,), (0.4, 1.0), (0.1, 0.3, 1.0)]))
def test_the_first_round_can_be_paid_for_and_leaves_something_for_combinations(
    proposals: int, available: float, prices: tuple[float, ...]
) -> None:
    field = entrants(proposals, available, prices)
    assert field <= proposals
    assert round_cost(field, prices) <= available + 1e-6
    if field > 1:
        assert round_cost(field, prices) <= available * 2 / 3 + 1e-6
    if field == 0:
        assert proposals == 0 or round_cost(1, prices) > available


@pytest.mark.parametrize(
    ("customers", "unit", "samples"),
    [
        (1_149, MINUTES, [25, 100]),  # online retail: a tenth of them tells 2.9 points, a quarter 2.3
        (166, MINUTES, [100]),
        (100_000, MINUTES, [5, 10, 25, 100]),
        (100_000, TESTS, [100]),
        (100_000, DOLLARS, [5, 10, 25, 100]),
    ],
)
def test_a_smaller_sample_is_a_rung_only_where_it_can_tell_configs_apart_and_saves(
    customers: int, unit: str, samples: list[int]
) -> None:
    def price(rung: Rung) -> float:
        return float(rung.sample_percent)

    found = ladder(TestSettings(100, 3, 2048), customers, Budget(unit, 10.0), price)
    assert [rung.sample_percent for rung in found] == samples
    flat = ladder(TestSettings(100, 3, 2048), customers, Budget(unit, 10.0), lambda _: 5.0)
    assert [rung.sample_percent for rung in flat] == [100]


def test_a_confirmation_has_seeds_of_its_own() -> None:
    found = race(1, 1, 4)
    raced, confirming = found.settings_at(0, False), found.settings_at(0, True)
    assert (raced.replicates, confirming.replicates) == (1, 3)
    assert confirming.seed - raced.seed > 1_000
    assert confirming == replace(found, contestants=()).settings_at(0, True)


def test_budgets_count_tests_minutes_or_what_an_hour_costs() -> None:
    assert Budget(TESTS, 12).of(90.0) == 1.0
    assert Budget(TESTS, 12).of(90.0, ran=False) == 0.0
    assert Budget(MINUTES, 12).of(90.0) == 1.5
    assert Budget(DOLLARS, 12, dollars_per_hour=4.0).of(90.0) == 0.1
