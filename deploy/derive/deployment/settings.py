"""The settings that a service on Google Cloud reads, found by reading them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from towerlab.runtime.settings import SettingsError, settings_from

MADE_UP = {
    "TOWERLAB_PLATFORM": "google",
    "TOWERLAB_ARTIFACTS": "gs://bucket/artifacts",
    "TOWERLAB_PIPELINE_ROOT": "gs://bucket/pipelines",
    "TOWERLAB_SNAPSHOTS": "project.dataset",
    "TOWERLAB_AUDIENCES": "audience",  # with a login, roles are read too
}
LEFT_ALONE: Mapping[str, str] = {
    "TOWERLAB_LOG": "json wherever no terminal is",
    "TOWERLAB_STREAM_SECONDS": "the default is below Cloud Run's request timeout",
    "TOWERLAB_VERTEX_ENDPOINT": "for private endpoints",
    "TOWERLAB_TOKEN_CERTS": "for stand-ins of Google's keys",
}  # optional settings that no deployment sets, and why


class Recording(Mapping[str, str]):
    """An environment that remembers what it was asked for. What `given` does not say has some value that will do."""

    def __init__(self, given: Mapping[str, str], without: str = "") -> None:
        self._given, self._without = given, without
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        if name == self._without or name not in self._given:
            raise KeyError(name)
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def settings() -> dict[str, Any]:
    """The names: those without which no service starts, and the others. Every service reads all of them."""
    complete = _complete(dict(MADE_UP))
    everything = Recording(complete)
    settings_from(everything)
    required = {name for name in complete if name in MADE_UP or _is_needed(complete, name)} - {"TOWERLAB_AUDIENCES"}
    optional = everything.asked - required
    return {
        "required": sorted(required),
        "optional": sorted(optional - LEFT_ALONE.keys()),
        "left_alone": dict(sorted(LEFT_ALONE.items())),
    }


def _complete(given: dict[str, str]) -> dict[str, str]:
    """`given` with whatever else the settings need: each complaint names one more."""
    while True:
        try:
            settings_from(given)
        except SettingsError as error:
            name = str(error).partition(" ")[0]
            if name in given:
                raise
            given[name] = "made-up"
        else:
            return given


def _is_needed(complete: Mapping[str, str], name: str) -> bool:
    try:
        settings_from(Recording(complete, without=name))
    except SettingsError:
        return True
    return False
