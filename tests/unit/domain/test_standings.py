"""A table of tests is the same whatever order they come in, and knows who leads."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.heatmap import star
from towerlab.domain.scores import Score
from towerlab.domain.standings import Table, with_scores
from towerlab.domain.verdict import pool

AT = "2026-03-01T10:00:00Z"


def a_score(test: int, config: str, version: int, recall: float, key: str = "p") -> Score:
    figures = {"10": recall / 4, "50": recall / 2, "100": recall}
    run = {"seed": test, **{f"recall_at_{k}": at for k, at in figures.items()}}
    interval = dict.fromkeys(figures, (0.0, 1.0))
    return Score(f"t{test}", config, version, "d1", key, 10, figures, interval, (run,), "", AT, 1.0, 0.0)


scores = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 2), st.sampled_from([0.1, 0.2, 0.3]), st.sampled_from("pq")),
    min_size=1,
    max_size=40,
).map(lambda found: [a_score(n, *one) for n, one in enumerate(found)])


def facts(tables: dict[str, Table]) -> dict[str, object]:
    return {
        key: (
            [score.test_id for score in table.leaders],
            dict(table.tests_of),
            {at: (one.best("10").test_id, round(one.mean("100"), 9)) for at, one in sorted(table.standings.items())},
        )
        for key, table in sorted(tables.items())
    }


@given(found=scores, cut=st.integers(0, 40), random=st.randoms(use_true_random=False))
def test_tests_in_any_order_and_in_parts_give_the_same_tables(found: list[Score], cut: int, random: Random) -> None:
    shuffled = random.sample(found, len(found))
    parts = dict(with_scores(with_scores({}, shuffled[:cut]), shuffled[cut:]))
    assert facts(parts) == facts(dict(with_scores({}, found)))


@given(found=scores)
def test_each_config_leads_with_its_best_test_and_a_page_ends_anywhere(found: list[Score]) -> None:
    for table in with_scores({}, found).values():
        recalls = [score.at["100"] for score in table.leaders]
        assert recalls == sorted(recalls, reverse=True)
        assert len({score.config_id for score in table.leaders}) == len(recalls) == len(table.tests_of)
        for n, leader in enumerate(table.leaders):
            assert table.leaders_after(leader) == table.leaders[n + 1 :]


def test_the_variance_of_seeds_is_pooled_over_versions() -> None:
    found = [a_score(n, f"c{n % 10}", 1, 0.3 + n % 7 / 100) for n in range(60)]
    by_seed = [{n: 0.3 + n % 7 / 100 for n in range(60) if n % 10 == config} for config in range(10)]
    table = with_scores({}, found)["p"]
    wanted, got = pool(by_seed), table.seed_variance("100")
    assert wanted is not None
    assert got is not None
    assert (got.value, got.df) == (pytest.approx(wanted.value), wanted.df)


def test_only_a_best_that_can_be_told_from_every_other_is_alone() -> None:
    a, b, c = ((("row",), (name,)) for name in "abc")
    assert star([], {}) is None
    alone, tied, only = star([a, b, c], {b: True, c: True}), star([a, b, c], {b: True, c: False}), star([a], {})
    assert alone is not None
    assert (alone.place, alone.alone) == (a, True)
    assert tied is not None
    assert (tied.ties, tied.alone) == ((c,), False)
    assert only is not None
    assert not only.alone  # there is nothing to tell it from
