"""Experiment tracking: a place to look at runs. Never the source of truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class TrackedRun:
    """What the trainer logged. `curves` maps a metric to its values by step."""

    run_id: str
    url: str
    metrics: Mapping[str, float]
    curves: Mapping[str, tuple[tuple[int, float], ...]]


class Tracking(Protocol):
    def find_run(self, run_id: str) -> TrackedRun | None:
        """The run, None when the server does not know it. Raises Transient."""

    def add_figures(self, run_id: str, metrics: Mapping[str, float], tags: Mapping[str, str]) -> None:
        """Log figures and tags beside what the trainer logged; the same again changes nothing. Raises Transient."""
