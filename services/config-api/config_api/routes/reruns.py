"""Rerun plans, and how a config's recall moves over its tests."""

from __future__ import annotations

from flask import Blueprint
from towerlab.domain.reruns import RerunPlan

from config_api import drifting
from config_api.commands import reruns
from config_api.http import Answer, answer, body, caller, deps, if_match, query
from config_api.schemas.reruns import DriftSchema, RerunPlanSchema

routes = Blueprint("reruns", __name__, url_prefix="/api")


@routes.get("/feature-configs/<id:config_id>/rerun-plan/")
def rerun_plan(config_id: str) -> Answer:
    return _shown(reruns.rerun_plan(deps().documents, config_id))


@routes.put("/feature-configs/<id:config_id>/rerun-plan/")
def put_rerun_plan(config_id: str) -> Answer:
    seen = if_match()
    when = body(RerunPlanSchema())["when"]
    return _shown(reruns.put_rerun_plan(deps(), caller(), config_id, when, seen))


@routes.get("/feature-configs/<id:config_id>/drift/")
def drift(config_id: str) -> Answer:
    return answer(drifting.drift(deps(), config_id, query(DriftSchema())["protocol"]))


def _shown(plan: RerunPlan) -> Answer:
    shown = {
        "feature_config": plan.config_id,
        "when": plan.when,
        "due_at": plan.due_at,
        "updated_at": plan.updated_at or None,
        "updated_by": plan.updated_by or None,
    }
    return answer(shown, revision=reruns.plan_revision(plan))
