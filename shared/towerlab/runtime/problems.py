"""Errors as RFC 9457 problem JSON: one table for every service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from towerlab.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Problem, TowerlabError, Unidentified
from towerlab.ports.errors import AlreadyExists, RevisionConflict, Transient
from towerlab.runtime.logs import correlation_id, logger

RETRY_AFTER_SECONDS = "2"
MAX_PROBLEMS = 1000
_IN_OUR_WORDS = {
    400: "this is no proper HTTP request",
    404: "nothing is served under this path",
    405: "this path does not take that method",
    413: "the request is too large",
}
_REMEDIES = {
    400: "Send one JSON object in UTF-8; /api/docs/ has an example for every path.",
    401: "Send an ID token in the header Authorization: Bearer.",
    403: "Ask whoever keeps this installation's roles.",
    404: "GET /api/openapi.json lists every path; ids come from the lists.",
    405: "The header Allow names the methods that are taken.",
    413: "Send less.",
    415: "Set the header Content-Type to what is sent; /api/docs/ names what is taken.",
    428: "Read it first; its answer carries the ETag.",
}
_log = logger(__name__)


def problem(status: int, detail: str, problems: Sequence[Problem] = ()) -> Response:
    """A problem answer; `problems` become its `errors`."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [asdict(one) for one in _bounded(problems)],
        "correlation_id": correlation_id(),
    }
    answer = Response(current_app.json.dumps(body), status=status, mimetype="application/problem+json")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return answer


def _bounded(problems: Sequence[Problem]) -> Sequence[Problem]:
    """All of them, unless a request has so many that the answer would dwarf it."""
    if len(problems) <= MAX_PROBLEMS:
        return problems
    more = Problem("", "more", f"these are the first {MAX_PROBLEMS} of {len(problems)} faults", "Mend these.")
    return [*problems[:MAX_PROBLEMS], more]


def install(app: Flask) -> None:
    """Let every error that reaches Flask leave as a problem."""
    app.register_error_handler(TowerlabError, _of_towerlab)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_unknown)


def _of_towerlab(error: TowerlabError) -> Response:
    match error:
        case Invalid():
            return problem(422, f"{len(error.problems)} fault(s) in the request", error.problems)
        case NotFound():
            return problem(404, str(error), [Problem("", "not_found", str(error), _REMEDIES[404])])
        case Conflict():
            return problem(409, str(error), [Problem("", error.code, str(error), error.remedy)])
        case Unidentified():
            answer = problem(401, str(error), [Problem("", "unidentified", str(error), _REMEDIES[401])])
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        case NotAllowed():
            return problem(403, str(error), [Problem("", "not_allowed", str(error), _REMEDIES[403])])
        case AlreadyExists():
            return _raced(409, "it was created by another request at the same moment")
        case RevisionConflict():
            status = 412 if request.headers.get("If-Match") else 409
            return _raced(status, "it was changed since it was read")
        case Transient():
            _log.warning("unavailable", reason=str(error))
            return problem(503, "a part of the installation does not answer", [_again("unavailable", str(error))])
    return _of_unknown(error)


def _raced(status: int, message: str) -> Response:
    return problem(status, message, [Problem("", "changed", message, "Read it again and repeat your change.")])


def _again(code: str, message: str) -> Problem:
    return Problem("", code, message, "Try again in a few seconds.")


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    is_ours = error.description not in (None, type(error).description)
    detail = str(error.description) if is_ours else _IN_OUR_WORDS.get(status, HTTPStatus(status).phrase)
    answer = problem(status, detail, [Problem("", _code(status), detail, _REMEDIES.get(status, ""))])
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _code(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")


def _of_unknown(error: Exception) -> Response:
    _log.error("unexpected error", exc_info=error, method=request.method, path=request.path)
    detail = "something unexpected happened; the log has it under this correlation id"
    return problem(500, detail, [Problem("", "internal", detail, "Report it with the correlation id.")])
