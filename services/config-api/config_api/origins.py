"""Front ends elsewhere: what a browser must be told before their pages may call the API (CORS)."""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask, Response, request
from towerlab.runtime.wiring import Deps

METHODS = "GET, POST, PUT, DELETE"
SENT = "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID"
READ = "ETag, Location, Retry-After, Idempotent-Replayed"
REMEMBERED_SECONDS = "600"


def install(app: Flask, deps: Deps) -> None:
    """Let pages of the allowed origins call `app`, with a token of their own: cookies are not for them."""
    origins = deps.settings.allowed_origins

    @app.before_request
    def asked_before() -> Response | None:
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers or not _of(origins):
            return None
        answer = Response(status=204)
        answer.headers["Access-Control-Allow-Methods"] = METHODS
        answer.headers["Access-Control-Allow-Headers"] = SENT
        answer.headers["Access-Control-Max-Age"] = REMEMBERED_SECONDS
        return answer

    @app.after_request
    def allow(answer: Response) -> Response:
        if origins:
            answer.vary.add("Origin")
        if _of(origins):
            answer.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            answer.headers["Access-Control-Expose-Headers"] = READ
        return answer


def _of(origins: Collection[str]) -> bool:
    return request.headers.get("Origin") in origins
