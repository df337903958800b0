"""Templates and recommendations."""

from __future__ import annotations

from flask import Blueprint
from towerlab.configs.templates import TEMPLATES

from config_api import profiles, reading, recommending
from config_api.http import Answer, answer, body, deps, once
from config_api.recording import nothing_to_write
from config_api.schemas.recommending import CrossSchema

routes = Blueprint("recommending", __name__, url_prefix="/api")


@routes.get("/feature-configs/templates/")
def templates() -> Answer:
    items = [{"key": one.key, "title": one.title, "description": one.description} for one in TEMPLATES]
    return answer({"items": items, "next_cursor": None, "total": len(items)})


@routes.get("/datasets/<id:dataset_id>/embedding-recommendations/")
def embedding_recommendations(dataset_id: str) -> Answer:
    dataset = reading.dataset(deps().documents, dataset_id).value
    items = recommending.embeddings(profiles.of(deps().artifacts, dataset))
    return answer({"items": items, "next_cursor": None, "total": len(items)})


@routes.post("/datasets/<id:dataset_id>/cross-recommendation/")
def cross_recommendation(dataset_id: str) -> Answer:
    asked = body(CrossSchema())
    dataset = reading.dataset(deps().documents, dataset_id).value
    advised = recommending.cross(deps(), dataset, asked["model"], asked["features"])
    return once(answer, lambda by: nothing_to_write(deps(), by, advised))
