"""Who may knock: hosts, origins and content types on every port, known callers on internal ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask import Flask, Response, current_app, request

from towerlab.domain.errors import Problem
from towerlab.ports.identity import Identity
from towerlab.runtime.problems import problem

ALIVE = (
    "/healthz"  # any host will do: whatever probes a container calls it by an address of its own, and learns nothing
)
OPEN_PATHS = frozenset({ALIVE, "/readyz"})
BODY_KINDS = "TOWERLAB_BODY_KINDS"  # in app.config: {endpoint: content types it takes}; the others take JSON
JSON = frozenset({"application/json"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def install(
    app: Flask, allowed_hosts: Sequence[str], callers: Identity | None = None, origins: Collection[str] = ()
) -> None:
    """Refuse what does not come from an allowed host and origin, is no JSON, or, with `callers`, from none of them.
    Pages of an allowed host may call, and those of `origins`.

    An allowed host without a port allows all its ports. A page of another site can reach a loopback port through the
    reader's browser: it betrays itself by its Origin, or by a host name that it made point here.
    """
    hosts = frozenset(host.lower() for host in allowed_hosts)

    @app.before_request
    def refuse() -> Response | None:
        fault = (None if request.path == ALIVE else _host_fault(hosts)) or _origin_fault(hosts, origins)
        if fault is None and callers is not None and request.path not in OPEN_PATHS:
            callers.who(dict(request.headers.items()))  # raises Unidentified and NotAllowed
        return fault or _content_fault()


def _host_fault(hosts: frozenset[str]) -> Response | None:
    if _is_allowed(request.headers.get("Host", ""), hosts):
        return None
    return _refusal(403, "host_not_allowed", "this host name is not allowed here", "See TOWERLAB_ALLOWED_HOSTS.")


def _origin_fault(hosts: frozenset[str], origins: Collection[str]) -> Response | None:
    origin = request.headers.get("Origin")
    if origin is None or origin in origins:
        return None
    scheme, _, host = origin.partition("://")
    if scheme in ("http", "https") and _is_allowed(host, hosts):
        return None
    return _refusal(
        403, "origin_not_allowed", "pages of this origin may not call this service", "See TOWERLAB_ALLOWED_ORIGINS."
    )


def _is_allowed(host: str, hosts: frozenset[str]) -> bool:
    host = host.lower()
    name, colon, port = host.rpartition(":")
    without_port = name if colon and port.isdecimal() else host
    return host in hosts or without_port in hosts


def _content_fault() -> Response | None:
    taken = current_app.config.get(BODY_KINDS, {}).get(request.endpoint, JSON)
    if request.method not in _WITH_BODY or request.routing_exception is not None or request.mimetype in taken:
        return None
    if taken == JSON and not (request.mimetype or request.content_length or "Transfer-Encoding" in request.headers):
        return None  # nothing is sent, and nothing is said of it
    kinds = " or ".join(sorted(taken))
    remedy = f"Send the header 'Content-Type: {kinds}', unless there is no body."
    return _refusal(415, "content_type", f"only {kinds} is taken here", remedy)


def _refusal(status: int, code: str, message: str, remedy: str) -> Response:
    return problem(status, message, [Problem("", code, message, remedy)])
