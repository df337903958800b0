"""Recall and loss of a quick test of the shipped sample equal their definitions in plain numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import by_definition
import chain
import independent
import numpy as np
import pipeline_jobs as jobs
import pytest
import retail_config
import towers
from quick_tests import Sample
from towerlab.configs.features import feature_keys

PERCENT = 60
SOME = "(FROM '{}' WHERE CustomerID IS NULL OR hash(CustomerID) % 40 = 0)"
PLAIN = {"logq": False, "prior": False, "remove_accidental_hits": False}


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a quick test of some of the sample's customers."""
    folder = tmp_path_factory.mktemp("retail")
    snapshot = jobs.snapshot_of(SOME.format(jobs.ONLINE_RETAIL), folder / "snapshot.parquet")
    plan = jobs.plan(sample_percent=PERCENT, split="time")
    return chain.whole(folder, snapshot, plan, _settings())


def _settings(**changes: Any) -> dict[str, Any]:
    return jobs.settings(epochs=2, batch_size=512, **changes)


def _agreement(source: Path, trained: Path, settings: dict[str, Any]) -> independent.Agreement:
    """`source` has what the Trainer was given, `trained` what it left behind."""
    config = retail_config.resolved()
    sample = Sample(source / "snapshot.parquet", jobs.RETAIL_ROLES, "time", PERCENT)
    given = {name: source / name for name in ("examples", "transformed_examples", "transform_graph")}
    left = {name: trained / name for name in ("model", "model_run")}
    keys = dict(feature_keys(config))
    test = towers.QuickTest(**given, **left, trainer=source / "modules/trainer.py", settings=settings, keys=keys)
    return independent.agreement(independent.Case("retail", config, sample, settings), test)


def test_recall_loss_ranks_and_candidates_are_those_of_the_definitions(retail: Path) -> None:
    found = _agreement(retail, retail, _settings())
    assert [figure.name for figure in found.figures] == [
        "recall@10", "recall@50", "recall@100", "loss, epoch 1", "loss, epoch 2"
    ]  # fmt: skip
    assert found.faults == []
    sampled = {*found.protocol.judged_product, *found.protocol.trained_product}
    assert len(found.candidates) > len(sampled)  # the catalogue is that of the full data


def test_so_they_are_without_corrections(retail: Path, tmp_path: Path) -> None:
    settings = _settings(**PLAIN)
    assert _agreement(retail, chain.trained_again(retail, tmp_path, settings), settings).faults == []


def test_a_loss_without_the_log_q_correction_is_found_out(retail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_definition, "log_shares", lambda _, products: np.zeros(products))
    assert _agreement(retail, retail, _settings()).faults == ["retail: loss, epoch 1", "retail: loss, epoch 2"]


def test_ties_count_against_the_model_and_ranks_off_by_one_are_found_out() -> None:
    query, candidate = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[2.0, 0.0], [2.0, 1.0], [1.0, 3.0], [2.0, 3.0]])
    found = by_definition.places(query, candidate, np.array([0, 2]))
    assert found.place.tolist() == [2, 1]
    assert found.unexplained(np.array([3, 0])).tolist() == [True, False]


def test_the_loss_of_two_rows_is_that_of_two_sigmoids() -> None:
    query, candidate = np.array([[1.0], [2.0]]), np.array([[3.0], [0.5]])
    log_q = np.log([0.8, 0.2])
    expected = np.log1p(np.exp((0.5 - log_q[1]) - (3.0 - log_q[0]))) + np.log1p(
        np.exp((6.0 - log_q[0]) - (1.0 - log_q[1]))
    )
    assert by_definition.batch_loss(query, candidate, np.array([4, 7]), log_q, True) == pytest.approx(expected)
    assert by_definition.batch_loss(query, candidate, np.array([4, 4]), log_q, True) == pytest.approx(0.0)
