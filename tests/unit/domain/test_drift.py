"""Lines of comparable tests over snapshots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from towerlab.domain.drift import line_key, lines
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import Result

from tests.unit.config_api.building import result_of
from tests.unit.worlds import START, a_test

PROTOCOL = {"split": "time", "epochs": 2}


def result(number: int, at_100: float, version: int = 1, **protocol: Any) -> Result:
    test: QuickTest = replace(a_test(f"t{number}", "c1", START), version=version)
    shown = {**PROTOCOL, "snapshot_id": f"s{number}", "key": f"k{number}", **protocol}
    return replace(result_of(test, at_100), protocol=shown, completed_at=f"2026-03-{number:02}T00:00:00.000000Z")


def test_a_line_runs_over_snapshots_and_over_nothing_else() -> None:
    found = lines([result(3, 0.2), result(1, 0.2), result(2, 0.2, epochs=3), result(4, 0.2, version=2), result(5, 0.2)])
    assert [[one.test_id for one in line.results] for line in found] == [["t1", "t3", "t5"], ["t4"], ["t2"]]
    assert {line_key(one.protocol) for one in found[0].results} == {found[0].key}


def test_a_result_outside_the_first_ones_interval_has_left_it() -> None:
    (line,) = lines([result(1, 0.20), result(2, 0.24), result(3, 0.26), result(4, 0.14)])
    assert [line.has_left(one) for one in line.results] == [False, False, True, True]
