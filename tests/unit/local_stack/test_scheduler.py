"""Ticks go on whatever the services answer, and a failure is told without flooding the log."""

from __future__ import annotations

import threading

import pytest
from local_stack import scheduler
from local_stack.scheduler import TICKS, Tick, keep_ticking

TICK = Tick("metrics-collector", "/tasks/collect", 0.0)


def test_the_collector_and_the_sweep_are_asked() -> None:
    assert {(tick.service, tick.path, tick.seconds) for tick in TICKS} == {
        ("metrics-collector", "/tasks/collect", 1.0),
        ("quicktest-orchestrator", "/tasks/sweep", 15.0),
        ("quicktest-orchestrator", "/tasks/reruns", 60.0),
    }


def test_failures_end_nothing_and_are_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(scheduler, "_log", Log(told))
    stop, answers = threading.Event(), iter(["503"] * 61 + [""] * 2)

    def ask(_: Tick) -> str:
        answer = next(answers, None)
        if answer is None:
            stop.set()
        return answer or ""

    keep_ticking(TICK, ask, stop)
    assert told == ["task failed"] * 3 + ["task works again"]


class Log:
    def __init__(self, told: list[str]) -> None:
        self._told = told

    def warning(self, text: str, **_: object) -> None:
        self._told.append(text)

    info = warning
