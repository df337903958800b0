"""Files that people bring, streamed to where they can be registered from."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, request
from towerlab.runtime import records

from config_api.http import Answer, answer, deps
from config_api.upload_kinds import ENDINGS

routes = Blueprint("uploads", __name__, url_prefix="/api/uploads")


@routes.post("/")
def post_upload() -> Answer:
    request.max_content_length = deps().settings.upload_bytes
    stored = deps().uploads.store(cast(BinaryIO, request.stream), ENDINGS[request.mimetype])
    return answer(records.to_json(stored), 201)
