"""Configs and tests side by side, and a test before it is started."""

from __future__ import annotations

from flask import Blueprint

from config_api import comparing, estimates
from config_api.comparisons import compared
from config_api.http import Answer, answer, deps, query
from config_api.schemas.boards import CompareSchema
from config_api.schemas.comparing import DiffSchema, EstimateSchema

routes = Blueprint("comparing", __name__, url_prefix="/api")


@routes.get("/diff/")
def diff() -> Answer:
    asked = query(DiffSchema())
    return answer(comparing.diff(deps(), asked["left"], asked["right"]))


@routes.get("/compare/")
def compare() -> Answer:
    asked = query(CompareSchema())
    return answer(compared(deps(), asked["tests"], asked["configs"]))


@routes.get("/feature-configs/<id:config_id>/quick-test/estimate/")
def estimate(config_id: str) -> Answer:
    return answer(estimates.estimate(deps(), config_id, query(EstimateSchema())))
