"""Quick tests and full trainings of a config: start them, list them."""

from __future__ import annotations

from flask import Blueprint
from towerlab.domain.quicktest import FullTraining, QuickTest
from towerlab.runtime import records
from towerlab.runtime.announce import CALLED

from config_api import judging, reading, watching
from config_api.commands.full_trainings import start_full_training
from config_api.commands.quick_tests import Started, start_quick_test
from config_api.http import Answer, answer, body, deps, once, query
from config_api.schemas.queries import PageSchema
from config_api.schemas.quick_tests import FullTrainingSchema, QuickTestSchema

routes = Blueprint("quick_tests", __name__, url_prefix="/api/feature-configs/<id:config_id>")


@routes.post("/quick-test/")
def post_quick_test(config_id: str) -> Answer:
    asked = body(QuickTestSchema(), judging.of_quick_test(deps(), config_id), optional=True)
    return once(_started, lambda by: start_quick_test(deps(), by, config_id, asked))


@routes.post("/full-training/")
def post_full_training(config_id: str) -> Answer:
    asked = body(FullTrainingSchema(), judging.of_quick_test(deps(), config_id), optional=True)
    return once(_started, lambda by: start_full_training(deps(), by, config_id, asked))


@routes.get("/quick-tests/")
def quick_tests(config_id: str) -> Answer:
    return _listed(QuickTest, config_id)


@routes.get("/full-trainings/")
def full_trainings(config_id: str) -> Answer:
    return _listed(FullTraining, config_id)


def _listed(of: type[QuickTest], config_id: str) -> Answer:
    asked, documents = query(PageSchema()), deps().documents
    reading.config(documents, config_id)
    where = {"config_id": config_id}
    page = records.query(documents, of, where, ("-created_at",), limit=asked["limit"], cursor=asked["cursor"])
    items = watching.wholes(documents, of, page.values)
    total = records.count(documents, of, where)
    return answer({"items": items, "next_cursor": page.next_cursor, "total": total})


def _started(started: Started) -> Answer:
    status = 200 if started.existing else 202
    location = f"/api/{CALLED[type(started.test)].name}s/{started.test.id}/"
    shown = watching.whole(deps().documents, started.test)
    return answer({**shown, "existing": started.existing}, status, location=location)
