"""The bundle of a config version as a download."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request

from config_api.bundles import bundle
from config_api.http import deps

routes = Blueprint("bundles", __name__, url_prefix="/api")


@routes.get("/feature-configs/<id:config_id>/versions/<count:number>/bundle/")
def config_bundle(config_id: str, number: int) -> Response:
    made = bundle(deps(), config_id, number)
    answer = Response(made.content, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="towerlab-{made.name}.zip"'
    answer.set_etag(hashlib.sha256(made.content).hexdigest())
    answer.make_conditional(request)
    return answer
