"""towerlab prediction-report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.config_api.calling import Caller
from tests.unit.config_api.test_predicting import path

__all__ = ["path"]


@pytest.mark.usefixtures("path")
def test_the_report_is_shown_by_name_and_by_id(run: Run, dataset: dict[str, Any]) -> None:
    shown = run("prediction-report", "Retail")
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout == run("prediction-report", dataset["id"]).stdout
    assert "tau    0.60 [" in shown.stdout
    assert "loses 0.5 points" in shown.stdout
    assert "=cmd|3 <b>" in shown.stdout


def test_json_is_what_the_api_gives(run: Run, api: Caller, dataset: dict[str, Any], path: str) -> None:
    assert json.loads(run("prediction-report", dataset["id"], "--json").stdout) == api.get(path)


@pytest.mark.usefixtures("path")
def test_protocols_can_be_chosen_and_unknown_ones_are_refused(run: Run) -> None:
    chosen = run("prediction-report", "Retail", "--quick", "quick-key", "--full", "full-key")
    assert chosen.exit_code == 0
    refused = run("prediction-report", "Retail", "--quick", "x")
    assert refused.exit_code == 1
    assert "/quick: nothing was tested under this protocol" in refused.stderr


def test_without_enough_tests_the_remedy_is_told(run: Run) -> None:
    refused = run("prediction-report", "Retail")
    assert refused.exit_code == 1
    assert "Test some configs with 100 % of the data too" in refused.stderr


def test_an_unknown_dataset_is_told_with_those_that_there_are(run: Run) -> None:
    refused = run("prediction-report", "Retial")
    assert (refused.exit_code, "'Retail'" in refused.stderr) == (1, True)
