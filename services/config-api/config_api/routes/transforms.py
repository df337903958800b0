"""What transforms there are, for forms."""

from __future__ import annotations

from flask import Blueprint
from towerlab.transforms.registry import metadata

from config_api.http import Answer, answer

routes = Blueprint("transforms", __name__, url_prefix="/api/transforms")


@routes.get("/")
def transforms() -> Answer:
    items = metadata()
    return answer({"items": items, "next_cursor": None, "total": len(items)})
