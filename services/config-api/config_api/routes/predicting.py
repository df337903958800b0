"""Whether quick tests predict what the full data would say."""

from __future__ import annotations

from flask import Blueprint

from config_api import predicting
from config_api.http import Answer, answer, deps, query
from config_api.schemas.predicting import PredictionSchema

routes = Blueprint("predicting", __name__, url_prefix="/api")


@routes.get("/datasets/<id:dataset_id>/prediction-report/")
def prediction_report(dataset_id: str) -> Answer:
    asked = query(PredictionSchema())
    return answer(predicting.report(deps(), dataset_id, asked["quick"], asked["full"]))
