"""A dataset's tests side by side: the leaderboard and the heatmap."""

from __future__ import annotations

from flask import Blueprint, Response

from config_api.heatmaps import heatmap, heatmap_csv
from config_api.http import Answer, answer, deps, query
from config_api.leaderboards import leaderboard
from config_api.schemas.boards import HeatmapSchema, LeaderboardSchema

routes = Blueprint("boards", __name__, url_prefix="/api/datasets/<id:dataset_id>")


@routes.get("/leaderboard/")
def ranked(dataset_id: str) -> Answer:
    return answer(leaderboard(deps(), dataset_id, query(LeaderboardSchema())))


@routes.get("/heatmap/")
def drawn(dataset_id: str) -> Answer:
    return answer(heatmap(deps(), dataset_id, query(HeatmapSchema())))


@routes.get("/heatmap.csv")
def table(dataset_id: str) -> Response:
    """Safe to open in a spreadsheet."""
    content = heatmap_csv(deps(), dataset_id, query(HeatmapSchema()))
    file = Response(content, mimetype="text/csv")
    file.headers["Content-Disposition"] = f'attachment; filename="heatmap-{dataset_id}.csv"'
    return file
