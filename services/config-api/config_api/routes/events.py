"""What events there are, for the domains that send and receive them."""

from __future__ import annotations

from flask import Blueprint, Response, current_app
from towerlab.domain.errors import NotFound
from towerlab.events.catalog import CATALOG
from towerlab.events.schemas import MEDIA_TYPE, schema_of

from config_api.http import Answer, answer
from config_api.representations.events import event_type

routes = Blueprint("event_types", __name__, url_prefix="/api/events")


@routes.get("/")
def events() -> Answer:
    items = [event_type(event) for event in CATALOG.values()]
    return answer({"items": items, "next_cursor": None, "total": len(items)})


@routes.get("/<string:type>/schema/")
def schema(type: str) -> Response:
    if type not in CATALOG:
        raise NotFound("event_type", type)
    return Response(current_app.json.dumps(schema_of(CATALOG[type])), mimetype=MEDIA_TYPE)
