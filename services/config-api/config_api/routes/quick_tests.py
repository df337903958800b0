"""Quick tests: start, look, cancel."""

from __future__ import annotations

from flask import Blueprint
from towerlab.domain.quicktest import QuickTest
from towerlab.runtime import records

from config_api import judging, reading, watching
from config_api.commands.quick_tests import Started, cancel_quick_test, start_quick_test
from config_api.http import Answer, answer, body, deps, once, query
from config_api.schemas.queries import PageSchema
from config_api.schemas.quick_tests import NothingSchema, QuickTestSchema

routes = Blueprint("quick_tests", __name__, url_prefix="/api")


@routes.post("/feature-configs/<id:config_id>/quick-test/")
def post_quick_test(config_id: str) -> Answer:
    asked = body(QuickTestSchema(), judging.of_quick_test(deps(), config_id), optional=True)
    return once(_started, lambda by: start_quick_test(deps(), by, config_id, asked))


@routes.get("/quick-tests/<id:test_id>/")
def quick_test(test_id: str) -> Answer:
    return answer(_shown(records.get(deps().documents, QuickTest, test_id).value))


@routes.get("/feature-configs/<id:config_id>/quick-tests/")
def quick_tests(config_id: str) -> Answer:
    asked = query(PageSchema())
    documents = deps().documents
    reading.config(documents, config_id)
    where = {"config_id": config_id}
    page = records.query(documents, QuickTest, where, ("-created_at",), limit=asked["limit"], cursor=asked["cursor"])
    items = watching.wholes(documents, page.values)
    total = records.count(documents, QuickTest, where)
    return answer({"items": items, "next_cursor": page.next_cursor, "total": total})


@routes.post("/quick-tests/<id:test_id>/cancel/")
def cancel(test_id: str) -> Answer:
    body(NothingSchema(), optional=True)
    return once(_asked_to_end, lambda by: cancel_quick_test(deps(), by, test_id))


def _started(started: Started) -> Answer:
    status = 200 if started.existing else 202
    location = f"/api/quick-tests/{started.test.id}/"
    return answer({**_shown(started.test), "existing": started.existing}, status, location=location)


def _asked_to_end(test: QuickTest) -> Answer:
    return answer(_shown(test), 202)


def _shown(test: QuickTest) -> dict[str, object]:
    return watching.whole(deps().documents, test)
