"""What tests that ran say of the next one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.durations import DATA_STAGES, TRAINER, TRANSFORM, Ran, Work, learn, past_error

SMALL, LARGE = Work(1e5, 1e4, 1e4, 100), Work(1e7, 1e6, 1e6, 300)
STAGES = (*DATA_STAGES, TRANSFORM, TRAINER)


def ran(work: Work, factors: dict[str, float], around: float = 5.0, expected: float | None = None) -> Ran:
    stages = {stage: work.first_guess[stage] * factor for stage, factor in factors.items()}
    return Ran(work, stages, sum(stages.values()) + around, expected)


@given(st.dictionaries(st.sampled_from(STAGES), st.floats(0.1, 10), min_size=5), st.integers(1, 5))
def test_a_machine_that_is_slower_in_some_stages_is_known_after_a_test(factors: dict[str, float], tests: int) -> None:
    learned = learn([ran(SMALL, factors)] * tests)
    stages = learned.stages(LARGE, ())
    assert stages == pytest.approx({stage: LARGE.first_guess[stage] * factor for stage, factor in factors.items()})
    assert learned.seconds(LARGE, ()) == pytest.approx(sum(stages.values()) + 5)


def test_one_test_on_a_busy_machine_does_not_count() -> None:
    usual = [ran(SMALL, dict.fromkeys(STAGES, 1.0))] * 4
    assert learn([*usual, ran(SMALL, dict.fromkeys(STAGES, 30.0), around=300)]) == learn(usual)


def test_what_came_from_the_cache_teaches_nothing_and_what_will_come_from_it_takes_no_time() -> None:
    learned = learn([ran(SMALL, {TRAINER: 2.0})])
    assert learned.scales == {TRAINER: pytest.approx(2.0)}
    seconds = learned.stages(LARGE, (*DATA_STAGES, TRANSFORM))
    assert {stage: each for stage, each in seconds.items() if each} == {TRAINER: 2 * LARGE.first_guess[TRAINER]}


def test_more_to_do_takes_longer() -> None:
    assert all(LARGE.first_guess[stage] >= SMALL.first_guess[stage] for stage in STAGES)
    assert sum(LARGE.first_guess.values()) > 2 * sum(SMALL.first_guess.values())


def test_the_past_error_is_that_of_what_was_said_before() -> None:
    tests = [Ran(SMALL, {}, 10.0, said) for said in (5.0, 11.0, 12.0, None)]
    assert past_error(tests) == pytest.approx(0.2)
    assert past_error(tests[-1:]) is None
