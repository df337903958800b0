"""A test, quick or full, as it goes on, and what it leaves behind. The routes are registered once for each kind."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator

from flask import Blueprint, Response, request
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import RESULTS
from towerlab.runtime import records
from towerlab.runtime.announce import CALLED
from towerlab.runtime.wiring import Deps
from werkzeug.exceptions import NotFound, ServiceUnavailable

from config_api.commands.quick_tests import cancel_test
from config_api.http import Answer, answer, body, deps, once, query
from config_api.lineage import lineage
from config_api.recommendations import recommendations
from config_api.schemas.queries import CustomerSchema
from config_api.schemas.quick_tests import NothingSchema
from config_api.watching import whole

routes = Blueprint("following", __name__)
Of = type[QuickTest]  # which kind the path is about
PARQUET = "application/vnd.apache.parquet"
LOOK_EVERY, SPEAK_EVERY = 0.5, 10.0  # seconds
_places = threading.BoundedSemaphore(4)  # each stream holds one of the server's threads


@routes.get("/")
def document(of: Of, test_id: str) -> Answer:
    return answer(_whole(records.get(deps().documents, of, test_id).value))


@routes.post("/cancel/")
def cancel(of: Of, test_id: str) -> Answer:
    body(NothingSchema(), optional=True)
    return once(_asked_to_end, lambda by: cancel_test(deps(), by, of, test_id))


@routes.get("/events/")
def events(of: Of, test_id: str) -> Response:
    """Server-sent events `quick-test` or `full-training`, each with the whole document, until the test has ended; then
    204 for whoever has seen the end. A browser connects again by itself when the stream has lasted its time."""
    shown = _shown(deps(), of, test_id)
    if _is_final(shown) and request.headers.get("Last-Event-ID") == _id(shown):
        return Response(status=204)
    if not _places.acquire(blocking=False):
        raise ServiceUnavailable("Too many streams are open here; ask for the test itself every few seconds.")
    stream = Response(_events(deps(), of, test_id), mimetype="text/event-stream")
    stream.call_on_close(_places.release)
    stream.headers |= {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return stream


@routes.get("/ranks/")
def ranks(of: Of, test_id: str) -> Response:
    """Every evaluation row's rank as Parquet, as all figures are computed from."""
    records.get(deps().documents, of, test_id)
    result = records.find(deps().documents, RESULTS[of], test_id)
    if result is None:
        raise NotFound("A test has ranks once it is completed.")
    content = deps().artifacts.read(result.value.ranks_uri)
    answer = Response(content, mimetype=PARQUET)
    answer.headers["Content-Disposition"] = f'attachment; filename="ranks-{test_id}.parquet"'
    answer.set_etag(hashlib.sha256(content).hexdigest())
    answer.make_conditional(request)
    return answer


@routes.get("/recommendations/")
def recommended(of: Of, test_id: str) -> Answer:
    """For some customers of the evaluation, or for one; of two tests side by side with `beside`."""
    return answer(recommendations(deps(), of, test_id, query(CustomerSchema())))


@routes.get("/lineage/")
def origin(of: Of, test_id: str) -> Answer:
    return answer(lineage(deps(), of, test_id))


def _asked_to_end(test: QuickTest) -> Answer:
    return answer(_whole(test), 202)


def _whole(test: QuickTest) -> dict[str, object]:
    return whole(deps().documents, test)


def _events(deps: Deps, of: Of, test_id: str) -> Iterator[str]:
    end = time.monotonic() + deps.settings.stream_seconds
    told, spoke = "", time.monotonic()
    yield "retry: 2000\n\n"
    while True:
        shown = _shown(deps, of, test_id)
        if shown != told:
            told, spoke = shown, time.monotonic()
            yield f"id: {_id(shown)}\nevent: {CALLED[of].name}\ndata: {shown}\n\n"
        if _is_final(shown) or time.monotonic() >= end:
            return
        if time.monotonic() - spoke > SPEAK_EVERY:
            spoke = time.monotonic()
            yield ": still going on\n\n"
        time.sleep(LOOK_EVERY)


def _shown(deps: Deps, of: Of, test_id: str) -> str:
    """The document as one line of JSON."""
    test = records.get(deps.documents, of, test_id).value
    return json.dumps(whole(deps.documents, test), allow_nan=False)


def _is_final(shown: str) -> bool:
    return json.loads(shown)["status"] in ("completed", "failed", "cancelled")


def _id(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()[:16]
