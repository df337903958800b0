"""Configs as YAML files, out and in."""

from __future__ import annotations

from flask import Blueprint, Response, request

from config_api import judging, reading
from config_api.commands import configs as commands
from config_api.exchange import exported, imported
from config_api.faults import load
from config_api.http import Answer, deps, once
from config_api.representations.configs import config_answer
from config_api.schemas.exchange import ImportSchema
from config_api.states import ConfigState

routes = Blueprint("exchange", __name__, url_prefix="/api")
KIND = "application/yaml"
IMPORT = "exchange.import_config"  # the endpoint that takes YAML
KINDS = frozenset({KIND, "application/x-yaml", "text/yaml"})


@routes.get("/feature-configs/<id:config_id>/export/")
def export_config(config_id: str) -> Response:
    documents = deps().documents
    config = reading.config(documents, config_id).value
    text = exported(config, reading.version(documents, config_id, config.version))
    answer = Response(text, mimetype=KIND)
    answer.headers["Content-Disposition"] = f'attachment; filename="config-{config.number:03d}.yaml"'
    return answer


@routes.post("/datasets/<id:dataset_id>/import/")
def import_config(dataset_id: str) -> Answer:
    new = load(ImportSchema(), imported(request.get_data()), judging.of_new_config(deps(), dataset_id))
    return once(_imported, lambda by: commands.create(deps(), by, dataset_id, new))


def _imported(state: ConfigState) -> Answer:
    return config_answer(state, 201)
