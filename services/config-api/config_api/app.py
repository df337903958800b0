"""The two applications of this service: the public API, and the internal port that the bus pushes to."""

from __future__ import annotations

from flask import Flask
from towerlab.domain.quicktest import RUN_BY_PIPELINE
from towerlab.events.catalog import CONFIG_API
from towerlab.runtime.announce import CALLED
from towerlab.runtime.guard import BODY_KINDS
from towerlab.runtime.push import reacting_app
from towerlab.runtime.service import service_app
from towerlab.runtime.wiring import Deps, begin

from config_api import access, origins, page, upload_kinds
from config_api.bodies import MAX_BYTES
from config_api.http import equip
from config_api.reactions import HANDLERS
from config_api.routes import (
    audit,
    boards,
    bundles,
    comparing,
    configs,
    datasets,
    dead_letters,
    documentation,
    events,
    exchange,
    explorations,
    following,
    predicting,
    quick_tests,
    recommending,
    registrations,
    reruns,
    transforms,
    uploads,
)


def create_public(deps: Deps | None = None) -> Flask:
    """The API that people and pages call."""
    deps = deps or begin(CONFIG_API, "identity")
    app = service_app(CONFIG_API, deps, internal=False, origins=deps.settings.allowed_origins)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    app.config[BODY_KINDS] = {
        upload_kinds.ENDPOINT: frozenset(upload_kinds.ENDINGS),
        exchange.IMPORT: exchange.KINDS,
    }
    equip(app, deps)
    origins.install(app, deps)
    access.install(app, deps)
    page.install(app, deps)
    for module in (
        audit,
        boards,
        bundles,
        comparing,
        configs,
        datasets,
        dead_letters,
        documentation,
        events,
        exchange,
        explorations,
        predicting,
        quick_tests,
        recommending,
        registrations,
        reruns,
        transforms,
        uploads,
    ):
        app.register_blueprint(module.routes)
    for of in RUN_BY_PIPELINE:
        app.register_blueprint(
            following.routes, name=of.kind, url_prefix=f"/api/{CALLED[of].name}s/<id:test_id>", url_defaults={"of": of}
        )
    return app


def create_internal(deps: Deps | None = None) -> Flask:
    """POST /events/ for the bus."""
    deps = deps or begin(CONFIG_API)
    return reacting_app(CONFIG_API, HANDLERS, deps)
