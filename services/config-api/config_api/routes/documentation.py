"""The OpenAPI document and the page to browse it; the page loads nothing from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app
from werkzeug.exceptions import NotFound

from config_api.openapi.document import document

routes = Blueprint("documentation", __name__, url_prefix="/api")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FOLDER = Path(__file__).resolve().parent.parent / "docs"
KINDS = {"page.css": "text/css", "page.js": "text/javascript", "index.html": "text/html"}
_EXTENSION = "towerlab-openapi"


@routes.get("/openapi.json")
def openapi() -> dict[str, Any]:
    known: dict[str, Any] = current_app.extensions.setdefault(_EXTENSION, {})
    if not known:
        known.update(document(current_app))
    return known


@routes.get("/docs/")
def page() -> Response:
    return _file("index.html")


@routes.get("/docs/<string:name>")
def asset(name: str) -> Response:
    if name not in KINDS:
        raise NotFound(f"The documentation has no file {name!r}.")
    return _file(name)


def _file(name: str) -> Response:
    answer = Response(_content(name), mimetype=KINDS[name])
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@cache
def _content(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
