"""A quick test as it goes on, and what it leaves behind: a stream of its document, its ranks and recommendations."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator

from flask import Blueprint, Response, request
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import Result
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps
from werkzeug.exceptions import NotFound, ServiceUnavailable

from config_api.http import Answer, answer, deps, query
from config_api.lineage import lineage
from config_api.recommendations import recommendations
from config_api.schemas.queries import CustomerSchema
from config_api.watching import whole

routes = Blueprint("following", __name__, url_prefix="/api/quick-tests/<id:test_id>")
PARQUET = "application/vnd.apache.parquet"
LOOK_EVERY, SPEAK_EVERY = 0.5, 10.0  # seconds
_places = threading.BoundedSemaphore(4)  # each stream holds one of the server's threads


@routes.get("/events/")
def events(test_id: str) -> Response:
    """Server-sent events `quick-test`, each with the whole document, until the test has ended; then 204 for whoever has
    seen the end. A browser connects again by itself when the stream has lasted its time."""
    shown = _shown(deps(), test_id)
    if _is_final(shown) and request.headers.get("Last-Event-ID") == _id(shown):
        return Response(status=204)
    if not _places.acquire(blocking=False):
        raise ServiceUnavailable("Too many streams are open here; ask for the test itself every few seconds.")
    stream = Response(_events(deps(), test_id), mimetype="text/event-stream")
    stream.call_on_close(_places.release)
    stream.headers |= {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return stream


@routes.get("/ranks/")
def ranks(test_id: str) -> Response:
    """Every evaluation row's rank as Parquet, as all figures are computed from."""
    records.get(deps().documents, QuickTest, test_id)
    result = records.find(deps().documents, Result, test_id)
    if result is None:
        raise NotFound("A test has ranks once it is completed.")
    content = deps().artifacts.read(result.value.ranks_uri)
    answer = Response(content, mimetype=PARQUET)
    answer.headers["Content-Disposition"] = f'attachment; filename="ranks-{test_id}.parquet"'
    answer.set_etag(hashlib.sha256(content).hexdigest())
    answer.make_conditional(request)
    return answer


@routes.get("/recommendations/")
def recommended(test_id: str) -> Answer:
    """For some customers of the evaluation, or for one; of two tests side by side with `beside`."""
    return answer(recommendations(deps(), test_id, query(CustomerSchema())))


@routes.get("/lineage/")
def origin(test_id: str) -> Answer:
    return answer(lineage(deps(), test_id))


def _events(deps: Deps, test_id: str) -> Iterator[str]:
    end = time.monotonic() + deps.settings.stream_seconds
    told, spoke = "", time.monotonic()
    yield "retry: 2000\n\n"
    while True:
        shown = _shown(deps, test_id)
        if shown != told:
            told, spoke = shown, time.monotonic()
            yield f"id: {_id(shown)}\nevent: quick-test\ndata: {shown}\n\n"
        if _is_final(shown) or time.monotonic() >= end:
            return
        if time.monotonic() - spoke > SPEAK_EVERY:
            spoke = time.monotonic()
            yield ": still going on\n\n"
        time.sleep(LOOK_EVERY)


def _shown(deps: Deps, test_id: str) -> str:
    """The document as one line of JSON."""
    test = records.get(deps.documents, QuickTest, test_id).value
    return json.dumps(whole(deps.documents, test), allow_nan=False)


def _is_final(shown: str) -> bool:
    return json.loads(shown)["status"] in ("completed", "failed", "cancelled")


def _id(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()[:16]
