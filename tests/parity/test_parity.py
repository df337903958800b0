"""TFT gives what the reference gives, for configs and tables that hypothesis makes; FUZZ_CASES says how many."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from towerlab.configs import reference
from towerlab.configs.features import columns_in_both, sources
from towerlab.configs.outputs import outputs_of_both
from towerlab.configs.resolved import Step
from towerlab.domain.outputs import Dense
from towerlab.transforms.base import Source
from towerlab.transforms.fitted import Fitted

from tests.parity.making import Case, cases
from tests.parity.running import Ran, run

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(0)]

CASES = int(os.environ.get("FUZZ_CASES", "200"))
SEED = int(os.environ.get("FUZZ_SEED", "20"))
CHUNK, PROCESSES = 20, 2
QUANTILE_ERROR = 0.1  # of a bucket: the epsilon that bucketize asks TFT for


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    return run(tmp_path_factory.mktemp("cases"), cases(CASES, SEED), CHUNK, PROCESSES)


def test_there_are_enough_cases_of_every_kind(ran: list[Ran]) -> None:
    assert len(ran) >= CASES
    used = {step.transform.key for made in ran for feature, _ in _features(made.case) for step in feature.producing}
    assert {"vocabulary", "normalize", "bucketize", "cyclical", "hashing", "multi_hot"} <= used
    assert any(tower.crosses for made in ran for tower in made.case.resolved.towers)


def test_outputs_equal_the_reference_given_what_was_fitted(ran: list[Ran]) -> None:
    assert not [fault for made in ran for fault in differences(made)]


def differences(made: Ran) -> Iterator[str]:
    """Ids and buckets exactly, numbers to 1e-5 relative and 1e-6 absolute."""
    for name, expected in reference.outputs(made.case.resolved, made.fitted, made.case.rows).items():
        found = made.outputs[name]
        if (found.dtype, found.shape) != (expected.dtype, expected.shape):
            yield f"{name}: {found.dtype} {found.shape} instead of {expected.dtype} {expected.shape}"
            continue
        as_numbers = np.isclose(found, expected, rtol=1e-5, atol=1e-6)
        equal = found == expected if expected.dtype == np.int64 else as_numbers
        if not equal.all():
            row = int(np.argmin(equal.reshape(len(equal), -1).all(axis=1)))
            values = {key: values[row] for key, values in made.case.rows.items()}
            yield f"{name}: {found[row]} instead of {expected[row]} for {values} in {made.case.resolved.as_lists()}"


def test_vocabularies_are_found_exactly(ran: list[Ran]) -> None:
    for made in ran:
        assert made.fitted.vocabularies == made.exact.vocabularies


def test_numbers_are_found_exactly_and_sums_to_rounding(ran: list[Ran]) -> None:
    for made in ran:
        for name, exact in made.exact.numbers.items():
            found = made.fitted.numbers[name]
            if name.endswith("_sum"):
                assert abs(found - exact) <= 1e-12 * max(abs(v) for v in _values_behind(made, name)), name
            else:
                assert found == exact, name


def test_boundaries_are_found_exactly_while_the_sketch_holds_every_value(ran: list[Ran]) -> None:
    for made in ran:
        for name, boundaries in made.exact.boundaries.items():
            assert boundaries in ((), made.fitted.boundaries[name]), name


def test_boundaries_are_quantiles_within_the_stated_error(ran: list[Ran]) -> None:
    """Boundary i of n stands where i/n of the values lie at or below it, give or take 0.1 of a bucket and one row."""
    for made in ran:
        for name, boundaries in made.fitted.boundaries.items():
            offsets = np.sort(np.array(_offsets(made, name), np.float64))
            if not len(offsets):
                continue
            wanted = np.arange(1, len(boundaries) + 1) / (len(boundaries) + 1)
            slack = QUANTILE_ERROR / (len(boundaries) + 1) + 1 / len(offsets)
            below = np.searchsorted(offsets, boundaries, side="left") / len(offsets)
            up_to = np.searchsorted(offsets, boundaries, side="right") / len(offsets)
            assert (below <= wanted + slack).all(), name
            assert (up_to >= wanted - slack).all(), name


def test_equal_settings_share_a_vocabulary_and_different_ones_keep_two(ran: list[Ran]) -> None:
    shared = kept_apart = 0
    for made in ran:
        outputs = [entry.output for side in outputs_of_both(made.case.resolved).values() for entry in side]
        files = [output.vocabulary for output in outputs if not isinstance(output, Dense) and output.vocabulary]
        assert set(files) == set(made.fitted.vocabularies)
        shared += len(set(files)) < len(files)
        kept_apart += len(columns_in_both(made.case.resolved)) > 0 and len(set(files)) == len(files) > 1
    assert CASES < 200 or (shared and kept_apart)


def _features(case: Case) -> Iterator[tuple[Any, Source]]:
    at = sources(case.resolved)
    for tower in case.resolved.towers:
        for feature in tower.features:
            yield feature, at[tower.side, feature.column]


def _values_behind(made: Ran, analysis: str) -> list[float]:
    """The finite values that the analysis saw, after what prepares them."""
    for feature, source in _features(made.case):
        x = reference.prepared(feature, source, made.case.rows)
        for step in feature.producing:
            if analysis in _analyses(step, source, x):
                return [0.0, *x[np.isfinite(x)].tolist()]
    raise AssertionError(analysis)


def _analyses(step: Step, source: Source, x: Any) -> set[str]:
    found: Fitted = step.transform.fit(source, step.params, x)
    return {*found.numbers, *found.boundaries}


def _offsets(made: Ran, analysis: str) -> list[float]:
    values = np.array(_values_behind(made, analysis)[1:])
    return np.sort(values - values.min()).astype(np.float32).tolist() if len(values) else []
