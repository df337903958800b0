"""The settings that a service on Google Cloud reads, found by reading them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from towerlab.runtime.settings import SettingsError, settings_from

from deployment.reading import PORTS, WIRING, asked, modules, source
from deployment.services import DEPLOYMENTS, Deployment

MADE_UP = {
    "TOWERLAB_PLATFORM": "google",
    "TOWERLAB_ARTIFACTS": "gs://bucket/artifacts",
    "TOWERLAB_PIPELINE_ROOT": "gs://bucket/pipelines",
    "TOWERLAB_SNAPSHOTS": "project.dataset",
    "TOWERLAB_AUDIENCES": "audience",  # with a login, roles are read too
}
LEFT_ALONE: Mapping[str, str] = {
    "TOWERLAB_PUBLIC_URL": "no service tells anybody its own address",
    "TOWERLAB_LOG": "json wherever no terminal is",
    "TOWERLAB_STREAM_SECONDS": "the default is below Cloud Run's request timeout",
    "TOWERLAB_VERTEX_ENDPOINT": "for private endpoints",
    "TOWERLAB_TOKEN_CERTS": "for stand-ins of Google's keys",
}  # optional settings that no deployment sets, and why


BY_FIELD: Mapping[str, str] = {
    "allowed_hosts": "TOWERLAB_ALLOWED_HOSTS",
    "tracking_uri": "TOWERLAB_TRACKING_URI",
    "public_url": "TOWERLAB_PUBLIC_URL",
    "pipeline_template": "TOWERLAB_PIPELINE_TEMPLATE",
    "pipeline_lock": "TOWERLAB_PIPELINE_LOCK",
    "log": "TOWERLAB_LOG",
    "full_training": "TOWERLAB_FULL_TRAINING",
    "full_training_deadline_seconds": "TOWERLAB_FULL_TRAINING_DEADLINE_SECONDS",
    "test_deadline_seconds": "TOWERLAB_TEST_DEADLINE_SECONDS",
    "upload_bytes": "TOWERLAB_UPLOAD_MEGABYTES",
    "register_at_once_values": "TOWERLAB_REGISTER_AT_ONCE_VALUES",
    "page": "TOWERLAB_PAGE",
    "allowed_origins": "TOWERLAB_ALLOWED_ORIGINS",
    "stream_seconds": "TOWERLAB_STREAM_SECONDS",
    "audiences": "TOWERLAB_AUDIENCES",
    "access": "TOWERLAB_ROLES",
}  # the fields of Settings; a test compares


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
    """The names: those without which no service starts; of the others, those that each service makes use of."""
    complete = made_up()
    everything = Recording(complete)
    settings_from(everything)
    required = {name for name in complete if name in MADE_UP or _is_needed(complete, name)} - {"TOWERLAB_AUDIENCES"}
    optional = everything.asked - required
    place = {name for name in optional if name not in BY_FIELD.values()}  # every service reads where it is
    used = {one.name: (place | {BY_FIELD[field] for field in _fields(one)}) & optional for one in DEPLOYMENTS}
    return {
        "required": sorted(required),
        "optional": {name: sorted(names - LEFT_ALONE.keys()) for name, names in used.items()},
        "left_alone": dict(sorted(LEFT_ALONE.items())),
    }


def _fields(deployment: Deployment) -> frozenset[str]:
    """The fields of Settings that the deployment's modules take, and those that its ports' wiring takes."""
    own = {field for module in modules(deployment) for field in _taken(source(module))}
    return frozenset(own | {field for method in _wiring(PORTS & asked(deployment)) for field in _taken(method)})


def _wiring(names: Iterable[str]) -> Iterator[ast.FunctionDef]:
    """The wiring's methods of these names, and those that they use in turn."""
    nodes = [node for module in (WIRING, f"{WIRING}_google") for node in ast.walk(source(module))]
    methods = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    seen, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        for method in (method for method in methods if method.name == name):
            yield method
            used = {node.attr for node in ast.walk(method) if isinstance(node, ast.Attribute)} - seen
            seen |= used
            waiting.extend(used)


def _taken(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=field, value=ast.Attribute(attr="settings")) if field in BY_FIELD:
                yield field


def made_up() -> dict[str, str]:
    """An environment with all that the settings need and nothing real: each complaint of theirs names one more."""
    given = dict(MADE_UP)
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
