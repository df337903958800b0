"""Experiment tracking: a place to look at runs. Never the source of truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class TrackedRun:
    """What the trainer logged. `curves` maps a metric to its values by step; `files` is where the run's files are."""

    run_id: str
    url: str
    metrics: Mapping[str, float]
    curves: Mapping[str, tuple[tuple[int, float], ...]]
    files: str = ""


class Tracking(Protocol):
    def find_run(self, run_id: str) -> TrackedRun | None:
        """The run, None when the server does not know it. Raises Transient."""

    def add_figures(
        self, run_id: str, metrics: Mapping[str, float], tags: Mapping[str, str], parameters: Mapping[str, str]
    ) -> None:
        """Log beside what the trainer logged; the same again changes nothing. Raises Transient."""

    def add_files(self, run: TrackedRun, files: Mapping[str, bytes]) -> None:
        """Keep files with the run, by relative path, if the server takes any; again replaces them. Raises Transient."""
