"""A Flask application as every service has it: logs, problems, guard, strict JSON and health."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NoReturn

from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider

from towerlab.domain.errors import TowerlabError
from towerlab.ports.documents import Key
from towerlab.runtime import guard, logs, problems
from towerlab.runtime.wiring import Deps

MAX_BODY_BYTES = 8 * 1024 * 1024
_QUIET = ("/healthz", "/readyz", "/tasks/")  # asked every second; logged when they fail
_log = logs.logger(__name__)


class StrictJson(DefaultJSONProvider):
    """JSON as RFC 8259 has it: no NaN, no Infinity, in neither direction; fields in the order they were written."""

    sort_keys = False

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(obj, allow_nan=False, **kwargs)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return json.loads(s, parse_constant=_refuse_constant, **kwargs)


def service_app(service: str, deps: Deps, *, internal: bool, origins: Collection[str] = ()) -> Flask:
    """The empty application of `service`; an internal one wants a known caller on all but its health. Pages of
    `origins` may call it."""
    logs.configure(service, deps.settings.log)
    app = Flask(service, static_folder=None)
    app.json = StrictJson(app)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.strict_slashes = False
    _correlate(app, deps)
    guard.install(app, deps.settings.allowed_hosts, deps.callers if internal else None, origins)
    problems.install(app)
    _add_health(app, deps)
    return app


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _correlate(app: Flask, deps: Deps) -> None:
    @app.before_request
    def take() -> None:
        id = logs.accepted(request.headers.get(logs.HEADER), otherwise=deps.ids.new())
        g.correlation_id = id
        logs.bind_correlation(id)

    @app.after_request
    def give(answer: Response) -> Response:
        answer.headers[logs.HEADER] = g.get("correlation_id", "")
        if answer.status_code >= 400 or not request.path.startswith(_QUIET):
            _log.info("answered", method=request.method, path=request.path, status=answer.status_code)
        return answer


def _add_health(app: Flask, deps: Deps) -> None:
    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> tuple[dict[str, str], int]:
        try:
            deps.documents.find(Key("dataset", "readiness"))
        except TowerlabError as error:
            return {"status": "not ready", "reason": str(error)}, 503
        return {"status": "ready"}, 200
