"""The push endpoint of a reacting service: one envelope in, one handler, one commit, one status out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from flask import Flask, Response, request

from towerlab.events.catalog import comes_from_outside
from towerlab.events.codec import MalformedEvent, NewerEvent, event_of_push
from towerlab.events.envelope import Event
from towerlab.events.judging import misfit
from towerlab.ports.errors import AlreadyExists
from towerlab.runtime import dead_letters, inbox
from towerlab.runtime.logs import accepted, bind_correlation, correlation_id, logger
from towerlab.runtime.outcomes import Done, Duplicate, Handler, Outcome, Reject, Retry
from towerlab.runtime.problems import problem
from towerlab.runtime.service import service_app
from towerlab.runtime.wiring import Deps

__all__ = ["Done", "Duplicate", "Handler", "Outcome", "Reject", "Retry", "Task", "reacting_app"]

Task = Callable[[Deps], object]
_log = logger(__name__)


def reacting_app(
    service: str, handlers: Mapping[str, Handler], deps: Deps, tasks: Mapping[str, Task] | None = None
) -> Flask:
    """An internal application with POST /events/ and /dead-letters/, and POST /tasks/<name> for each of `tasks`."""
    app = service_app(service, deps, internal=True)

    @app.post("/events/")
    def events() -> Response:
        return _receive(deps, service, handlers)

    dead_letters.install(app, deps)
    for name, task in (tasks or {}).items():
        app.add_url_rule(f"/tasks/{name}", f"task_{name}", _runner(deps, task), methods=["POST"])
    return app


def _runner(deps: Deps, task: Task) -> Callable[[], Response]:
    def run() -> Response:
        task(deps)
        return Response(status=204)

    return run


def _receive(deps: Deps, service: str, handlers: Mapping[str, Handler]) -> Response:
    body = request.get_json()
    try:
        event = event_of_push(body)
    except MalformedEvent as error:
        return _set_aside(deps, service, str(error))
    except NewerEvent as error:
        return _newer(deps, service, error, body)
    return _handled(deps, service, event, _handler(handlers, event), body)


def _newer(deps: Deps, service: str, error: NewerEvent, body: Mapping[str, object]) -> Response:
    """Our own services run side by side with their next release for a moment: the next attempt meets newer code. Other
    domains change their schemas when they like, so that here nobody knows when a retry would help."""
    if not comes_from_outside(error.event.type):
        return _answer(Retry(str(error)))
    return _handled(deps, service, error.event, _rejecting(str(error)), body)


def _handled(deps: Deps, service: str, event: Event, handler: Handler, body: Mapping[str, object]) -> Response:
    bind_correlation(accepted(event.correlation_id, correlation_id()))
    outcome = inbox.handle_once(deps, service, replace(event, correlation_id=correlation_id()), handler)
    told = {"event_id": event.id, "event_type": event.type, "outcome": type(outcome).__name__}
    _log.info("handled", **told, **_attempt(body))
    return _answer(outcome)


def _handler(handlers: Mapping[str, Handler], event: Event) -> Handler:
    if event.type not in handlers:
        return _rejecting(f"this service does not react to {event.type}")
    unfit = misfit(event)
    return _rejecting(unfit) if unfit else handlers[event.type]


def _rejecting(reason: str) -> Handler:
    return lambda _, __: Reject(reason)


def _attempt(body: Mapping[str, object]) -> Mapping[str, object]:
    """Which delivery of it this is, where the bus counts them."""
    return {"attempt": body["deliveryAttempt"]} if "deliveryAttempt" in body else {}


def _set_aside(deps: Deps, service: str, reason: str) -> Response:
    """Keep an envelope that holds no event; the same one again is kept once."""
    content = request.get_data()
    id = f"{service}.malformed-{hashlib.sha256(content).hexdigest()[:32]}"
    text = content.decode("utf-8", "replace")[:10_000]
    try:
        deps.documents.commit([inbox.dead_letter(deps, service, id, "", reason, text)])
    except AlreadyExists:
        _log.info("malformed again", dead_letter=id)
    _log.warning("malformed", dead_letter=id, reason=reason)
    return Response(status=204)


def _answer(outcome: Outcome) -> Response:
    match outcome:
        case Retry(reason):
            return problem(503, reason)
        case Reject(reason):
            _log.warning("rejected", reason=reason)
    return Response(status=204)
