"""Who asks, and whether they may: looked at once, before any route."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request
from towerlab.configs.config import FeatureConfig
from towerlab.domain.access import Role
from towerlab.domain.errors import NotAllowed
from towerlab.domain.exploration import Exploration
from towerlab.domain.quicktest import QuickTest
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api.named_tests import MOST, split

OPEN = frozenset({"healthz", "readyz"})
READS = frozenset({"GET", "HEAD", "OPTIONS"})
# What any person with some role may do: these show nothing of a dataset, or sort out themselves whose they show.
OF_NO_DATASET = frozenset(
    {
        "transforms",
        "documentation",
        "event_types",
        "datasets.datasets",
        "uploads.post_upload",
        "recommending.templates",
    }
)
OF_ADMINISTRATORS = frozenset({"dead_letters"})
COMPARING, CREATING = "comparing.diff", "configs.post_config"
SIDE_BY_SIDE = "comparing.compare"
RECOMMENDED = frozenset({"quick_test.recommended", "full_training.recommended"})
ASKING_BY_POST = ("/preview/", "/cross-recommendation/", "/preview", "/cross-recommendation")


def install(app: Flask, deps: Deps) -> None:
    """Let `g.actor` be who asks, and refuse what their role does not allow. Raises Unidentified and NotAllowed."""

    @app.before_request
    def admit() -> None:
        if request.endpoint in OPEN or request.routing_exception is not None:
            return
        g.actor = deps.identity.who(dict(request.headers.items()))
        if not deps.settings.access.open:
            _demand(deps, g.actor)


def _demand(deps: Deps, person: str) -> None:
    access, role = deps.settings.access, _role_needed()
    if _is_of_no_dataset():
        allowed = access.knows(person, role)
    else:
        allowed = all(access.allows(person, role, dataset_id) for dataset_id in _dataset_ids(deps))
    if not allowed:
        raise NotAllowed(f"{person} does not have the role {role.name.lower()} that this takes")


def _is_of_no_dataset() -> bool:
    endpoint = request.endpoint or ""
    return endpoint in OF_NO_DATASET or endpoint.partition(".")[0] in OF_NO_DATASET


def _role_needed() -> Role:
    if request.blueprint in OF_ADMINISTRATORS:
        return Role.ADMIN
    if request.method in READS or request.path.endswith(ASKING_BY_POST):
        return Role.VIEWER
    deletes_dataset = request.method == "DELETE" and "dataset_id" in (request.view_args or {})
    return Role.ADMIN if deletes_dataset else Role.EDITOR


def _dataset_ids(deps: Deps) -> list[str | None]:
    """The datasets that the request is about. None among them: all datasets, or one that is not there."""
    named = request.view_args or {}
    own = [str(named["dataset_id"])] if "dataset_id" in named else []
    tests = [records.find(deps.documents, of, test) for of, test in _tests()]
    configs = [records.find(deps.documents, FeatureConfig, config) for config in _configs()]
    explorations = [records.find(deps.documents, Exploration, id) for id in _explorations()]
    of_others = [held.value.dataset_id if held else None for held in (*tests, *configs, *explorations)]
    return [*own, *of_others] or [None]


def _tests() -> list[tuple[type[QuickTest], str]]:
    """The tests that the request names, each with its kind: in its path, beside that one, as those to compare."""
    if request.endpoint == SIDE_BY_SIDE:
        return [(QuickTest, test) for test in split(request.args.get("tests"))[: MOST + 1]]
    path = request.view_args or {}
    named = [(path["of"], str(path["test_id"]))] if "test_id" in path else []
    beside = request.args.get("beside") if request.endpoint in RECOMMENDED else None
    return [*named, (QuickTest, beside)] if beside else named


def _configs() -> list[str]:
    """The configs that the request names: in its path, as those to compare, as the one to start from."""
    if request.endpoint == SIDE_BY_SIDE:
        return [name.partition("@")[0] for name in split(request.args.get("configs"))[: MOST + 1]]
    if request.endpoint == COMPARING:
        return [request.args.get(side, "").partition("@")[0] for side in ("left", "right")]
    if request.endpoint == CREATING:
        return _cloned(request.get_json(silent=True))
    return [str(request.view_args["config_id"])] if request.view_args and "config_id" in request.view_args else []


def _explorations() -> list[str]:
    named = request.view_args or {}
    return [str(named["exploration_id"])] if "exploration_id" in named else []


def _cloned(body: Any) -> list[str]:
    start = body.get("start_from") if isinstance(body, dict) else None
    config = start.get("config_id") if isinstance(start, dict) else None
    return [config] if isinstance(config, str) else []
