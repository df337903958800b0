"""One best test, not three maxima; kept per config, version and protocol key; any order gives the same."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.best import best_under, better_of, of_version, reference_protocol, with_test
from towerlab.domain.results import BestMetrics, BestTest


def a_best(id: str = "t1", recall: float = 0.2, at: str = "2026-03-01T10:00:00Z", **changes: object) -> BestTest:
    figures = {"10": recall / 4, "50": recall / 2, "100": recall}
    intervals = {k: (value - 0.01, value + 0.01) for k, value in figures.items()}
    test = BestTest(id, 1, "p", 10, {}, figures, intervals, at)
    return replace(test, **changes)  # type: ignore[arg-type]


def config(*tests: BestTest, id: str = "c1") -> BestMetrics:
    best = BestMetrics(config_id=id, dataset_id="d1")
    for test in tests:
        best = with_test(best, test)
    return best


def bests() -> st.SearchStrategy[list[BestTest]]:
    one = st.builds(
        a_best,
        recall=st.sampled_from([0.1, 0.2, 0.3]),
        at=st.sampled_from(["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.500000Z", "2026-03-02T09:00:00+02:00"]),
        version=st.integers(1, 3),
        protocol_key=st.sampled_from(["p", "q"]),
    )
    return st.lists(one, min_size=1, max_size=8).map(
        lambda tests: [replace(t, test_id=f"t{i}") for i, t in enumerate(tests)]
    )


@given(tests=bests(), random=st.randoms())
def test_completions_in_any_order_and_number_give_the_same_best(tests, random):
    shuffled = [*tests, *tests]
    random.shuffle(shuffled)
    assert config(*tests) == config(*shuffled)


@given(tests=bests(), version=st.integers(1, 3))
def test_of_one_version_is_known_what_its_tests_alone_would_give(tests, version):
    assert of_version(config(*tests), version) == config(*(test for test in tests if test.version == version))


@given(tests=bests())
def test_no_test_of_a_version_beats_its_best(tests):
    best = config(*tests)
    for test in tests:
        known = best.by_protocol[test.protocol_key]
        assert known.by_version[str(test.version)].at["100"] >= test.at["100"]
        assert known.best.at["100"] >= test.at["100"]


def test_the_three_figures_are_those_of_one_test():
    wide = a_best("wide", 0.3, at="2026-03-01T10:00:00Z")
    narrow = replace(a_best("narrow", 0.2), at={"10": 0.19, "50": 0.195, "100": 0.2})
    assert better_of(wide, narrow).at == wide.at


def test_of_equal_tests_the_earlier_is_the_best_whatever_their_time_zones():
    early, late = a_best("b", at="2026-03-02T09:00:00+02:00"), a_best("a", at="2026-03-02T08:00:00Z")
    assert better_of(late, early) is early


def test_figures_of_different_protocols_are_kept_apart():
    best = config(a_best("t1", 0.3, protocol_key="p"), a_best("t2", 0.9, protocol_key="q"))
    assert best.by_protocol["p"].best.test_id == "t1"


def test_the_reference_is_the_key_most_configs_were_tested_under():
    p, q = a_best(protocol_key="p"), a_best(protocol_key="q")
    assert reference_protocol([config(p), config(q), config(p, q)]) in {"p", "q"}
    assert reference_protocol([config(p), config(p), config(q)]) == "p"
    assert reference_protocol([]) is None


def test_of_equally_used_keys_the_larger_sample_is_the_reference():
    assert reference_protocol([config(a_best()), config(a_best(protocol_key="q", sample_percent=100))]) == "q"


def test_without_a_test_under_the_reference_the_best_under_another_key_is_shown():
    shown = best_under(config(a_best(protocol_key="q")), "p")
    assert shown is not None
    assert shown.protocol_key == "q"
    assert best_under(config(), "p") is None
