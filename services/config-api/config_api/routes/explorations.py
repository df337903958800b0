"""Explorations: start, look, stop, resume."""

from __future__ import annotations

from flask import Blueprint
from towerlab.domain.exploration import Exploration
from towerlab.runtime import records

from config_api import judging, reading
from config_api.commands import explorations as commands
from config_api.http import Answer, answer, body, deps, once, query
from config_api.representations.explorations import exploration_line, exploration_whole
from config_api.schemas.explorations import ExplorationSchema
from config_api.schemas.queries import PageSchema
from config_api.schemas.quick_tests import NothingSchema

routes = Blueprint("explorations", __name__, url_prefix="/api")


@routes.get("/datasets/<id:dataset_id>/explorations/")
def explorations(dataset_id: str) -> Answer:
    asked, documents = query(PageSchema()), deps().documents
    reading.dataset(documents, dataset_id)
    where = {"dataset_id": dataset_id}
    page = records.query(documents, Exploration, where, ("-created_at",), limit=asked["limit"], cursor=asked["cursor"])
    items = [exploration_line(race) for race in page.values]
    total = records.count(documents, Exploration, where)
    return answer({"items": items, "next_cursor": page.next_cursor, "total": total})


@routes.post("/datasets/<id:dataset_id>/explorations/")
def post_exploration(dataset_id: str) -> Answer:
    asked = body(ExplorationSchema(), judging.of_exploration(deps(), dataset_id))
    return once(_made, lambda by: commands.start_exploration(deps(), by, dataset_id, asked))


@routes.get("/explorations/<id:exploration_id>/")
def exploration(exploration_id: str) -> Answer:
    return _shown(records.get(deps().documents, Exploration, exploration_id).value)


@routes.post("/explorations/<id:exploration_id>/stop/")
def stop(exploration_id: str) -> Answer:
    body(NothingSchema(), optional=True)
    return once(_shown, lambda by: commands.stop_exploration(deps(), by, exploration_id))


@routes.post("/explorations/<id:exploration_id>/resume/")
def resume(exploration_id: str) -> Answer:
    body(NothingSchema(), optional=True)
    return once(_shown, lambda by: commands.resume_exploration(deps(), by, exploration_id))


def _made(race: Exploration) -> Answer:
    return answer(exploration_whole(deps().documents, race), 201, location=f"/api/explorations/{race.id}/")


def _shown(race: Exploration) -> Answer:
    return answer(exploration_whole(deps().documents, race))
