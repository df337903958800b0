"""Each reference by hand: what stands in the documentation is what comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.transforms.arrays import float32, texts
from towerlab.transforms.base import Produce, Source
from towerlab.transforms.bucketize import Bucketize, effective_buckets
from towerlab.transforms.cross import cross_reference, hash_input
from towerlab.transforms.cyclical import Cyclical
from towerlab.transforms.fitted import Fitted, merged
from towerlab.transforms.log1p import Log1p
from towerlab.transforms.normalize import Normalize
from towerlab.transforms.readers import read_number, read_text
from towerlab.transforms.registry import transforms
from towerlab.transforms.vocabulary import NOTHING_KNOWN, Vocabulary, fit_vocabulary

SOURCE = Source("x", "x", "x")
MISSING = float("nan")


def computed(transform: Produce[Any], p: Any, values: list[float], fitted_on: list[float] | None = None) -> list[Any]:
    """The only output for `values`, given what is fitted on others or on themselves."""
    fitted = transform.fit(SOURCE, p, np.array(values if fitted_on is None else fitted_on, np.float64))
    (found,) = transform.reference(SOURCE, p, fitted, np.array(values, np.float64)).values()
    return found.tolist()


def test_text_is_read_as_bytes_and_missing_as_nothing() -> None:
    assert read_text([None, "", "é", 12, -3, True, False]).tolist() == [
        b"",
        b"",
        "é".encode(),
        b"12",
        b"-3",
        b"true",
        b"false",
    ]


def test_numbers_travel_as_the_examples_carry_them() -> None:
    found = read_number([None, 0.1, 1e300, float("inf"), MISSING, 2**53 - 1, 1e-40])
    np.testing.assert_array_equal(found, [MISSING, np.float32(0.1), MISSING, MISSING, MISSING, 2**53 - 1, 0])


def test_epoch_seconds_stay_exact() -> None:
    assert read_number([4_000_000_001]).tolist() == [4_000_000_001]


def test_normalize_fills_in_the_mean_and_clips() -> None:
    p = Normalize.Params(True)
    assert computed(Normalize(), p, [0.0, 10.0, MISSING, 2.0]) == [
        [-1],
        [1],
        [pytest.approx(-0.2)],
        [pytest.approx(-0.6)],
    ]
    assert computed(Normalize(), Normalize.Params(True, (0, 1)), [-5, 5, 15], [0, 10]) == [[0], [0.5], [1]]


@pytest.mark.parametrize("values", [[7.0, 7.0, MISSING], [MISSING, MISSING]])
def test_normalize_gives_the_middle_where_nothing_varies(values: list[float]) -> None:
    assert computed(Normalize(), Normalize.Params(True), values) == [[0]] * len(values)
    assert computed(Normalize(), Normalize.Params(True, (0, 1)), values) == [[0.5]] * len(values)


def test_buckets_hold_equally_many_and_missing_has_its_own() -> None:
    found = computed(Bucketize(), Bucketize.Params(True, buckets=4), [*map(float, range(8)), MISSING])
    assert found[-1] == 4
    assert sorted(found[:8]) == found[:8]
    assert set(found[:8]) == {0, 1, 2, 3}


def test_collapsed_boundaries_leave_fewer_effective_buckets() -> None:
    values = [1.0] * 8 + [2, 3]
    fitted = Bucketize().fit(SOURCE, Bucketize.Params(True, buckets=10), np.array(values))
    boundaries = fitted.boundaries["x_bucket_quantiles"]
    assert len(boundaries) == 9
    assert effective_buckets(boundaries) == len(set(computed(Bucketize(), Bucketize.Params(True, 10), values))) == 3
    assert effective_buckets((1.0, 1.0, 2.0)) == 3
    assert effective_buckets(()) == 1


def test_times_are_bucketized_by_the_second_near_the_smallest() -> None:
    base = 1_700_000_000
    found = computed(Bucketize(), Bucketize.Params(True, buckets=3), [base, base + 1, base + 2])
    assert len(set(found)) == 3


def test_the_log_keeps_the_sign() -> None:
    x = np.array([0.0, np.e - 1, 1 - np.e, MISSING])
    np.testing.assert_allclose(Log1p().reference(Log1p.Params(True), x), [0, 1, -1, MISSING])


def test_cycles_come_in_their_order_sine_before_cosine_and_missing_is_nothing() -> None:
    every = Cyclical.Params(True, True, True, True, True)
    (found,) = Cyclical().reference(SOURCE, every, Fitted(), np.array([0.0, MISSING])).values()  # Thursday, 1 January
    weekday = 2 * np.pi * 3 / 7
    np.testing.assert_allclose(found[0], [0, 1, 0, 1, 0, 1, np.sin(weekday), np.cos(weekday), 0, 1], atol=1e-7)
    assert not found[1].any()


def test_a_vocabulary_goes_by_count_then_by_bytes_and_leaves_out_what_a_text_file_cannot_hold() -> None:
    values = texts([b"a", b"b", b"b", b"c", b"c", b"", b"", b"", b"x\ny", b"x\ny", b"z\r"])
    assert fit_vocabulary(values, None, 10, 1) == ("c", "b", "a")
    assert fit_vocabulary(values, None, 1, 1) == ("c",)
    assert fit_vocabulary(values, None, 10, 2) == ("c", "b")
    assert fit_vocabulary(values, None, 10, 3) == NOTHING_KNOWN


def test_what_a_vocabulary_lacks_goes_to_the_ids_after_it() -> None:
    p = Vocabulary.Params(min_frequency=1, oov_buckets=2)
    x = texts([b"a", b"a", b"b"])
    fitted = Vocabulary().fit(SOURCE, p, x)
    (found,) = Vocabulary().reference(SOURCE, p, fitted, texts([b"a", b"b", b"new", b"", b"x\ny"])).values()
    assert found[:2].tolist() == [0, 1]
    assert set(found[2:].tolist()) <= {2, 3}


@pytest.mark.parametrize("transform", [t for t in transforms() if isinstance(t, Produce)], ids=lambda t: t.key)
@given(data=st.data())
def test_values_with_their_numbers_of_rows_are_fitted_as_the_rows_are(
    transform: Produce[Any], data: st.DataObject
) -> None:
    """Sums apart, which depend on the order of adding."""
    kind = data.draw(st.sampled_from(transform.feature_types))
    text = kind.reference([]).dtype == object
    pool = st.sampled_from(["a", "b", "a|b", "c", "", "x\ny"]) if text else st.integers(-9, 99) | st.none()
    values = kind.reference(data.draw(st.lists(pool, min_size=1, max_size=12)))
    rows = np.array(data.draw(st.lists(st.integers(1, 40), min_size=len(values), max_size=len(values))), np.int64)
    for p in transform.examples:
        told, counted = transform.fit(SOURCE, p, values, rows), transform.fit(SOURCE, p, np.repeat(values, rows))
        assert (told.boundaries, told.vocabularies) == (counted.boundaries, counted.vocabularies)
        assert told.numbers == pytest.approx(counted.numbers)


def test_a_cross_is_told_apart_by_lengths() -> None:
    assert hash_input([b"a", b"bc"]) == b"1:a2:bc"
    assert hash_input([b"", 12]) == b"0:2:12"
    found = cross_reference([texts([b"a", b"ab", b"a"]), np.array([1, 2, 1])], 1000).tolist()
    assert found[0] == found[2]
    assert all(0 <= id < 1000 for id in found)


def test_what_the_first_tower_fits_stands() -> None:
    found = merged([Fitted(vocabularies={"v": ("a",)}), Fitted({"n": 1.0}, vocabularies={"v": ("b",)})])
    assert found == Fitted({"n": 1.0}, {}, {"v": ("a",)})


def test_small_and_large_numbers_are_cast_as_tensorflow_casts_them() -> None:
    assert float32(np.array([1e-40, 1e300, -1e300, 0.1])).tolist() == [0, np.inf, -np.inf, np.float32(0.1)]
